"""HTTP_PROXY: the client's request goes to the backend, and the backend's answer to the client, almost as they are.

Headers follow the tables of `dataplane/headers.py`; each line's fate was decided when it was first seen. A body of up
to 64 KB is sent in one piece with its head; a longer one is relayed as it comes, as fast as the client takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import (
    Mappings,
    compile_address,
    forwarding,
    mapped_headers,
    mapped_query,
    names_of,
    trace_line,
)
from portico.dataplane.failures import fault_of
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.step import PENDING, Outcome
from portico.dataplane.streaming import Limits, StreamHead, streams
from portico.ports.upstream import BODY_LIMIT, FailureKind, UpstreamFailure, UpstreamRequest
from portico.wire.http1 import ResponseHead

if TYPE_CHECKING:
    from portico.dataplane.answer_check import AnswerCheck
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps

KIND: Final = "HTTP_PROXY"
_NO_BODY: Final = b"Content-Length: 0\r\n\r\n"


def compile(spec: Spec) -> Steps:
    """The Step that calls the backend and ends in its answer. Raises lang's errors for what cannot be compiled."""
    return (HttpProxy(spec).send,)


class HttpProxy:
    """One method's calls."""

    def __init__(self, spec: Spec) -> None:
        integration = spec.integration
        self._mappings = Mappings(integration.request_parameters, KIND)
        self._address = compile_address(spec, self._mappings)
        verb = integration.http_method or "ANY"
        self._verb = None if verb == "ANY" else verb.encode()
        self._own = f"X-Amzn-Apigateway-Api-Id: {spec.api_id}\r\n".encode()
        agent = f"User-Agent: AmazonAPIGateway_{spec.api_id}\r\n".encode()
        self._own_and_agent = self._own if b"user-agent" in self._mappings.header_names else self._own + agent
        self._forwarded = forwarding(self._mappings.header_names)
        self._plan = _plan(spec)
        self._clock = spec.ports.clock
        self._mapped = bool(self._mappings.headers or self._mappings.query or self._mappings.poison)

    def send(self, exchange: Exchange) -> Outcome:
        destination, target, host = self._address(exchange)
        section = exchange.head.section
        lines: Sequence[bytes]
        if self._mapped:
            target, host, lines = self._map(exchange, target, host)
        else:
            if exchange.query:
                target += (b"&" if b"?" in target else b"?") + exchange.query
            lines = (section.relay or section.relayed(),)
        verb = self._verb or exchange.method
        body = exchange.body
        own = self._own_and_agent if section.digest.user_agent is None else self._own
        if body:
            ending = b"%bContent-Length: %d\r\n\r\n%b" % (own, len(body), body)
            exchange.called_at = self._clock.monotonic()
        else:
            ending = own + _NO_BODY
        request = b"".join(
            (
                verb,
                b" ",
                target,
                b" HTTP/1.1\r\n",
                host,
                *lines,
                self._forwarded(exchange),
                trace_line(exchange),
                ending,
            )
        )
        exchange.call = destination.call(verb, request, self._plan, exchange)
        return PENDING

    def _map(self, exchange: Exchange, target: bytes, host: bytes) -> tuple[bytes, bytes, Sequence[bytes]]:
        """Target, Host line and other lines: mapped headers take the place of the client's, also where they have no
        value; mapped query parameters come behind the client's (fact 129)."""
        mappings = self._mappings
        if mappings.poison:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {mappings.poison} cannot be mapped")
        query = [exchange.query] if exchange.query else []
        query += mapped_query(exchange, mappings)
        if query:
            target += (b"&" if b"?" in target else b"?") + b"&".join(query)
        replaced = mappings.header_names
        section = exchange.head.section
        if section.private:
            replaced = replaced | section.private
        lines = [header.line for header in section.headers if header.name not in replaced]
        mapped = mapped_headers(exchange, mappings)
        if b"host" in names_of(mapped):
            host = b""
        return target, host, lines + mapped


def _plan(spec: Spec) -> UpstreamRequest[Exchange]:
    if spec.answers is not None:
        return UpstreamRequest(CheckedRelay(spec, spec.answers), spec.integration.timeout_in_millis / 1000)
    if streams(spec.integration):
        stream = StreamRelay(spec)
        return UpstreamRequest(stream, stream.limits.piece, streams=True)
    return UpstreamRequest(Relay(spec), spec.integration.timeout_in_millis / 1000)


class Relay:
    """The Receiver of their answers. It does not know who calls: no Route is part of a cycle."""

    buffers = False

    def __init__(self, spec: Spec) -> None:
        self._clock = spec.ports.clock

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
        context.integration_latency = self._clock.monotonic() - context.called_at
        context.backend = head
        context.status = head.status
        context.lines = [head.section.relay or head.section.relayed()]
        context.begin_stream(length)

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

    buffers = True

    def __init__(self, spec: Spec, check: AnswerCheck) -> None:
        super().__init__(spec)
        self._check = check

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        context.integration_latency = self._clock.monotonic() - context.called_at
        context.backend = head
        context.status, context.lines, context.content = (
            head.status,
            [head.section.relay or head.section.relayed()],
            body,
        )
        try:
            self._check.check(context)
        except Fault as fault:
            context.fail(fault)
        else:
            context.finish()


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
