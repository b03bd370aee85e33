"""What a client is told before there is any API: plain words, and the connection is closed."""

from typing import Final

_REASONS: Final = {
    400: b"Bad Request",
    408: b"Request Timeout",
    413: b"Payload Too Large",
    414: b"URI Too Long",
    417: b"Expectation Failed",
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    503: b"Service Unavailable",
}


def refusal(status: int, text: str) -> bytes:
    """An answer from below any API: a protocol error has no stage whose gateway responses could apply."""
    body = b'{"message":"%b"}' % text.encode()
    return b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        status,
        _REASONS[status],
        len(body),
        body,
    )
