"""`portico serve` as an operator meets it: processes, ports and folders are real, everything else is in other tests."""

import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from running_server import PATIENCE, get
from serve_scene import (
    FREE,
    Start,
    answer_of,
    apigateway,
    call,
    deploy_mock,
    environment,
    issue,
    presented,
    refused,
    starting,
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as started:
        yield started


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


METRICS = "/_portico/metrics"


def signed(ready: dict[str, Any], folder: Path, host: str) -> dict[str, str]:
    """Headers of a signed request for the metrics."""
    request = AWSRequest("GET", f"http://{host}{METRICS}", {"Host": host})
    credentials = apigateway(ready, folder)._request_signer._credentials
    SigV4Auth(credentials, "apigateway", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def test_metrics_are_for_this_machine_or_signed(start: Start, tmp_path: Path) -> None:
    ready = start("--workers", "1").wait_for("ServerReady")
    address, elsewhere = ready["control"][0], {"Host": "portico.example:4566"}
    assert get(address, METRICS)[0] == 200
    status, told = get(address, METRICS, elsewhere)
    assert (status, told) == (403, b'{"message":"Missing Authentication Token"}')
    signature = signed(ready, tmp_path, elsewhere["Host"])
    assert get(address, METRICS, signature)[0] == 200
    status, told = get(address, "/_portico/metrics?x=1", signature)
    assert (status, b"signature we calculated" in told) == (403, True)
    assert [get(address, f"/_portico/{page}", elsewhere)[0] for page in ("health", "ready")] == [200, 200]


def test_metrics_are_open_where_the_operator_says_so(start: Start) -> None:
    ready = start("--workers", "1", "--open-metrics").wait_for("ServerReady")
    assert get(ready["control"][0], METRICS, {"Host": "portico.example:4566"})[0] == 200


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
        (["--port", "2"], "portico: No such option: --port; portico serve --help tells what there is\n"),
        (["--config", "none.toml"], "portico: none.toml: cannot be read: No such file or directory\n"),
        (["--tls-cert", "none.pem"], "portico: --tls-cert: 'none.pem' is not a file that can be read\n"),
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
    files = f"{tmp_path / 'cert.pem'} with {tmp_path / 'key.pem'}"
    assert told == f"portico: TLS: {files}: there is no certificate chain, or no private key, in PEM form\n"


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    issue(tmp_path, "one.test")
    (tmp_path / "other").mkdir()
    issue(tmp_path / "other", "other.test")
    status, told = refused(tmp_path, *FREE, "--tls-cert", "cert.pem", "--tls-key", "other/key.pem")
    assert status == 1
    assert told.endswith("key.pem: the private key does not belong to the certificate\n")
    assert told.count("\n") == 1


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
