"""A running Portico for the contract suites: AWS's own tools on one side of it, an HTTP backend on the other."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from running_server import PATIENCE, RunningServer

REGION = "us-east-1"
STAGE = "prod"
CLI_SECONDS = 120.0


class Answer(NamedTuple):
    """Of the data plane."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """In lower case."""

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """What the AWS CLI says of an error, on its standard error."""


class Scene:
    """One server on ports and in a folder of its own, and everything that talks to it."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        """`options` are further words of `portico serve`, `variables` of its environment."""
        self.folder = folder
        self.options = options
        self.variables = variables
        self.data = folder / "data"
        self.server: RunningServer | None = None
        self.control = self.gateway = ""

    def start(self, workers: int = 2) -> None:
        command = [sys.executable, "-P", "-m", "portico", "serve", "--log-format", "json"]
        command += ["--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0"]
        command += ["--data-dir", str(self.data), "--workers", str(workers), *self.options]
        self.server = RunningServer(command, {**clean_environment(), **self.variables}, str(self.folder))
        ready = self.server.wait_for("ServerReady")
        self.control, self.gateway = ready["control"][0], ready["gateway"][0]

    def stop(self) -> None:
        if self.server is not None:
            self.server.__exit__()
            self.server = None

    # AWS's tools

    def access_key(self) -> tuple[str, str]:
        lines = (self.data / "credentials").read_text().splitlines()
        key, secret = (line.partition(" = ")[2] for line in lines[1:3])
        return key, secret

    def client(
        self, key: str | None = None, secret: str | None = None, service: str = "apigateway", **config: Any
    ) -> Any:
        """boto3's client, with the root credentials where none are given. It never tries twice."""
        own_key, own_secret = self.access_key()
        session = boto3.Session(key or own_key, secret or own_secret, region_name=REGION)
        settings = Config(**{"retries": {"total_max_attempts": 1}, "max_pool_connections": 50, **config})
        return session.client(service, endpoint_url=self.control, config=settings)

    def aws(self, *words: object, service: str = "apigateway", **environ: str) -> Any:
        """`aws apigateway ...`: its document, None where it says nothing. Raises Refused."""
        command = [sys.executable, "-P", "-m", "awscli", service, *map(str, words)]
        done = subprocess.run(
            command,
            env={**clean_environment(), **self.environ(), **environ},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=CLI_SECONDS,
            check=False,
        )
        if done.returncode:
            raise Refused(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else None

    def environ(self) -> dict[str, str]:
        """All that is different for a tool that would talk to AWS."""
        return {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.data / "credentials"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_ENDPOINT_URL": self.control,
            "AWS_DEFAULT_REGION": REGION,
        }

    # Callers of the APIs

    def call(
        self, api: str, path: str, verb: str = "GET", body: bytes | None = None, stage: str = STAGE, **headers: str
    ) -> Answer:
        """One request on a connection of its own, so that the kernel chooses the worker."""
        sent = {"Host": f"{api}.execute-api.{REGION}.localhost"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.gateway.partition("//")[2], timeout=PATIENCE)
        try:
            connection.request(verb, f"/{stage}{path}", body, sent)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(), named)
        finally:
            connection.close()

    def everywhere(self, api: str, path: str, stage: str = STAGE) -> set[tuple[int, str]]:
        """What 16 connections are answered: with two workers all fall on one of them once in 32 768 times."""
        return {(answer.status, answer.text) for answer in (self.call(api, path, stage=stage) for _ in range(16))}


class Mock:
    """An API with `GET /` that answers what its template says. Nothing is deployed yet."""

    def __init__(self, client: Any, template: str) -> None:
        api = client.create_rest_api(name="mock", endpointConfiguration={"types": ["REGIONAL"]})
        self._client = client
        self.id: str = api["id"]
        self._place = {"restApiId": self.id, "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        client.put_method(**self._place, authorizationType="NONE")
        requests = {"application/json": '{"statusCode": 200}'}
        client.put_integration(**self._place, type="MOCK", requestTemplates=requests)
        client.put_method_response(**self._place, statusCode="200")
        self.edit(template)

    def edit(self, template: str) -> None:
        templates = {"application/json": template}
        self._client.put_integration_response(**self._place, statusCode="200", responseTemplates=templates)

    def deploy(self, stage: str = STAGE, **variables: str) -> str:
        """The id of the new deployment."""
        told = {"variables": variables} if variables else {}
        return str(self._client.create_deployment(restApiId=self.id, stageName=stage, **told)["id"])

    def update_stage(self, path: str, value: str, stage: str = STAGE) -> None:
        edit = {"op": "replace", "path": path, "value": value}
        self._client.update_stage(restApiId=self.id, stageName=stage, patchOperations=[edit])


def clean_environment() -> dict[str, str]:
    """This process's, without what would lead the tools or the server elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "AWS_"))}


@contextmanager
def running(folder: Path, workers: int = 2, *options: str, **variables: str) -> Iterator[Scene]:
    scene = Scene(folder, *options, **variables)
    with ExitStack() as stack:
        stack.callback(scene.stop)
        scene.start(workers)
        yield scene


class Backend(ThreadingHTTPServer):
    """Answers every request with what it was: verb, target, headers (lower case), body; and with its own name."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str = "backend") -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.name = name
        self.address = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.address}"

    def __enter__(self) -> "Backend":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Echo(BaseHTTPRequestHandler):
    server: Backend
    protocol_version = "HTTP/1.1"

    def answer_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = {
            "backend": self.server.name,
            "verb": self.command,
            "target": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        told = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer_request

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""
