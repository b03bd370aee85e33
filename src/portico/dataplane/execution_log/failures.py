"""What an execution log says of a request that failed, in AWS's words where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import BAD_REQUEST_BODY, INTEGRATION_FAILURE, INTEGRATION_TIMEOUT, Fault, Kind
from portico.dataplane.media_types import media_type

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_SENTENCES: Final[dict[Kind, str]] = {
    INTEGRATION_TIMEOUT: "Execution failed due to a timeout error",
    INTEGRATION_FAILURE: "Execution failed due to a network error communicating with endpoint",
}
"""Words that are the same whatever the cause (AWS knowledge centre, on 504 errors of REST APIs)."""


def sentence(exchange: Exchange, fault: Fault) -> str:
    """The line for a Fault. What is the API's own is a configuration error there, whatever its status; of what is the
    client's doing the line is what the client was told, or more."""
    known = fault.words or _SENTENCES.get(fault.kind)
    if known:
        return known
    if fault.kind is BAD_REQUEST_BODY:
        return f"Request body does not match model schema for content type {_type(exchange)}: {fault.validation}"
    if fault.kind.status < 500:
        return fault.message or fault.cause
    return f"Execution failed due to configuration error: {fault.cause}"


def _type(exchange: Exchange) -> str:
    """The media type that a model was chosen by."""
    return media_type(exchange.head.section.digest.content_type)
