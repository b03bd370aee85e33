"""Whose credentials call a service: what each way of starting Portico comes to."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from contract_scene import REGION, STAGE, Scene, running
from portico.wire.http1 import Request
from portico.wire.sigv4 import read_claim

ROLE = "arn:aws:iam::111122223333:role/pets"
OWN = {"AWS_ACCESS_KEY_ID": "AKIDOWN", "AWS_SECRET_ACCESS_KEY": "own/secret"}
PROFILES = "[pets]\naws_access_key_id = AKIDPETS\naws_secret_access_key = pets/secret\n"
SESSION = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{}</AccessKeyId>"
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
REFUSAL = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"


class Cloud(ThreadingHTTPServer):
    """All of AWS: an STS that gives a session to its callers unless it `refuses`, and services that say who called."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.assumed = 0
        self.refuses = False


class _Answer(BaseHTTPRequestHandler):
    server: Cloud
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        claim = read_claim(Request("POST", self.path, tuple(self.headers.items()), body))
        if claim.scope.service != "sts":
            self._say(200, claim.access_key_id)
        elif self.server.refuses:
            self._say(403, REFUSAL)
        else:
            self.server.assumed += 1
            self._say(200, SESSION.format(self.server.assumed))

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def started(folder: Path, *words: str, **variables: str) -> Iterator[Scene]:
    (folder / "profiles").write_text(PROFILES)
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "profiles"), "AWS_CONFIG_FILE": os.devnull}
    with running(folder, 1, *words, **files, **variables) as scene:
        yield scene


def who_calls(scene: Scene, credentials: str = ROLE) -> tuple[int, str]:
    """Deploy an API with a service behind it and call that: status, and the access key that it was called with."""
    client = scene.client()
    api = client.create_rest_api(name="roles", endpointConfiguration={"types": ["REGIONAL"]})
    place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    client.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:sns:action/Publish"
    client.put_integration(**place, type="AWS", integrationHttpMethod="POST", uri=uri, credentials=credentials)
    client.put_method_response(**place, statusCode="200")
    client.put_integration_response(**place, statusCode="200")
    client.create_deployment(restApiId=api["id"], stageName=STAGE)
    answer = scene.call(api["id"], "/", "POST", b"{}")
    return answer.status, answer.text


def causes(scene: Scene) -> str:
    assert scene.server is not None
    return str(scene.server.wait_for("FaultRaised")["cause"])


def test_a_role_is_assumed_once(tmp_path: Path, cloud: Cloud) -> None:
    with started(tmp_path, **OWN, AWS_ENDPOINT_URL=cloud.url) as scene:
        assert [who_calls(scene), who_calls(scene)] == [(200, "ASIA1"), (200, "ASIA1")]
    assert cloud.assumed == 1


def test_who_may_not_assume_it_is_answered_500_and_told_why(tmp_path: Path, cloud: Cloud) -> None:
    cloud.refuses = True
    with started(tmp_path, **OWN, AWS_ENDPOINT_URL=cloud.url) as scene:
        assert who_calls(scene) == (500, '{"message": "Internal server error"}')
        said = causes(scene)
    assert said.startswith("API Gateway does not have permission to assume the provided role: ")
    assert said.endswith("403 AccessDenied: not you")


@pytest.mark.parametrize(
    ("role", "credentials", "key"),
    [
        (f"{ROLE}=pets", ROLE, "AKIDPETS"),
        ("*=pets", ROLE, "AKIDPETS"),
        (f"{ROLE}=", ROLE, "AKIDOWN"),
        ("apigateway.amazonaws.com=pets", "", "AKIDPETS"),
    ],
)
def test_the_map_says_whose(tmp_path: Path, cloud: Cloud, role: str, credentials: str, key: str) -> None:
    with started(tmp_path, "--role", role, **OWN, AWS_ENDPOINT_URL_SNS=cloud.url) as scene:
        assert who_calls(scene, credentials) == (200, key)
    assert not cloud.assumed


def test_a_test_setup_never_calls_aws(tmp_path: Path, cloud: Cloud) -> None:
    with started(tmp_path, **OWN, AWS_ENDPOINT_URL_SNS=cloud.url) as scene:
        assert who_calls(scene)[0] == 500
        assert "would be assumed there; set AWS_ENDPOINT_URL_STS" in causes(scene)


def test_a_profile_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "--role", f"{ROLE}=nobody", HOME=str(tmp_path))
    with pytest.raises(AssertionError, match="profile 'nobody' has none"):
        scene.start()
    assert scene.server is not None
    assert scene.server.end() == 1
