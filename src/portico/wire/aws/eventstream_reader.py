"""Messages of `application/vnd.amazon.eventstream`, read. Sans-io, strict: both checksums of each message hold.

A message: its length, the length of its headers and a checksum of the two (4 bytes each, big endian), the headers, the
payload, and a checksum of all of it. (Smithy's specification, "Amazon Event Stream".)
"""

import struct
import zlib
from typing import Final, NamedTuple

from portico.kernel.errors import PorticoError

LONGEST: Final = 24 * 1024 * 1024 + 128 * 1024
"""Bytes: the specification's largest payload and headers, and a few for what is around them."""
_PRELUDE: Final = struct.Struct("!III")
_CHECKSUM: Final = struct.Struct("!I")
_LENGTH: Final = struct.Struct("!H")
_LEAST: Final = _PRELUDE.size + _CHECKSUM.size
_FIXED: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type: true, false, byte, short, integer, long, timestamp, UUID."""
_BYTES: Final = 6
_STRING: Final = 7


class EventStreamError(PorticoError):
    """The peer sent what is no message; nothing behind it means anything."""


class Message(NamedTuple):
    headers: dict[str, str]
    """Those that are strings, as all that say what a message is are."""
    payload: bytes


class MessageReader:
    """Cuts a stream of bytes into messages."""

    __slots__ = ("_held", "_size", "_wanted")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._wanted = _PRELUDE.size

    @property
    def clean(self) -> bool:
        """Whether the stream may end here."""
        return self._size == 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are whole now. Raises EventStreamError."""
        self._held.append(data)
        self._size += len(data)
        if self._size < self._wanted:
            return []
        data = b"".join(self._held)
        messages, at = [], 0
        while len(data) - at >= _PRELUDE.size:
            length, headers = _prelude(data, at)
            if len(data) - at < length:
                self._wanted = length
                break
            messages.append(_message(data[at : at + length], headers))
            at += length
            self._wanted = _PRELUDE.size
        self._held = [data[at:]]
        self._size = len(data) - at
        return messages


def _prelude(data: bytes, at: int) -> tuple[int, int]:
    """The lengths of a message and of its headers. Raises EventStreamError."""
    length, headers, checksum = _PRELUDE.unpack_from(data, at)
    if zlib.crc32(data[at : at + 8]) != checksum:
        raise EventStreamError("the checksum of a message's lengths does not hold")
    if not _LEAST + headers <= length <= LONGEST:
        raise EventStreamError(f"a message of {length} bytes")
    return length, headers


def _message(data: bytes, headers: int) -> Message:
    """Raises EventStreamError."""
    body = memoryview(data)[: -_CHECKSUM.size]
    if zlib.crc32(body) != _CHECKSUM.unpack_from(data, len(body))[0]:
        raise EventStreamError("the checksum of a message does not hold")
    begins = _PRELUDE.size + headers
    return Message(_headers(data[_PRELUDE.size : begins]), bytes(body[begins:]))


def _headers(data: bytes) -> dict[str, str]:
    """Raises EventStreamError."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name, at = _counted(data, at + 1, data[at])
            kind, at = data[at], at + 1
            if kind in _FIXED:
                _, at = _counted(data, at, _FIXED[kind])
            elif kind in (_BYTES, _STRING):
                value, at = _counted(data, at + _LENGTH.size, _LENGTH.unpack_from(data, at)[0])
                if kind == _STRING:
                    found[name.decode()] = value.decode()
            else:
                raise EventStreamError(f"a header of type {kind}")
    except (IndexError, struct.error, ValueError) as error:
        raise EventStreamError(f"headers that cannot be read: {error}") from None
    return found


def _counted(data: bytes, at: int, count: int) -> tuple[bytes, int]:
    """So many bytes, and where they end. Raises ValueError."""
    end = at + count
    if end > len(data):
        raise ValueError("they end too early")
    return data[at:end], end
