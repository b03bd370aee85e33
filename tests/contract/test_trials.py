"""TestInvokeMethod and execution logs against a running server: boto3, the AWS CLI, a backend, files."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from certificates import asking, server_tls
from contract_scene import Backend, Scene, clean_environment
from running_server import PATIENCE


class Pets:
    """An API with one proxy method in front of the backend."""

    def __init__(self, client: Any, uri: str, **integration: Any) -> None:
        self.client = client
        self.api = client.create_rest_api(name="tried", endpointConfiguration={"types": ["REGIONAL"]})["id"]
        root = client.get_resources(restApiId=self.api)["items"][0]["id"]
        pets = client.create_resource(restApiId=self.api, parentId=root, pathPart="pets")["id"]
        self.at = {"restApiId": self.api, "resourceId": pets, "httpMethod": "GET"}
        client.put_method(**self.at, authorizationType="NONE")
        client.put_integration(**self.at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, **integration)

    def tries(self, **request: Any) -> Any:
        return self.client.test_invoke_method(**self.at, **request)


@pytest.fixture
def pets(client: Any, backend: Backend) -> Iterator[Pets]:
    made = Pets(client, f"http://{backend.address}/animals")
    yield made
    client.delete_rest_api(restApiId=made.api)


def test_a_method_is_tried_before_it_is_deployed(pets: Pets, backend: Backend) -> None:
    answer = pets.tries(pathWithQueryString="/pets?kind=cat", headers={"X-Color": "red"})
    assert answer["status"] == 200
    assert "backend" in answer["body"]
    assert answer["latency"] >= 0
    assert f"Sending request to http://{backend.address}/animals?kind=cat" in answer["log"]
    assert "Method request headers: {X-Color=red}" in answer["log"]
    date = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : "
    assert all(re.match(date, line) for line in answer["log"].splitlines()[1:])


def test_a_method_is_tried_by_the_command_line(scene: Scene, pets: Pets) -> None:
    words = ("--rest-api-id", pets.api, "--resource-id", pets.at["resourceId"], "--http-method", "GET")
    answer = scene.aws("test-invoke-method", *words, "--path-with-query-string", "/pets?a=1")
    assert (answer["status"], "Successfully completed execution" in answer["log"]) == (200, True)


def test_the_gateways_own_control_listener_is_no_backend(scene: Scene, client: Any) -> None:
    made = Pets(client, f"http://127.0.0.1:{scene.control.rpartition(':')[2]}/restapis")
    answer = made.tries()
    client.delete_rest_api(restApiId=made.api)
    assert answer["status"] == 500
    assert "may not be called from here" in answer["log"]


def test_a_certificate_is_presented_in_a_trial(client: Any, tmp_path: Any) -> None:
    certificate = client.generate_client_certificate()
    server, _ = server_tls(tmp_path)
    with Backend() as guarded:
        context = asking(server, certificate["pemEncodedCertificate"])
        guarded.socket = context.wrap_socket(guarded.socket, server_side=True, do_handshake_on_connect=False)
        made = Pets(client, f"https://{guarded.address}/", tlsConfig={"insecureSkipVerification": True})
        assert made.tries()["status"] == 504
        assert made.tries(clientCertificateId=certificate["clientCertificateId"])["status"] == 200
    client.delete_rest_api(restApiId=made.api)
    client.delete_client_certificate(clientCertificateId=certificate["clientCertificateId"])


def test_a_stage_is_logged_from_the_update_that_asks_for_it(scene: Scene, pets: Pets) -> None:
    pets.client.create_deployment(restApiId=pets.api, stageName="dev")
    assert scene.call(pets.api, "/pets", stage="dev").status == 200
    edits = [
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
        {"op": "replace", "path": "/*/*/logging/dataTrace", "value": "true"},
    ]
    pets.client.update_stage(restApiId=pets.api, stageName="dev", patchOperations=edits)
    assert scene.call(pets.api, "/pets", stage="dev").status == 200
    lines = followed(scene, f"{pets.api}/dev", "Method completed with status: 200")
    assert sum("Starting execution for request" in line for line in lines) == 1
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \([0-9a-f-]{36}\) ", line) for line in lines)


def followed(scene: Scene, stage: str, last: str) -> list[str]:
    """What `portico logs --follow` prints of a stage, up to the first line with `last`."""
    command = [sys.executable, "-P", "-m", "portico", "logs", "--api", stage, "--follow", "--data-dir", str(scene.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment()) as logs:
        too_late = threading.Timer(PATIENCE, logs.kill)
        too_late.start()
        lines = []
        assert logs.stdout is not None
        for line in logs.stdout:
            lines.append(line)
            if last in line:
                break
        too_late.cancel()
        logs.kill()
    assert lines and last in lines[-1], lines
    return lines
