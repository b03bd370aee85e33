"""The database file: made whole, opened safely, its failures told in words, its connections lent out.

A new database is built beside its place and renamed into it. So a file that is there and empty was truncated, and is
refused instead of being taken for a new one.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from portico.adapters import durable
from portico.adapters.migrations import migrations, pending
from portico.kernel.errors import PorticoError
from portico.ports.store import StoreConflict, StoreUnavailable

_MIGRATIONS = migrations("sqlite")
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "the file is damaged, restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database or is damaged, restore it from a backup",
    sqlite3.SQLITE_CANTOPEN: "the file or its folder cannot be opened, see their owner and permissions",
    sqlite3.SQLITE_READONLY: "the file or its folder cannot be written to, see their owner and permissions",
    sqlite3.SQLITE_PERM: "the file or its folder cannot be written to, see their owner and permissions",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}
_PRAGMAS = (
    # A commit is acknowledged when the log is on the disk, not when the kernel has it.
    "PRAGMA synchronous = FULL",
    # On macOS fsync alone does not reach the disk; elsewhere this does nothing.
    "PRAGMA fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
    # KB for each connection, where 2 MB are usual: the system keeps the file's pages as well.
    "PRAGMA cache_size = -512",
)


class DatabaseFile:
    """`portico.db` and what opening it takes. Made or migrated when this is constructed. Raises StoreUnavailable.

    `patience` is for how many seconds a statement waits for a lock that another process holds.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self.patience = patience
        try:
            if not _exists(path):
                self._create()
            self._inode = os.stat(path).st_ino
        except OSError as error:
            raise StoreUnavailable(f"{path}: {error.strerror}") from error
        with closing(self.connect()) as connection, self._explained():
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise StoreUnavailable(f"{path}: the file system cannot share memory, as write-ahead logging needs")
            self._migrate(connection)
            (identity,) = connection.execute("SELECT identity FROM database").fetchone()
        self.identity = str(identity)

    def connect(self, path: Path | None = None) -> sqlite3.Connection:
        """A connection in autocommit mode that any one thread at a time may use. Never makes a file."""
        uri = (path or self.path).absolute().as_uri() + "?mode=rw"
        with self._explained():
            connection = sqlite3.connect(
                uri, uri=True, timeout=self.patience, isolation_level=None, check_same_thread=False
            )
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
            except sqlite3.Error:
                connection.close()
                raise
            return connection

    def check_in_place(self) -> None:
        """Raises StoreUnavailable where the name now means another file: writing to the old one would be lost."""
        try:
            inode = os.stat(self.path).st_ino
        except OSError:
            inode = -1
        if inode != self._inode:
            raise StoreUnavailable(f"{self.path}: was removed or replaced while Portico was running, restart Portico")

    def explain(self, error: sqlite3.Error, busy: type[PorticoError] = StoreUnavailable) -> PorticoError:
        """What an error of SQLite means to whoever asked; `busy` where another process holds the lock."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return busy(f"{self.path}: another process has been writing for {self.patience:g} s")
        cause = _CAUSES.get(code)
        return StoreUnavailable(f"{self.path}: {cause} ({error})" if cause else f"{self.path}: {error}")

    def _create(self) -> None:
        draft = self.path.with_name(self.path.name + ".new")
        durable.write(draft, b"")
        with closing(self.connect(draft)) as connection, self._explained():
            self._migrate(connection)
        os.replace(draft, self.path)
        durable.sync_directory(self.path.parent)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the schema to the newest version in one transaction. Raises SchemaTooNew."""
        connection.execute("BEGIN IMMEDIATE")
        missing = pending(_MIGRATIONS, self._version(connection), str(self.path))
        for migration in missing:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute("UPDATE schema_version SET version = ?", (migration.version,))
        connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "schema_version" in tables:
            (version,) = connection.execute("SELECT version FROM schema_version").fetchone()
            return int(version)
        if tables:
            raise StoreUnavailable(f"{self.path}: is a database, but not one of Portico's")
        return 0

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.explain(error) from error


class Pool:
    """At most `size` connections to one file, made when needed. One that failed is closed and not lent again.

    Waiting longer than the file's patience for one raises `busy`.
    """

    def __init__(self, file: DatabaseFile, size: int, busy: type[PorticoError]) -> None:
        self._file = file
        self._busy = busy
        self._idle: list[sqlite3.Connection] = []
        self._free = threading.BoundedSemaphore(size)
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection outside of any transaction. One that it is returned within is rolled back."""
        if not self._free.acquire(timeout=self._file.patience):
            raise self._busy(f"{self._file.path}: every connection has been in use for {self._file.patience:g} s")
        try:
            connection = self._take()
            try:
                yield connection
            except (sqlite3.Error, StoreConflict, StoreUnavailable):
                connection.close()
                raise
            finally:
                self._put_back(connection)
        finally:
            self._free.release()

    def explain(self, error: sqlite3.Error) -> PorticoError:
        return self._file.explain(error, self._busy)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"{self._file.path}: the store is closed")
        try:
            return self._idle.pop()
        except IndexError:
            return self._file.connect()

    def _put_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except sqlite3.Error:
            connection.close()
            return
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)


def _exists(path: Path) -> bool:
    """Whether there is a database; one that is there in part is an error, never overwritten."""
    log = path.with_name(path.name + "-wal")
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        if not log.exists():
            return False
        raise StoreUnavailable(f"{path}: is missing although its log {log.name} is there, restore a backup") from None
    if size == 0:
        raise StoreUnavailable(f"{path}: is empty, so it was truncated: restore a backup, or remove it to start anew")
    return True
