"""What the SQLite store says when the file or the disk under it is bad: StoreUnavailable with the cause, never data."""

import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from portico.adapters import sqlite_file
from portico.adapters.migrations import Migration, SchemaTooNew, migrations
from portico.adapters.sqlite import SqliteStore
from portico.adapters.sqlite_file import DatabaseFile
from portico.ports.changes import Change, Gap
from portico.ports.store import Store, StoreConflict, StoreUnavailable
from unprivileged import as_nobody, folder_for_everybody


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "portico.db"


def fill(store: Store, documents: int, filling: str = "x" * 500) -> None:
    with store.write() as unit:
        for n in range(documents):
            unit.put("resource", "api1", str(n), {"filling": filling})


def kept(path: Path, documents: int = 200) -> Path:
    """A closed database with some documents, all of it in the one file."""
    store = SqliteStore(path)
    fill(store, documents)
    store.close()
    assert not path.with_name("portico.db-wal").exists()
    return path


def read_all(store: Store) -> int:
    with store.read() as view:
        return len(view.find("resource", "api1"))


class TestBadFiles:
    def test_a_truncated_file_is_damaged(self, path: Path) -> None:
        os.truncate(kept(path), 20_000)
        with pytest.raises(StoreUnavailable, match=r"portico\.db: the file is damaged, restore it from a backup"):
            read_all(SqliteStore(path))

    def test_an_empty_file_is_not_taken_for_a_new_database(self, path: Path) -> None:
        os.truncate(kept(path), 0)
        with pytest.raises(StoreUnavailable, match="is empty, so it was truncated"):
            SqliteStore(path)
        assert path.stat().st_size == 0

    def test_a_log_without_its_database_is_not_taken_for_a_new_database(self, path: Path) -> None:
        path.with_name("portico.db-wal").write_bytes(b"something")
        with pytest.raises(StoreUnavailable, match="is missing although its log"):
            SqliteStore(path)

    def test_a_file_that_is_no_database(self, path: Path) -> None:
        path.write_bytes(b"[default]\nregion = eu-west-1\n" * 100)
        with pytest.raises(StoreUnavailable, match="is not a database or is damaged"):
            SqliteStore(path)

    def test_a_database_of_somebody_else(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE places (url TEXT)")
        with pytest.raises(StoreUnavailable, match="not one of Portico's"):
            SqliteStore(path)

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            SqliteStore(path)

    def test_a_folder_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable, match="No such file or directory"):
            SqliteStore(tmp_path / "nowhere" / "portico.db")

    def test_a_document_that_is_not_json(self, path: Path) -> None:
        with closing(sqlite3.connect(kept(path, 1))) as connection, connection:
            connection.execute("UPDATE document SET body = '{'")
        with pytest.raises(StoreUnavailable, match="a document that cannot be read"):
            read_all(SqliteStore(path))

    def test_a_name_that_cannot_be_taken_for_part_of_a_url(self, tmp_path: Path) -> None:
        path = tmp_path / "what?mode=memory#%20.db"
        kept(path, 3)
        assert read_all(SqliteStore(path)) == 3
        assert path.stat().st_size > 0


class TestSchema:
    def test_a_newer_schema_is_refused_and_left_alone(self, path: Path) -> None:
        with closing(sqlite3.connect(kept(path))) as connection, connection:
            connection.execute("UPDATE schema_version SET version = 99")
        with pytest.raises(SchemaTooNew, match=r"portico\.db: has schema 99 and this Portico knows schemas up to 2"):
            SqliteStore(path)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version FROM schema_version").fetchone() == (99,)

    def test_an_older_schema_is_brought_up_whole_or_not_at_all(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept(path, 5)
        good = Migration(3, "label", ("ALTER TABLE document ADD COLUMN label TEXT",))
        bad = Migration(4, "broken", ("CREATE TABLE extra (x)", "ALTER TABLE nowhere ADD COLUMN y"))
        monkeypatch.setattr(sqlite_file, "_MIGRATIONS", (*migrations("sqlite"), good, bad))
        with pytest.raises(StoreUnavailable, match="no such table: nowhere"):
            SqliteStore(path)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version FROM schema_version").fetchone() == (2,)
            assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
        monkeypatch.setattr(sqlite_file, "_MIGRATIONS", (*migrations("sqlite"), good))
        assert read_all(SqliteStore(path)) == 5
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version FROM schema_version").fetchone() == (3,)

    def test_a_birth_that_was_interrupted_is_begun_again(self, path: Path) -> None:
        path.with_name("portico.db.new").write_bytes(b"half of a database")
        assert read_all(SqliteStore(path)) == 0
        assert [file.name for file in path.parent.iterdir() if file.suffix == ".new"] == []

    def test_only_the_owner_may_read_it(self, path: Path) -> None:
        store = SqliteStore(path)
        fill(store, 1)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes == {"portico.db": 0o600, "portico.db-wal": 0o600, "portico.db-shm": 0o600}
        store.close()


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    """Nothing short of pulling the plug shows this one, so the setting itself is looked at: 2 is FULL."""
    with closing(DatabaseFile(path, patience=1.0).connect()) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class TestUnderway:
    """A store that was open when things went bad."""

    def test_a_file_that_was_removed_takes_no_more_writes(self, path: Path) -> None:
        store = SqliteStore(path)
        fill(store, 1)
        path.unlink()
        with pytest.raises(StoreUnavailable, match="was removed or replaced"):
            fill(store, 2)

    def test_a_file_that_was_replaced_takes_no_more_writes(self, path: Path) -> None:
        store = SqliteStore(path)
        fill(store, 1)
        shutil.copy(path, path.with_name("copy"))
        os.replace(path.with_name("copy"), path)
        with pytest.raises(StoreUnavailable, match="was removed or replaced"):
            fill(store, 2)

    def test_a_writer_in_another_process_is_a_conflict_after_the_patience(self, path: Path) -> None:
        store = SqliteStore(path, patience=0.01)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreConflict, match=r"another process has been writing for 0\.01 s"):
                fill(store, 1)
            assert read_all(store) == 0
        fill(store, 1)
        assert read_all(store) == 1

    def test_more_readers_than_there_may_be_wait_and_then_are_told(self, path: Path) -> None:
        store = SqliteStore(path, patience=0.01, readers=1)
        with store.read(), pytest.raises(StoreUnavailable, match="every connection has been in use"):
            read_all(store)
        assert read_all(store) == 0

    def test_a_closed_store_says_so(self, path: Path) -> None:
        store = SqliteStore(path)
        store.close()
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            fill(store, 1)
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            store.head()

    def test_an_error_that_the_caller_let_pass_still_commits_nothing(self, path: Path) -> None:
        store = SqliteStore(path)
        with pytest.raises(StoreUnavailable), limited_file_size(64 * 1024), store.write() as unit:  # noqa: PT012
            unit.put("resource", "api1", "first", {})
            with suppress(StoreUnavailable):  # The cache spills into the log, which may not grow.
                for n in range(200):
                    unit.put("resource", "api1", str(n), {"filling": "x" * 100_000})
        assert read_all(store) == 0

    def test_a_full_disk_refuses_the_write_and_serves_again_when_there_is_room(self, path: Path) -> None:
        store = SqliteStore(path)
        fill(store, 3)
        with limited_file_size(64 * 1024), pytest.raises(StoreUnavailable, match="the disk"):
            fill(store, 500)
        assert read_all(store) == 3
        fill(store, 500)
        assert read_all(store) == 500

    def test_a_full_disk_at_birth_leaves_no_database(self, path: Path) -> None:
        with limited_file_size(8 * 1024), pytest.raises(StoreUnavailable, match="the disk"):
            SqliteStore(path)
        assert not path.exists()


class TestMemoryOfTheFeed:
    def test_a_number_from_before_its_memory_is_a_gap(self, path: Path) -> None:
        store = SqliteStore(path, kept_changes=3)
        for n in range(1, 11):
            with store.write() as unit:
                unit.stand("stage", str(n % 2), {"n": n})
        assert store.head() == 10
        with pytest.raises(Gap, match="changes 8 to 10 are known, not what happened since 6"):
            store.since(6)
        assert store.since(7) == [Change(9, "stage", "1", {"n": 9}), Change(10, "stage", "0", {"n": 10})]

    def test_the_newest_number_is_never_forgotten(self, path: Path) -> None:
        store = SqliteStore(path, kept_changes=1)
        for value in ({}, None):
            with store.write() as unit:
                unit.stand("stage", "a", value)
        store.close()
        again = SqliteStore(path, kept_changes=1)
        assert again.standing() == (2, [])
        assert again.since(2) == []


class TestPermissions:
    """Run as an ordinary user: root may read and write everything."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        with folder_for_everybody() as folder:
            yield folder

    def test_an_unreadable_file(self, folder: Path) -> None:
        path = kept(folder / "portico.db")
        path.chmod(0)
        assert "unable to open database file" in as_nobody(lambda: SqliteStore(path))

    def test_a_folder_that_cannot_be_written_to(self, folder: Path) -> None:
        path = kept(folder / "portico.db")
        path.chmod(0o666)
        folder.chmod(0o555)
        cause = as_nobody(lambda: fill(SqliteStore(path), 1))
        assert "cannot be opened, see their owner and permissions" in cause or "cannot be written to" in cause

    def test_a_folder_where_none_can_be_made(self, folder: Path) -> None:
        folder.chmod(0o555)
        assert "portico.db: Permission denied" in as_nobody(lambda: SqliteStore(folder / "portico.db"))


@contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: what a full disk looks like to a program, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
