"""The store and its change feed in a PostgreSQL database (14 or newer) that any number of nodes share.

- Writers come one after another, over all nodes: each takes an advisory lock before it reads anything. So Changes are
  numbered in commit order, and what one writer read nobody changes until it commits. One that waits longer than
  `patience` gets StoreConflict.
- Readers work on a frozen view and wait for nobody.
- A server that is down, silent or read-only makes every use StoreUnavailable, within a little more than a second; the
  store works again soon after the server does. A commit that was not answered is StoreInDoubt.
- NOTIFY tells other nodes that something stands anew (adapters/postgres_bell.py); who misses it sees it by polling.
- Opening connects to nothing. A store must not be carried over a fork; its threads may all use it.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg.errors import LockNotAvailable

from portico.adapters.postgres_pool import Pool
from portico.adapters.postgres_schema import WRITE_LOCK, Schema
from portico.adapters.postgres_session import ANSWER_SECONDS, NoAnswer, Server, Session
from portico.adapters.sql import REMEMBERED, Performed, SqlStore, SqlUnit
from portico.ports.store import StoreConflict, StoreUnavailable

CHANNEL: Final = "portico_changes"
_LOCK_SECONDS: Final = 0.4
"""The wait for the lock is cut into pieces shorter than the silence that means a dead server."""
_TURN_SECONDS: Final = 0.1
_BATCH: Final = 500

_IDENTITY = "SELECT identity || '/' || timeline() FROM database"
_BEGIN_READING: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {REMEMBERED}"
# The isolation of a writer is READ COMMITTED: a stricter one would freeze its view before it has the lock.
_BEGIN_WRITING: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {milliseconds};"
    f" SELECT pg_advisory_xact_lock({WRITE_LOCK}); SET LOCAL lock_timeout = 0"
)


class _Unit(SqlUnit):
    _errors = psycopg.Error

    def __init__(self, session: Session, server: Server, pool: Pool) -> None:
        super().__init__()
        self._session = session
        self._server = server
        self._pool = pool
        self._committing = False

    def begin_writing(self, seconds: float) -> bool:
        """Whether this is the one writer now; False where another one was it for all the time."""
        try:
            self._session.ask(_BEGIN_WRITING.format(milliseconds=max(1, round(seconds * 1000))))
        except LockNotAvailable:
            self.run("ROLLBACK")
            return False
        except psycopg.Error as error:
            raise self._explain(error) from error
        return True

    def commit(self) -> None:
        """Raises StoreInDoubt where the server does not say whether it is done."""
        if self.seq:
            self.run("SELECT pg_notify(?, '')", CHANNEL)
        self.check()
        self._committing = True
        self.run("COMMIT")

    def _perform(self, statement: str, parameters: tuple[object, ...]) -> Performed:
        weight = sum(len(one) for one in parameters if isinstance(one, bytes))
        cursor = self._session.ask(_placed(statement), tuple(_storable(one) for one in parameters), weight)
        return Performed(cursor.fetchall() if cursor.description else [], cursor.rowcount)

    def _perform_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._session.cursor() as cursor:
            cursor.executemany(_placed(statement).encode(), [tuple(_storable(one) for one in row) for row in rows])

    def _stream(self, statement: str) -> Iterator[Any]:
        with self._session.cursor("stream") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(_placed(statement).encode())
            yield from cursor

    def _explain(self, error: Exception) -> StoreUnavailable:
        explained = self._server.explain(error, committing=self._committing)
        if isinstance(error, NoAnswer):
            self._pool.fail(self._server.explain(error))
        return explained


class PostgresStore(SqlStore):
    """Store and Changes over the database at `url`, whose tables are made where `make` says so.

    `patience` is how many seconds a writer waits for others, `answer_seconds` how long the server may be silent before
    it is held to be away, `connections` how many transactions may be under way at the same moment.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = 5.0,
        answer_seconds: float = ANSWER_SECONDS,
        connections: int = 5,
        kept_changes: int = 10_000,
        make: bool = True,
    ) -> None:
        self._server = Server(url, answer_seconds)
        self._pool = Pool(self._server, Schema(self._server, make=make).open, connections)
        self._patience = patience
        self._kept_changes = kept_changes
        self._writing = threading.Lock()

    @contextmanager
    def view(self) -> Iterator[_Unit]:
        with self._unit() as unit:
            unit.run(_BEGIN_READING)
            yield unit

    @contextmanager
    def write(self) -> Iterator[_Unit]:
        deadline = monotonic() + self._patience
        with self._turn(deadline), self._unit() as unit:
            self._lock(unit, deadline)
            yield unit
            unit.forget(self._kept_changes)
            unit.commit()

    def close(self) -> None:
        """Transactions under way may finish; none begins after this."""
        self._pool.close()

    def identity(self) -> str:
        """Made with the database, and another one where the server's history has branched."""
        with self.view() as unit:
            ((identity,),) = unit.run(_IDENTITY)
            return str(identity)

    @contextmanager
    def _unit(self) -> Iterator[_Unit]:
        with self._pool.lend() as session:
            unit = _Unit(session, self._server, self._pool)
            try:
                yield unit
            finally:
                unit.let_go()

    @contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        """This process's writers wait here, so that they use up no connections."""
        while not self._writing.acquire(timeout=max(0.0, min(_TURN_SECONDS, deadline - monotonic()))):
            self._pool.check()
            if monotonic() >= deadline:
                raise self._conflict()
        try:
            yield
        finally:
            self._writing.release()

    def _lock(self, unit: _Unit, deadline: float) -> None:
        """Begin the transaction, alone among all nodes'."""
        while not unit.begin_writing(min(_LOCK_SECONDS, deadline - monotonic())):
            if monotonic() >= deadline:
                raise self._conflict()

    def _conflict(self) -> StoreConflict:
        return StoreConflict(f"{self._server.label}: another writer has been writing for {self._patience:g} s")


def _placed(statement: str) -> str:
    """With psycopg's placeholders."""
    return statement.replace("?", "%s")


def _storable(value: object) -> object:
    """PostgreSQL's text holds no NUL. Documents escape it; no name has one, and whoever asks for such finds nothing."""
    return value.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else value
