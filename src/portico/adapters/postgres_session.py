"""One connection to PostgreSQL, which never waits long for a server that says nothing; and errors in words.

A server that was paused, or lost behind a network, sends no packets: no timeout of its own ends a statement, and TCP
notices after minutes. So the client counts: silence longer than `patience` is NoAnswer, and the connection is of no
more use. That a commit was not answered does not mean that it was not done: StoreInDoubt.
"""

import select
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, TypeVar

import psycopg
from psycopg import conninfo, waiting
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from portico.ports.store import StoreInDoubt, StoreUnavailable
from portico.settings.database_url import label

ANSWER_SECONDS: Final = 1.0
"""The control plane is to answer 503 within 2 s of a silence; half of that may be spent on the first statement."""
_BYTES_PER_SECOND: Final = 10_000_000
"""A statement that carries a function's code may take longer, as much as a slow server needs to write it."""

_DEFAULTS: Final[Mapping[str, str]] = {
    "application_name": "portico",
    "connect_timeout": "2",  # psycopg takes no shorter one; whoever waits for a connection does not wait that long
    "gssencmode": "disable",  # saves a question to the server that few can answer
    "keepalives_idle": "5",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "target_session_attrs": "read-write",  # of several hosts the primary; a standby alone is told as such
    "tcp_user_timeout": "5000",
}
"""What an address that says nothing about it gets."""

# What the server does about a client that has gone silent while it holds the write lock: keepalives see one that is cut
# off, the idle timeout one that hangs. A commit is answered when it is on the disk, whatever the server's default is.
_SESSION: Final = b"""
    SELECT set_config('statement_timeout', '30s', false),
        set_config('idle_in_transaction_session_timeout', '30s', false),
        set_config('tcp_keepalives_idle', '3', false),
        set_config('tcp_keepalives_interval', '2', false),
        set_config('tcp_keepalives_count', '2', false),
        set_config('client_encoding', 'UTF8', false),
        set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)
"""

_CAUSES: Final[Mapping[str, str]] = {
    "25006": "the server takes no writes: it is a standby, or its transactions are read-only",
    "25P03": "the server ended a transaction that had been idle for too long",
    "28000": "the server does not let this user in, see its pg_hba.conf",
    "28P01": "the password is wrong",
    "3D000": "the server has no such database",
    "42501": "the role may not do that, see its grants and who owns the tables",
    "42P01": "a table is missing: somebody changed the database, restore it from a backup",
    "53100": "the server's disk is full",
    "53200": "the server has no memory left",
    "53300": "the server has no connection left for us",
    "57014": "the server gave up a statement that took too long",
    "57P01": "the server is being stopped",
    "57P02": "the server is starting again after a crash",
    "57P03": "the server is starting or stopping",
    "58030": "the server's disk failed",
    "XX001": "the database is damaged, restore it from a backup",
    "XX002": "an index of the database is damaged: REINDEX, or restore a backup",
}
"""What the server's commonest refusals mean to an operator. https://www.postgresql.org/docs/14/errcodes-appendix.html"""

_Result = TypeVar("_Result")


class NoAnswer(psycopg.OperationalError):
    """The server said nothing for as long as we wait."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection in autocommit mode, for one thread at a time."""

    patience = ANSWER_SECONDS
    """Seconds of silence that are borne."""

    def wait(self, gen: PQGen[_Result], interval: float = 0.0, timeout: float | None = None) -> _Result:
        """What psycopg calls for whatever takes a packet from the server. Raises NoAnswer."""
        patience = self.patience if timeout is None else min(timeout, self.patience)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(_ready(self.pgconn.socket, wanted, patience))
        except StopIteration as finished:
            result: _Result = finished.value
            return result
        except NoAnswer:
            self.close()
            raise

    def ask(self, statement: str, parameters: tuple[object, ...] = (), weight: int = 0) -> psycopg.Cursor[Any]:
        """The cursor after the statement; after the last one of several. `weight` is how many bytes are carried."""
        extra = weight / _BYTES_PER_SECOND
        self.patience += extra
        try:
            cursor = self.execute(statement.encode(), parameters or None)
            while cursor.nextset():
                pass
            return cursor
        finally:
            self.patience -= extra

    def hear(self, seconds: float) -> bool:
        """Whether a notification came within that time. Raises psycopg.Error where the connection is lost."""
        if not _readable(self.pgconn.socket, seconds):
            return False
        self.pgconn.consume_input()
        heard = False
        while self.pgconn.notifies():
            heard = True
        return heard

    @property
    def is_sound(self) -> bool:
        """Whether nothing speaks against using it: one that says something unasked says that it is at its end."""
        return not (self.closed or self.broken) and not _readable(self.pgconn.socket)

    @property
    def is_idle(self) -> bool:
        """Whether it is outside of any transaction."""
        return self.pgconn.transaction_status == TransactionStatus.IDLE


class Server:
    """Where a database is: makes Sessions of it and tells its errors in words. Nothing it says has the password."""

    def __init__(self, url: str, patience: float = ANSWER_SECONDS) -> None:
        """`url` is a checked address, see portico.settings.database_url; `patience` in seconds, see Session."""
        self.label = label(url)
        self.patience = patience
        given = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value is not None}
        self._conninfo = conninfo.make_conninfo(**{**_DEFAULTS, **given})

    def connect(self) -> Session:
        """Takes as long as `connect_timeout` says, for each host. Raises StoreUnavailable."""
        try:
            session = Session.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            raise self.explain(error) from error
        session.patience = self.patience
        try:
            session.ask(_SESSION.decode())
        except psycopg.Error as error:
            session.close()
            raise self.explain(error) from error
        return session

    def explain(self, error: Exception, *, committing: bool = False) -> StoreUnavailable:
        """What an error of psycopg means to whoever asked."""
        if committing and _may_be_done(error):
            return StoreInDoubt(f"{self.label}: the server went away while it was committing ({_line(error)})")
        if isinstance(error, NoAnswer):
            return StoreUnavailable(f"{self.label}: the server does not answer")
        cause = _CAUSES.get(getattr(error, "sqlstate", None) or "")
        return StoreUnavailable(f"{self.label}: {cause} ({_line(error)})" if cause else f"{self.label}: {_line(error)}")


def _ready(descriptor: int, wanted: int, patience: float) -> Any:
    """Which of reading and writing is possible; an error of the socket counts as both, and is found by trying."""
    poll = select.poll()
    poll.register(descriptor, _EVENTS[wanted])
    deadline = monotonic() + patience
    while not (events := poll.poll(max(0.0, deadline - monotonic()) * 1000)):
        if monotonic() >= deadline:
            raise NoAnswer("the server does not answer")
    happened = events[0][1]
    if happened & ~(select.POLLIN | select.POLLOUT):
        return waiting.Ready(wanted)
    return waiting.Ready((1 if happened & select.POLLIN else 0) | (2 if happened & select.POLLOUT else 0))


_EVENTS: Final[Mapping[int, int]] = {
    waiting.Wait.R: select.POLLIN,
    waiting.Wait.W: select.POLLOUT,
    waiting.Wait.RW: select.POLLIN | select.POLLOUT,
}


def _readable(descriptor: int, seconds: float = 0.0) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _may_be_done(error: Exception) -> bool:
    """Whether a COMMIT that ended so may have been done all the same: anything but a plain refusal by the server."""
    return getattr(error, "sqlstate", None) is None or str(getattr(error, "sqlstate", "")).startswith("57P")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
