"""HTTP: only what is mapped goes to the backend, and its answer is mapped back (semantics sections 6.2, 7 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import (
    Mappings,
    compile_address,
    mapped_headers,
    mapped_query,
    names_of,
    trace_line,
)
from portico.dataplane.backend_collector import BackendCollector
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.integration_response import IntegrationResponses
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.request_body import RequestBody
from portico.dataplane.step import DONE, PENDING, Outcome
from portico.ports.upstream import UpstreamRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps

KIND: Final = "HTTP"
_NO_CONTENT_TYPE: Final = frozenset({b"GET", b"HEAD", b"OPTIONS"})


def compile(spec: Spec) -> Steps:
    """The Step that calls the backend and maps its answer. Raises lang's errors for what cannot be compiled."""
    http = Http(spec)
    return (http.send, http.respond)


class Http:
    """One method's calls: the Step before the backend and the Step behind it."""

    def __init__(self, spec: Spec) -> None:
        integration = spec.integration
        self._mappings = Mappings(integration.request_parameters, KIND, integration.request_templates)
        self._address = compile_address(spec, self._mappings)
        binary = BinaryTypes(spec.binary_media_types)
        self._body = RequestBody(integration, binary)
        self._responses = IntegrationResponses(spec.method, integration.integration_responses, binary)
        verb = integration.http_method or "ANY"
        self._verb = None if verb == "ANY" else verb.encode()
        self._defaults = [
            (b"accept", b"Accept: application/json\r\n"),
            (b"user-agent", f"User-Agent: AmazonAPIGateway_{spec.api_id}\r\n".encode()),
        ]
        self._front = b"".join(line for _, line in self._defaults)
        self._mapped = bool(self._mappings.headers or self._mappings.overridable)
        self._own = f"X-Amzn-Apigateway-Api-Id: {spec.api_id}\r\n".encode()
        self._plan: UpstreamRequest[Exchange] = UpstreamRequest(
            BackendCollector(spec), integration.timeout_in_millis / 1000
        )
        self._clock = spec.ports.clock

    def send(self, exchange: Exchange) -> Outcome:
        mappings = self._mappings
        if mappings.poison:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {mappings.poison} cannot be mapped")
        verb = self._verb or exchange.method
        body = self._body.of(exchange)  # first: its template may override the rest
        destination, target, host = self._address(exchange)
        query = mapped_query(exchange, mappings) if mappings.query or mappings.overridable else []
        if query:
            target += (b"&" if b"?" in target else b"?") + b"&".join(query)
        request = b"".join(
            (
                verb,
                b" ",
                target,
                b" HTTP/1.1\r\n",
                *self._headers(exchange, verb, host),
                trace_line(exchange),
                self._own,
                b"Content-Length: %d\r\n\r\n" % len(body),
                body,
            )
        )
        exchange.called_at = self._clock.monotonic()
        exchange.call = destination.call(verb, request, self._plan, exchange)
        return PENDING

    def _headers(self, exchange: Exchange, verb: bytes, host: bytes) -> Sequence[bytes]:
        """The gateway's own lines, each unless a mapping gives it, and the mapped ones."""
        typed = b""
        if verb not in _NO_CONTENT_TYPE:
            typed = b"Content-Type: " + (exchange.head.section.value(b"content-type") or b"application/json") + b"\r\n"
        if not self._mapped:
            return (self._front, host, typed)
        mapped = mapped_headers(exchange, self._mappings)
        given = names_of(mapped)
        own = (*self._defaults, (b"host", host), (b"content-type", typed))
        return [line for name, line in own if name not in given] + mapped

    def respond(self, exchange: Exchange) -> Outcome:
        """The Step behind `send`: the backend has answered."""
        assert exchange.backend is not None
        self._responses.apply(exchange, exchange.backend.status)
        exchange.lines.append(trace_line(exchange))
        return DONE
