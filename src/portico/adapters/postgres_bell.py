"""A bell that rings when another node has changed Standing: PostgreSQL's NOTIFY, heard on a connection of its own.

Only a bell: it says that something is new, not what. Whoever misses one, because the server was away or somebody else
listens badly, sees the Change when polling.
"""

import threading
from collections.abc import Callable
from typing import Final

import psycopg

from portico.adapters.postgres import CHANNEL
from portico.adapters.postgres_session import Server
from portico.ports.store import StoreUnavailable

_LISTEN_SECONDS: Final = 5.0
"""How long a listener goes without looking whether it is still wanted."""
_PAUSE_SECONDS: Final = 2.0
"""Between attempts to listen again."""


class PostgresBell:
    """Calls `ring` from a thread of its own, once for each committed write that left a Change, or once for several."""

    def __init__(self, url: str, ring: Callable[[], None]) -> None:
        self._server = Server(url)
        self._ring = ring
        self._closed = threading.Event()
        threading.Thread(target=self._listen_on, name="postgresql-bell", daemon=True).start()

    def close(self) -> None:
        """It may ring once more. Waits for nothing."""
        self._closed.set()

    def _listen_on(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except (psycopg.Error, StoreUnavailable):
                self._closed.wait(_PAUSE_SECONDS)  # The store's own uses tell what is wrong.

    def _listen(self) -> None:
        with self._server.connect() as session:
            session.ask(f"LISTEN {CHANNEL}")
            self._ring()  # for what happened while nobody listened
            while not self._closed.is_set():
                if session.hear(_LISTEN_SECONDS):
                    self._ring()
