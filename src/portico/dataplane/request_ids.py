"""Whether anybody reads the id that a function's invocation has: only then is it brought with the answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from portico.model.rest import Integration, Snapshot
    from portico.model.standing import StageStanding

HEADER: Final = b"X-Amzn-RequestId"
"""Lambda's answers have the id of their invocation in it."""
_NAMES: Final = ("awsendpointrequestid", "integration.requestid", HEADER.decode().lower())


def are_read(snapshot: Snapshot, standing: StageStanding, integration: Integration) -> bool:
    """By the access log, a gateway response, a mapping; or a template that asks the context for anything at all."""
    mapped = integration.integration_responses.values()
    if any("context" in (text or "") for one in mapped for text in one.response_templates.values()):
        return True
    texts = chain(_texts(snapshot, standing), *(one.response_parameters.values() for one in mapped))
    return any(name in text.lower() for text in texts for name in _NAMES)


def _texts(snapshot: Snapshot, standing: StageStanding) -> Iterator[str]:
    settings = standing.access_log_settings
    if settings is not None and settings.format:
        yield settings.format
    for response in snapshot.gateway_responses:
        yield from response.response_parameters.values()
        yield from response.response_templates.values()
