"""The HTTP of the Lambda Runtime API as bytes: what a runtime may ask, and what it is answered. Sans-io.

It is HTTP/1.1 for one kind of peer: a runtime, perhaps somebody's own, in a process that we do not trust. Heads are
checked line by line the first time; header lines that were seen before are one look-up.
"""

import re
from enum import Enum, auto
from typing import Final, NamedTuple, TypeVar

import msgspec

from portico.adapters.function_host.verdicts import ANSWER_LIMIT
from portico.wire.http1 import ProtocolError

T = TypeVar("T")

LONGEST_HEAD: Final = 1024 * 1024 + 64 * 1024
"""Bytes: AWS's clients send up to 1 MB of Lambda-Runtime-Function-XRay-Error-Cause."""
_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?=\r\n|\Z)")
_POST: Final = re.compile(
    rb"POST /2018-06-01/runtime/invocation/([^/ ?#\r\n]{1,128})/(response|error) HTTP/1\.1(?=\r\n|\Z)"
)
_MOST_SECTIONS: Final = 1024
_LONGEST_SECTION: Final = 1024


class Verb(Enum):
    NEXT = auto()
    RESPONSE = auto()
    ERROR = auto()
    INIT_ERROR = auto()
    UNKNOWN = auto()


_FIXED: Final = {
    b"GET /2018-06-01/runtime/invocation/next HTTP/1.1": Verb.NEXT,
    b"POST /2018-06-01/runtime/init/error HTTP/1.1": Verb.INIT_ERROR,
}
_POSTED: Final = {b"response": Verb.RESPONSE, b"error": Verb.ERROR}


class Section(NamedTuple):
    """What the header lines say, but for the length of the body."""

    chunked: bool = False
    streams: bool = False
    """Lambda-Runtime-Function-Response-Mode: streaming."""
    error_type: str = ""
    expects: bool = False
    """The peer wants to hear 100 before it sends the body."""
    closes: bool = False
    refused: str = ""
    """Why the request is answered with 400."""


class Head(msgspec.Struct, frozen=True, gc=False):
    verb: Verb
    request_id: str
    section: Section
    length: int
    """Bytes of the body; meaningless where it is chunked."""


def read_head(data: bytes, end: int) -> Head:
    """The head in `data[:end]`, where `end` is where the empty line begins. Raises ProtocolError."""
    posted = _POST.match(data, 0, end)
    line_end = data.find(b"\r\n", 0, end) if posted is None else posted.end()
    if line_end < 0:
        line_end = end
    lines = data[line_end:end]
    section, length = _known.get(lines) or _keep(lines)
    if posted is not None:
        return Head(_POSTED[posted[2]], posted[1].decode("latin-1"), section, length)
    line = data[:line_end]
    verb = _FIXED.get(line)
    if verb is not None:
        return Head(verb, "", section, length)
    if line.endswith((b" HTTP/1.1", b" HTTP/1.0")):
        return Head(Verb.UNKNOWN, "", section, length)
    raise ProtocolError("malformed request line")


def read_poll(data: bytes) -> Head | None:
    """The head of a whole request for the next event, which a runtime always sends in the same bytes; else None."""
    if len(data) > _LONGEST_SECTION:
        return None
    head = _polls.get(data)
    if head is None and data.startswith(b"GET ") and data.find(b"\r\n\r\n") == len(data) - 4:
        head = read_head(data, len(data) - 4)
        if head.verb is not Verb.NEXT or head.length or head.section.chunked:
            return None
        _remember(_polls, data, head)
    return head


_polls: dict[bytes, Head] = {}
_known: dict[bytes, tuple[Section, int]] = {}
"""What header lines that were seen say, and the length of the body."""
_sections: dict[bytes, Section] = {}
"""The same without Content-Length."""


def _remember(seen: dict[bytes, T], key: bytes, value: T) -> None:
    if len(key) <= _LONGEST_SECTION:
        if len(seen) >= _MOST_SECTIONS:
            seen.clear()
        seen[key] = value


def _keep(lines: bytes) -> tuple[Section, int]:
    found = _LENGTH.search(lines)
    rest = lines if found is None else lines[: found.start()] + lines[found.end() :]
    section = _sections.get(rest)
    if section is None:
        section = _read_section(rest)
        _remember(_sections, rest, section)
    if found is not None and section.chunked:
        raise ProtocolError("Content-Length and Transfer-Encoding together")
    told = section, 0 if found is None else int(found[1])
    _remember(_known, lines, told)
    return told


def _read_section(lines: bytes) -> Section:
    told: dict[bytes, bytes] = {}
    for line in lines.split(b"\r\n")[1:]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("malformed header line")
        told[match[1].lower()] = match[2]
    if b"content-length" in told:
        raise ProtocolError("malformed or repeated Content-Length")
    coding = told.get(b"transfer-encoding")
    if coding is not None and coding.lower() != b"chunked":
        raise ProtocolError("unknown Transfer-Encoding")
    mode = told.get(b"lambda-runtime-function-response-mode", b"").lower()
    return Section(
        chunked=coding is not None,
        streams=mode == b"streaming",
        error_type=told.get(b"lambda-runtime-function-error-type", b"").decode("latin-1"),
        expects=told.get(b"expect", b"").lower() == b"100-continue",
        closes=told.get(b"connection", b"").lower() == b"close",
        refused="" if mode in (b"", b"streaming", b"buffered") else "InvalidFunctionResponseMode",
    )


class Collected:
    """A body that is kept whole, up to the limit of an answer. More is counted and thrown away."""

    __slots__ = ("_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= ANSWER_LIMIT:
            self._pieces.append(data)

    @property
    def oversized(self) -> bool:
        return self._size > ANSWER_LIMIT

    def whole(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


# Answers

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEAD: Final = "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


class _Error(msgspec.Struct, gc=False):
    errorMessage: str  # noqa: N815  the member's name on the wire
    errorType: str  # noqa: N815


def _answer(status: str, body: bytes) -> bytes:
    return _HEAD.format(status, len(body)).encode() + body


def _error(status: str, kind: str, message: str) -> bytes:
    return _answer(status, error_body(kind, message).encode() + b"\n")


def error_body(kind: str, message: str) -> str:
    return msgspec.json.encode(_Error(message, kind)).decode()


ACCEPTED: Final = _answer("202 Accepted", b'{"status":"OK"}\n')
"""As AWS's own Runtime Interface Emulator has it, like all answers here."""
NOT_FOUND: Final = _error("404 Not Found", "NotFound", "There is no such resource in the Runtime API")
INVALID_ID: Final = _error("400 Bad Request", "InvalidRequestID", "Invalid request ID")
INVALID_MODE: Final = _error("400 Bad Request", "InvalidFunctionResponseMode", "Invalid function response mode")
TOO_LARGE: Final = _error(
    "413 Request Entity Too Large",
    "RequestEntityTooLarge",
    f"Exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes).",
)
BROKEN: Final = _error("400 Bad Request", "BadRequest", "The request is not what HTTP/1.1 allows").replace(
    b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1
)


def forbidden(state: str, wanted: str) -> bytes:
    """The runtime asked for what it may not ask now."""
    return _error(
        "403 Forbidden",
        "InvalidStateTransition",
        f"Transition from {state} to {wanted} failed for runtime. Error: State transition is not allowed",
    )


_EVENT: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %b\r\n"
    b"Lambda-Runtime-Deadline-Ms: %d\r\nLambda-Runtime-Invoked-Function-Arn: %b\r\nLambda-Runtime-Trace-Id: %b\r\n"
    b"%bContent-Length: %d\r\n\r\n%b"
)
_CONTEXT: Final = b"Lambda-Runtime-Client-Context: %b\r\n"


def event(request_id: str, deadline: float, arn: bytes, trace_id: bytes, context: bytes, body: bytes) -> bytes:
    """What `next` is answered with. `deadline` in seconds since the epoch; `context`: a client's, JSON on one line."""
    more = _CONTEXT % context if context else b""
    return _EVENT % (request_id.encode(), int(deadline * 1000), arn, trace_id, more, len(body), body)
