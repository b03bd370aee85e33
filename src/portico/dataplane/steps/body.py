"""The request's body: waited for where a Route needs it, and decompressed before anything reads it, as on AWS."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from portico.dataplane.exchange import BODY_LIMIT
from portico.dataplane.fault import REQUEST_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Fault
from portico.dataplane.step import PENDING, Outcome

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_WINDOWS: Final = {b"gzip": (31,), b"x-gzip": (31,), b"deflate": (15, -15), b"identity": ()}
"""zlib's window bits by content coding. "deflate" is zlib's format by the RFC and raw in the wild: both are tried."""
_SLICE: Final = 256 * 1024
"""Bytes that come out in one turn of the loop: about a millisecond."""


def read_body(exchange: Exchange) -> Outcome | None:
    """Wait for the rest of the body. Steps before this one run before it is asked for."""
    return PENDING if exchange.body is None else None


def inflate(exchange: Exchange) -> Outcome | None:
    """Decompress a body with a Content-Encoding; what cannot be decompressed is a 415 (semantics section 14).

    One that becomes long takes several turns: a small body may become ten megabytes.
    """
    body = exchange.body
    if not body:
        return None
    coding = exchange.head.section.digest.coding
    if coding is None:
        return None
    windows = _WINDOWS.get(coding.strip().lower())
    if windows is None:
        raise Fault(UNSUPPORTED_MEDIA_TYPE)
    if not windows:
        return None
    inflation = _Inflation(exchange, body, windows)
    if inflation.take_slice():
        return None
    exchange.ports.turns(inflation.go_on)
    return PENDING


class _Inflation:
    """A body on its way from compressed to plain. Its Exchange does not know it: there is no cycle."""

    __slots__ = ("_body", "_decoder", "_exchange", "_left", "_pieces", "_size", "_windows")

    def __init__(self, exchange: Exchange, body: bytes, windows: tuple[int, ...]) -> None:
        self._exchange = exchange
        self._body = body
        self._windows = iter(windows)
        self._begin()

    def _begin(self) -> None:
        """With the next reading of the coding's name. Raises the 415 of a body that none fits."""
        window = next(self._windows, None)
        if window is None:
            raise Fault(UNSUPPORTED_MEDIA_TYPE)
        self._decoder = zlib.decompressobj(window)
        self._left = self._body
        self._pieces: list[bytes] = []
        self._size = 0

    def go_on(self) -> None:
        """Another turn."""
        exchange = self._exchange
        if exchange.over:
            return  # the client went away
        try:
            done = self.take_slice()
        except Fault as fault:
            exchange.fail(fault)
            return
        if done:
            exchange.proceed()
        else:
            exchange.ports.turns(self.go_on)

    def take_slice(self) -> bool:
        """Whether the Exchange has its body now. Raises the 415, and the 413 of a body that becomes too large."""
        decoder = self._decoder
        try:
            piece = decoder.decompress(self._left, _SLICE)
        except zlib.error:
            self._begin()
            return self.take_slice()
        self._pieces.append(piece)
        self._size += len(piece)
        self._left = decoder.unconsumed_tail
        if self._size > BODY_LIMIT:
            raise Fault(REQUEST_TOO_LARGE)
        if not decoder.eof and (self._left or len(piece) == _SLICE):
            return False
        if not decoder.eof or decoder.unused_data:
            self._begin()
            return self.take_slice()
        self._exchange.body = b"".join(self._pieces)
        return True
