"""From an Exchange to the event of a Lambda proxy integration."""

from __future__ import annotations

from base64 import b64encode
from itertools import count
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
    Once,
    ProxyEvents,
    RouteFacts,
    Sent,
    fill,
    forwarded_members,
    sent_part,
    text_body,
)

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec


_KEPT_BY_MANY: Final = 32
_KEPT_BY_ONE: Final = 4
"""Forms of 1.5 KB that a header section keeps: one that many connections send, and one with a secret, which is its
connection's own."""
_KEPT_PATH: Final = 256
_NO_BODY: Final = (b"null", False)
_numbers = count()


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
        self._number = next(_numbers)
        self._binary = BinaryTypes(spec.binary_media_types)

    def event(self, exchange: Exchange) -> bytes:
        try:
            sent: Sent = exchange.head.section.digest.event
        except AttributeError:
            sent = _sent(exchange)
        key = (self._number, exchange.method, exchange.path, forwarded := _forwarded(exchange))
        form = None if exchange.query else sent.forms.get(key)
        if form is None:
            form = self._form(exchange, sent, forwarded)
            if not exchange.query and len(exchange.path) <= _KEPT_PATH:
                sent.keep(key, form)
        typed = exchange.head.section.digest.content_type
        body, base64 = _NO_BODY if typed is None and not exchange.body else self._body(exchange)
        epoch = exchange.epoch
        return fill(
            form,
            Once(
                trace_id(exchange),
                exchange.request_id,
                exchange.extended_id,
                clf.text if int(epoch) == clf.second else clf(epoch),
                int(epoch * 1000),
                body,
                base64,
            ),
        )

    def _form(self, exchange: Exchange, sent: Sent, forwarded: Members) -> Form:
        query = parse_query(exchange.query) if exchange.query else {}
        path = exchange.path.decode("latin-1")
        asked = Asked(exchange.method, path, query, exchange.captures, forwarded, exchange.source_ip)
        return self._events.form(sent, asked)

    def _body(self, exchange: Exchange) -> tuple[bytes, bool]:
        """The body as JSON; base64 where its Content-Type is a binary media type."""
        body = exchange.body or b""
        binary = self._binary.match(exchange.head.section.digest.content_type)
        return (b'"%b"' % b64encode(body) if binary and body else text_body(body)), binary


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
