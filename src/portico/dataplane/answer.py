"""From an Exchange's answer to bytes. Order and names of headers as API Gateway sends them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from portico.wire.http1 import BODILESS

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, _PHRASES.get(status, b"Unknown")) for status in range(100, 1000)
}
_KEEP: Final = b"Connection: keep-alive\r\n"
_CLOSE: Final = b"Connection: close\r\n"


def compose(exchange: Exchange) -> bytes:
    """A whole answer. A HEAD request's tells the length of what a GET would have got, and sends nothing of it."""
    status, content = exchange.status, exchange.content
    if status in BODILESS:
        framing = content = b""
    else:
        framing = b"Content-Length: %d\r\n" % len(content)
        if exchange.head.method == b"HEAD":
            content = b""
    return compose_head(exchange, framing, content)


def compose_head(exchange: Exchange, framing: bytes, content: bytes = b"") -> bytes:
    """The head of an answer, with what of its body is there; `framing` is the line that says how the body ends."""
    return b"".join(
        (
            STATUS_LINES[exchange.status],
            exchange.ports.dates.line(exchange.epoch),
            framing,
            _CLOSE if exchange.client.closing else _KEEP,
            f"x-amzn-RequestId: {exchange.request_id}\r\nx-amz-apigw-id: {exchange.extended_id}\r\n".encode(),
            *exchange.lines,
            b"\r\n",
            content,
        )
    )
