"""`portico serve` as a process of a test's own: started on free ports, refused, given an API, called."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from running_server import PATIENCE, RunningServer, get

PORTICO = (sys.executable, "-P", "-m", "portico", "serve", "--log-format", "json")
FREE = ("--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0")
DAY = timedelta(days=1)
Start = Callable[..., RunningServer]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "AWS_"))}


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Starts servers on free ports, in `folder`, and stops them in the end."""
    with ExitStack() as stack:

        def started(*options: str) -> RunningServer:
            command = [*PORTICO, *FREE, "--data-dir", str(folder / "data"), *options]
            return stack.enter_context(RunningServer(command, environment(), str(folder)))

        yield started


def refused(folder: Path, *options: str) -> tuple[int, str]:
    """Exit status and what was said of a server that does not start."""
    command = [*PORTICO, "--data-dir", str(folder / "data"), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, cwd=folder, env=environment(), check=False
    )
    return done.returncode, done.stderr


def apigateway(ready: dict[str, Any], folder: Path) -> Any:
    text = (folder / "data" / "credentials").read_text()
    key, secret = (line.partition(" = ")[2] for line in text.splitlines()[1:3])
    config = Config(retries={"total_max_attempts": 1})
    endpoint = ready["control"][0]
    return boto3.session.Session(key, secret, region_name="us-east-1").client(
        "apigateway", endpoint_url=endpoint, config=config
    )


def deploy_mock(client: Any, answer: str) -> str:
    """An API with `GET /` that answers `answer`, deployed as stage `prod`; its id."""
    api = client.create_rest_api(name="pets", endpointConfiguration={"types": ["REGIONAL"]})
    place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**place, statusCode="200")
    answer_of(client, place, answer)
    client.create_deployment(restApiId=api["id"], stageName="prod")
    return str(api["id"])


def answer_of(client: Any, place: dict[str, str], answer: str) -> None:
    client.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": answer})


def call(ready: dict[str, Any], api: str) -> tuple[int, bytes]:
    return get(ready["gateway"][0], "/prod", {"Host": f"{api}.execute-api.localhost"})


def issue(folder: Path, name: str) -> None:
    """A certificate of its own for `name`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + DAY)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    form, lock = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, lock))


def presented(ready: dict[str, Any]) -> str:
    """The name in the certificate that the gateway presents, after it has answered over it."""
    host, _, port = ready["gateway"][0].removeprefix("https://").rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, int(port)), PATIENCE) as plain, context.wrap_socket(plain) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: nobody\r\nConnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 403"
        certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
    return str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
