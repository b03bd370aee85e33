"""The file of asynchronous events: `functions/events.db` in the data directory.

One thread reads and writes it. What is asked while it writes is written together, in one transaction that is on the
disk before anybody hears that it was done. Two processes may have it open, while one takes the place of the other: each
row says which run of a process accepted it.
"""

import os
import queue
import secrets
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

MOST_TOGETHER: Final = 512
"""Statements of one transaction."""
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    arn BLOB NOT NULL,
    trace_id BLOB NOT NULL,
    client_context BLOB NOT NULL,
    payload BLOB NOT NULL,
    accepted REAL NOT NULL,
    attempts INTEGER NOT NULL,
    throttles INTEGER NOT NULL,
    due REAL NOT NULL
) WITHOUT ROWID
"""
_PUT: Final = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?)"
_REMOVE: Final = "DELETE FROM events WHERE id = ?"
_POSTPONE: Final = "UPDATE events SET attempts = ?, throttles = ?, due = ? WHERE id = ?"
_FETCH: Final = "SELECT trace_id, client_context, payload FROM events WHERE id = ?"
_ADOPT: Final = "SELECT id, arn, accepted, attempts, throttles, due FROM events WHERE run != ? ORDER BY due"

Rows = list[tuple[Any, ...]]
Done = Callable[[Rows | None, str], None]
"""Told the rows, or None and why it could not be done."""
Wake = Callable[[Callable[[], None]], object]
"""An event loop's `call_soon_threadsafe`."""


class Event(NamedTuple):
    """An asynchronous event as it is kept. Times are seconds since the epoch: they outlive the process."""

    id: str
    arn: bytes
    trace_id: bytes
    client_context: bytes
    payload: bytes
    accepted: float


class _Work(NamedTuple):
    statement: str
    parameters: tuple[Any, ...]
    done: Done | None


class EventFile:
    """Its methods return at once; who asked is told on the loop behind `wake`."""

    def __init__(self, path: Path, wake: Wake) -> None:
        self._path = path
        self._wake = wake
        self._run = secrets.token_hex(8)
        self._asked: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def put(self, event: Event, done: Done) -> None:
        """Keep an event: it is on the disk when `done` is told so."""
        row = (event.id, self._run, *event[1:], event.accepted)
        self._asked.put(_Work(_PUT, row, done))

    def remove(self, event_id: str) -> None:
        self._asked.put(_Work(_REMOVE, (event_id,), None))

    def postpone(self, event_id: str, attempts: int, throttles: int, due: float) -> None:
        self._asked.put(_Work(_POSTPONE, (attempts, throttles, due, event_id), None))

    def fetch(self, event_id: str, done: Done) -> None:
        """Its trace id, client context and payload."""
        self._asked.put(_Work(_FETCH, (event_id,), done))

    def adopt(self, done: Done) -> None:
        """What other runs of this process left: id, ARN, accepted, attempts, throttles, due."""
        self._asked.put(_Work(_ADOPT, (self._run,), done))

    def close(self) -> None:
        """Blocking: what was asked is done first. Closing it again does nothing."""
        if self._thread.is_alive():
            self._asked.put(None)
            self._thread.join()

    # On the thread

    def _work(self) -> None:
        going = True
        while going:
            batch, going = self._batch()
            try:
                told = self._write(batch)
            except (sqlite3.Error, OSError) as error:
                self._disconnect()
                reason = f"{self._path}: {error}"
                told = [(work.done, None, reason) for work in batch if work.done is not None]
            if told:
                self._tell(told)
        self._disconnect()

    def _batch(self) -> tuple[list[_Work], bool]:
        """What was asked, and whether more may come."""
        batch: list[_Work] = []
        work = self._asked.get()
        while work is not None:
            batch.append(work)
            if len(batch) >= MOST_TOGETHER:
                return batch, True
            try:
                work = self._asked.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _write(self, batch: list[_Work]) -> list[tuple[Done, Rows | None, str]]:
        if not batch:
            return []
        connection = self._connection or self._connect()
        connection.execute("BEGIN IMMEDIATE")
        told: list[tuple[Done, Rows | None, str]] = []
        for work in batch:
            rows = connection.execute(work.statement, work.parameters).fetchall()
            if work.done is not None:
                told.append((work.done, rows, ""))
        connection.execute("COMMIT")
        return told

    def _tell(self, told: list[tuple[Done, Rows | None, str]]) -> None:
        def tell() -> None:
            for done, rows, reason in told:
                done(rows, reason)

        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._wake(tell)

    def _connect(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(_SCHEMA)
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
