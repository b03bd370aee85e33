"""HTTP/1.1 heads, sans-io and strict: what is ambiguous is refused, never repaired.

The laws, each a vector in tests/conformance: one CRLF ends a line and nothing else does; no folding, no blank before a
colon; the target is origin-form without a fragment; the version is 1.0 or 1.1; exactly one Host (at most one in 1.0);
one Content-Length of digits, or one `Transfer-Encoding: chunked` in 1.1, never both; no h2c upgrade.

Speed comes from not looking at a header line twice: a line that was checked once is found again in a HeaderTable by one
dictionary look-up. A client on a keep-alive connection sends mostly the same lines with each request.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from portico.kernel.errors import PorticoError

MAX_TARGET: Final = 10_240
"""Bytes of a URL: corrections.md 9, the regional limit. Edge and private APIs allow 8 192."""
MAX_HEADERS: Final = 10_240
"""Bytes of all request headers with names, line ends and blanks: corrections.md 9."""
MAX_RESPONSE_HEAD: Final = 64 * 1024
"""Bytes of a backend's status line and headers; a longer head is a flood."""
MAX_RESPONSE_HEADERS: Final = 256

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") (/[!\"$-~]*) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_HEADER_LINE = re.compile(
    rb"(" + _TOKEN + rb"):[ \t]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|)[ \t]*"
)
_TABLE_LINES: Final = 4096
_TABLE_LINE_BYTES: Final = 256

CHUNKED: Final = -1
"""The value of `content_length` where a body comes in chunks."""


class ProtocolError(PorticoError):
    """The peer broke HTTP or a limit. `status` is what a client is answered before its connection is closed."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Header:
    """One header line, checked. Interned: many heads share one Header, so nobody writes to it."""

    __slots__ = ("line", "name", "noted", "raw", "value")

    def __init__(self, raw: bytes, value: bytes, line: bytes, noted: bool = False) -> None:
        self.name = raw.lower()
        self.raw = raw
        """The name as it was sent."""
        self.value = value
        self.line = line
        """What a proxy sends on in its place, line end included; empty where it sends nothing."""
        self.noted = noted
        """Whether it frames the message or the owner of its table asked for it: it is in the head's `noted`."""


def header_line(_name: bytes, raw: bytes, value: bytes) -> bytes:
    """A header line as it goes over the wire."""
    return raw + b": " + value + b"\r\n"


_SECRET_NAMES = frozenset({b"authorization", b"cookie", b"set-cookie", b"x-api-key", b"proxy-authorization"})
"""Lines with these names are not kept in a table: what is a secret should not outlive its request."""


class HeaderTable:
    """Checked header lines by their bytes. Bounded in count and in the length of a line; emptied when it is full.

    `noted` are lower-case names that the owner wants to find without a search. `relay` gives each Header its `line`
    from (lower-case name, name as sent, value): decided once a line, not once a request.
    """

    __slots__ = ("_noted", "_relay", "known")

    def __init__(
        self, noted: Iterable[bytes] = (), relay: Callable[[bytes, bytes, bytes], bytes] = header_line
    ) -> None:
        self.known: dict[bytes, Header] = {}
        self._noted = frozenset(noted) | _FRAMING.keys()
        self._relay = relay

    def admit(self, line: bytes) -> Header:
        """The Header of a line (without its end) that is not known yet. Raises ProtocolError."""
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("malformed header line")
        raw, value = match.groups()
        name = raw.lower()
        legal = _VALUES.get(name)
        if legal is not None and legal.fullmatch(value) is None:
            raise ProtocolError(f"malformed {raw.decode()}", 417 if name == b"expect" else 400)
        header = Header(raw, value, self._relay(name, raw, value), name in self._noted)
        if len(line) <= _TABLE_LINE_BYTES and name not in _SECRET_NAMES:
            if len(self.known) >= _TABLE_LINES:
                self.known.clear()
            self.known[line] = header
        return header


class Head:
    """A request's head, checked."""

    __slots__ = (
        "content_length",
        "expects_continue",
        "headers",
        "host",
        "keep_alive",
        "method",
        "minor",
        "noted",
        "target",
    )

    def __init__(self, method: bytes, target: bytes, minor: int, headers: list[Header]) -> None:
        self.method = method
        self.target = target
        """Path and query as on the request line."""
        self.minor = minor
        """0 or 1: the version's second digit."""
        self.headers = headers
        self.noted = [header for header in headers if header.noted]
        """The headers that frame the message and those that the table's owner asked for, in order."""
        self.host: bytes | None = None
        """None only in HTTP/1.0."""
        self.content_length: int | None = None
        """Bytes of the body, `CHUNKED` where it comes in chunks, None where there is none."""
        self.keep_alive = minor == 1
        self.expects_continue = False

    def value(self, name: bytes) -> bytes | None:
        """The last value of the header with this lower-case name."""
        for header in reversed(self.headers):
            if header.name == name:
                return header.value
        return None


class ResponseHead:
    """A backend's status line and headers, checked."""

    __slots__ = ("content_length", "headers", "keep_alive", "minor", "noted", "status")

    def __init__(self, status: int, minor: int, headers: list[Header]) -> None:
        self.status = status
        self.minor = minor
        self.headers = headers
        self.noted = [header for header in headers if header.noted]
        self.content_length: int | None = None
        """Bytes of the body, `CHUNKED`, or None where the backend did not say: the body ends with the connection."""
        self.keep_alive = minor == 1


class _Framed(Protocol):
    """What a Head and a ResponseHead have in common."""

    minor: int
    content_length: int | None
    keep_alive: bool


def _content_length(head: _Framed, value: bytes) -> None:
    if head.content_length is not None:
        raise ProtocolError("the body's length is told twice")
    head.content_length = int(value)


def _transfer_encoding(head: _Framed, _value: bytes) -> None:
    if head.minor == 0:
        raise ProtocolError("Transfer-Encoding in HTTP/1.0")
    if head.content_length is not None:
        raise ProtocolError("the body's length is told twice")
    head.content_length = CHUNKED


def _connection(head: _Framed, value: bytes) -> None:
    options = [option.strip() for option in value.lower().split(b",")]
    if b"close" in options:
        head.keep_alive = False
    elif b"keep-alive" in options and head.minor == 0:
        head.keep_alive = True


def _host(head: _Framed, value: bytes) -> None:
    if isinstance(head, Head):
        if head.host is not None:
            raise ProtocolError("more than one Host")
        head.host = value


def _expect(head: _Framed, _value: bytes) -> None:
    if isinstance(head, Head):
        head.expects_continue = head.minor == 1


def _upgrade(head: _Framed, value: bytes) -> None:
    if isinstance(head, Head) and b"h2c" in value.lower():
        raise ProtocolError("an upgrade to HTTP/2 in the clear is not offered")


def _http2_settings(_head: _Framed, _value: bytes) -> None:
    raise ProtocolError("an upgrade to HTTP/2 in the clear is not offered")


_FRAMING: Final[dict[bytes, Callable[[_Framed, bytes], None]]] = {
    b"content-length": _content_length,
    b"transfer-encoding": _transfer_encoding,
    b"connection": _connection,
    b"host": _host,
    b"expect": _expect,
    b"upgrade": _upgrade,
    b"http2-settings": _http2_settings,
}
"""What each header that frames a message does to its head. All are checked in the order in which they came."""

_VALUES: Final[dict[bytes, re.Pattern[bytes]]] = {
    b"content-length": re.compile(rb"[0-9]{1,18}"),
    b"transfer-encoding": re.compile(rb"(?i:chunked)"),
    b"host": re.compile(rb"(?:[0-9A-Za-z._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?"),
    b"expect": re.compile(rb"(?i:100-continue)"),
}
"""The only values that these may have."""


def parse_request(block: bytes, table: HeaderTable) -> Head:
    """The head of a request from its bytes, without the empty line that ended it. Raises ProtocolError."""
    lines = block.split(b"\r\n")
    first = lines[0]
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise ProtocolError("malformed request line")
    method, target, minor = match.groups()
    if len(target) > MAX_TARGET:
        raise ProtocolError("the URL is too long", 414)
    if len(block) - len(first) > MAX_HEADERS:
        raise ProtocolError("the headers are too large", 431)
    del lines[0]
    known, admit = table.known.get, table.admit
    head = Head(method, target, 1 if minor == b"1" else 0, [known(line) or admit(line) for line in lines])
    _frame(head, head.noted)
    if head.host is None and head.minor:
        raise ProtocolError("no Host")
    return head


def parse_response(block: bytes, table: HeaderTable) -> ResponseHead:
    """The head of a response from its bytes, without the empty line that ended it. Raises ProtocolError."""
    lines = block.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(lines[0])
    if match is None:
        raise ProtocolError("malformed status line")
    if len(lines) > MAX_RESPONSE_HEADERS:
        raise ProtocolError("too many headers")
    del lines[0]
    known, admit = table.known.get, table.admit
    minor, status = match.groups()
    head = ResponseHead(int(status), 1 if minor == b"1" else 0, [known(line) or admit(line) for line in lines])
    _frame(head, head.noted)
    return head


def _frame(head: Head | ResponseHead, noted: list[Header]) -> None:
    for header in noted:
        act = _FRAMING.get(header.name)
        if act is not None:
            act(head, header.value)


class Request(NamedTuple):
    """A whole request, body included: what the control plane and tests handle. Headers keep order and casing."""

    method: str
    target: str
    """As on the request line: path and, after `?`, query; still percent-encoded."""
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    scheme: str = "http"
    peer: str = ""


class Response(NamedTuple):
    """A whole answer. `headers` lacks Content-Length, Date and Connection: the shell adds them."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
