"""What happens to headers between client, mappings, backend and client again: AWS's rules as tables.

Source: semantics section 6.2 and recorded facts 121 to 127, with the recordings of header remapping behind them.
Names are lower case. Lines are decided once per header line (see wire.http1.HeaderTable), not once per request.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from portico.dataplane.notes import read_notes
from portico.wire.http1 import Header, HeaderTable

HIDDEN: Final = frozenset(
    {
        b"connection",
        b"content-length",
        b"content-md5",
        b"expect",
        b"max-forwards",
        b"proxy-authenticate",
        b"server",
        b"te",
        b"transfer-encoding",
        b"trailer",
        b"upgrade",
        b"www-authenticate",
    }
)
"""Dropped on arrival: mappings, templates and backends never see what a client sent under these (fact 121)."""

_NOT_PROXIED: Final = (
    HIDDEN | {b"host", b"via", b"content-encoding"} | {b"keep-alive", b"proxy-connection", b"proxy-authorization"}
)
"""Not sent on by HTTP_PROXY. Host, Via, and Content-Encoding, whose body was decompressed: fact 123. The last three are
hop-by-hop by RFC 9110 section 7.6.1."""

SIGV4: Final = b"AWS4-HMAC-SHA256 "
"""How an Authorization that is a signature begins. AWS never sends one on (semantics section 6.1): it would let the
backend sign in as the caller."""

REWRITTEN: Final = frozenset(
    {
        b"x-forwarded-for",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-amzn-trace-id",
        b"x-amzn-apigateway-api-id",
        b"x-http-method-override",
    }
)
"""What the gateway itself sends (or consumes): a client's own value is taken into account, never passed through."""

NOTED: Final = REWRITTEN | {b"x-amzn-requestid", b"user-agent", b"accept", b"content-type", b"content-encoding"}
"""Request headers that the front looks for."""

MAPPING_IGNORED: Final = frozenset({b"connection", b"expect", b"proxy-authenticate", b"te", b"via"})
"""HTTP and HTTP_PROXY: a mapping may name these, and nothing is sent (recorded: header remapping)."""

_REMAPPED_BY_PROXY: Final = frozenset(
    {b"connection", b"content-length", b"date", b"server", b"x-amzn-requestid"}
    | {b"authorization", b"content-md5", b"max-forwards", b"user-agent", b"www-authenticate"}
)
"""Of a backend's answer under HTTP_PROXY. The first row is recorded (facts 125 and 126), the second is the known issues
page's table: the recorded backend never sent these."""
_DROPPED_BY_PROXY: Final = frozenset(
    {b"transfer-encoding", b"via", b"keep-alive", b"x-amz-apigw-id"}
    | {b"expect", b"host", b"proxy-authenticate", b"te", b"trailer", b"upgrade"}
)
"""The first row is recorded or hop-by-hop, the second is the known issues page's table."""

_REMAPPED_BY_MAPPING: Final = frozenset(
    {
        b"authorization",
        b"connection",
        b"content-length",
        b"content-md5",
        b"date",
        b"expect",
        b"host",
        b"max-forwards",
        b"proxy-authenticate",
        b"server",
        b"trailer",
        b"upgrade",
        b"user-agent",
        b"www-authenticate",
        b"x-amzn-requestid",
        b"x-amzn-trace-id",
        b"x-amz-apigw-id",
    }
)
"""Response headers that a mapping of a non-proxy integration sets under another name (fact 125). The last three are the
gateway's own on every such answer, and are not recorded."""


def client_line(name: bytes, raw: bytes, value: bytes) -> bytes:
    """What HTTP_PROXY sends to a backend for a client's header line."""
    if name in _NOT_PROXIED or name in REWRITTEN:
        return b""
    if name == b"authorization" and value.startswith(SIGV4):
        return b""
    return raw + b": " + value + b"\r\n"


def backend_line(name: bytes, raw: bytes, value: bytes) -> bytes:
    """What HTTP_PROXY sends to a client for a backend's header line."""
    if name in _DROPPED_BY_PROXY:
        return b""
    if name in _REMAPPED_BY_PROXY:
        return b"x-amzn-Remapped-" + raw + b": " + value + b"\r\n"
    return raw + b": " + value + b"\r\n"


_HIDDEN_FROM_FUNCTIONS: Final = HIDDEN | REWRITTEN | {b"keep-alive", b"proxy-connection", b"proxy-authorization"}
_TITLED: Final = {b"authorization": "Authorization", b"host": "Host", b"user-agent": "User-Agent"}
"""Names that a function sees spelt so, whatever the client wrote (fact 113); Host is API Gateway's own."""


def event_headers(headers: Iterable[Header]) -> Iterator[tuple[str, str]]:
    """The client's headers as a function's event tells them, before what the gateway adds (facts 113 and 121)."""
    for header in headers:
        name = header.name
        if name in _HIDDEN_FROM_FUNCTIONS or (name == b"authorization" and header.value.startswith(SIGV4)):
            continue
        yield _TITLED.get(name) or header.raw.decode(), header.value.decode("latin-1")


def function_line(name: bytes, raw: bytes, value: bytes) -> bytes:
    """What a Lambda proxy integration sends to a client for a function's header line: as HTTP_PROXY does for a
    backend's, but for the trace, of which the gateway sends its own."""
    return b"x-amzn-Remapped-%b: %b\r\n" % (raw, value) if name == _TRACE else backend_line(name, raw, value)


_TRACE: Final = b"x-amzn-trace-id"


def mapped_name(name: str) -> str | None:
    """The name under which a mapped response header reaches the client; None where it is dropped."""
    lower = name.lower().encode("latin-1", "replace")
    if lower == b"transfer-encoding":
        return None
    return f"x-amzn-Remapped-{name}" if lower in _REMAPPED_BY_MAPPING else name


_FRAMING: Final = frozenset({"connection", "content-length", "date", "x-amz-apigw-id", "x-amzn-requestid"})
"""What every answer has of the gateway's own: a second one would contradict it."""


def gateway_name(name: str) -> str | None:
    """The name under which a gateway response's header reaches the client; None where it is dropped.

    WWW-Authenticate and its like pass: a gateway response is where an API asks for a password.
    """
    lower = name.lower()
    if lower == "transfer-encoding":
        return None
    return f"x-amzn-Remapped-{name}" if lower in _FRAMING else name


def client_table() -> HeaderTable:
    """What reads the heads of clients' requests: without it HTTP_PROXY would relay what it must not."""
    return HeaderTable(NOTED, client_line, read_notes)


def backend_table() -> HeaderTable:
    """What reads the heads of backends' answers."""
    return HeaderTable(relay=backend_line)
