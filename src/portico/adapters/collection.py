"""Snapshots and code that nothing refers to any more are taken out of a store, a day after they were found so.

A body is referred to by its SHA-256 wherever that stands in a document or in Standing: in hex, as deployments, stages
and functions' Standing have it, or in base64, as Lambda's CodeSha256. What only looks like a reference keeps a body
too, so a new kind of document needs no line here.

Nothing can come to be referred to between the look and the removal. A new reference is either made together with
putting the body, which takes the mark off; or it is a copy of one that was there, and then the body was not marked.
"""

import re
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from portico.adapters.sql import SqlStore, SqlUnit
from portico.kernel.errors import PorticoError

GRACE_SECONDS: Final = 86_400.0
_EVERY_SECONDS: Final = 3_600.0

_TEXTS: Final = ("SELECT body FROM document", "SELECT value FROM standing")
_HELD = "SELECT digest, unused_since FROM snapshot"
_MARK = "UPDATE snapshot SET unused_since = ? WHERE digest = ? AND unused_since IS NULL"
_UNMARK = "UPDATE snapshot SET unused_since = NULL WHERE digest = ?"
_REMOVE = "DELETE FROM snapshot WHERE digest = ? AND unused_since <= ?"

_HEX: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")


def collect(store: SqlStore, now: float) -> int:
    """Mark what is unused since `now` (seconds of the Unix epoch); remove what has been for GRACE_SECONDS.

    Returns how many were removed. Raises StoreUnavailable, StoreConflict.
    """
    with store.view() as view:
        held = dict(view.run(_HELD))
        used = held.keys() & set(_references(view)) if held else set()
    marked = {digest for digest, since in held.items() if since is not None}
    fresh = held.keys() - used - marked
    over = {digest for digest in marked - used if held[digest] <= now - GRACE_SECONDS}
    if not (fresh or over or used & marked):
        return 0
    with store.write() as unit:
        unit.run_many(_MARK, ((now, digest) for digest in sorted(fresh)))
        unit.run_many(_UNMARK, ((digest,) for digest in sorted(used & marked)))
        return sum(unit.change(_REMOVE, digest, now - GRACE_SECONDS) for digest in sorted(over))


def _references(unit: SqlUnit) -> Iterator[str]:
    """Whatever reads like a SHA-256, in hex."""
    for statement in _TEXTS:
        for (text,) in unit.stream(statement):
            yield from _HEX.findall(text)
            yield from (b64decode(found).hex() for found in _BASE64.findall(text))


class Collector:
    """Collects each hour, from a thread of its own, until it is closed. Several nodes may do so at once."""

    def __init__(self, collect: Callable[[float], int]) -> None:
        self._collect = collect
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="collector", daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(_EVERY_SECONDS):
            with suppress(PorticoError):  # The store's other uses tell what is wrong.
                self._collect(time.time())
