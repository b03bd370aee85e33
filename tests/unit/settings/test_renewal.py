"""What a running server takes over from its sources, and what it keeps."""

from pathlib import Path

import pytest

from portico.settings import SettingError, Settings
from portico.settings.renewal import Renewal, renew
from portico.settings.sources import Sources


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def renewed(before: str, after: str, **environ: str) -> Renewal:
    file = Path("portico.toml")
    file.write_text(before)
    sources = Sources.of({}, environ, None)
    running: Settings = sources.load(environ)
    file.write_text(after)
    return renew(running, sources, environ)


def test_nothing_new_changes_nothing() -> None:
    assert renewed("workers = 2", "workers = 2")[1:] == ((), ())


def test_new_values_and_defaults_that_are_back_are_taken_over() -> None:
    renewal = renewed("max-connections = 5\ndomain = 'a.test'", "domain = 'b.test'\ntrusted-proxy = ['10.0.0.0/8']")
    assert renewal.changed == ("--domain", "--max-connections", "--trusted-proxy")
    assert (renewal.settings.domain, renewal.settings.max_connections) == ("b.test", 20000)


def test_the_environment_still_wins_over_the_file() -> None:
    renewal = renewed("domain = 'a.test'", "domain = 'b.test'", PORTICO_DOMAIN="c.test")
    assert (renewal.changed, renewal.settings.domain) == ((), "c.test")


@pytest.mark.parametrize(
    "line",
    [
        "control = '127.0.0.1:1'",
        "gateway = ['127.0.0.1:1']",
        "workers = 200",
        "data-dir = 'there'",
        "account-id = '111122223333'",
        "region = 'eu-west-1'",
        "lambda-endpoint = 'http://127.0.0.1:9'",
    ],
)
def test_what_the_supervisor_has_for_life_is_kept(line: str) -> None:
    before = renewed("", "").settings
    renewal = renewed("", line)
    assert renewal.settings == before
    assert (renewal.changed, renewal.kept) == ((), (f"--{line.partition(' ')[0]}",))


def test_functions_that_are_elsewhere_may_move() -> None:
    renewal = renewed("lambda-endpoint = 'http://127.0.0.1:9'", "lambda-endpoint = 'http://127.0.0.1:10'")
    assert (renewal.changed, renewal.kept) == (("--lambda-endpoint",), ())


def test_what_is_kept_has_to_agree_with_what_is_new(tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()
    open_to_all = "control = '0.0.0.0:1'\ncontrol-tls-cert = 'c.pem'\ncontrol-tls-key = 'k.pem'"
    with pytest.raises(SettingError, match=r"0\.0\.0\.0:1 is reachable .*a new --control acts after a new start"):
        renewed(open_to_all, "control = '127.0.0.1:1'")


def test_a_file_that_was_there_has_to_be_there() -> None:
    Path("portico.toml").write_text("domain = 'a.test'")
    sources = Sources.of({}, {}, None)
    running = sources.load({})
    Path("portico.toml").unlink()
    with pytest.raises(SettingError, match=r"portico\.toml"):
        renew(running, sources, {})
