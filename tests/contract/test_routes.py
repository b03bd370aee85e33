"""`portico routes` and `portico explain` as somebody types them, beside a running server and after it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_scene import REGION, Scene, clean_environment, running

ROLE = "arn:aws:iam::111122223333:role/queues"


def portico(scene: Scene, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "portico", *words, "--data-dir", str(scene.data)]
    return subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)


def said(scene: Scene, *words: str) -> list[str]:
    ran = portico(scene, *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def make(client: Any, name: str) -> str:
    """`GET /pets` calls a backend; `GET /pets/{id}` asks for a key."""
    api = client.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
    pets = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="pets")["id"]
    one = client.create_resource(restApiId=api["id"], parentId=pets, pathPart="{id}")["id"]
    for resource, keyed in ((pets, False), (one, True)):
        at = {"restApiId": api["id"], "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**at, authorizationType="NONE", apiKeyRequired=keyed)
        uri = "http://pets.example.com/"
        client.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    return str(api["id"])


@pytest.fixture
def api(client: Any) -> Iterator[str]:
    made = make(client, "shown")
    yield made
    client.delete_rest_api(restApiId=made)


def test_the_definition_is_asked_of_the_server_by_id_and_by_name(scene: Scene, api: str) -> None:
    listener = scene.control.partition("//")[2]
    for called in (api, "shown"):
        assert said(scene, "routes", called, "--control", listener) == [
            f"shown ({api}), as it is defined now",
            "METHOD  PATH        CHECKS   INTEGRATION                              BODY  ANSWERS",
            "GET     /pets       -        HTTP_PROXY GET http://pets.example.com/  -     -",
            "GET     /pets/{id}  API key  HTTP_PROXY GET http://pets.example.com/  -     -",
            "  not served: API keys are not enforced yet",
        ]
    ran = portico(scene, "routes", "nobody", "--control", listener)
    assert (ran.returncode, "nobody names no API; there are " in ran.stderr) == (1, True)


def test_what_is_deployed_is_shown_and_explained_from_the_state(scene: Scene, client: Any, api: str) -> None:
    deployment = client.create_deployment(restApiId=api, stageName="prod")["id"]
    client.delete_method(restApiId=api, resourceId=resource(client, api, "/pets"), httpMethod="GET")
    lines = said(scene, "routes", api, "--stage", "prod")
    assert lines[0] == f"shown ({api}), stage prod, deployment {deployment}"
    assert [line.split()[1] for line in lines[2:4]] == ["/pets", "/pets/{id}"], "what was deleted is still deployed"
    (document,) = json.loads("".join(said(scene, "routes", "shown", "--stage", "prod", "--json")))
    assert (document["stage"], len(document["rows"])) == ("prod", 2)
    ran = portico(scene, "routes", api, "--stage", "dev")
    assert (ran.returncode, ran.stderr) == (1, f"portico: no stage dev of {api} is deployed; there are {api}/prod\n")
    explained(scene, api, deployment)


def explained(scene: Scene, api: str, deployment: str) -> None:
    host = f"http://{api}.execute-api.{REGION}.localhost:8080"
    reached = [f"the Host {api}.execute-api.{REGION}.localhost names API {api}"]
    stage = f"shown ({api}), stage prod, deployment {deployment}"
    assert said(scene, "explain", "get", f"{host}/prod/pets?a=1") == [
        *reached,
        stage,
        "  GET /pets",
        "  calls HTTP_PROXY GET http://pets.example.com/",
    ]
    assert said(scene, "explain", "GET", f"{host}/prod/pets/7")[2:] == [
        "  GET /pets/{id}",
        "  {id} is 7",
        "  checks API key",
        "  500: not served: API keys are not enforced yet",
    ]
    by_path = said(scene, "explain", "GET", f"/restapis/{api}/prod/_user_request_/pets")
    assert by_path[0] == f"the Host names no API; the path names API {api}"
    missing = "  403 Missing Authentication Token:"
    for method, url, answer in (
        ("PUT", f"{host}/prod/pets", f"{missing} /pets has no PUT; it has GET"),
        (
            "GET",
            f"{host}/prod/x",
            f"{missing} no resource has the path /x; there are /pets, /pets/{{id}}",
        ),
        ("GET", f"{host}/prod/a/../b", "  400 Bad Request: the path has dot segments or broken percent-encodings"),
        ("GET", f"{host}/dev/pets", f"403 Forbidden: API {api} has no stage dev; it has prod"),
    ):
        assert said(scene, "explain", method, url)[-1] == answer
    assert said(scene, "explain", "GET", "http://example.com/")[-1].startswith("403 Forbidden: the Host example.com")


def resource(client: Any, api: str, path: str) -> str:
    return next(one["id"] for one in client.get_resources(restApiId=api)["items"] if one["path"] == path)


def test_without_a_server_what_is_deployed_is_still_shown(tmp_path: Path) -> None:
    with running(tmp_path, 1) as scene:
        client = scene.client()
        api = make(client, "gone")
        client.create_deployment(restApiId=api, stageName="prod")
        listener = scene.control.partition("//")[2]
        scene.stop()
        assert said(scene, "routes", "gone", "--stage", "prod")[0].startswith(f"gone ({api}), stage prod")
        ran = portico(scene, "routes", "gone", "--control", listener)
        assert ran.returncode == 1
        assert "with --stage is shown what is deployed, also without a server" in ran.stderr


def test_what_is_shown_is_what_the_server_was_told_and_not_this_shell(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.write_text("[queues]\naws_access_key_id = AKIDQUEUES\naws_secret_access_key = not/to/be/left\n")
    own = {
        "AWS_ACCESS_KEY_ID": "AKIDOWN",
        "AWS_SECRET_ACCESS_KEY": "nor/this",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    options = ("--role", f"{ROLE}=queues", "--domain", "apis.example")
    with running(tmp_path, 1, *options, AWS_SHARED_CREDENTIALS_FILE=str(profiles), **own) as scene:
        client = scene.client()
        api = make_queue(client)
        client.create_deployment(restApiId=api, stageName="prod")
        for words in (("--control", scene.control.partition("//")[2]), ("--stage", "prod")):
            lines = said(scene, "routes", api, *words)
            assert len(lines) == 3 and lines[2].split()[:4] == ["POST", "/", "-", "AWS"], lines
        lines = said(scene, "explain", "POST", f"http://{api}.execute-api.apis.example/prod")
        assert lines[-1] == "  calls AWS sqs:path/111122223333/orders"
        kept = "".join(path.read_text() for path in (scene.data / "run").glob("*.json"))
        assert kept and not any(secret in kept for secret in ("not/to/be/left", "nor/this", "AKIDOWN"))


def make_queue(client: Any) -> str:
    """`POST /` sends to a queue in the name of a role."""
    api = client.create_rest_api(name="queue")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    client.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:sqs:path/111122223333/orders"
    client.put_integration(**at, type="AWS", integrationHttpMethod="POST", uri=uri, credentials=ROLE)
    return str(api["id"])


def test_a_folder_that_no_server_has_used_is_told_so(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "portico"]
    for words in (("routes", "x"), ("routes", "x", "--stage", "dev"), ("explain", "GET", "http://a/")):
        ran = subprocess.run(
            [*command, *words, "--data-dir", str(tmp_path / "none")],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1), ran.stderr
    assert not (tmp_path / "none").exists()
