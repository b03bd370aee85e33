"""The control listener's requests: from bytes to a whole Request, from a Response to bytes.

`ControlApplication` is the Application of that listener. It answers Portico's own pages at once, and hands everything
else to `handle`, which may take its time. No CORS header is ever sent: a web page has no business here.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from portico.controlplane.bodies import MAX_BODY, RequestEntityTooLargeException
from portico.ports.client import Client
from portico.wire.aws.faults import AwsError, TooManyRequestsException
from portico.wire.aws.rest_json.response import fail
from portico.wire.http1 import Head, Request, Response

IN_FLIGHT: Final = 64
"""Requests that are being handled or wait for it. The SDKs try again on the answer that further ones get."""
_BODY_MARGIN: Final = 64 * 1024
"""Bytes beyond AWS's limit, so that a body that is a little too large gets AWS's own answer."""

Handle = Callable[["Asked"], None]
"""Answers `Asked.request` by `Asked.answer`, now or later."""
Page = Callable[[], Response]


class Asked:
    """One request on the control listener; a Served for the shell."""

    wants_body = True
    body_limit = MAX_BODY + _BODY_MARGIN

    def __init__(self, application: ControlApplication, client: Client, head: Head) -> None:
        self._application = application
        self._client: Client | None = client
        self._head = head
        self.request = _request(client, head, b"")

    def on_body(self, body: bytes) -> None:
        if body:
            self.request = self.request._replace(body=body)
        self._application.handle(self)

    def on_body_too_large(self) -> None:
        self.refuse(RequestEntityTooLargeException(f"Request must be smaller than {MAX_BODY} bytes"))

    def refuse(self, error: AwsError) -> None:
        self.answer(fail(error, ()))

    def answer(self, response: Response) -> None:
        """Answer, unless the client has gone."""
        client, self._client = self._client, None
        if client is not None:
            client.answer(_encode(response, closing=client.closing, bare=self._head.method == b"HEAD"))

    def gone(self) -> None:
        self._client = None

    def pause(self) -> None:
        """Answers are whole: there is nothing to hold back."""

    def resume(self) -> None:
        """See `pause`."""


class ControlApplication:
    def __init__(self, pages: dict[str, Page], handle: Handle) -> None:
        """`pages` by their path; they answer GET and HEAD, on the loop, and quickly."""
        self._pages = pages
        self._handle = handle
        self._in_flight = 0

    def begin(self, client: Client, head: Head) -> Asked:
        asked = Asked(self, client, head)
        if asked.request.target.startswith("/_portico/"):
            asked.answer(self._page(asked.request))
        elif not head.content_length:
            asked.on_body(b"")
        return asked

    def handle(self, asked: Asked) -> None:
        if self._in_flight >= IN_FLIGHT:
            asked.refuse(TooManyRequestsException("Too Many Requests"))
            return
        self._in_flight += 1
        self._handle(asked)

    def handled(self) -> None:
        """A request that was given to `handle` has been answered."""
        self._in_flight -= 1

    def _page(self, request: Request) -> Response:
        page = self._pages.get(request.target.partition("?")[0])
        if page is None:
            return _plain(404, "There is no such page.\n")
        return page() if request.method in ("GET", "HEAD") else _plain(405, "This page is only read.\n")


def _plain(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())


def _request(client: Client, head: Head, body: bytes) -> Request:
    headers = tuple((header.raw.decode("latin-1"), header.value.decode("latin-1")) for header in head.headers)
    return Request(
        head.method.decode(), head.target.decode("latin-1"), headers, body, client.scheme.decode(), client.source_ip
    )


def _encode(response: Response, *, closing: bool, bare: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'close' if closing else 'keep-alive'}",
    ]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head if bare else head + response.body


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in _STATUSES else ""


_STATUSES: Final = frozenset(HTTPStatus)
