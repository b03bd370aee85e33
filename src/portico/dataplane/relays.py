"""How the answers of an HTTP_PROXY's backend get to the client: as they come, or whole where they are worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.dataplane.compression import Compression, Compressor
from portico.dataplane.failures import fault_of
from portico.dataplane.fault import Fault
from portico.dataplane.streaming import Limits, StreamHead, streams
from portico.ports.upstream import BODY_LIMIT, WHOLE, FailureKind, UpstreamFailure, UpstreamRequest

if TYPE_CHECKING:
    from portico.dataplane.answer_check import AnswerCheck
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.wire.http1 import ResponseHead


def relay_plan(spec: Spec) -> UpstreamRequest[Exchange]:
    """How a method's backend is called, and who gets its answers."""
    if streams(spec.integration):
        stream = StreamRelay(spec)
        return UpstreamRequest(stream, stream.limits.piece, streams=True)
    return UpstreamRequest(_relay(spec), spec.integration.timeout_in_millis / 1000)


def _relay(spec: Spec) -> Relay:
    if spec.answers is not None:
        return CheckedRelay(spec, spec.answers)
    if spec.compression is not None:
        return CompressingRelay(spec, spec.compression)
    return Relay(spec)


class Relay:
    """The Receiver of their answers. It does not know who calls: no Route is part of a cycle."""

    def __init__(self, spec: Spec) -> None:
        self._clock = spec.ports.clock
        self.buffers = False

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        now = self._clock.monotonic()
        context.integration_latency = now - context.called_at
        context.latency = now - context.started
        context.backend = head
        context.status = head.status
        context.lines = [head.section.relay or head.section.relayed()]
        context.content = body
        context.finish()

    def on_begin(self, context: Exchange, head: ResponseHead, length: int | None) -> None:
        if length is not None and length > BODY_LIMIT:
            self._fail(context, UpstreamFailure(FailureKind.TOO_LARGE, f"an answer of {length} bytes"))
            return
        self._answered(context, head)
        context.begin_stream(length)

    def _answered(self, context: Exchange, head: ResponseHead) -> None:
        context.integration_latency = self._clock.monotonic() - context.called_at
        context.backend = head
        context.status = head.status
        context.lines = [head.section.relay or head.section.relayed()]

    def on_data(self, context: Exchange, data: bytes) -> None:
        context.send_stream(data)
        if context.length > BODY_LIMIT:
            self._fail(context, UpstreamFailure(FailureKind.TOO_LARGE, f"an answer of more than {BODY_LIMIT} bytes"))

    def on_end(self, context: Exchange) -> None:
        context.end_stream()

    def on_failure(self, context: Exchange, failure: UpstreamFailure) -> None:
        self._fail(context, failure)

    def _fail(self, exchange: Exchange, failure: UpstreamFailure) -> None:
        if exchange.call is not None:
            exchange.call.cancel()
        exchange.fail(fault_of(failure))


class CheckedRelay(Relay):
    """The Receiver of answers that are held to a model: whole ones, of which none leaves unchecked."""

    def __init__(self, spec: Spec, check: AnswerCheck) -> None:
        super().__init__(spec)
        self.buffers = True
        self._check = check
        self._compression = spec.compression

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        self._answered(context, head)
        context.content = body
        try:
            self._check.check(context)
        except Fault as fault:
            context.fail(fault)
        else:
            if self._compression is None:
                context.finish()
            else:
                self._compression.deliver(context)


class CompressingRelay(Relay):
    """The Receiver of answers that are compressed for clients that ask for it: whole ones, or as they come.

    Of an answer that comes in pieces its length may be unknown, but not that it has at least `WHOLE` bytes. An API that
    compresses from more bytes on has answers collected, so that it is known.
    """

    def __init__(self, spec: Spec, compression: Compression) -> None:
        super().__init__(spec)
        self._compression = compression
        self.buffers = compression.minimum > WHOLE

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        self._answered(context, head)
        context.content = body
        self._compression.deliver(context)

    def on_begin(self, context: Exchange, head: ResponseHead, length: int | None) -> None:
        if length is None or length <= BODY_LIMIT:
            self._answered(context, head)
            coding = self._compression.coding(context, WHOLE if length is None else length)
            if coding is not None:
                context.lines.append(coding.line)
                context.compressor = Compressor(coding)
                context.begin_stream(None, lend=False)
                return
        super().on_begin(context, head, length)

    def on_data(self, context: Exchange, data: bytes) -> None:
        compressor = getattr(context, "compressor", None)
        if compressor is None:
            super().on_data(context, data)
            return
        context.send_stream(compressor.feed(data))
        if compressor.taken > BODY_LIMIT:
            self._fail(context, UpstreamFailure(FailureKind.TOO_LARGE, f"an answer of more than {BODY_LIMIT} bytes"))

    def on_end(self, context: Exchange) -> None:
        compressor = getattr(context, "compressor", None)
        if compressor is not None:
            context.send_stream(compressor.end())
        super().on_end(context)


class StreamRelay(Relay):
    """The Receiver of answers that are streamed: of any length, each piece sent on when it comes."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.limits = Limits(spec)

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        super().on_response(context, StreamHead(head.status, head.section, head.status), body)

    def on_begin(self, context: Exchange, head: ResponseHead, length: int | None) -> None:
        self.limits.begin(context, StreamHead(head.status, head.section, head.status))
        context.status = head.status
        context.lines = [head.section.relay or head.section.relayed()]
        context.begin_stream(length, lend=False)

    def on_data(self, context: Exchange, data: bytes) -> None:
        self.limits.send(context, data)
