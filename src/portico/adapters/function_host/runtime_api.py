"""The Lambda Runtime API of one instance: a listener on the loopback that only this instance may speak to, and for our
own bootstraps a connection that the instance is born with, a pair of unix sockets: what goes through one takes less of
the processor, and nobody else has its other end.

No task and no timer per request: what a runtime asks is told to its Runtime by plain calls, and a `next` is answered
when there is an event.
"""

import asyncio
import base64
import binascii
import socket
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from portico.adapters.function_host import peers, runtime_http
from portico.adapters.function_host.runtime_http import LONGEST_HEAD, Collected, Head, Verb
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import ProtocolError

_LONGEST_TRAILER: Final = 256 * 1024
"""Bytes: a trailer may hold an error with its stack trace, in base64."""
_ERROR_BODY: Final = b"lambda-runtime-function-error-body"
_ERROR_TYPE: Final = b"lambda-runtime-function-error-type"


class Runtime(Protocol):
    """Who the runtime's requests are for: an instance. It returns answers of runtime_http; None: one comes later."""

    def holds(self, inode: int) -> bool:
        """Whether the socket of this number is the runtime's."""
        ...

    def on_connected(self, connection: "RuntimeConnection") -> None: ...
    def on_lost(self, connection: "RuntimeConnection") -> None: ...
    def on_next(self, connection: "RuntimeConnection") -> bytes | None: ...

    def refusal(self, head: Head) -> bytes | None:
        """Why what is posted so may not be posted now; None where it may."""
        ...

    def on_response(self, body: bytes | None) -> bytes:
        """The handler's answer; None where it was larger than an answer may be."""
        ...

    def on_error(self, body: bytes | None, error_type: str) -> bytes:
        """What the handler raised; None where it was larger than an answer may be."""
        ...

    def on_init_error(self, body: bytes | None, error_type: str) -> bytes: ...

    def on_stream(self, connection: "RuntimeConnection") -> bool:
        """An answer begins that comes in pieces. False where it is wanted whole."""
        ...

    def on_piece(self, data: bytes) -> None: ...

    def on_broken_stream(self) -> None:
        """The connection was lost within such an answer."""
        ...

    def on_stream_end(self, error: str | None) -> bytes:
        """`error`: JSON of what broke it off."""
        ...


class _Piecemeal:
    """A body that is passed on as it comes."""

    __slots__ = ("take",)

    def __init__(self, runtime: Runtime) -> None:
        self.take = runtime.on_piece


class RuntimeConnection(asyncio.Protocol):
    """One connection of a runtime. Requests are answered in turn, one at a time, as all known clients send them."""

    __slots__ = (
        "_allowed",
        "_body",
        "_chunks",
        "_closing",
        "_head",
        "_held",
        "_left",
        "_owed",
        "_runtime",
        "_trailers",
        "_transport",
    )

    def __init__(self, runtime: Runtime, allowed: Callable[[Any], bool]) -> None:
        self._runtime = runtime
        self._allowed = allowed
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._head: Head | None = None
        self._body: Collected | _Piecemeal | None = None
        self._left = 0
        self._owed = b""
        """What the runtime will hear with the next event."""
        self._chunks: ChunkedDecoder | None = None
        self._trailers: list[bytes] = []
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._allowed(transport):
            cast(asyncio.Transport, transport).abort()
            return
        self._transport = cast(asyncio.Transport, transport)
        self._runtime.on_connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        if isinstance(self._body, _Piecemeal):
            self._runtime.on_broken_stream()
        self._runtime.on_lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            if self._head is None and not self._held and data.startswith(b"GET "):
                poll = runtime_http.read_poll(data)
                if poll is not None:
                    self._ask(poll)
                    return
            data, self._held = self._held + data, b""
            while data:
                data = self._take_body(data) if self._head is not None else self._take_head(data)
        except ProtocolError:
            self._write(runtime_http.BROKEN)
            self.hang_up()

    def send(self, event: bytes) -> None:
        """Answer the `next` that waits here."""
        self._write(event)
        if self._closing:
            self.hang_up()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # Requests

    def _take_head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > LONGEST_HEAD:
                raise ProtocolError("the head is too long")
            self._held = data
            return b""
        head = runtime_http.read_head(data, end)
        rest = data[end + 4 :]
        self._closing = head.section.closes
        if head.section.expects:
            self._write(runtime_http.CONTINUE)
        if head.length > len(rest) or head.section.chunked or head.section.streams:
            self._begin(head)
            return rest
        if head.length == len(rest):
            self._act(head, rest)
            return b""
        body, behind = rest[: head.length], rest[head.length :]
        poll = runtime_http.read_poll(behind)
        if poll is None:
            self._act(head, body)
            return behind
        self._act(head, body, owing=True)
        self._ask(poll)
        return b""

    def _begin(self, head: Head) -> None:
        self._head = head
        self._left = head.length
        self._trailers = []
        self._chunks = ChunkedDecoder(self._trailers, _LONGEST_TRAILER) if head.section.chunked else None
        # In chunks is enough: aws-lambda-go says nothing of the mode, and its readers stream all the same.
        pieces = head.section.streams or head.section.chunked
        streams = pieces and head.verb is Verb.RESPONSE and self._runtime.refusal(head) is None
        self._body = _Piecemeal(self._runtime) if streams and self._runtime.on_stream(self) else Collected()
        if not self._left and self._chunks is None:
            self._finish()

    def _take_body(self, data: bytes) -> bytes:
        assert self._body is not None
        if self._chunks is None:
            piece, rest = data[: self._left], data[self._left :]
            self._left -= len(piece)
            self._body.take(piece)
            done = not self._left
        else:
            for piece in self._chunks.feed(data):
                self._body.take(piece)
            done, rest = self._chunks.done, self._chunks.rest
        if done:
            self._finish()
        return rest

    def _finish(self) -> None:
        head, body = self._head, self._body
        assert head is not None
        self._head = self._body = None
        error = _midway(self._trailers)
        if isinstance(body, _Piecemeal):
            self._answer(self._runtime.on_stream_end(error))
        elif isinstance(body, Collected) and error is not None and self._runtime.refusal(head) is None:
            self._answer(self._runtime.on_error(error.encode(), ""))  # it streams, but was asked for all at once
        elif isinstance(body, Collected):
            self._act(head, None if body.oversized else body.whole())

    def _ask(self, poll: Head) -> None:
        """The runtime asks for the next event."""
        self._closing = poll.section.closes
        answer = runtime_http.INVALID_MODE if poll.section.refused else self._runtime.on_next(self)
        if answer is not None:
            self._answer(answer)

    def _act(self, head: Head, body: bytes | None, *, owing: bool = False) -> None:
        """`owing`: the runtime has asked for the next event already, and hears of this together with it: one write, and
        the instance wakes once."""
        runtime, verb = self._runtime, head.verb
        answer = runtime_http.INVALID_MODE if head.section.refused else runtime.refusal(head)
        if answer is None:
            if verb is Verb.RESPONSE:
                answer = runtime.on_response(body)
            elif verb is Verb.NEXT:
                answer = runtime.on_next(self)
            elif verb is Verb.ERROR:
                answer = runtime.on_error(body, head.section.error_type)
            else:
                answer = runtime.on_init_error(body, head.section.error_type)
        if owing and answer is runtime_http.ACCEPTED:
            self._owed += answer
        elif answer is not None:
            self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        self._write(answer)
        if self._closing:
            self.hang_up()

    def _write(self, data: bytes) -> None:
        if self._owed:
            data, self._owed = self._owed + data, b""
        if self._transport is not None:
            self._transport.write(data)


def _midway(trailers: list[bytes]) -> str | None:
    """JSON of the error that a runtime told behind its answer; None where there was none."""
    told = dict(_lower(line) for line in trailers)
    if _ERROR_TYPE not in told and _ERROR_BODY not in told:
        return None
    try:
        body = base64.b64decode(told.get(_ERROR_BODY, b""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        body = ""
    if body:
        return body
    kind = told.get(_ERROR_TYPE, b"").decode("latin-1")
    return runtime_http.error_body(kind or "Runtime.Unknown", "")


def _lower(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip()


class RuntimeApi:
    """`address` is what an instance gets as AWS_LAMBDA_RUNTIME_API."""

    def __init__(self, runtime: Runtime, server: asyncio.AbstractServer, address: str) -> None:
        self._runtime = runtime
        self._server = server
        self.address = address
        self._inherited: socket.socket | None = None

    def connection(self) -> socket.socket:
        """The end for an instance to be born with; the caller closes its own copy. Raises OSError."""
        self._inherited, its = socket.socketpair()
        self._inherited.setblocking(False)
        return its

    async def serve(self) -> None:
        """Let in who has connected meanwhile. Before that nobody is: whose a connection is shows when the instance is
        there to be looked at."""
        inherited, self._inherited = self._inherited, None
        if inherited is not None:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: RuntimeConnection(self._runtime, lambda _: True), inherited)
        await self._server.start_serving()

    def close(self) -> None:
        """Who is connected stays so."""
        self._server.close()
        if self._inherited is not None:
            self._inherited.close()


async def open_runtime_api(runtime: Runtime, uid: int | None) -> RuntimeApi:
    """Listen for connections of the user `uid`. None: functions are no users of their own, and only the runtime's own
    processes are let in. Raises OSError."""
    user = peers.own_user() if uid is None else uid

    def allowed(transport: Any) -> bool:
        owner = peers.owner_of(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        return owner is not None and owner.user == user and (uid is not None or runtime.holds(owner.inode))

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    host, port = listening.getsockname()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: RuntimeConnection(runtime, allowed), sock=listening, start_serving=False)
    return RuntimeApi(runtime, server, f"{host}:{port}")
