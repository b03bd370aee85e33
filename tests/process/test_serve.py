"""`portico serve` as an operator meets it: processes, ports and folders are real, everything else is in other tests."""

import os
import pty
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
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


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server on free ports and a data directory of the test's own."""
    with ExitStack() as stack:

        def started(*options: str) -> RunningServer:
            command = [*PORTICO, *FREE, "--data-dir", str(tmp_path / "data"), *options]
            return stack.enter_context(RunningServer(command, environment(), str(tmp_path)))

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


def test_both_listeners_answer_and_a_stop_is_clean(start: Start) -> None:
    server = start("--workers", "2")
    ready = server.wait_for("ServerReady")
    assert get(ready["control"][0], "/_portico/health")[0] == 200
    status, body = get(ready["control"][0], "/_portico/ready")
    assert (status, body) == (200, b'{"workers": 2, "serving": 2, "change": 0}')
    assert get(ready["control"][0], "/_portico/nothing")[0] == 404
    assert get(ready["control"][0], "/restapis")[0] == 403
    assert get(ready["gateway"][0])[0] == 403
    server.signal(signal.SIGTERM)
    assert server.end() == 0
    assert server.text == []


def test_what_is_deployed_is_served_by_every_worker_when_the_call_returns(start: Start, tmp_path: Path) -> None:
    ready = start("--workers", "2").wait_for("ServerReady")
    client = apigateway(ready, tmp_path)
    api = deploy_mock(client, "first")
    assert {call(ready, api) for _ in range(32)} == {(200, b"first")}
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    answer_of(client, {"restApiId": api, "resourceId": root, "httpMethod": "GET"}, "second")
    assert {call(ready, api) for _ in range(8)} == {(200, b"first")}, "edits are invisible until deployed"
    client.create_deployment(restApiId=api, stageName="prod")
    assert {call(ready, api) for _ in range(32)} == {(200, b"second")}
    client.delete_stage(restApiId=api, stageName="prod")
    assert {call(ready, api)[0] for _ in range(32)} == {403}


def test_requests_are_logged_and_counted(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "2")
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    for _ in range(20):
        call(ready, api)
    metrics = get(ready["control"][0], "/_portico/metrics")[1].decode()
    assert f'portico_requests_total{{api_id="{api}",stage="prod",method="GET",resource="/"}} 20\n' in metrics
    server.signal(signal.SIGTERM)
    server.end()
    assert len((tmp_path / "data" / "logs" / "access.log").read_text().splitlines()) == 20


def test_deployed_apis_are_served_without_the_database(start: Start, tmp_path: Path) -> None:
    first = start("--workers", "1")
    ready = first.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    first.signal(signal.SIGTERM)
    first.end()
    (tmp_path / "data" / "portico.db").write_bytes(b"not a database at all")
    ready = start("--workers", "1").wait_for("ServerReady")
    assert call(ready, api) == (200, b"pet")
    client = apigateway(ready, tmp_path)
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.get_rest_apis()


def test_a_deployment_outlives_killed_control_and_workers(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1")
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    for role in ("control", "worker"):
        victim = next(told for told in server.seen if told["event"] == "ProcessReady" and told["role"] == role)
        server.signal(signal.SIGKILL, victim["process"])
        server.wait_for("ProcessReady", role=role)
        assert call(ready, api) == (200, b"pet")
    assert len(apigateway(ready, tmp_path).get_rest_apis()["items"]) == 1


def test_a_restart_keeps_serving_and_the_control_plane_comes_back(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "2")
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    server.signal(signal.SIGHUP)
    server.wait_for("RestartFinished")
    assert {call(ready, api) for _ in range(16)} == {(200, b"pet")}
    assert len(apigateway(ready, tmp_path).get_rest_apis()["items"]) == 1
    assert get(ready["control"][0], "/_portico/ready")[0] == 200


def test_a_second_instance_on_the_data_directory_is_refused(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1")
    server.wait_for("ServerReady")
    status, told = refused(tmp_path, *FREE)
    assert status == 1
    assert told.startswith(f"portico: the data directory {tmp_path / 'data'} is in use by another Portico")
    assert told.count("\n") == 1


@pytest.mark.parametrize("option", ["--control", "--gateway"])
def test_a_taken_port_is_refused(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        status, told = refused(tmp_path, *FREE, option, address)
    assert status == 1
    assert told == f"portico: {option}: cannot listen on {address}: the port is taken by another process\n"


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    status, told = refused(tmp_path, *FREE)
    assert (status, told) == (1, f"portico: the data directory {tmp_path / 'data'} is not a directory\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--workers", "no"], "portico: --workers: 'no' is not a whole number from 1 to 256\n"),
        (["--wrokers", "2"], "portico: No such option: --wrokers"),
        (["--control", "0.0.0.0:0"], "portico: --control: 0.0.0.0:0 is reachable from other machines"),
        (["--valkey", "redis://here"], "portico: --valkey: not built yet"),
    ],
)
def test_a_bad_option_is_told_in_one_line(tmp_path: Path, options: list[str], told: str) -> None:
    status, text = refused(tmp_path, *options)
    assert status == 2
    assert text.startswith(told)
    assert text.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    status, told = refused(tmp_path, *FREE, "--workers", "1", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    assert status == 1
    assert "portico: TLS: " in told


def test_tls_is_served_and_renewed_by_a_restart(start: Start, tmp_path: Path) -> None:
    issue(tmp_path, "first.test")
    server = start("--workers", "1", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    ready = server.wait_for("ServerReady")
    assert ready["gateway"][0].startswith("https://")
    assert presented(ready) == "first.test"
    issue(tmp_path, "second.test")
    server.signal(signal.SIGHUP)
    server.wait_for("RestartFinished")
    assert presented(ready) == "second.test"
    (tmp_path / "key.pem").write_text("nonsense")
    server.signal(signal.SIGHUP)
    server.wait_for("RestartAbandoned")
    assert presented(ready) == "second.test"


def test_a_terminal_is_welcomed_in_words(tmp_path: Path) -> None:
    ours, terminal = pty.openpty()
    command = [sys.executable, "-m", "portico", "serve", *FREE, "--workers", "1", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(command, stderr=terminal, env=environment(), cwd=tmp_path) as process:
        os.close(terminal)
        shown = b""
        while b"SIGTERM" not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    os.close(ours)
    for told in (b"Portico is ready", b"http://127.0.0.1:", bytes(tmp_path / "data" / "credentials"), b"Ctrl-C"):
        assert told in shown


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


def test_a_worker_imports_no_botocore_database_or_yaml() -> None:
    script = "import sys, portico.app.worker; print([n for n in ('botocore', 'sqlite3', 'yaml') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_supervisor_imports_only_the_standard_library_and_portico() -> None:
    script = (
        "import sys; before = set(sys.modules); import portico.app.__main__\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)), 'asyncio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['portico'] False\n"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="NOT RUN: no IPv6 here")
def test_several_addresses_answer_also_of_ipv6(start: Start) -> None:
    ready = start("--workers", "2", "--gateway", "[::1]:0").wait_for("ServerReady")
    assert [get(address)[0] for address in ready["gateway"] for _ in range(8)] == [403] * 16
