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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portico.adapters.sql import REMEMBERED, Performed, SqlStore, SqlUnit
from portico.adapters.sqlite_file import DatabaseFile, Pool
from portico.kernel.errors import PorticoError
from portico.ports.store import StoreConflict, StoreUnavailable


class _Unit(SqlUnit):
    _errors = sqlite3.Error

    def __init__(self, connection: sqlite3.Connection, pool: Pool) -> None:
        super().__init__()
        self._connection = connection
        self._pool = pool

    def _perform(self, statement: str, parameters: tuple[object, ...]) -> Performed:
        cursor = self._connection.execute(statement, parameters)
        return Performed(cursor.fetchall(), cursor.rowcount)

    def _perform_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._connection.executemany(statement, rows)

    def _stream(self, statement: str) -> Iterator[Any]:
        return self._connection.execute(statement)

    def _explain(self, error: Exception) -> PorticoError:
        assert isinstance(error, sqlite3.Error)
        return self._pool.explain(error)


class SqliteStore(SqlStore):
    """Store and Changes over the file at `path`, which is made where there is none. Raises StoreUnavailable.

    `patience` is in seconds; `readers` is how many threads may read at the same moment, further ones wait.
    """

    def __init__(self, path: Path, *, patience: float = 5.0, readers: int = 4, kept_changes: int = 10_000) -> None:
        self._file = DatabaseFile(path, patience)
        self._writer = Pool(self._file, 1, StoreConflict)
        self._readers = Pool(self._file, readers, StoreUnavailable)
        self._kept_changes = kept_changes

    @contextmanager
    def view(self) -> Iterator[_Unit]:
        with self._unit(self._readers) as unit:
            unit.run("BEGIN")
            unit.run(REMEMBERED)  # The view is frozen by the first look at the file, not by BEGIN.
            yield unit

    @contextmanager
    def write(self) -> Iterator[_Unit]:
        with self._unit(self._writer) as unit:
            self._file.check_in_place()
            unit.run("BEGIN IMMEDIATE")
            yield unit
            unit.forget(self._kept_changes)
            unit.check()
            unit.run("COMMIT")

    def close(self) -> None:
        """Transactions under way may finish; none begins after this."""
        self._readers.close()
        self._writer.close()

    def identity(self) -> str:
        return self._file.identity

    @contextmanager
    def _unit(self, pool: Pool) -> Iterator[_Unit]:
        with pool.lend() as connection:
            unit = _Unit(connection, pool)
            try:
                yield unit
            finally:
                unit.let_go()
