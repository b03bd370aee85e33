"""The control listener's requests: from bytes to a whole Request, from a Response to bytes.

`ControlApplication` is the Application of that listener. It answers Portico's own pages at once, and hands everything
else to `handle`, which may take its time. No CORS header is ever sent: a web page has no business here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Protocol

from portico.controlplane.bodies import MAX_BODY, body_limit
from portico.ports.client import Client
from portico.wire.aws.faults import AwsError, TooManyRequestsException
from portico.wire.aws.rest_json.response import fail
from portico.wire.chunked import LAST_CHUNK, chunk
from portico.wire.http1 import CHUNKED, Head, Request, Response

IN_FLIGHT: Final = 64
"""Requests that are being handled or wait for it. The SDKs try again on the answer that further ones get."""
UPLOADS: Final = 2
"""Requests with the code of a large function, from their head until they are handled: each takes some 200 MB meanwhile,
for its body, the text that it is in JSON, and the zip."""
_BODY_MARGIN: Final = 64 * 1024
"""Bytes beyond AWS's limit, so that a body that is a little too large gets AWS's own answer."""

Handle = Callable[["Asked"], None]
"""Answers `Asked.request` by `Asked.answer`, now or later."""
Page = Callable[[Request], Response | Coroutine[None, None, Response]]


class Follower(Protocol):
    """Who produces an answer, and hears what its client does meanwhile."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def gone(self) -> None: ...


class Asked:
    """One request on the control listener; a Served for the shell."""

    wants_body = True

    def __init__(self, application: ControlApplication, client: Client, head: Head) -> None:
        self._application = application
        self._client: Client | None = client
        self._head = head
        self._follower: Follower | None = None
        self.request = _request(client, head, b"")
        self._limit = body_limit(self.request.method, self.request.target)
        self.body_limit = self._limit.bytes + _BODY_MARGIN
        self.uploads = False
        """It has one of the turns of large bodies."""
        self.in_hand = False
        """It is being handled: what it takes is in use, even if its client goes."""

    @property
    def wants_turn(self) -> bool:
        """Its body may be larger than others."""
        length = self._head.content_length or 0
        return self._limit.large and (length == CHUNKED or length > MAX_BODY)

    def on_body(self, body: bytes) -> None:
        if body:
            self.request = self.request._replace(body=body)
        self._application.handle(self)

    def on_body_too_large(self) -> None:
        self.refuse(self._limit.error())

    def refuse(self, error: AwsError) -> None:
        self.answer(fail(error, ()))

    def answer(self, response: Response) -> None:
        """Answer, unless the client has gone."""
        client = self._let_go()
        if client is not None:
            head = _head(response.status, response.headers, client, f"Content-Length: {len(response.body)}")
            client.answer(head if self._head.method == b"HEAD" else head + response.body)

    def gone(self) -> None:
        self._let_go()
        if self._follower is not None:
            self._follower.gone()

    def _let_go(self) -> Client | None:
        client, self._client = self._client, None
        self._application.over(self)
        return client

    # An answer in pieces

    def follow(self, follower: Follower) -> None:
        """`follower` hears what the client does from now on, or at once that it has gone."""
        self._follower = follower
        if self._client is None:
            follower.gone()

    def begin(self, response: Response) -> None:
        """The head, and no length: what follows is sent in chunks, to an old client until the connection ends."""
        client = self._client
        if client is None:
            return
        if self._head.minor == 0:
            client.close_after_answer()
        framing = ("Transfer-Encoding: chunked",) if self._head.minor else ()
        client.begin(_head(response.status, response.headers, client, *framing))

    def send(self, data: bytes) -> None:
        """A piece that is not empty."""
        if self._client is not None:
            self._client.send(chunk(data) if self._head.minor else data)

    def end(self, data: bytes) -> None:
        """The last piece."""
        client = self._let_go()
        if client is not None:
            client.end(chunk(data) + LAST_CHUNK if self._head.minor else data)

    def pause(self) -> None:
        """The client is slow. A whole answer has nothing to hold back."""
        if self._follower is not None:
            self._follower.pause()

    def resume(self) -> None:
        if self._follower is not None:
            self._follower.resume()


class ControlApplication:
    def __init__(self, pages: dict[str, Page], handle: Handle) -> None:
        """`pages` by their path; they answer GET and HEAD, on the loop, at once or within the barrier's time."""
        self._pages = pages
        self._handle = handle
        self._in_flight = 0
        self._uploads = 0
        self._reading: set[asyncio.Task[None]] = set()

    def begin(self, client: Client, head: Head) -> Asked:
        asked = Asked(self, client, head)
        if asked.request.target.startswith("/_portico/"):
            self._show(asked)
        elif not head.content_length:
            asked.on_body(b"")
        elif asked.wants_turn:
            self._give_turn(asked)
        return asked

    def _give_turn(self, asked: Asked) -> None:
        if self._uploads >= UPLOADS:
            asked.refuse(TooManyRequestsException("Too Many Requests"))
            return
        self._uploads += 1
        asked.uploads = True

    def handle(self, asked: Asked) -> None:
        if self._in_flight >= IN_FLIGHT:
            asked.refuse(TooManyRequestsException("Too Many Requests"))
            return
        self._in_flight += 1
        asked.in_hand = True
        self._handle(asked)

    def handled(self, asked: Asked) -> None:
        """A request that was given to `handle` takes no thread any more. It may still wait for a function."""
        self._in_flight -= 1
        asked.in_hand = False
        self.over(asked)

    def over(self, asked: Asked) -> None:
        """Nothing more comes of this request, unless it is in hand."""
        if asked.uploads and not asked.in_hand:
            asked.uploads = False
            self._uploads -= 1

    def _show(self, asked: Asked) -> None:
        page = self._page(asked.request)
        if isinstance(page, Response):
            asked.answer(page)
            return

        async def answer() -> None:
            asked.answer(await page)

        task = asyncio.get_running_loop().create_task(answer())
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    def _page(self, request: Request) -> Response | Coroutine[None, None, Response]:
        page = self._pages.get(request.target.partition("?")[0])
        if page is None:
            return _plain(404, "There is no such page.\n")
        return page(request) if request.method in ("GET", "HEAD") else _plain(405, "This page is only read.\n")


def _plain(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())


def _request(client: Client, head: Head, body: bytes) -> Request:
    headers = tuple((header.raw.decode("latin-1"), header.value.decode("latin-1")) for header in head.headers)
    return Request(
        head.method.decode(), head.target.decode("latin-1"), headers, body, client.scheme.decode(), client.source_ip
    )


def _head(status: int, headers: tuple[tuple[str, str], ...], client: Client, *framing: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [
        f"Date: {formatdate(usegmt=True)}",
        *framing,
        f"Connection: {'close' if client.closing else 'keep-alive'}",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in _STATUSES else ""


_STATUSES: Final = frozenset(HTTPStatus)
