"""The frames between those who invoke functions (workers, control) and the functions process of a host.

A unix stream socket carries calls of many requests at once, told apart by a number that the caller chose. A frame:

    length  4 bytes, big endian, of everything behind it
    kind    1 byte
    call    8 bytes, big endian
    content

An INVOKE's content is `length of head (4) | head (JSON of InvokeHead) | length of trace id (1) | trace id | event`: the
head is a Route's constant, the event is never parsed on its way. An ANSWER's is `length of head (4) | head (JSON of
AnswerHead) | payload`.
"""

from enum import IntEnum
from struct import Struct
from struct import error as StructError  # noqa: N812  a class
from typing import Final

import msgspec

from portico.kernel.errors import PorticoError

LONGEST: Final = 8 * 1024 * 1024
"""Bytes of a frame: the largest event or answer with room for its heads. Longer is a broken peer."""
_PREFIX: Final = Struct("!IBQ")
_unpack_prefix: Final = _PREFIX.unpack_from
_PREFIX_SIZE: Final = _PREFIX.size
_BEYOND_LENGTH: Final = 9
_LENGTH: Final = Struct("!I")
_BYTES: Final = [bytes((number,)) for number in range(256)]


class FrameError(PorticoError):
    """The peer broke the framing; its connection is of no more use."""


class FrameKind(IntEnum):
    INVOKE = 1
    CANCEL = 2
    PAUSE = 3
    RESUME = 4
    ANSWER = 11
    BEGIN = 12
    """Content: the invocation's request id where it was asked for, or nothing."""
    DATA = 13
    END = 14
    """Content: JSON of the error that broke the stream midway, or nothing."""
    LOG = 17
    """In front of a stream's END, where it was asked for. Content: the tail of the log."""
    FAILURE = 15
    """Content: JSON of FailureHead."""
    LEAVING = 16
    """The functions process is being replaced: send further calls on a new connection. Call number 0."""


_INVOKE: Final = int(FrameKind.INVOKE)
_BEYOND_INVOKE: Final = _BEYOND_LENGTH + 1
_ANSWER: Final = int(FrameKind.ANSWER)


class InvokeHead(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    arn: str
    type: str = "RequestResponse"
    service: str | None = None
    source_arn: str | None = None
    source_account: str | None = None
    role: str | None = None
    streams: bool = False
    tail: bool = False
    client_context: str = ""
    """JSON text, as the Runtime API's header Lambda-Runtime-Client-Context has it."""
    named: bool = False
    written: bool = False
    """The event is JSON that its sender wrote: it need not be read."""


class AnswerHead(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    status: int = 200
    error: str | None = None
    version: str = "$LATEST"
    log: str = ""
    """Base64."""
    id: str = ""
    """Of the invocation, where it was asked for."""


class FailureHead(msgspec.Struct, frozen=True, gc=False):
    kind: str
    """A name of ports.functions.FailureKind."""
    cause: str


def frame(kind: FrameKind, call: int, content: bytes = b"") -> bytes:
    return _PREFIX.pack(len(content) + _BEYOND_LENGTH, kind, call) + content


def head_block(head: bytes) -> bytes:
    """A head with its length in front. Of an INVOKE it is made once a Route, of the JSON of an InvokeHead."""
    return _LENGTH.pack(len(head)) + head


def invoke(call: int, block: bytes, trace_id: bytes, event: bytes) -> bytes:
    """`block` is `head_block` of an InvokeHead."""
    traced = len(trace_id)
    length = len(block) + traced + len(event) + _BEYOND_INVOKE
    return b"".join((_PREFIX.pack(length, _INVOKE, call), block, _BYTES[traced], trace_id, event))


def split_invoke(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, trace id and event of an INVOKE. Raises FrameError."""
    try:
        (length,) = _LENGTH.unpack_from(content)
        to_trace = 5 + length
        to_event = to_trace + content[to_trace - 1]
    except (StructError, IndexError):
        raise FrameError("an INVOKE frame ends too early") from None
    if len(content) < to_event:
        raise FrameError("an INVOKE frame ends too early")
    return content[4 : 4 + length], content[to_trace:to_event], content[to_event:]


def answer(call: int, head: bytes, payload: bytes) -> bytes:
    """`head` is the JSON of an AnswerHead."""
    prefix = _PREFIX.pack(4 + len(head) + len(payload) + _BEYOND_LENGTH, _ANSWER, call)
    return b"".join((prefix, _LENGTH.pack(len(head)), head, payload))


def split(content: bytes) -> tuple[bytes, bytes]:
    """Head and what is behind it. Raises FrameError."""
    if len(content) < 4:
        raise FrameError("a frame ends too early")
    (length,) = _LENGTH.unpack_from(content)
    if len(content) < 4 + length:
        raise FrameError("a frame ends too early")
    return content[4 : 4 + length], content[4 + length :]


class FrameReader:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_held", "_size", "_wanted")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._wanted = 4

    def feed(self, data: bytes) -> list[tuple[FrameKind, int, bytes]]:
        """The frames that are whole now, as (kind, call, content). Raises FrameError."""
        if self._held:
            self._held.append(data)
            self._size += len(data)
            if self._size < self._wanted:
                return []
            data = b"".join(self._held)
        frames: list[tuple[FrameKind, int, bytes]] = []
        at, size = 0, len(data)
        while size - at >= _PREFIX_SIZE:
            length, kind, call = _unpack_prefix(data, at)
            if length < _BEYOND_LENGTH or length > LONGEST:
                raise FrameError(f"a frame of {length} bytes")
            end = at + 4 + length
            if end > size:
                break
            known = _KINDS.get(kind)
            if known is None:
                raise FrameError(f"a frame of unknown kind {kind}")
            frames.append((known, call, data[at + _PREFIX_SIZE : end]))
            at = end
        if at < size:
            self._keep(data[at:])
        elif self._held:
            self._held = []
        return frames

    def _keep(self, rest: bytes) -> None:
        """The beginning of a frame. Raises FrameError."""
        wanted = 4
        if len(rest) >= 4:
            (length,) = _LENGTH.unpack_from(rest)
            if not _BEYOND_LENGTH <= length <= LONGEST:
                raise FrameError(f"a frame of {length} bytes")
            wanted += length
        self._held, self._size, self._wanted = [rest], len(rest), wanted


_KINDS: Final = {int(kind): kind for kind in FrameKind}
