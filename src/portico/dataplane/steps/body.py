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


def read_body(exchange: Exchange) -> Outcome | None:
    """Wait for the rest of the body. Steps before this one run before it is asked for."""
    return PENDING if exchange.body is None else None


def inflate(exchange: Exchange) -> None:
    """Decompress a body with a Content-Encoding; what cannot be decompressed is a 415 (semantics section 14)."""
    body = exchange.body
    if not body:
        return
    coding = exchange.head.section.digest.coding
    if coding is None:
        return
    windows = _WINDOWS.get(coding.strip().lower())
    if windows is None:
        raise Fault(UNSUPPORTED_MEDIA_TYPE)
    if windows:
        exchange.body = _inflated(body, windows)


def _inflated(body: bytes, windows: tuple[int, ...]) -> bytes:
    for window in windows:
        decoder = zlib.decompressobj(window)
        try:
            plain = decoder.decompress(body, BODY_LIMIT + 1)
        except zlib.error:
            continue
        if len(plain) > BODY_LIMIT:
            raise Fault(REQUEST_TOO_LARGE)
        if decoder.eof and not decoder.unused_data:
            return plain
    raise Fault(UNSUPPORTED_MEDIA_TYPE)
