"""Answers that go on to the client as they come: `responseTransferMode` STREAM (guide, response-transfer-mode).

A stream has no limit of size and no template. It has three of time: from piece to piece, in all by the integration's
own timeout, and in all by AWS's fifteen minutes, which the ports hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import INTEGRATION_FAILURE, INTEGRATION_TIMEOUT, Fault
from portico.model.rest import Integration
from portico.wire.http1 import ResponseHead, Section

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec

STREAM: Final = "STREAM"
_EDGE_IDLE: Final = 30.0
_IDLE: Final = 300.0
"""Seconds between two pieces of a stream, by the type of the API's endpoint (guide, the considerations)."""


def streams(integration: Integration) -> bool:
    return integration.response_transfer_mode == STREAM


class Limits:
    """The times of one integration's streams, in seconds."""

    __slots__ = ("_clock", "_total", "piece")

    def __init__(self, spec: Spec) -> None:
        self._clock = spec.ports.clock
        self._total = spec.integration.timeout_in_millis / 1000
        self.piece = min(self._total, _EDGE_IDLE if spec.place.edge else _IDLE)
        """What a port is told: time to the first piece, and from each to the next."""

    def begin(self, exchange: Exchange, head: StreamHead) -> None:
        """The head of the answer is there."""
        exchange.backend = head
        exchange.integration_latency = self._clock.monotonic() - exchange.called_at

    def send(self, exchange: Exchange, data: bytes) -> None:
        """A piece of the answer. The client's connection is cut where it is too late, or more than was announced."""
        head = exchange.backend
        assert isinstance(head, StreamHead)
        now = self._clock.monotonic()
        if head.first_content is None and data:
            head.first_content = now - exchange.called_at
        if now - exchange.called_at > self._total:
            cut(exchange, Fault(INTEGRATION_TIMEOUT, cause=f"the stream was longer than {self._total:g} s"))
        elif head.announced is not None and exchange.length + len(data) > head.announced:
            cut(exchange, Fault(INTEGRATION_FAILURE, cause=f"more bytes than the Content-Length {head.announced}"))
        else:
            exchange.send_stream(data)


class StreamHead(ResponseHead):
    """The head of a streamed answer: `status` is the backend's, or Lambda's; `code` what the answer itself says."""

    __slots__ = ("announced", "code", "first_content")

    def __init__(self, status: int, section: Section, code: int) -> None:
        super().__init__(status, section)
        self.code: int | None = code
        self.announced: int | None = None
        """The Content-Length that a function said its body has: nobody has counted it yet."""
        self.first_content: float | None = None
        """Seconds from the call to the first byte of the body."""


def cut(exchange: Exchange, fault: Fault) -> None:
    """End a call before its answer is whole."""
    if exchange.call is not None:
        exchange.call.cancel()
    exchange.fail(fault)
