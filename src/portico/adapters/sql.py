"""What the SQL stores share: statements that SQLite and PostgreSQL both understand, the Unit and the feed made of them.

A dialect brings a Unit that performs statements (placeholders are `?`), and decides how a transaction begins and ends.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from portico.adapters import documents
from portico.adapters.readonly import ReadOnlyUnit
from portico.kernel.errors import PorticoError
from portico.ports.changes import Change, Gap
from portico.ports.store import Document

_GET = "SELECT body FROM document WHERE kind = ? AND scope = ? AND key = ?"
_FIND = "SELECT key, body FROM document WHERE scope = ? AND kind = ? ORDER BY id"
_PUT = """
    INSERT INTO document (kind, scope, key, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, scope, key) DO UPDATE SET body = excluded.body
"""
_DELETE = "DELETE FROM document WHERE kind = ? AND scope = ? AND key = ?"
_DELETE_SCOPE = "DELETE FROM document WHERE scope = ?"
# One that was about to be collected is in use again.
_PUT_SNAPSHOT = """
    INSERT INTO snapshot (digest, body) VALUES (?, ?)
    ON CONFLICT (digest) DO UPDATE SET unused_since = NULL WHERE snapshot.unused_since IS NOT NULL
"""
_GET_SNAPSHOT = "SELECT body FROM snapshot WHERE digest = ?"
_STAND = """
    INSERT INTO standing (kind, key, value) VALUES (?, ?, ?)
    ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value
"""
_FALL = "DELETE FROM standing WHERE kind = ? AND key = ?"
# The newest Change is never forgotten, so the next number is known; a sequence would leave holes for undone writes.
_CHANGE = """
    INSERT INTO change (seq, kind, key) SELECT coalesce(max(seq), 0) + 1, ?, ? FROM change RETURNING seq
"""
_FORGET = "DELETE FROM change WHERE seq <= ?"
# Two look-ups at the ends of the key; asking for both in one aggregate reads the whole table.
REMEMBERED = "SELECT (SELECT min(seq) FROM change), (SELECT max(seq) FROM change)"
_SINCE = """
    SELECT max(seq) AS newest, change.kind, change.key, value
    FROM change LEFT JOIN standing ON standing.kind = change.kind AND standing.key = change.key
    WHERE seq > ? GROUP BY change.kind, change.key, value ORDER BY newest
"""
_STANDING = "SELECT kind, key, value FROM standing"


class Performed(NamedTuple):
    """What a statement did."""

    rows: list[Any]
    changed: int
    """Rows that it changed."""


class SqlUnit(ABC):
    """One transaction on one connection. A statement that fails, fails it all: its error comes back at the commit."""

    _errors: type[Exception]
    """What the driver raises."""

    def __init__(self) -> None:
        self._over = False
        self._failure: PorticoError | None = None
        self.seq = 0

    @abstractmethod
    def _perform(self, statement: str, parameters: tuple[object, ...]) -> Performed: ...

    @abstractmethod
    def _perform_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None: ...

    @abstractmethod
    def _stream(self, statement: str) -> Iterator[Any]: ...

    @abstractmethod
    def _explain(self, error: Exception) -> PorticoError: ...

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        rows = self.run(_GET, kind, scope, key)
        return documents.decode(rows[0][0]) if rows else None

    def find(self, kind: str, scope: str) -> list[tuple[str, Document]]:
        return [(key, documents.decode(body)) for key, body in self.run(_FIND, scope, kind)]

    def put(self, kind: str, scope: str, key: str, document: Document) -> None:
        self.run(_PUT, kind, scope, key, documents.encode(document))

    def delete(self, kind: str, scope: str, key: str) -> bool:
        return self.change(_DELETE, kind, scope, key) > 0

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
        ((self.seq,),) = self.run(_CHANGE, kind, key)

    def forget(self, kept_changes: int) -> None:
        """Let the feed remember only the newest Changes, where this transaction added one."""
        if self.seq:
            self.run(_FORGET, self.seq - kept_changes)

    def run(self, statement: str, *parameters: object) -> list[Any]:
        """Every row that the statement answers. Raises StoreUnavailable, StoreConflict."""
        with self._guarded():
            return self._perform(statement, parameters).rows

    def change(self, statement: str, *parameters: object) -> int:
        """How many rows the statement changed. Raises StoreUnavailable, StoreConflict."""
        with self._guarded():
            return self._perform(statement, parameters).changed

    def run_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """The statement once for each of the rows. Raises StoreUnavailable, StoreConflict."""
        with self._guarded():
            self._perform_many(statement, rows)

    def stream(self, statement: str) -> Iterator[Any]:
        """The statement's rows, not all in memory at once. Raises StoreUnavailable, StoreConflict."""
        with self._guarded():
            yield from self._stream(statement)

    def check(self) -> None:
        """Raises what failed before, even where the caller let that pass: there is nothing to commit then."""
        if self._failure:
            raise self._failure

    def let_go(self) -> None:
        """The connection is somebody else's from now on."""
        self._over = True

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._over:
            raise TypeError("this transaction is over")
        self.check()
        try:
            yield
        except self._errors as error:
            self._failure = self._explain(error)
            raise self._failure from error


class SqlStore(ABC):
    """The reading half of a store over SQL, and its feed of Changes."""

    @abstractmethod
    def view(self) -> AbstractContextManager[SqlUnit]:
        """A transaction that sees what was committed when it began, and nothing later."""

    @abstractmethod
    def write(self) -> AbstractContextManager[SqlUnit]:
        """As the port's."""

    @abstractmethod
    def close(self) -> None:
        """As the port's."""

    @contextmanager
    def read(self) -> Iterator[ReadOnlyUnit]:
        with self.view() as unit:
            yield ReadOnlyUnit(unit)

    def head(self) -> int:
        with self.view() as unit:
            return _remembered(unit)[1]

    def since(self, seq: int) -> list[Change]:
        with self.view() as unit:
            oldest, newest = _remembered(unit)
            if not oldest - 1 <= seq <= newest:
                raise Gap(f"changes {oldest} to {newest} are known, not what happened since {seq}")
            return [_change(*row) for row in unit.run(_SINCE, seq)] if seq < newest else []

    def standing(self) -> tuple[int, list[Change]]:
        with self.view() as unit:
            _, head = _remembered(unit)
            return head, [_change(head, *row) for row in unit.run(_STANDING)]

    def snapshot(self, digest: str) -> bytes | None:
        with self.view() as unit:
            return unit.get_snapshot(digest)


def _remembered(unit: SqlUnit) -> tuple[int, int]:
    """The oldest and the newest Change in the feed's memory; 1 and 0 where there never was one."""
    ((oldest, newest),) = unit.run(REMEMBERED)
    return oldest or 1, newest or 0


def _change(seq: int, kind: str, key: str, value: str | None) -> Change:
    return Change(seq, kind, key, None if value is None else documents.decode(value))
