"""What a server leaves behind of what it was told."""

from pathlib import Path

import pytest

from portico.app.told import found, leave
from portico.settings import Settings
from portico.settings.sources import load


def test_it_is_found_without_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = {"data_dir": str(tmp_path), "domain": "apis.example", "database": "postgresql://me:hush@db/portico"}
    environ = {
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_ENDPOINT_URL_SQS": "http://sqs",
        "AWS_CONFIG_FILE": "aws",
        "X": "y",
    }
    leave(load(flags, {}), environ)
    server = found(load({"data_dir": str(tmp_path)}, {}))
    assert (server.settings.domain, server.settings.database) == ("apis.example", None)
    assert server.environ["AWS_ENDPOINT_URL_SQS"] == "http://sqs"
    assert server.environ["AWS_CONFIG_FILE"] == str(tmp_path / "aws"), "wherever the command is typed"
    assert "X" not in server.environ
    left = tmp_path / "run" / "told.json"
    assert "hush" not in left.read_text()
    assert left.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"settings": {"no-option": "1"}, "environ": {}}'])
def test_where_nothing_usable_is_left_the_own_settings_hold(tmp_path: Path, text: str | None) -> None:
    settings = Settings(data_dir=tmp_path, domain="mine")
    if text is not None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "told.json").write_text(text)
    assert found(settings).settings is settings


def test_a_disk_that_takes_nothing_is_no_reason_not_to_start(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    leave(Settings(data_dir=tmp_path), {})
