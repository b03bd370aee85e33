"""SIGHUP and the file of settings: what is read again acts, what cannot be is refused and told, and nothing stops."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev_scene import until
from running_server import RunningServer, get
from serve_scene import Start, apigateway, deploy_mock, issue, presented, starting

FIRST = 'domain = "first.test"\ndrain-seconds = 1\nworkers = 1\n'


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as started:
        yield started


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "portico.toml"
    path.write_text(FIRST)
    return path


def called(ready: dict[str, Any], api: str, domain: str) -> int:
    return get(ready["gateway"][0], "/prod", {"Host": f"{api}.execute-api.{domain}"})[0]


def hang_up(server: RunningServer) -> None:
    server.signal(signal.SIGHUP)


def wait_until_renewed(server: RunningServer) -> None:
    """Until nobody of before accepts connections any more, in a server with one worker."""
    server.wait_for("RestartFinished")
    if not any(told["event"] == "Draining" for told in server.seen):
        server.wait_for("Draining")


def test_a_changed_file_acts_after_sighup_and_not_before(start: Start, file: Path, tmp_path: Path) -> None:
    server = start()
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    assert (called(ready, api, "first.test"), called(ready, api, "second.test")) == (200, 403)
    file.write_text(FIRST.replace("first", "second"))
    assert called(ready, api, "second.test") == 403
    hang_up(server)
    assert server.wait_for("SettingsChanged")["options"] == "--domain"
    wait_until_renewed(server)
    assert (called(ready, api, "first.test"), called(ready, api, "second.test")) == (403, 200)


def test_a_file_that_was_not_there_is_found(start: Start, file: Path) -> None:
    file.rename(file.with_suffix(".later"))
    server = start("--workers", "1")
    server.wait_for("ServerReady")
    file.with_suffix(".later").rename(file)
    hang_up(server)
    assert server.wait_for("SettingsChanged")["options"] == "--domain, --drain-seconds"
    server.wait_for("RestartFinished")


def test_the_file_that_config_names_is_read_again(start: Start, tmp_path: Path) -> None:
    named = tmp_path / "elsewhere.toml"
    named.write_text(FIRST)
    server = start("--config", "elsewhere.toml", "--drain-seconds", "2")
    server.wait_for("ServerReady")
    named.write_text('max-connections = 77\ndrain-seconds = 3\nworkers = 1\ndomain = "first.test"\n')
    hang_up(server)
    told = server.wait_for("SettingsChanged")["options"]
    assert told == "--max-connections", "the command line still wins over the file"
    server.wait_for("RestartFinished")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("workers = ", "portico.toml: cannot be read as TOML: "),
        ("drain-seconds = -1", "portico.toml, drain-seconds: -1 is not seconds from 0 to 3600"),
        ("domian = 'x'", "portico.toml: unknown key 'domian'; did you mean 'domain'?"),
        ('tls-cert = "absent.pem"', "portico.toml, tls-cert: 'absent.pem' is not a file that can be read"),
        (None, "portico.toml: cannot be read: No such file or directory"),
    ],
)
def test_a_broken_file_is_refused_and_the_server_goes_on(
    start: Start, file: Path, tmp_path: Path, text: str | None, reason: str
) -> None:
    server = start()
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    file.unlink() if text is None else file.write_text(text)
    hang_up(server)
    told = server.wait_for("RestartAbandoned")
    assert told["reason"].startswith(reason)
    assert called(ready, api, "first.test") == 200
    file.write_text(FIRST.replace("first", "second"))
    hang_up(server)
    wait_until_renewed(server)
    assert called(ready, api, "second.test") == 200, "once it is repaired it acts"
    assert server.text == []


def test_what_cannot_change_is_told_and_the_rest_acts(start: Start, file: Path, tmp_path: Path) -> None:
    server = start()
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    file.write_text('domain = "second.test"\ndrain-seconds = 1\nworkers = 2\nregion = "eu-west-1"\n')
    hang_up(server)
    kept = server.wait_for("SettingsKept")
    assert (kept["level"], kept["options"]) == ("warning", "--region, --workers")
    wait_until_renewed(server)
    assert called(ready, api, "second.test") == 200
    serving = b'{"workers": 1, "serving": 1,'
    until(lambda: get(ready["control"][0], "/_portico/ready")[1].startswith(serving), "the old one never left")
    assert len(apigateway(ready, tmp_path).get_rest_apis()["items"]) == 1, "signed for the region of before"


def test_another_database_is_what_is_served(start: Start, file: Path, tmp_path: Path) -> None:
    server = start()
    ready = server.wait_for("ServerReady")
    api = deploy_mock(apigateway(ready, tmp_path), "pet")
    file.write_text(FIRST + f'database = "sqlite:///{tmp_path / "other.db"}"\n')
    hang_up(server)
    wait_until_renewed(server)
    assert apigateway(ready, tmp_path).get_rest_apis()["items"] == []
    assert called(ready, api, "first.test") == 403
    file.write_text(FIRST)
    hang_up(server)
    server.wait_for("RestartFinished")
    assert called(ready, api, "first.test") == 200


def test_a_certificate_may_be_another_file_though_the_old_one_is_gone(start: Start, file: Path, tmp_path: Path) -> None:
    issue(tmp_path, "first.test")
    file.write_text('workers = 1\ntls-cert = "cert.pem"\ntls-key = "key.pem"\n')
    server = start()
    ready = server.wait_for("ServerReady")
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).unlink()
    (tmp_path / "new").mkdir()
    issue(tmp_path / "new", "second.test")
    file.write_text('workers = 1\ntls-cert = "new/cert.pem"\ntls-key = "new/key.pem"\n')
    hang_up(server)
    wait_until_renewed(server)
    assert presented(ready) == "second.test"
