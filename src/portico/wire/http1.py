"""HTTP/1.1 messages, sans-io. (Types first; the strict parser follows in this module.)"""

from typing import NamedTuple


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
