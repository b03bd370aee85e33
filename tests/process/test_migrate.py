"""`portico migrate`, as it is typed: what it says, and its exit status."""

import subprocess
import sys
from pathlib import Path

import pytest

from contract_scene import clean_environment
from portico.adapters.postgres import PostgresStore
from portico.adapters.sqlite import SqliteStore
from postgres_scene import PASSWORD, PostgresServer


def migrate(source: str, target: str, **environ: str) -> tuple[int, str]:
    """Its exit status, and all that it wrote."""
    command = [sys.executable, "-P", "-m", "portico", "migrate", "--from", source, "--to", target]
    done = subprocess.run(
        command, env={**clean_environment(), **environ}, capture_output=True, text=True, timeout=240, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with something in it."""
    store = SqliteStore(tmp_path / "portico.db")
    with store.write() as unit:
        unit.put("restapi", "", "a1", {"id": "a1"})
        unit.put_snapshot("digest", b"body")
        unit.stand("stage", "a1/prod", {"v": 1})
    store.close()
    return tmp_path / "portico.db"


def test_there_and_back_again(path: Path, postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    carried = "carried 1 documents, 1 snapshots, 1 standing records, 1 changes\n"
    assert migrate(f"sqlite:///{path}", url) == (0, carried)
    assert migrate(url, f"sqlite:///{tmp_path / 'back.db'}") == (0, carried)
    back = SqliteStore(tmp_path / "back.db")
    with back.read() as view:
        assert view.find("restapi", "") == [("a1", {"id": "a1"})]
    assert back.snapshot("digest") == b"body"
    assert back.head() == 1
    back.close()


def test_a_password_may_come_from_the_environment(path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    status, told = migrate(f"sqlite:///{path}", url.replace(f":{PASSWORD}", ""), PGPASSWORD=PASSWORD)
    assert (status, told[:7]) == (0, "carried")
    store = PostgresStore(url)
    assert store.head() == 1
    store.close()


def test_a_target_that_is_not_empty(path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    assert migrate(f"sqlite:///{path}", url)[0] == 0
    status, told = migrate(f"sqlite:///{path}", url)
    assert status == 1
    assert told == "portico: the target is not empty: it has documents. Name a database without any\n"


@pytest.mark.parametrize(
    ("source", "target", "status", "told"),
    [
        ("sqlite:///nowhere.db", "sqlite:///here.db", 1, "there is no database to carry from"),
        ("mysql://u:secret@h/d", "sqlite:///here.db", 2, "--from: 'mysql' databases are not known"),
        ("sqlite:///there.db", "postgresql://u:secret@h", 2, "--to: the address has no database's name"),
        ("postgresql://u:secret@127.0.0.1:1/d", "sqlite:///here.db", 1, "Connection refused"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    source: str, target: str, status: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    got, said = migrate(source, target)
    assert (got, said.count("\n")) == (status, 1)
    assert said.startswith("portico: ") and told in said
    assert "secret" not in said


def test_a_source_that_is_not_ours_is_not_touched(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    status, told = migrate(url, f"sqlite:///{tmp_path / 'here.db'}")
    assert (status, "there is nothing of Portico's in it" in told) == (1, True)
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url.rpartition("/")[2]) == [(0,)]
