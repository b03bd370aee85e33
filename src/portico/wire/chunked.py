"""The chunked transfer coding, both ways, sans-io and strict (RFC 9112 section 7.1).

A chunk's extension is passed over, trailers are checked and dropped: neither may carry anything on. Only who wants
trailers for itself gets them.
"""

import re
from enum import Enum, auto
from typing import Final

from portico.wire.http1 import ProtocolError

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:" + _EXTENSION + rb")*")
_TRAILER_LINE = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")
_MAX_LINE: Final = 1024
_MAX_OVERHEAD: Final = 16 * 1024
"""Bytes of extensions and trailers in one message; more is somebody trying to keep us busy."""

LAST_CHUNK: Final = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk around `data`, which must not be empty: an empty chunk ends the message."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    DONE = auto()


class ChunkedDecoder:
    """Feed it bytes, take out data. `done` is True after the last chunk and trailers; `rest` is what followed them.

    `trailers`, where it is given, gets their lines; `longest` is how long, in bytes, a line between chunks may be.
    """

    __slots__ = ("_buffer", "_left", "_longest", "_overhead", "_state", "_trailers")

    def __init__(self, trailers: list[bytes] | None = None, longest: int = _MAX_LINE) -> None:
        self._trailers = trailers
        self._longest = longest
        self._buffer = b""
        self._left = 0
        self._overhead = 0
        self._state = _State.SIZE

    @property
    def done(self) -> bool:
        return self._state is _State.DONE

    @property
    def rest(self) -> bytes:
        """Bytes that came after the end of the message."""
        return self._buffer if self.done else b""

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body that `data` completes. Raises ProtocolError."""
        buffer = self._buffer + data if self._buffer else data
        at, pieces = 0, []
        while self._state is not _State.DONE:
            if self._state is _State.DATA:
                piece = buffer[at : at + self._left]
                if not piece:
                    break
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left == 0:
                    self._state = _State.DATA_END
                continue
            end = buffer.find(b"\r\n", at, at + self._longest)
            if end < 0:
                if len(buffer) - at >= self._longest or b"\n" in buffer[at:]:
                    raise ProtocolError("malformed chunk")
                break
            self._line(buffer[at:end])
            at = end + 2
        self._buffer = buffer[at:]
        return pieces

    def _line(self, line: bytes) -> None:
        if self._state is _State.DATA_END:
            if line:
                raise ProtocolError("a chunk is longer than it said")
            self._state = _State.SIZE
        elif self._state is _State.SIZE:
            match = _SIZE_LINE.fullmatch(line)
            if match is None:
                raise ProtocolError("malformed chunk size")
            self._spend(len(line) - len(match[1]))
            self._left = int(match[1], 16)
            self._state = _State.DATA if self._left else _State.TRAILER
        elif line:
            if _TRAILER_LINE.fullmatch(line) is None:
                raise ProtocolError("malformed trailer")
            self._spend(len(line))
            if self._trailers is not None:
                self._trailers.append(line)
        else:
            self._state = _State.DONE

    def _spend(self, overhead: int) -> None:
        self._overhead += overhead
        if self._overhead > max(_MAX_OVERHEAD, 2 * self._longest):
            raise ProtocolError("too many chunk extensions or trailers")
