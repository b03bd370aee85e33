"""What a request's headers say of the request itself, before any Route is chosen.

Read once for every distinct header section, not once a request: `read_notes` is the digest of the gateway's table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from portico.dataplane.trace import continued_trace
from portico.wire.http1 import Section
from portico.wire.lambda_events import Sent

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_NO_UUID: Final = "UUID_REPLACED_INVALID_REQUEST_ID"
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Notes:
    """`plain`: nothing here changes how the request is taken."""

    __slots__ = (
        "accept",
        "coding",
        "content_type",
        "event",
        "forwarded_for",
        "forwarded_proto",
        "method",
        "plain",
        "replaced_id",
        "request_id",
        "texts",
        "trace",
        "user_agent",
    )

    event: Sent
    """What events of functions tell of the section. Not there until the first one was made (`lambda_event.py`)."""

    texts: dict[str, tuple[str, ...]]
    """The headers as mappings and templates see them. Not there until one asked (`environment.py`)."""

    def __init__(self) -> None:
        self.method: bytes | None = None
        """X-HTTP-Method-Override."""
        self.request_id: str | None = None
        """The client's own x-amzn-RequestId, where it is a UUID (semantics section 6.3)."""
        self.replaced_id: str | None = None
        """What access logs have for a client's x-amzn-RequestId that is no UUID (the guide's page on access logging).
        Its answer has an id of ours."""
        self.forwarded_for: bytes | None = None
        """X-Forwarded-For, several lines joined."""
        self.forwarded_proto: str | None = None
        self.trace: str | None = None
        self.coding: bytes | None = None
        """Content-Encoding, several lines joined."""
        self.user_agent: str | None = None
        self.accept: str | None = None
        self.content_type: str | None = None
        self.plain = True

    def act(self, exchange: Exchange) -> None:
        """Let the notes act on an Exchange. Not called where they are plain."""
        if self.method is not None:
            exchange.method = self.method
        if self.request_id is not None:
            exchange.request_id = self.request_id
        if self.trace is not None:
            exchange.trace_id = continued_trace(exchange, self.trace)
        proxies = exchange.ports.trusted_proxies
        if proxies:
            peer = exchange.client.source_ip
            forwarded = None if self.forwarded_for is None else self.forwarded_for.decode("latin-1")
            exchange.source_ip = proxies.client(peer, forwarded)
            exchange.scheme = proxies.scheme(peer, exchange.scheme.decode(), self.forwarded_proto).encode()


def read_notes(section: Section) -> Notes:
    """The notes of a header section."""
    notes = Notes()
    for header in section.noted:
        note = _READERS.get(header.name)
        if note is not None:
            note(notes, header.value)
            notes.plain = notes.plain and header.name in _PLAIN
    return notes


def _method(notes: Notes, value: bytes) -> None:
    """What is no method has no route; it must not get into a request line either."""
    notes.method = (value if _TOKEN.fullmatch(value) is not None else b"-") if value else None


def _request_id(notes: Notes, value: bytes) -> None:
    own = _UUID.fullmatch(value) is not None
    notes.request_id = value.decode() if own else None
    notes.replaced_id = None if own else _NO_UUID


def _forwarded_for(notes: Notes, value: bytes) -> None:
    before = notes.forwarded_for
    notes.forwarded_for = value if before is None else before + b", " + value


def _forwarded_proto(notes: Notes, value: bytes) -> None:
    notes.forwarded_proto = value.decode("latin-1")


def _trace(notes: Notes, value: bytes) -> None:
    notes.trace = value.decode("latin-1")


def _coding(notes: Notes, value: bytes) -> None:
    before = notes.coding
    notes.coding = value if before is None else before + b", " + value


def _user_agent(notes: Notes, value: bytes) -> None:
    notes.user_agent = value.decode("latin-1")


def _accept(notes: Notes, value: bytes) -> None:
    if notes.accept is None:  # only the first type of the first header counts (known issues page)
        notes.accept = value.decode("latin-1")


def _content_type(notes: Notes, value: bytes) -> None:
    notes.content_type = value.decode("latin-1")


_READERS: Final[dict[bytes, Callable[[Notes, bytes], None]]] = {
    b"x-http-method-override": _method,
    b"x-amzn-requestid": _request_id,
    b"x-forwarded-for": _forwarded_for,
    b"x-forwarded-proto": _forwarded_proto,
    b"x-amzn-trace-id": _trace,
    b"content-encoding": _coding,
    b"user-agent": _user_agent,
    b"accept": _accept,
    b"content-type": _content_type,
}
_PLAIN: Final = frozenset({b"accept", b"content-encoding", b"content-type", b"user-agent"})
"""Read where they are needed; they change nothing in how a request is taken."""
