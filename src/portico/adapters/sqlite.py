"""The store and its change feed in one SQLite file: the embedded default.

- A commit returns when it is on the disk (write-ahead log, synchronous FULL): what was acknowledged survives kill -9
  and a power cut.
- Writers come one after another (BEGIN IMMEDIATE on one connection), so Changes are numbered in commit order. A writer
  that waits longer than `patience` gets StoreConflict. Readers work on a frozen view and wait for nobody.
- The feed remembers the newest `kept_changes` Changes. `since` tells a record that changed twice with its newest value
  only, and raises Gap for a number from before its memory.
- A store must not be carried over a fork: open it in the process that uses it. Its threads may all use it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portico.adapters import documents
from portico.adapters.readonly import ReadOnlyUnit
from portico.adapters.sqlite_file import DatabaseFile, Pool
from portico.kernel.errors import PorticoError
from portico.ports.changes import Change, Gap
from portico.ports.store import Document, StoreConflict, StoreUnavailable

_GET = "SELECT body FROM document WHERE kind = ? AND scope = ? AND key = ?"
_FIND = "SELECT key, body FROM document WHERE scope = ? AND kind = ? ORDER BY id"
_PUT = """
    INSERT INTO document (kind, scope, key, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, scope, key) DO UPDATE SET body = excluded.body
"""
_DELETE = "DELETE FROM document WHERE kind = ? AND scope = ? AND key = ?"
_DELETE_SCOPE = "DELETE FROM document WHERE scope = ?"
_PUT_SNAPSHOT = "INSERT INTO snapshot (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_GET_SNAPSHOT = "SELECT body FROM snapshot WHERE digest = ?"
_STAND = """
    INSERT INTO standing (kind, key, value) VALUES (?, ?, ?)
    ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value
"""
_FALL = "DELETE FROM standing WHERE kind = ? AND key = ?"
_CHANGE = "INSERT INTO change (kind, key) VALUES (?, ?)"
_FORGET = "DELETE FROM change WHERE seq <= ?"
# Two look-ups at the ends of the key; asking for both in one aggregate reads the whole table.
_REMEMBERED = "SELECT (SELECT min(seq) FROM change), (SELECT max(seq) FROM change)"
_SINCE = """
    SELECT max(seq) AS newest, change.kind, change.key, value
    FROM change LEFT JOIN standing ON standing.kind = change.kind AND standing.key = change.key
    WHERE seq > ? GROUP BY change.kind, change.key ORDER BY newest
"""
_STANDING = "SELECT kind, key, value FROM standing"


class _Unit:
    """One transaction on one connection. A statement that fails, fails it all: its error comes back at the commit."""

    def __init__(self, connection: sqlite3.Connection, pool: Pool) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._pool = pool
        self._failure: PorticoError | None = None
        self.seq = 0

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        rows = self.run(_GET, kind, scope, key)
        return documents.decode(rows[0][0]) if rows else None

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        return [(key, documents.decode(body)) for key, body in self.run(_FIND, scope, kind)]

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        self.run(_PUT, kind, scope, key, documents.encode(document))

    def delete(self, kind: str, scope: str, key: str) -> bool:
        return self._cursor(_DELETE, kind, scope, key).rowcount > 0

    def delete_scope(self, scope: str) -> None:
        self.run(_DELETE_SCOPE, scope)

    def put_snapshot(self, digest: str, body: bytes) -> None:
        self.run(_PUT_SNAPSHOT, digest, body)

    def get_snapshot(self, digest: str) -> bytes | None:
        rows = self.run(_GET_SNAPSHOT, digest)
        return rows[0][0] if rows else None

    def stand(self, kind: str, key: str, value: Document | None) -> None:
        if value is None:
            self.run(_FALL, kind, key)
        else:
            self.run(_STAND, kind, key, documents.encode(value))
        self.seq = self._cursor(_CHANGE, kind, key).lastrowid or 0

    def run(self, statement: str, *parameters: object) -> list[Any]:
        """Every row that the statement answers. Raises StoreUnavailable, StoreConflict."""
        cursor = self._cursor(statement, *parameters)
        try:
            return cursor.fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Commit. Raises what failed before, even where the caller let that pass."""
        if self._failure:
            raise self._failure
        self.run("COMMIT")

    def let_go(self) -> None:
        """The connection is somebody else's from now on."""
        self._connection = None

    def _cursor(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        if self._connection is None:
            raise TypeError("this transaction is over")
        if self._failure:
            raise self._failure
        try:
            return self._connection.execute(statement, parameters)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> PorticoError:
        self._failure = self._pool.explain(error)
        return self._failure


class SqliteStore:
    """Store and Changes over the file at `path`, which is made where there is none. Raises StoreUnavailable.

    `patience` is in seconds; `readers` is how many threads may read at the same moment, further ones wait.
    """

    def __init__(self, path: Path, *, patience: float = 5.0, readers: int = 4, kept_changes: int = 10_000) -> None:
        self._file = DatabaseFile(path, patience)
        self._writer = Pool(self._file, 1, StoreConflict)
        self._readers = Pool(self._file, readers, StoreUnavailable)
        self._kept_changes = kept_changes

    @contextmanager
    def read(self) -> Iterator[ReadOnlyUnit]:
        with self._view() as unit:
            yield ReadOnlyUnit(unit)

    @contextmanager
    def write(self) -> Iterator[_Unit]:
        with self._unit(self._writer) as unit:
            self._file.check_in_place()
            unit.run("BEGIN IMMEDIATE")
            yield unit
            if unit.seq:
                unit.run(_FORGET, unit.seq - self._kept_changes)
            unit.finish()

    def close(self) -> None:
        """Transactions under way may finish; none begins after this."""
        self._readers.close()
        self._writer.close()

    def identity(self) -> str:
        return self._file.identity

    def head(self) -> int:
        with self._view() as unit:
            return _remembered(unit)[1]

    def since(self, seq: int) -> list[Change]:
        with self._view() as unit:
            oldest, newest = _remembered(unit)
            if not oldest - 1 <= seq <= newest:
                raise Gap(f"changes {oldest} to {newest} are known, not what happened since {seq}")
            return [_change(*row) for row in unit.run(_SINCE, seq)] if seq < newest else []

    def standing(self) -> tuple[int, list[Change]]:
        with self._view() as unit:
            _, head = _remembered(unit)
            return head, [_change(head, *row) for row in unit.run(_STANDING)]

    def snapshot(self, digest: str) -> bytes | None:
        with self._view() as unit:
            return unit.get_snapshot(digest)

    @contextmanager
    def _view(self) -> Iterator[_Unit]:
        with self._unit(self._readers) as unit:
            unit.run("BEGIN")
            unit.run(_REMEMBERED)  # The view is frozen by the first look at the file, not by BEGIN.
            yield unit

    @contextmanager
    def _unit(self, pool: Pool) -> Iterator[_Unit]:
        with pool.lend() as connection:
            unit = _Unit(connection, pool)
            try:
                yield unit
            finally:
                unit.let_go()


def _remembered(unit: _Unit) -> tuple[int, int]:
    """The oldest and the newest Change in the feed's memory; 1 and 0 where there never was one."""
    ((oldest, newest),) = unit.run(_REMEMBERED)
    return oldest or 1, newest or 0


def _change(seq: int, kind: str, key: str, value: str | None) -> Change:
    return Change(seq, kind, key, None if value is None else documents.decode(value))
