"""The body that a non-proxy integration sends: converted, then through its template (semantics sections 9 and 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.dataplane.backend import view_of
from portico.dataplane.binary import TO_TEXT, request_payload
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.templates import RequestTemplates
from portico.model.rest import Integration

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange


class RequestBody:
    """One integration's templates, passthrough and contentHandling."""

    __slots__ = ("_binary", "_handling", "_templates")

    def __init__(self, integration: Integration, binary: BinaryTypes) -> None:
        """Raises lang's SourceError, NotBuilt among them."""
        self._templates = RequestTemplates(integration.request_templates, integration.passthrough_behavior)
        self._handling = integration.content_handling
        self._binary = binary

    def of(self, exchange: Exchange) -> bytes:
        """Raises the 415 of a media type that nothing is for, and the 500 of what cannot be converted or rendered."""
        content_type = exchange.head.section.digest.content_type
        template = self._templates.choose(content_type)
        binary = self._binary.match(content_type)
        payload = request_payload(exchange.body or b"", binary=binary, handling=self._handling)
        if template is None:
            return payload
        if template.constant is not None:
            return template.constant
        if binary and self._handling != TO_TEXT:
            raise Fault(API_CONFIGURATION_ERROR, cause="a template over a binary body (recorded fact 140)")
        exchange.body = payload
        return template.render(view_of(exchange))
