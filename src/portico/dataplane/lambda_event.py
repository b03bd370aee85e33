"""From an Exchange to the event of a Lambda proxy integration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.context import clf, domain_name
from portico.dataplane.environment import parse_query
from portico.dataplane.headers import event_headers
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.trace import trace_id
from portico.wire.http1 import SECRET_NAMES
from portico.wire.lambda_events import (
    Asked,
    Form,
    Members,
    ProxyEvents,
    RouteFacts,
    Sent,
    escaped,
    forwarded_members,
    sent_part,
)

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec


_KEPT_BY_MANY: Final = 32
_KEPT_BY_ONE: Final = 4
"""Forms of 1.5 KB that a header section keeps: one that many connections send, and one with a secret, which is its
connection's own."""
_KEPT_PATH: Final = 256


class EventMaker:
    """Makes the events of one method."""

    __slots__ = ("_binary", "_events", "_number")

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
            canary=place.canary,
        )
        self._events = ProxyEvents(facts)
        self._number = self._events.number
        self._binary = BinaryTypes(spec.binary_media_types)

    def event(self, exchange: Exchange) -> bytes:
        head = exchange.head
        form: Form | None = head.digest
        if form is None or form.number != self._number:
            form = head.digest = self._form(exchange)
        trace, epoch = exchange.trace_id, exchange.epoch
        return form.fill(
            escaped(trace) if trace else trace_id(exchange),
            exchange.extended_id,
            clf.text if int(epoch) == clf.second else clf(epoch),
            int(epoch * 1000),
            exchange.request_id,
            exchange.body or b"",
        )

    def _form(self, exchange: Exchange) -> Form:
        """Mostly one that was made before: a client asks for several things with the same headers."""
        try:
            sent: Sent = exchange.head.section.digest.event
        except AttributeError:
            sent = _sent(exchange)
        forwarded = _forwarded(exchange)
        if exchange.query:
            return self._made(exchange, sent, forwarded)
        key = (self._number, exchange.method, exchange.path, forwarded)
        form = sent.forms.get(key)
        if form is None:
            form = self._made(exchange, sent, forwarded)
            if len(exchange.path) <= _KEPT_PATH:
                sent.keep(key, form)
        return form

    def _made(self, exchange: Exchange, sent: Sent, forwarded: Members) -> Form:
        query = parse_query(exchange.query) if exchange.query else {}
        path = exchange.path.decode("latin-1")
        binary = self._binary.match(exchange.head.section.digest.content_type)
        asked = Asked(exchange.method, path, query, exchange.captures, forwarded, exchange.source_ip, binary)
        return self._events.form(sent, asked)


def _sent(exchange: Exchange) -> Sent:
    """Made once for every distinct header section: a connection mostly sends the same again."""
    section = exchange.head.section
    secret = any(header.name in SECRET_NAMES for header in section.headers)
    kept = _KEPT_BY_ONE if secret else _KEPT_BY_MANY
    made = sent_part(event_headers(section.headers), domain_name(exchange), section.digest.user_agent, kept)
    section.digest.event = made
    return made


def _forwarded(exchange: Exchange) -> Members:
    client = exchange.client
    before = exchange.head.section.digest.forwarded_for
    addresses = client.source_ip if before is None else f"{before.decode('latin-1')}, {client.source_ip}"
    return forwarded_members(addresses, client.port, exchange.scheme)
