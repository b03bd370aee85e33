"""Connections to one PostgreSQL server, lent out: bounded, opened by a thread of their own, thrown away when they fail.

While the server is known to be away, asking for a connection fails at once: callers of the control plane are answered
without each waiting for a timeout of their own. One thread goes on trying meanwhile, so that the store is back soon
after the server is, whether anybody asks or not. It alone ever waits for a connection to be made: name look-ups and
connection attempts know no short timeout.

A server that gives no further connection is not away: those that are there are shared meanwhile.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import psycopg

from portico.adapters.postgres_session import Server, Session
from portico.kernel.errors import PorticoError
from portico.ports.store import StoreUnavailable

_WAIT: Final = 1.2
"""How long one may wait for a connection, by what one waits for an answer."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 1.0
"""Seconds between attempts: a server that is back serves again within 5 s, two of which an attempt may take."""
_FULL_SECONDS: Final = 5.0
"""How long no further connection is asked of a server that has just refused one."""


class Pool:
    """At most `size` connections, made when needed by `open_session`, which raises PorticoError where it cannot."""

    def __init__(self, server: Server, open_session: Callable[[], Session], size: int) -> None:
        self._server = server
        self._open_session = open_session
        self._size = size
        self._wait = _WAIT * server.patience
        self._changed = threading.Condition()
        self._idle: list[Session] = []
        self._count = 0
        """Connections that are idle or lent."""
        self._waiting = 0
        self._failure: PorticoError | None = None
        self._full_until = 0.0
        """Until then the connections that are there have to do."""
        self._opener: threading.Thread | None = None
        self._closed = threading.Event()

    @contextmanager
    def lend(self) -> Iterator[Session]:
        """A connection outside of any transaction. One that it is returned within is rolled back.

        Raises StoreUnavailable.
        """
        session = self._take()
        try:
            yield session
        finally:
            self._put_back(session)

    def check(self) -> None:
        """Raises StoreUnavailable where the server is known to be away, or the pool closed."""
        if self._closed.is_set():
            raise StoreUnavailable(f"{self._server.label}: the store is closed")
        if self._failure is not None:
            raise type(self._failure)(str(self._failure))

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        with self._changed:
            self._closed.set()
            self._drop_idle()
            self._changed.notify_all()

    # Lending

    def _take(self) -> Session:
        deadline = monotonic() + self._wait
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    self.check()
                    session = self._sound_one()
                    if session is not None:
                        return session
                    self._see_to_opening()
                    if not self._changed.wait(deadline - monotonic()) and monotonic() >= deadline:
                        raise self._too_late()
            finally:
                self._waiting -= 1

    def _sound_one(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if session.is_sound:
                return session
            self._discard(session)
        return None

    def _too_late(self) -> StoreUnavailable:
        if self._count >= self._size or self._is_full():
            return StoreUnavailable(f"{self._server.label}: every connection has been in use for {self._wait:g} s")
        return StoreUnavailable(f"{self._server.label}: the server does not answer")

    def _put_back(self, session: Session) -> None:
        _end_transaction(session)
        with self._changed:
            if session.closed:
                self._count -= 1
                # Whatever ended this one has most likely ended those that lie idle as well.
                self._drop_idle()
                self._see_to_opening()
            elif self._closed.is_set():
                self._discard(session)
            else:
                self._idle.append(session)
            self._changed.notify()

    def _drop_idle(self) -> None:
        while self._idle:
            self._discard(self._idle.pop())

    def _discard(self, session: Session) -> None:
        session.close()
        self._count -= 1

    # Opening

    def fail(self, failure: PorticoError) -> None:
        """The server was found not to answer: everybody else is told so until a new connection has been made."""
        with self._changed:
            self._failure = failure
            self._see_to_opening()
            self._changed.notify_all()

    def _see_to_opening(self) -> None:
        if self._opener is None and self._is_wanted():
            self._opener = threading.Thread(target=self._keep_opening, name="postgresql", daemon=True)
            self._opener.start()

    def _is_wanted(self) -> bool:
        lacking = self._waiting > len(self._idle) and self._count < self._size and not self._is_full()
        return (lacking or self._failure is not None) and not self._closed.is_set()

    def _is_full(self) -> bool:
        return self._count > 0 and monotonic() < self._full_until

    def _keep_opening(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                if not self._is_wanted():
                    self._opener = None
                    return
            if self._open_one():
                pause = _FIRST_PAUSE
            else:
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _open_one(self) -> bool:
        try:
            session = self._open_session()
        except PorticoError as error:
            return self._do_without(error)
        with self._changed:
            self._failure = None
            self._count += 1
            if self._closed.is_set() or self._count > self._size:
                self._discard(session)
            else:
                self._idle.append(session)
            self._changed.notify_all()
        return True

    def _do_without(self, refusal: PorticoError) -> bool:
        """No further connection can be had: whether there are others, of a server that has not failed to answer."""
        with self._changed:
            if self._count and self._failure is None:
                self._full_until = monotonic() + _FULL_SECONDS
                return True
        self.fail(refusal)
        return False


def _end_transaction(session: Session) -> None:
    """Leave it idle, or closed."""
    if session.closed or session.is_idle:
        return
    try:
        session.ask("ROLLBACK")
    except psycopg.Error:
        session.close()
