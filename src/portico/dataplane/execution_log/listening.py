"""Ports that tell an execution log what goes through them: what a backend or a function was sent, and what it said.

They are given to methods that are logged with data tracing, and to no other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from portico.dataplane.execution_log.record import Record, header_pairs
from portico.dataplane.invocation import NO_EVENT
from portico.lang.uri import DEFAULT_PORTS
from portico.ports.functions import InvocationType
from portico.ports.upstream import NeverLent, UpstreamRequest

if TYPE_CHECKING:
    from portico.kernel.clock import Clock
    from portico.lang.aws_services import Service
    from portico.ports.functions import (
        FunctionAnswer,
        FunctionCall,
        FunctionDestination,
        FunctionFailure,
        FunctionReceiver,
        Functions,
        Invocable,
    )
    from portico.ports.services import Keys, ServiceEndpoint, Services
    from portico.ports.upstream import Destination, Origin, Receiver, Upstream, UpstreamCall, UpstreamFailure
    from portico.wire.http1 import ResponseHead

T = TypeVar("T")

_FRAMING: Final = frozenset({"content-length", "connection", "transfer-encoding"})
"""What frames a request of ours is not told: AWS tells none of it."""


def record_of(context: object) -> Record | None:
    """The log of an Exchange, where its data is wanted."""
    record: Record | None = getattr(context, "log", None)
    return record if record is not None and record.wanted.data else None


class ListeningUpstream:
    """Upstream."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def to(self, origin: Origin, /) -> Destination:
        scheme = "https" if origin.secure else "http"
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        port = "" if origin.port == DEFAULT_PORTS[scheme] else f":{origin.port}"
        return ListeningDestination(self._upstream.to(origin), f"{scheme}://{host}{port}", self._clock)


class ListeningServices:
    """Services."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._clock = clock

    def endpoint(self, service: Service, region: str, subdomain: str, /) -> ServiceEndpoint:
        endpoint = self._services.endpoint(service, region, subdomain)
        base = f"{'https' if endpoint.secure else 'http'}://{endpoint.host}"
        return endpoint._replace(destination=ListeningDestination(endpoint.destination, base, self._clock))

    def keys(self, principal: str, at: ServiceEndpoint, /) -> Keys:
        destination = at.destination
        inner = destination.inner if isinstance(destination, ListeningDestination) else destination
        return self._services.keys(principal, at._replace(destination=inner))


class ListeningDestination:
    """A Destination of what `base` (scheme and authority) names."""

    def __init__(self, inner: Destination, base: str, clock: Clock) -> None:
        self.inner = inner
        self._base = base
        self._clock = clock

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[T], context: T, /) -> UpstreamCall:
        record = record_of(context)
        if record is None:
            return self.inner.call(method, request, plan, context)
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        record.asks(self._base + first.split(" ")[1], _unframed(headers), body)
        told = UpstreamRequest(_Listener(plan.receiver, self._clock), plan.timeout, plan.streams)
        return _NotLent(self.inner.call(method, request, told, context))


class _Listener(Generic[T]):
    """A Receiver in front of the integration's own."""

    def __init__(self, inner: Receiver[T], clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    @property
    def buffers(self) -> bool:
        return self._inner.buffers

    def on_response(self, context: T, head: ResponseHead, body: bytes) -> None:
        self._tell(context, head)
        if (record := record_of(context)) is not None:
            record.hears_body(body)
        self._inner.on_response(context, head, body)

    def on_begin(self, context: T, head: ResponseHead, length: int | None) -> None:
        self._tell(context, head)
        self._inner.on_begin(context, head, length)

    def on_data(self, context: T, data: bytes) -> None:
        if (record := record_of(context)) is not None:
            record.hears_piece(data)
        self._inner.on_data(context, data)

    def on_end(self, context: T) -> None:
        if (record := record_of(context)) is not None:
            record.heard_all()
        self._inner.on_end(context)

    def on_failure(self, context: T, failure: UpstreamFailure) -> None:
        self._inner.on_failure(context, failure)

    def _tell(self, context: T, head: ResponseHead) -> None:
        record = record_of(context)
        if record is not None:
            record.hears(head.status, _since_call(context, self._clock), header_pairs(head.headers))


class _NotLent(NeverLent):
    """An UpstreamCall whose body is not handed over to the client's socket: nobody would see it pass."""

    __slots__ = ("_call",)

    def __init__(self, call: UpstreamCall) -> None:
        self._call = call

    def pause(self) -> None:
        self._call.pause()

    def resume(self) -> None:
        self._call.resume()

    def cancel(self) -> None:
        self._call.cancel()


class ListeningFunctions:
    """Functions."""

    def __init__(self, functions: Functions, clock: Clock) -> None:
        self._functions = functions
        self._clock = clock

    def to(self, invocable: Invocable, receiver: FunctionReceiver[T], timeout: float, /) -> FunctionDestination[T]:
        listener = _FunctionListener(receiver, self._clock)
        return _ListeningFunction(self._functions.to(invocable, listener, timeout), invocable, self._clock)


class _ListeningFunction(Generic[T]):
    """A FunctionDestination."""

    def __init__(self, inner: FunctionDestination[T], invocable: Invocable, clock: Clock) -> None:
        self._inner = inner
        self._uri = _invocation_uri(invocable)
        self._clock = clock

    def invoke(
        self,
        payload: bytes,
        context: T,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> FunctionCall:
        record = record_of(context)
        if record is not None:
            sent = b"" if payload is NO_EVENT else payload
            record.asks(self._uri, self._headers(context, record.request_id, trace_id), sent)
        return self._inner.invoke(payload, context, kind, trace_id)

    def _headers(self, context: Any, request_id: str, trace_id: str) -> list[tuple[str, str]]:
        """Of Lambda's Invoke operation, in the recorded order. What a signature would add is not there: nothing is
        signed on the way to functions of this host."""
        api_id = context.program.stage.api_id
        return [
            ("x-amzn-lambda-integration-tag", request_id),
            ("X-Amz-Date", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.now()))),
            ("x-amzn-apigateway-api-id", api_id),
            ("Accept", "application/json"),
            ("User-Agent", f"AmazonAPIGateway_{api_id}"),
            ("X-Amzn-Trace-Id", trace_id),
            ("Content-Type", "application/json"),
        ]


class _FunctionListener(Generic[T]):
    """A FunctionReceiver in front of the integration's own."""

    def __init__(self, inner: FunctionReceiver[T], clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def on_answer(self, context: T, answer: FunctionAnswer) -> None:
        record = record_of(context)
        if record is not None:
            record.hears(answer.status, _since_call(context, self._clock), _answer_headers(context, answer))
            record.hears_body(answer.payload)
        self._inner.on_answer(context, answer)

    def on_begin(self, context: T, request_id: str = "") -> None:
        record = record_of(context)
        if record is not None:
            record.hears(200, _since_call(context, self._clock), [])
        self._inner.on_begin(context, request_id)

    def on_data(self, context: T, data: bytes) -> None:
        if (record := record_of(context)) is not None:
            record.hears_piece(data)
        self._inner.on_data(context, data)

    def on_end(self, context: T, error: str | None, log: bytes = b"") -> None:
        if (record := record_of(context)) is not None:
            record.heard_all()
        self._inner.on_end(context, error, log)

    def on_failure(self, context: T, failure: FunctionFailure) -> None:
        self._inner.on_failure(context, failure)


def _answer_headers(context: Any, answer: FunctionAnswer) -> list[tuple[str, str]]:
    """Of the answer to Lambda's Invoke, as far as this side of the port knows them."""
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.payload)))]
    if answer.error is not None:
        headers.append(("X-Amz-Function-Error", answer.error))
    return [*headers, ("X-Amz-Executed-Version", answer.version), ("X-Amzn-Trace-Id", context.trace_id)]


def _invocation_uri(invocable: Invocable) -> str:
    """Lambda's own URI, also where the function runs here (fact 147)."""
    region = invocable.arn.split(":")[3]
    ending = "response-streaming-invocations" if invocable.streams else "invocations"
    version = "2021-11-15" if invocable.streams else "2015-03-31"
    return f"https://lambda.{region}.amazonaws.com/{version}/functions/{invocable.arn}/{ending}"


def _unframed(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _FRAMING]


def _since_call(context: Any, clock: Clock) -> float:
    seconds: float = clock.monotonic() - context.called_at
    return seconds
