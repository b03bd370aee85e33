"""A server whose functions are behind another Lambda's API: it calls them signed, and that API decides."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract_scene import REGION, STAGE, Scene, running
from portico.wire import sigv4
from portico.wire.aws.faults import AwsError
from portico.wire.http1 import Request

KEY, SECRET, TOKEN = "AKIDELSEWHERE", "elsewhere/secret", "a/session/token=="
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
ARN = f"arn:aws:lambda:{REGION}:000000000000:function:"


class AnotherLambda(ThreadingHTTPServer):
    """Functions by name: `hello` answers a proxy integration, `closed` may not be called, others are not there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Function)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.events: list[Any] = []
        self.unsigned = 0

    def __enter__(self) -> "AnotherLambda":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Function(BaseHTTPRequestHandler):
    server: AnotherLambda
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = Request("POST", self.path, tuple(self.headers.items()), body)
        try:
            claim = sigv4.read_claim(request)
            sigv4.verify(claim, request, SECRET, time.time())
            assert (claim.access_key_id, claim.session_token) == (KEY, TOKEN)
            assert claim.scope[1:] == (REGION, "lambda")
        except (AwsError, AssertionError):
            self.server.unsigned += 1
            self.answer(403, {"message": "no"}, "InvalidSignatureException")
            return
        name = self.path.split("%3A")[-1].partition("/")[0]
        if name == "hello":
            event = json.loads(body)
            self.server.events.append(event)
            self.answer(200, {"statusCode": 201, "body": f"hello {event['path']}"})
        elif name == "closed":
            self.answer(403, {"Message": "not you"}, "AccessDeniedException")
        else:
            self.answer(404, {"Message": f"Function not found: {name}"}, "ResourceNotFoundException")

    def answer(self, status: int, document: Any, error: str = "") -> None:
        told = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(told)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@contextmanager
def elsewhere(folder: Path, *words: str, **variables: str) -> Iterator[tuple[Scene, AnotherLambda]]:
    """A server told of another Lambda. `{}` in its options and variables is that one's address."""
    with AnotherLambda() as there:
        told = {name: value.format(there.url) for name, value in variables.items()}
        with running(folder, 1, *(word.format(there.url) for word in words), **told) as scene:
            yield scene, there


def api_of(client: Any, *functions: str) -> str:
    """A deployed API with `GET /{function}` of each."""
    api = client.create_rest_api(name="elsewhere", endpointConfiguration={"types": ["REGIONAL"]})
    for name in functions:
        resource = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=name)["id"]
        place = {"restApiId": api["id"], "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**place, authorizationType="NONE")
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{ARN}{name}/invocations"
        client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api["id"], stageName=STAGE)
    return str(api["id"])


def test_it_is_called_signed_and_decides(tmp_path: Path) -> None:
    with elsewhere(tmp_path, "--lambda-endpoint", "{}", **CREDENTIALS) as (scene, there):
        api = api_of(scene.client(), "hello", "closed", "absent")

        answer = scene.call(api, "/hello")
        assert (answer.status, answer.text) == (201, "hello /hello")
        assert there.events[0]["requestContext"]["apiId"] == api

        for name, cause in (("closed", "403 AccessDeniedException: not you"), ("absent", "404 ResourceNotFound")):
            assert scene.call(api, f"/{name}").status == 500
            assert scene.server is not None
            told = scene.server.wait_for("FaultRaised")
            assert cause in told["cause"] and there.url in told["cause"]
        assert not there.unsigned


def test_functions_are_not_managed_here_then(tmp_path: Path) -> None:
    with elsewhere(tmp_path, AWS_ENDPOINT_URL_LAMBDA="{}", **CREDENTIALS) as (scene, there):
        assert scene.call(api_of(scene.client(), "hello"), "/hello").status == 201
        with pytest.raises(ClientError, match="--lambda-endpoint") as refused:
            scene.client(service="lambda").list_functions()
        assert there.url in str(refused.value)


def test_without_credentials_it_does_not_start(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "--lambda-endpoint", "http://127.0.0.1:1", HOME=str(tmp_path))
    with pytest.raises(AssertionError, match="no AWS credentials"):
        scene.start()
    scene.stop()


def test_where_the_endpoint_is_gone_the_client_is_told_500(tmp_path: Path) -> None:
    with elsewhere(tmp_path, "--lambda-endpoint", "{}", **CREDENTIALS) as (scene, there):
        api = api_of(scene.client(), "hello")
        there.shutdown()
        there.server_close()
        assert scene.call(api, "/hello").status == 500
        assert scene.server is not None
        assert "could not be reached" in scene.server.wait_for("FaultRaised")["cause"]
