"""One client connection of the steady load: what it was asked, what came of it.

Only what a careful HTTP client would have to call lost is lost. A connection that the server closes while no request
is on it is replaced and nothing is lost; a request whose connection closes before its answer is whole is lost, told
apart by whether the connection had served before, or whether the answer had begun.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_OK: Final = b"HTTP/1.1 200 "
_REFUSED: Final = b"HTTP/1.1 503 "


class Tally:
    """What happened to all requests of one load."""

    def __init__(self) -> None:
        self.sent = 0
        self.answered = 0
        self.lost: Counter[str] = Counter()
        self.closed_idle = 0
        """Connections that the server closed while no request was on them. Nothing was lost with them."""
        self.told_to_close = 0
        """Answers with `Connection: close` that we had not asked for."""
        self.waits: dict[str, list[float]] = {}
        """Seconds from when a request was due to its whole answer, by the phase in which it was due."""
        self.refusals: list[float] = []
        """Seconds from when a request was due to its 503. They are lost as well."""
        self.phase: list[float] = []
        self.mark("start")

    def mark(self, name: str) -> None:
        """What is due from now on belongs to another phase."""
        self.phase = self.waits.setdefault(name, [])


class Exchange(asyncio.Protocol):
    """A connection that carries one request at a time. `on_free` is called when it can take another one, `on_closed`
    when it is gone."""

    def __init__(
        self, tally: Tally, on_free: Callable[["Exchange"], None], on_closed: Callable[["Exchange"], None]
    ) -> None:
        self._tally = tally
        self._on_free = on_free
        self._on_closed = on_closed
        self._transport: asyncio.Transport | None = None
        self._waiting = False
        self._due = 0.0
        self._phase: list[float] = []
        self._got = b""
        self._whole = 0
        """Bytes of the answer that is coming, once its head is there."""
        self._served = 0
        self._last = False
        """We close it after this answer, whatever the server says."""
        self._left = False

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self._waiting

    def send(self, request: bytes, due: float, phase: list[float], *, last: bool = False) -> None:
        """Only where `usable`."""
        self._waiting, self._due, self._phase, self._last = True, due, phase, last
        self._tally.sent += 1
        cast(asyncio.Transport, self._transport).write(request)

    def leave(self) -> None:
        self._left = True
        if self._transport is not None:
            self._transport.close()

    # What the loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._waiting:
            return  # what a server says unasked before it closes, a 408 say
        self._got = self._got + data if self._got else data
        if not self._whole:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._got, 0, end)
            self._whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._got) >= self._whole:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting:
            self._waiting = False
            self._tally.lost[self._how_lost(exc)] += 1
        elif not self._left:
            self._tally.closed_idle += 1
        self._on_closed(self)

    def _answered(self) -> None:
        got, self._got, self._whole = self._got, b"", 0
        self._waiting = False
        self._served += 1
        if got.startswith(_OK):
            self._tally.answered += 1
            self._phase.append(time.monotonic() - self._due)
        else:
            self._tally.lost[f"status {got[9:12].decode('latin-1')}"] += 1
            if got.startswith(_REFUSED):
                self._tally.refusals.append(time.monotonic() - self._due)
        told = _CLOSE.search(got) is not None
        self._tally.told_to_close += told and not self._last
        if told or self._last:
            self.leave()
        else:
            self._on_free(self)

    def _how_lost(self, exc: Exception | None) -> str:
        how = "reset" if isinstance(exc, ConnectionResetError) else "closed"
        if self._got:
            return f"{how} in the middle of an answer"
        return f"{how} before the answer on a {'kept' if self._served else 'new'} connection"
