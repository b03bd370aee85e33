"""MOCK: no backend. The request template renders the status that selects the integration response.

A mock whose template and answer no request changes, which is what a CORS preflight is, is answered from what was
composed when its Route was compiled. Methods whose mocks say the same share one: in a large API nearly every OPTIONS
does, and what is shared is in the processor's caches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

import msgspec

from portico.dataplane.backend import view_of
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.integration_response import IntegrationResponses
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.step import DONE, Outcome
from portico.dataplane.templates import BodyTemplate, RequestTemplates
from portico.lang.laxjson import LIMIT, member

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps

KIND: Final = "MOCK"
_KEPT: Final = 64
"""How many pairs of Content-Type and Accept a constant answer is remembered for."""

_STATUS: Final = re.compile(r"[1-5][0-9]{2}")


def compile(spec: Spec) -> Steps:
    """The Step that answers. Raises lang's errors for what cannot be compiled."""
    mock = _MOCKS.get(key := _definition(spec))
    if mock is None:
        mock = _MOCKS[key] = Mock(spec)
    return (mock.answer,)


def _definition(spec: Spec) -> bytes:
    """What makes a mock: all that `Mock` reads of its Spec."""
    integration = spec.integration
    request = (integration.request_templates, integration.passthrough_behavior)
    response = (spec.method.method_responses, integration.integration_responses, spec.binary_media_types)
    return msgspec.json.encode((request, response))


class Mock:
    """The mock of one method, or of several that say the same."""

    __slots__ = ("__weakref__", "_known", "_responses", "_templates")

    def __init__(self, spec: Spec) -> None:
        integration = spec.integration
        self._templates = RequestTemplates(integration.request_templates, integration.passthrough_behavior)
        binary = BinaryTypes(spec.binary_media_types)
        self._responses = IntegrationResponses(spec.method, integration.integration_responses, binary)
        self._known: dict[tuple[str | None, str | None], tuple[int, list[bytes], bytes]] = {}

    def answer(self, exchange: Exchange) -> Outcome:
        notes = exchange.head.section.digest
        known = self._known.get((notes.content_type, notes.accept))
        if known is not None:
            exchange.status, exchange.lines, exchange.content = known
            return DONE
        template = self._templates.choose(notes.content_type)
        constant = self._responses.apply(exchange, self._status(exchange, template))
        if constant and template is not None and template.constant is not None and len(self._known) < _KEPT:
            self._known[notes.content_type, notes.accept] = (exchange.status, exchange.lines, exchange.content)
        return DONE

    def _status(self, exchange: Exchange, template: BodyTemplate | None) -> int:
        if template is None:
            return _read_status(exchange.body or b"")
        if template.constant is None:
            return _read_status(template.render(view_of(exchange)))
        return _read_status(template.constant)


_MOCKS: Final[WeakValueDictionary[bytes, Mock]] = WeakValueDictionary()
"""Those that a Route has, by their definition."""


def _read_status(document: bytes) -> int:
    """The status that a rendered template, or a body that passed, asks for. Only that is looked for."""
    status = member(document[:LIMIT].decode("utf-8", "replace"), "statusCode")
    if status is None or _STATUS.fullmatch(status) is None:
        raise Fault(API_CONFIGURATION_ERROR, cause="the mock's request template gives no statusCode")
    return int(status)
