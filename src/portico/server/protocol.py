"""One client connection: bytes in, requests to the Application, answers out. The only reader of request bytes.

The laws:
- One request at a time. Bytes behind it wait, unparsed and bounded; reading is paused while too many wait.
- A request with a body that is answered before its body was read closes the connection, and lingers, so that the
  client reads the answer instead of a reset.
- What breaks HTTP or a limit is answered once, in plain words, and closed.
- A connection never blocks another: after `BURST` pipelined answers it gives the loop away.
"""

import asyncio
from typing import Any, Final, cast

from portico.kernel.observe import BadClient, Observer
from portico.ports.client import Application, Served
from portico.server.connections import Connections
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import CHUNKED, MAX_HEADERS, MAX_TARGET, Head, HeaderTable, ProtocolError, parse_request

BURST: Final = 16
"""Pipelined requests that one connection may have answered in one turn of the loop."""
BODY_STRIDE: Final = 16 * 1024
"""Bytes of a body within `body_seconds`: slower is a client that holds us up."""
_HELD: Final = 64 * 1024
"""Bytes that may wait behind a request before reading is paused."""
_LONGEST_HEAD: Final = MAX_TARGET + MAX_HEADERS + 64
_LINGER_SECONDS: Final = 2.0
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS: Final = {
    400: b"Bad Request",
    408: b"Request Timeout",
    413: b"Payload Too Large",
    414: b"URI Too Long",
    417: b"Expectation Failed",
    431: b"Request Header Fields Too Large",
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


class _Body:
    """A body being collected, by length or by chunks."""

    __slots__ = ("decoder", "left", "limit", "pieces", "reserved", "size", "stride")

    def __init__(self, length: int, limit: int) -> None:
        self.decoder = ChunkedDecoder() if length == CHUNKED else None
        self.left = length
        self.limit = limit
        self.pieces: list[bytes] = []
        self.size = 0
        self.reserved = 0
        self.stride = BODY_STRIDE

    def feed(self, data: bytes) -> bytes | None:
        """None while more is to come, else the bytes that followed the body. Raises ProtocolError."""
        if self.decoder is not None:
            for piece in self.decoder.feed(data):
                self.pieces.append(piece)
                self.size += len(piece)
            return self.decoder.rest if self.decoder.done else None
        piece, rest = (data, b"") if len(data) <= self.left else (data[: self.left], data[self.left :])
        self.pieces.append(piece)
        self.size += len(piece)
        self.left -= len(piece)
        return None if self.left else rest

    @property
    def too_large(self) -> bool:
        return self.size > self.limit or self.left > self.limit


class Connection(asyncio.Protocol):
    """An HTTP/1.1 server connection over `application`. Also the Client that the application answers to."""

    __slots__ = (
        "_application",
        "_body",
        "_busy",
        "_connections",
        "_eof",
        "_held",
        "_idle",
        "_lingering",
        "_observer",
        "_reading_paused",
        "_served",
        "_serving",
        "_table",
        "_transport",
        "_write_paused",
        "closing",
        "deadline",
        "port",
        "secure",
        "source_ip",
    )

    def __init__(
        self,
        application: Application,
        connections: Connections,
        table: HeaderTable,
        observer: Observer,
        *,
        secure: bool = False,
    ) -> None:
        self._application = application
        self._connections = connections
        self._table = table
        self._observer = observer
        self._transport: asyncio.Transport | None = None
        self._served: Served | None = None
        self._body: _Body | None = None
        self._held = b""
        self._busy = False
        self._serving = False
        self._lingering = False
        self._idle = False
        self._eof = False
        self._reading_paused = False
        self._write_paused = False
        self.closing = False
        self.deadline = 0.0
        self.secure = secure
        self.source_ip = ""
        self.port = 0

    # What the loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer: Any = transport.get_extra_info("peername")
        local: Any = transport.get_extra_info("sockname")
        self.source_ip = peer[0] if peer else ""
        self.port = local[1] if local else 0
        if not self._connections.admit(self, self.source_ip):
            self._refuse(ProtocolError("too many connections", 503))
            return
        self.deadline = self._connections.now + self._connections.limits.header_seconds

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        if self._body is not None:
            self._collect(data)
        elif self._busy:
            self._hold(data)
        elif self._held:
            self._serve(self._held + data)
        else:
            self._serve(data)

    def eof_received(self) -> bool:
        """A client may close its half and still read its answer."""
        self._eof = True
        if self._busy and self._body is None and not self.secure:
            self.closing = True
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.deadline = 0.0
        self._held = b""
        self._release_body()
        self._connections.forget(self, self.source_ip)
        served, self._served = self._served, None
        if self._busy:
            self._busy = False
            if served is not None:
                served.gone()

    def pause_writing(self) -> None:
        self._write_paused = True
        self.deadline = self._connections.now + self._connections.limits.stalled_seconds
        if self._served is not None:
            self._served.pause()

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._served is not None:
            self.deadline = 0.0
            self._served.resume()
        elif not self._busy:
            self._proceed()

    # Requests

    def _serve(self, data: bytes) -> None:
        """Serve the requests that `data` holds whole; keep what is left of it."""
        self._serving = True
        self._held = b""
        served = 0
        while data:
            if data[0] == 13 and data[:2] == b"\r\n":  # one empty line before a request is passed over: RFC 9112, 2.2
                data = data[2:]
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._await_head(data)
                break
            try:
                head = parse_request(data[:end], self._table)
            except ProtocolError as error:
                self._refuse(error)
                break
            rest = data[end + 4 :]
            if head.content_length:
                self._begin_with_body(head, rest)
            else:
                self._begin(head)
                self._held = rest
            if self._busy or self._transport is None or self._lingering:
                break
            served += 1
            data = self._held
            if (served >= BURST or self._write_paused) and data:
                asyncio.get_running_loop().call_soon(self._proceed)
                break
            self._held = b""
        self._serving = False

    # What the application tells us: the Client

    def answer(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
            self._finish()

    def begin(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def send(self, data: bytes) -> bool:
        if self._transport is not None:
            self._transport.write(data)
        return not self._write_paused

    def end(self, data: bytes = b"") -> None:
        if self._transport is not None:
            if data:
                self._transport.write(data)
            self._finish()

    def abort(self) -> None:
        self._busy = False
        self._served = None
        if self._transport is not None:
            self._transport.abort()

    def _finish(self) -> None:
        self._busy = False
        self._served = None
        if self.closing:
            self._close()
            return
        self._idle = True
        self.deadline = self._connections.now + self._connections.limits.idle_seconds
        if (self._held or self._eof) and not self._serving:
            self._proceed()

    def _close(self) -> None:
        """Close once everything is written; linger where the client is still sending."""
        if self._transport is None:
            return
        if not self._lingering or self.secure or self._eof:
            self._transport.close()
            return
        self.deadline = self._connections.now + _LINGER_SECONDS
        self._transport.write_eof()

    def _refuse(self, error: ProtocolError) -> None:
        self._observer(BadClient(self.source_ip, error.status, str(error)))
        self.closing = self._lingering = True
        self._held = b""
        if self._transport is not None:
            self._transport.write(refusal(error.status, str(error)))
            self._close()

    # What the sweep and a drain tell us

    def on_deadline(self) -> None:
        if self._transport is None:
            return
        if self._lingering or self._write_paused:
            self._transport.abort()
        elif self._body is not None:
            self._give_up()
            self._refuse(ProtocolError("the body of the request came too slowly", 408))
        elif self._held:
            self._refuse(ProtocolError("the head of the request came too slowly", 408))
        else:
            self._transport.close()

    @property
    def idle(self) -> bool:
        return not self._busy and not self._held

    def close_after_answer(self) -> None:
        self.closing = True

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort() if self._busy else self._transport.close()

    # Inside a request

    def _begin(self, head: Head) -> None:
        self.closing = self._connections.draining or not head.keep_alive
        self._busy = True
        self._idle = False
        self.deadline = 0.0
        served = self._application.begin(self, head)
        if self._busy:
            self._served = served

    def _begin_with_body(self, head: Head, rest: bytes) -> None:
        self.closing = self._lingering = True
        self._busy = True
        served = self._application.begin(self, head)
        if not self._busy:
            return
        self._lingering = False
        self._served = served
        self.closing = self._connections.draining or not head.keep_alive
        self._body = _Body(cast(int, head.content_length), served.body_limit)
        self.deadline = self._connections.now + self._connections.limits.body_seconds
        if self._body.too_large:
            self._body_too_large()
            return
        if head.expects_continue and not rest and self._transport is not None:
            self._transport.write(_CONTINUE)
        if rest:
            self._collect(rest)

    def _collect(self, data: bytes) -> None:
        body, served = self._body, self._served
        if body is None or served is None:
            return
        try:
            rest = body.feed(data)
        except ProtocolError as error:
            self._give_up()
            self._refuse(error)
            return
        grown = body.size - body.reserved
        if grown and not self._connections.take_body(grown):
            self._give_up()
            self._refuse(ProtocolError("too much is being uploaded at once", 503))
            return
        body.reserved = body.size
        if body.too_large:
            self._body_too_large()
        elif rest is None:
            self._keep_pace(body)
        else:
            whole = b"".join(body.pieces)
            self._release_body()
            self._held = rest
            self.deadline = 0.0
            served.on_body(whole)

    def _keep_pace(self, body: _Body) -> None:
        if body.size >= body.stride:
            body.stride = body.size + BODY_STRIDE
            self.deadline = self._connections.now + self._connections.limits.body_seconds

    def _body_too_large(self) -> None:
        self._release_body()
        self._held = b""
        self.closing = self._lingering = True
        if self._served is not None:
            self._served.on_body_too_large()

    def _release_body(self) -> None:
        if self._body is not None:
            self._connections.give_body(self._body.reserved)
            self._body = None

    def _give_up(self) -> None:
        """Stop serving a request that cannot be answered by its application any more."""
        self._release_body()
        served, self._served = self._served, None
        self._busy = False
        if served is not None:
            served.gone()

    def _await_head(self, data: bytes) -> None:
        if len(data) > _LONGEST_HEAD or (len(data) > MAX_TARGET + 32 and b"\r\n" not in data):
            long_target = b"\r\n" not in data[: MAX_TARGET + 32]
            self._refuse(ProtocolError("the head of the request is too long", 414 if long_target else 431))
            return
        if self._idle:
            self._idle = False
            self.deadline = self._connections.now + self._connections.limits.header_seconds
        self._held = data

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _HELD and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _proceed(self) -> None:
        """Go on with what waited behind a request."""
        if self._transport is None or self._busy or self._lingering or self._serving:
            return
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        if self._held:
            self._serve(self._held)
        elif self._eof:
            self._transport.close()
