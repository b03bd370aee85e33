"""HTTP/1.1 heads, sans-io and strict: what is ambiguous is refused, never repaired.

The laws, each a vector in tests/conformance: one CRLF ends a line and nothing else does; no folding, no blank before a
colon; the target is origin-form without a fragment; the version is 1.0 or 1.1; exactly one Host (at most one in 1.0);
one Content-Length of digits, or one `Transfer-Encoding: chunked` in 1.1, never both, and none of them in disguise; no
h2c upgrade.

Speed comes from not looking at the same bytes twice: a line that was checked once is found again in a HeaderTable by
one dictionary look-up, and a whole section that a connection sends again is known by its Memory.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from portico.kernel.errors import PorticoError

MAX_TARGET: Final = 10_240
"""Bytes of a URL: corrections.md 9, the regional limit. Edge and private APIs allow 8 192."""
MAX_HEADERS: Final = 10_240
"""Bytes of all request headers with names, line ends and blanks: corrections.md 9."""
MAX_RESPONSE_HEAD: Final = 64 * 1024
"""Bytes of a backend's status line and headers; a longer head is a flood."""
MAX_RESPONSE_HEADERS: Final = 256

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_METHOD = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}"
"""The longest registered one has 17 bytes. With it and the limits above, no head is longer than what is waited for."""
_REQUEST_LINE = re.compile(rb"(" + _METHOD + rb") (/[!\"$-~]*) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_HEADER_LINE = re.compile(  # `*+` gives nothing back: a line of blanks would be tried in all its halves
    rb"(" + _TOKEN + rb"):[ \t]*+([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|)[ \t]*"
)
_KEPT_LINES: Final = 4096
_KEPT_REQUEST_LINES: Final = 16_384
_KEPT_LINE: Final = 256
_KEPT_SECTIONS: Final = 512
_KEPT_SECTION: Final = 2048
"""Counts and bytes of what a HeaderTable remembers: some 8 MB at the most, and only where a stranger wants it so."""

BODILESS: Final = frozenset({204, 304})
"""Statuses of answers that never have a body, whatever their headers say (RFC 9112 section 6.3)."""
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


_NOTHING: Final[frozenset[bytes]] = frozenset()
SECRET_NAMES = frozenset(
    {b"authorization", b"cookie", b"set-cookie", b"x-api-key", b"proxy-authorization", b"x-amz-security-token"}
)
"""Lines with these names are not kept in a table: what is a secret should not outlive its request."""


class Section:
    """The header section of a message, checked. Shared by all messages that have the same: nobody writes to it."""

    __slots__ = (
        "content_length",
        "digest",
        "expects_continue",
        "headers",
        "host",
        "keep_alive",
        "minor",
        "noted",
        "private",
        "relay",
    )

    def __init__(self, minor: int, headers: list[Header]) -> None:
        self.minor = minor
        """0 or 1: the second digit of the message's version."""
        self.headers = headers
        self.noted = [header for header in headers if header.noted]
        """The headers that frame the message and those that the table's owner asked for, in order."""
        self.host: bytes | None = None
        """None in responses, and where an HTTP/1.0 request has none."""
        self.content_length: int | None = None
        """Bytes of the body, `CHUNKED` where it comes in chunks, None where nothing is said of it."""
        self.keep_alive = minor == 1
        self.private: frozenset[bytes] = _NOTHING
        """Names that a Connection header tells: these headers are for us alone, and no proxy sends them on (RFC 9110
        section 7.6.1)."""
        self.expects_continue = False
        self.digest: Any = None
        """What the table's owner made of the noted headers."""
        self.relay = b""
        """What a proxy sends on of all these headers, once `relayed` was asked for it."""

    def relayed(self) -> bytes:
        """What a proxy sends on of all these headers."""
        private = self.private
        self.relay = b"".join([header.line for header in self.headers if header.name not in private])
        return self.relay

    def value(self, name: bytes) -> bytes | None:
        """The last value of the header with this lower-case name."""
        for header in reversed(self.headers):
            if header.name == name:
                return header.value
        return None


class Head:
    """A request's head, checked. No two connections share one."""

    __slots__ = ("digest", "line", "method", "section", "target")

    def __init__(self, line: bytes, method: bytes, target: bytes, section: Section) -> None:
        self.line = line
        """The request line, whole."""
        self.method = method
        self.target = target
        """Path and query as on the request line."""
        self.section = section
        self.digest: Any = None
        """What the application made of the whole head, for when the connection sends it again."""

    @property
    def minor(self) -> int:
        return self.section.minor

    @property
    def headers(self) -> list[Header]:
        return self.section.headers

    @property
    def host(self) -> bytes | None:
        return self.section.host

    @property
    def content_length(self) -> int | None:
        return self.section.content_length

    @property
    def keep_alive(self) -> bool:
        return self.section.keep_alive

    @property
    def expects_continue(self) -> bool:
        return self.section.expects_continue

    def value(self, name: bytes) -> bytes | None:
        """The last value of the header with this lower-case name."""
        return self.section.value(name)


class ResponseHead:
    """A backend's status line and headers, checked. Shared like a Section."""

    __slots__ = ("content_length", "keep_alive", "plain", "section", "status")

    def __init__(self, status: int, section: Section) -> None:
        self.status = status
        self.section = section
        self.content_length = section.content_length
        """Bytes of the body, `CHUNKED`, or None where the backend did not say: the body ends with the connection."""
        self.keep_alive = section.keep_alive
        self.plain = section.keep_alive and status >= 200 and status not in BODILESS
        """Whether it is a final answer, with the body that it tells of, on a connection that stays."""

    @property
    def headers(self) -> list[Header]:
        return self.section.headers

    def value(self, name: bytes) -> bytes | None:
        """The last value of the header with this lower-case name."""
        return self.section.value(name)


class HeaderTable:
    """What was checked before, by its bytes: header lines, request lines, heads of responses.

    Bounded in counts and in the length of what is kept; emptied when it is full. `noted` are lower-case names that the
    owner wants to find without a search, and `digest` what it makes of them. `relay` gives each Header its `line` from
    (lower-case name, name as sent, value). All three are asked once a line or section, not once a request.
    """

    __slots__ = ("_digest", "_noted", "_relay", "known", "lines", "responses")

    def __init__(
        self,
        noted: Iterable[bytes] = (),
        relay: Callable[[bytes, bytes, bytes], bytes] = header_line,
        digest: Callable[[Section], Any] = lambda _: None,
    ) -> None:
        self.known: dict[bytes, Header] = {}
        self.lines: dict[bytes, tuple[bytes, bytes]] = {}
        self.responses: dict[bytes, ResponseHead] = {}
        self._noted = frozenset(noted) | _FRAMING.keys()
        self._relay = relay
        self._digest = digest

    def admit(self, line: bytes) -> Header:
        """The Header of a line (without its end) that is not known yet. Raises ProtocolError."""
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("malformed header line")
        raw, value = match.groups()
        name = raw.lower()
        if name not in _FRAMING and name.translate(None, _DELIMITERS) in _DISGUISED:
            raise ProtocolError("a header that others may take for Content-Length or Transfer-Encoding")
        legal = _VALUES.get(name)
        if legal is not None and legal.fullmatch(value) is None:
            raise ProtocolError(f"malformed {raw.decode()}", _status(name, value))
        header = Header(raw, value, self._relay(name, raw, value), name in self._noted)
        if len(line) <= _KEPT_LINE and name not in SECRET_NAMES:
            _keep(self.known, line, header, _KEPT_LINES)
        return header

    def section(self, lines: list[bytes], minor: int, framing: "Framing") -> Section:
        """The checked section of these lines. Raises ProtocolError."""
        known, admit = self.known.get, self.admit
        section = Section(minor, [known(line) or admit(line) for line in lines])
        for header in section.noted:
            act = framing.get(header.name)
            if act is not None:
                act(section, header.value)
        section.digest = self._digest(section)
        return section

    def request_line(self, line: bytes) -> tuple[bytes, bytes]:
        """(method, target) of an HTTP/1.1 request line that is not known yet; of 1.0 it is never kept."""
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("malformed request line")
        method, target, minor = match.groups()
        if len(target) > MAX_TARGET:
            raise ProtocolError("the URL is too long", 414)
        if len(line) <= _KEPT_LINE and minor == b"1" and b"?" not in line:  # a query may hold a secret
            _keep(self.lines, line, (method, target), _KEPT_REQUEST_LINES)
        return method, target


_DELIMITERS: Final = b"!#$%&'*+-.^_`|~"
_DISGUISED: Final = frozenset({b"contentlength", b"transferencoding"})
"""Framing headers to whoever takes `_` or nothing for `-`, as CGI and some proxies do."""


def _status(name: bytes, value: bytes) -> int:
    """What a client is answered whose header has a value that is not taken."""
    if name == b"expect":
        return 417
    return 501 if name == b"transfer-encoding" and _CODINGS.fullmatch(value) is not None else 400


def _keep(table: dict[bytes, Any], key: bytes, value: Any, most: int) -> None:
    if len(table) >= most:
        table.clear()
    table[key] = value


def _keepable(block: bytes, section: Section) -> bool:
    return len(block) <= _KEPT_SECTION and not any(header.name in SECRET_NAMES for header in section.headers)


def _content_length(section: Section, value: bytes) -> None:
    if section.content_length is not None:
        raise ProtocolError("the body's length is told twice")
    section.content_length = int(value)


def _transfer_encoding(section: Section, _value: bytes) -> None:
    if section.minor == 0:
        raise ProtocolError("Transfer-Encoding in HTTP/1.0")
    if section.content_length is not None:
        raise ProtocolError("the body's length is told twice")
    section.content_length = CHUNKED


_PERSISTENCE: Final = frozenset({b"close", b"keep-alive", b""})


def _connection(section: Section, _value: bytes) -> None:
    """All Connection lines are one list, and `close` in it wins."""
    lines = [header.value.lower() for header in section.noted if header.name == b"connection"]
    options = {option.strip() for option in b",".join(lines).split(b",")}
    section.private = frozenset(options - _PERSISTENCE)
    section.keep_alive = b"close" not in options and (section.minor == 1 or b"keep-alive" in options)


def _host(section: Section, value: bytes) -> None:
    if section.host is not None:
        raise ProtocolError("more than one Host")
    section.host = value


def _expect(section: Section, _value: bytes) -> None:
    section.expects_continue = section.minor == 1


def _upgrade(_section: Section, value: bytes) -> None:
    if b"h2c" in value.lower():
        raise ProtocolError("an upgrade to HTTP/2 in the clear is not offered")


def _http2_settings(_section: Section, _value: bytes) -> None:
    raise ProtocolError("an upgrade to HTTP/2 in the clear is not offered")


Framing = dict[bytes, Callable[[Section, bytes], None]]

_RESPONSE_FRAMING: Final[Framing] = {
    b"content-length": _content_length,
    b"transfer-encoding": _transfer_encoding,
    b"connection": _connection,
}
_FRAMING: Final[Framing] = {
    **_RESPONSE_FRAMING,
    b"host": _host,
    b"expect": _expect,
    b"upgrade": _upgrade,
    b"http2-settings": _http2_settings,
}
"""What each header that frames a message does to its section. All are checked in the order in which they came."""

_VALUES: Final[dict[bytes, re.Pattern[bytes]]] = {
    b"content-length": re.compile(rb"[0-9]{1,18}"),
    b"transfer-encoding": re.compile(rb"(?i:chunked)"),
    b"host": re.compile(rb"(?:[0-9A-Za-z._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?"),
    b"expect": re.compile(rb"(?i:100-continue)"),
}
"""The only values that these may have."""


_PARAMETERS = rb"[ \t]*+(?:;[ \t]*+(?:" + _TOKEN + rb"+(?:=" + _TOKEN + rb"+)?)?[ \t]*+)*+"
_CODING = rb"(?:identity|(?:x-)?gzip|deflate|(?:x-)?compress)" + _PARAMETERS
_CODINGS: Final = re.compile(rb"(?i:(?:" + _CODING + rb",[ \t]*+)*(?:" + _CODING + rb"|chunked" + _PARAMETERS + rb"))")
"""Lists of transfer codings that exist (RFC 9112 section 7). None but chunked alone is implemented."""


class Memory:
    """The head that a client's connection sent last: on a kept connection much of it, or all, is mostly sent again.

    It may hold the client's secrets, so it belongs to the connection and goes with it.
    """

    __slots__ = ("block", "head", "rest", "section")

    def __init__(self) -> None:
        self.block = b""
        self.head: Head | None = None
        self.rest = b""
        self.section: Section | None = None

    def keep(self, block: bytes, rest: bytes, head: Head) -> None:
        if head.section.minor and len(block) <= _KEPT_SECTION:
            self.block, self.head = block, head
            self.rest, self.section = rest, head.section


def parse_request(block: bytes, table: HeaderTable, memory: Memory) -> Head:
    """The head of a request from its bytes, without the empty line that ended it. Raises ProtocolError."""
    if block == memory.block and memory.head is not None:
        return memory.head
    line, _, rest = block.partition(b"\r\n")
    method, target = table.lines.get(line) or table.request_line(line)
    section = memory.section
    if section is None or rest != memory.rest or line[-1] != 49:  # of "HTTP/1.1"
        section = _request_section(rest, 1 if line[-1] == 49 else 0, table)
    head = Head(line, method, target, section)
    memory.keep(block, rest, head)
    return head


def _request_section(rest: bytes, minor: int, table: HeaderTable) -> Section:
    if len(rest) + 2 > MAX_HEADERS:
        raise ProtocolError("the headers are too large", 431)
    section = table.section(rest.split(b"\r\n") if rest else [], minor, _FRAMING)
    if minor and section.host is None:
        raise ProtocolError("no Host")
    return section


def parse_response(block: bytes, table: HeaderTable) -> ResponseHead:
    """The head of a response from its bytes, without the empty line that ended it. Raises ProtocolError."""
    head = table.responses.get(block)
    if head is not None:
        return head
    lines = block.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(lines[0])
    if match is None:
        raise ProtocolError("malformed status line")
    if len(lines) > MAX_RESPONSE_HEADERS or len(block) > MAX_RESPONSE_HEAD:
        raise ProtocolError("too many headers")
    minor, status = match.groups()
    section = table.section(lines[1:], 1 if minor == b"1" else 0, _RESPONSE_FRAMING)
    head = ResponseHead(int(status), section)
    if _keepable(block, section):
        _keep(table.responses, block, head, _KEPT_SECTIONS)
    return head


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
