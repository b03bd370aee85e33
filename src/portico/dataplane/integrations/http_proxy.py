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
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.relays import relay_plan
from portico.dataplane.step import PENDING, Outcome

if TYPE_CHECKING:
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
        self._plan = relay_plan(spec)
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
