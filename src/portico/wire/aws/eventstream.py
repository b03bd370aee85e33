"""AWS's event stream coding, application/vnd.amazon.eventstream: how messages follow each other in one body.

A message: its length (4 bytes, big endian, all of it), that of its headers (4), the CRC-32 of these eight (4), the
headers, the payload, and the CRC-32 of all before (4). A header: the length of its name (1), the name, the type of its
value (1; 7 is a string), the value's length (2), the value.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final
from zlib import crc32

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

_PRELUDE: Final = Struct("!II")
_CRC: Final = Struct("!I")
_STRING: Final = Struct("!BH")
_STRING_TYPE: Final = 7
_FRAMING: Final = _PRELUDE.size + 2 * _CRC.size


def event(kind: str, payload: bytes, content_type: str) -> bytes:
    """A message of the output's member `kind`."""
    return message((":event-type", kind), (":content-type", content_type), (":message-type", "event"), payload=payload)


def exception(code: str, payload: bytes) -> bytes:
    """A message that ends the stream with an error, its members as JSON."""
    told = (":exception-type", code), (":content-type", "application/json"), (":message-type", "exception")
    return message(*told, payload=payload)


def message(*headers: tuple[str, str], payload: bytes) -> bytes:
    """A message with these headers, each at most 255 bytes long in name and 65 535 in value."""
    head = b"".join(_headers(headers))
    prelude = _PRELUDE.pack(_FRAMING + len(head) + len(payload), len(head))
    begun = b"".join((prelude, _CRC.pack(crc32(prelude)), head, payload))
    return begun + _CRC.pack(crc32(begun))


def _headers(headers: Iterable[tuple[str, str]]) -> Iterable[bytes]:
    for name, text in headers:
        told, value = name.encode(), text.encode()
        yield b"".join((bytes((len(told),)), told, _STRING.pack(_STRING_TYPE, len(value)), value))
