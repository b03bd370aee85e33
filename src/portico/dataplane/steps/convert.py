"""contentHandling of a proxy integration: its request's body turned to text or to binary (semantics section 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.dataplane.binary import request_payload
from portico.dataplane.media_types import BinaryTypes

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.step import Step


def convert(binary: BinaryTypes, handling: str) -> Step:
    """The Step that converts the body. It raises the 500 of a body that is not base64 and should be."""

    def converted(exchange: Exchange) -> None:
        listed = binary.match(exchange.head.section.digest.content_type)
        exchange.body = request_payload(exchange.body or b"", binary=listed, handling=handling)

    return converted
