"""From an Exchange to the event of a Lambda proxy integration."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from portico.dataplane.context import clf, domain_name
from portico.dataplane.environment import parse_query
from portico.dataplane.headers import event_headers
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.trace import trace_id
from portico.wire.lambda_events import (
    Members,
    ProxyEvents,
    Request,
    RouteFacts,
    Sent,
    forwarded_members,
    sent_part,
    text_body,
)

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec


class EventMaker:
    """Makes the events of one method."""

    __slots__ = ("_binary", "_events")

    def __init__(self, spec: Spec) -> None:
        place = spec.place
        facts = RouteFacts(
            resource_id=place.resource_id,
            resource_path=place.resource_path,
            parameter_names=spec.parameter_names,
            operation_name=spec.method.operation_name,
            account_id=spec.ports.account_id,
            api_id=spec.api_id,
            stage=place.stage,
            deployment_id=place.deployment_id,
            variables=spec.variables,
        )
        self._events = ProxyEvents(facts)
        self._binary = BinaryTypes(spec.binary_media_types)

    def event(self, exchange: Exchange) -> bytes:
        body, base64 = self._body(exchange)
        return self._events.event(
            Request(
                method=exchange.method,
                path=exchange.path.decode("latin-1"),
                query=parse_query(exchange.query) if exchange.query else {},
                path_values=exchange.captures,
                sent=_sent(exchange),
                forwarded=_forwarded(exchange),
                trace_id=trace_id(exchange),
                source_ip=exchange.source_ip,
                request_id=exchange.request_id,
                extended_id=exchange.extended_id,
                time=clf(exchange.epoch),
                epoch_ms=int(exchange.epoch * 1000),
                body=body,
                base64=base64,
            )
        )

    def _body(self, exchange: Exchange) -> tuple[bytes, bool]:
        """The body as JSON; base64 where its Content-Type is a binary media type."""
        body = exchange.body or b""
        binary = self._binary.match(exchange.head.section.digest.content_type)
        return (b'"%b"' % b64encode(body) if binary and body else text_body(body)), binary


def _sent(exchange: Exchange) -> Sent:
    """Made once for every distinct header section: a connection mostly sends the same again."""
    section = exchange.head.section
    try:
        return section.digest.event  # type: ignore[no-any-return]
    except AttributeError:
        made = sent_part(event_headers(section.headers), domain_name(exchange), section.digest.user_agent)
        section.digest.event = made
        return made


def _forwarded(exchange: Exchange) -> Members:
    client = exchange.client
    before = exchange.head.section.digest.forwarded_for
    addresses = client.source_ip if before is None else f"{before.decode('latin-1')}, {client.source_ip}"
    return forwarded_members(addresses, client.port, exchange.scheme)
