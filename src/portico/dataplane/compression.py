"""minimumCompressionSize: answers compressed for clients that ask for it (guide, "Receive an API response with a
compressed payload").

An answer is compressed if the client's most wanted coding is one of AWS's, gzip or deflate; if it has no
Content-Encoding, so that it is taken for compressed already; and if it has as many bytes as the API says, templates
applied. Answers that are streamed by `responseTransferMode`, and gateway responses, go as they are.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from portico.dataplane.step import DONE, PENDING, Outcome
from portico.ports.turns import Turns
from portico.wire.http1 import BODILESS

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.step import Step

LEVEL: Final = 1
"""As nginx does by default: three times as fast as zlib's own level 6, and a sixth larger."""
SLICE: Final = 64 * 1024
"""Bytes that are compressed in one turn of the loop: about a millisecond."""
_PARTIAL: Final = 206
_QUALITY: Final = "q="


class Coding(NamedTuple):
    """A content coding that is made here."""

    line: bytes
    """The header."""
    window: int
    """zlib's window bits."""


_CODINGS: Final = {
    "gzip": Coding(b"Content-Encoding: gzip\r\n", 31),
    "deflate": Coding(b"Content-Encoding: deflate\r\n", 15),
}
"""And identity, which is nothing to do."""


@lru_cache(maxsize=512)
def wanted_coding(accept: bytes) -> Coding | None:
    """Of an Accept-Encoding: the coding of the highest quality, the first of several, where it is one of ours."""
    best, found = 0.0, ""
    for entry in accept.decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = _quality(parameters)
        if name and quality > best:
            best, found = quality, name
    return _CODINGS.get(found)


def _quality(parameters: list[str]) -> float:
    """RFC 9110, 12.4.2. What is no number wants nothing."""
    for parameter in parameters:
        if parameter.startswith(_QUALITY):
            try:
                return min(float(parameter[len(_QUALITY) :]), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Compression:
    """One API's setting."""

    __slots__ = ("_turns", "minimum")

    def __init__(self, minimum: int, turns: Turns) -> None:
        self.minimum = minimum
        self._turns = turns

    def after(self, step: Step) -> Step:
        """A Step that compresses the answer that `step` makes, and sends it."""

        def compressed(exchange: Exchange) -> Outcome | None:
            outcome = step(exchange)
            if outcome is not DONE:
                return outcome
            self.deliver(exchange)
            return PENDING

        return compressed

    def coding(self, exchange: Exchange, size: int) -> Coding | None:
        """How an answer of so many bytes is to be compressed, whose status and headers are known."""
        if size < self.minimum or exchange.status in BODILESS or exchange.status == _PARTIAL:
            return None
        coding = wanted_coding(_accepted(exchange))
        return None if coding is None or _encoded(exchange.lines) else coding

    def deliver(self, exchange: Exchange) -> None:
        """Send an answer that is there as a whole, compressed if it should be. A long one takes several turns."""
        content = exchange.content
        coding = self.coding(exchange, len(content)) if content else None
        if coding is None:
            exchange.finish()
            return
        tell_plain(exchange, content)
        exchange.lines = [*exchange.lines, coding.line]
        compressor = Compressor(coding)
        if len(content) <= SLICE:
            exchange.content = compressor.feed(content) + compressor.end()
            exchange.finish()
        else:
            _Delivery(exchange, compressor, self._turns).go_on()


class Compressor:
    """One answer's bytes on their way."""

    __slots__ = ("_coder", "taken")

    def __init__(self, coding: Coding) -> None:
        self._coder = zlib.compressobj(LEVEL, zlib.DEFLATED, coding.window)
        self.taken = 0
        """Bytes of the answer so far, as they were."""

    def feed(self, data: bytes | memoryview) -> bytes:
        self.taken += len(data)
        return self._coder.compress(data)

    def end(self) -> bytes:
        return self._coder.flush()


class _Delivery:
    """A long answer that is compressed slice by slice. Its Exchange does not know it: there is no cycle."""

    __slots__ = ("_compressor", "_exchange", "_pieces", "_turns")

    def __init__(self, exchange: Exchange, compressor: Compressor, turns: Turns) -> None:
        self._exchange = exchange
        self._compressor = compressor
        self._turns = turns
        self._pieces: list[bytes] = []

    def go_on(self) -> None:
        exchange, compressor = self._exchange, self._compressor
        if exchange.over:
            return  # the client went away
        at = compressor.taken
        self._pieces.append(compressor.feed(memoryview(exchange.content)[at : at + SLICE]))
        if compressor.taken < len(exchange.content):
            self._turns(self.go_on)
            return
        self._pieces.append(compressor.end())
        exchange.content = b"".join(self._pieces)
        exchange.finish()


def tell_plain(exchange: Exchange, content: bytes) -> None:
    """The execution log has the answer as it was before."""
    record = getattr(exchange, "log", None)
    if record is not None:
        record.answers(content)


def _accepted(exchange: Exchange) -> bytes:
    return b",".join([header.value for header in exchange.head.headers if header.name == b"accept-encoding"])


def _encoded(lines: list[bytes]) -> bool:
    return b"\ncontent-encoding:" in b"\n" + b"".join(lines).lower()
