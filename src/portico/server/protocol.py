"""One client connection: bytes in, requests to the Application, answers out. The only reader of request bytes.

The laws:
- One request at a time. Bytes behind it wait, unparsed and bounded; reading is paused while too many wait.
- A request with a body that is answered before its body was read closes the connection, and lingers, so that the
  client reads the answer instead of a reset.
- What breaks HTTP or a limit is answered once, in plain words, and closed. Nothing behind a last request is served.
- A connection never blocks another: after `BURST` pipelined answers it gives the loop away.
- A client that does not read its answers is not read from either, and gets nothing more to read.
"""

import asyncio
import fcntl
import re
import sys
import termios
from typing import Any, Final, cast

from portico.kernel.observe import BadClient, Observer
from portico.ports.client import Application, Served
from portico.server.body import BODY_STRIDE, MOST_PIECES, Body
from portico.server.connections import Connections
from portico.server.departures import Gathering
from portico.server.refusal import refusal
from portico.wire.http1 import MAX_HEADERS, MAX_TARGET, Head, HeaderTable, Memory, ProtocolError, parse_request

BURST: Final = 16
"""Pipelined requests that one connection may have answered in one turn of the loop."""
_HELD: Final = 64 * 1024
"""Bytes that may wait behind a request before reading is paused."""
_LONGEST_LINE: Final = MAX_TARGET + 64
_LONGEST_HEAD: Final = _LONGEST_LINE + MAX_HEADERS
_LINGER_SECONDS: Final = 2.0
_EMPTY_LINES: Final = re.compile(rb"(?:\r\n)*")
_HANDSHAKE: Final = b"\x16"
"""How TLS begins, and no request does: who asks `https://` of an `http://` listener need not wait for a deadline."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


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
        "_lent",
        "_lingering",
        "_memory",
        "_observer",
        "_reading_paused",
        "_reserved",
        "_served",
        "_serving",
        "_table",
        "_transport",
        "_turn_waits",
        "_unread",
        "_write_paused",
        "closing",
        "deadline",
        "forwarded",
        "port",
        "scheme",
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
        self._memory = Memory()
        self._observer = observer
        self._transport: Gathering | None = None
        self._served: Served | None = None
        self._body: Body | None = None
        self._reserved = 0
        """Bytes of the budget of all bodies: this request's, until it is answered."""
        self._held = b""
        self._busy = False
        self._serving = False
        self._turn_waits = False
        """A turn of the loop was asked for, in which the requests in `_held` go on."""
        self._lingering = False
        """The last request was read: what else comes is thrown away."""
        self._idle = False
        self._lent = False
        """Somebody writes to our socket."""
        self._eof = False
        self._reading_paused = False
        self._write_paused = False
        self._unread = 0
        """Bytes that a slow client had left unread when it was looked at last."""
        self.closing = False
        self.deadline = 0.0
        self.secure = secure
        self.scheme = b"https" if secure else b"http"
        self.forwarded = b""
        self.source_ip = ""
        self.port = 0

    # What the loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._connections.departures.gather(cast(asyncio.Transport, transport))
        peer: Any = transport.get_extra_info("peername")
        local: Any = transport.get_extra_info("sockname")
        self.source_ip = peer[0] if peer else ""
        self.port = local[1] if local else 0
        if self._connections.admit(self, self.source_ip):
            self.deadline = self._connections.now + self._connections.limits.header_seconds
        else:
            self._turn_away(self._transport)

    def data_received(self, data: bytes) -> None:
        if not (self._busy or self._held or self._lingering) and data.find(b"\r\n\r\n") == len(data) - 4:
            try:
                head = parse_request(data[:-4], self._table, self._memory)
            except ProtocolError:
                self._serve(data)  # refused there, or served without the empty line in front
                return
            if not head.section.content_length:
                self._begin(head)
                return
        if self._lingering:
            return
        if self._body is not None:
            self._collect(data)
        elif self._busy or (self._held and self._turn_waits):
            self._hold(data)
        elif self._held:
            self._serve(self._held + data)
        else:
            self._serve(data)

    def eof_received(self) -> bool:
        """A client may close its half and still read its answers."""
        self._eof = True
        if self._transport is not None:
            self._transport.depart()  # the loop closes what is not kept open
        if self.secure or self._body is not None or self._lingering:
            return False
        if self._busy and not self._held:
            self.closing = True
        return self._busy or self._turn_waits or self._write_paused

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
        self._wait_for_client()
        if not self._lingering:
            self._pause_reading()
        if self._served is not None:
            self._served.pause()

    def resume_writing(self) -> None:
        if self._served is None:
            self._write_paused = False
            self._proceed()
            return
        self._go_on_with_client()
        self._resume_reading()
        self._served.resume()

    def _wait_for_client(self) -> None:
        self._write_paused = True
        self._unread = self._unsent
        self.deadline = self._connections.now + self._connections.limits.stalled_seconds

    def _go_on_with_client(self) -> None:
        self._write_paused = False
        self.deadline = 0.0 if self._body is None else self._connections.now + self._connections.limits.body_seconds

    # Requests

    def _serve(self, data: bytes) -> None:
        """Serve the requests that `data` holds whole; keep what is left of it."""
        self._serving = True
        self._held = b""
        at, served = 0, 0
        while at < len(data):
            if data[at] == 13:  # empty lines before a request are passed over: RFC 9112, 2.2
                at = _after_empty_lines(data, at)
            end = data.find(b"\r\n\r\n", at)
            if end < 0:
                self._await_head(data[at:])
                break
            try:
                head = parse_request(data[at:end], self._table, self._memory)
            except ProtocolError as error:
                self._refuse(error)
                break
            at = end + 4
            if head.content_length:
                self._begin_with_body(head, data[at:])
                data, at = self._held, 0
            else:
                self._begin(head)
            if self._busy:
                self._held = data[at:]
                break
            if self._lingering or self._transport is None:
                break
            served += 1
            if served >= BURST or self._write_paused:
                self._held = data[at:]
                self._wait_for_turn()
                break
            self._held = b""
        self._serving = False

    def _wait_for_turn(self) -> None:
        """Let other connections have the loop before the requests in `_held` go on."""
        if self._held and not self._write_paused:
            self._turn_waits = True
            asyncio.get_running_loop().call_soon(self._take_turn)
            self._keep_bounded()

    def _take_turn(self) -> None:
        self._turn_waits = False
        self._proceed()

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

    def lend_socket(self) -> int | None:
        transport = self._transport
        if transport is None or transport.is_closing() or self.secure or transport.get_write_buffer_size():
            return None
        self._lent = True
        descriptor: int = transport.get_extra_info("socket").fileno()
        return descriptor

    def stalled(self, waiting: bool) -> None:
        if waiting:
            self._wait_for_client()
        else:
            self._go_on_with_client()

    def end(self, data: bytes = b"") -> None:
        if self._transport is not None:
            if data:
                self._transport.write(data)
            self._finish()

    def abort(self) -> None:
        self._release_body()
        self._busy = False
        self._lingering = True
        self._served = None
        if self._transport is not None:
            self._transport.abort()

    def _finish(self) -> None:
        self._busy = self._lent = False
        self._served = None
        if self._reserved:
            self._give_back()
        if self.closing:
            self._close()
            return
        self._idle = True
        self.deadline = self._connections.idle_deadline
        if (self._held or self._eof) and not self._serving:
            self._proceed()

    def _close(self) -> None:
        """Close once everything is written; linger where the client may still be sending."""
        transport = self._transport
        if transport is None:
            return
        # What waits behind the last request would make a reset of the close, at which clients drop what they got.
        lingering = self._lingering or (not self.secure and (self._serving or bool(self._held)))
        self._lingering = True
        self._held = b""
        self._unread = self._unsent + BODY_STRIDE
        self._resume_reading()
        # A TLS transport does not tell what is still unsent below it.
        slow = self._write_paused or (self.secure and not lingering)
        self.deadline = self._connections.now + (self._connections.limits.stalled_seconds if slow else _LINGER_SECONDS)
        if not lingering or self._eof:
            transport.close()
        elif transport.can_write_eof():
            transport.write_eof()

    def _turn_away(self, transport: asyncio.Transport) -> None:
        """A connection beyond a cap is not counted and not swept: it must be gone at once, heard or not."""
        error = ProtocolError("too many connections", 503)
        self._observer(BadClient(self.source_ip, error.status, str(error)))
        self._lingering = True
        transport.write(refusal(error.status, str(error)))
        if self.secure:  # closing would wait for the client's consent
            asyncio.get_running_loop().call_soon(transport.abort)
        else:
            transport.close()

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
            self._abort_unless_reading(self._transport)
        elif self._body is not None:
            self._give_up()
            self._refuse(ProtocolError("the body of the request came too slowly", 408))
        elif self._held:
            self._refuse(ProtocolError("the head of the request came too slowly", 408))
        else:
            self._close()

    def _abort_unless_reading(self, transport: asyncio.Transport) -> None:
        """A client that takes its answer, though slowly, is waited for."""
        left = self._unsent
        if 0 < left <= self._unread - BODY_STRIDE:
            self._unread = left
            self.deadline = self._connections.now + self._connections.limits.stalled_seconds
        else:
            transport.abort()

    @property
    def _unsent(self) -> int:
        """Bytes that the client has not taken, those that the kernel holds included where we wait for it: it asks for
        more only when a third of its megabytes is free, which takes a slow client minutes."""
        if self._transport is None:
            return 0
        unsent = self._transport.get_write_buffer_size()
        return unsent + _in_kernel(self._transport) if unsent or self._lent else 0

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
        self.closing = self._connections.draining or not head.section.keep_alive
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
        length = cast(int, head.content_length)
        if len(rest) == length <= served.body_limit and self._connections.take_body(length):
            self._reserved = length  # it came with its head: nothing is collected
            self.deadline = 0.0
            served.on_body(rest)
            return
        self._body = Body(length, served.body_limit)
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
        grown = body.size - self._reserved
        if grown and not self._connections.take_body(grown):
            self._give_up()
            self._refuse(ProtocolError("too much is being uploaded at once", 503))
            return
        self._reserved = body.size
        if body.too_large:
            self._body_too_large()
        elif rest is None:
            self._keep_pace(body)
        else:
            whole = b"".join(body.pieces)
            self._body = None
            self._held = rest
            self.deadline = 0.0
            served.on_body(whole)

    def _keep_pace(self, body: Body) -> None:
        if len(body.pieces) - body.joined >= MOST_PIECES:
            body.join_pieces()
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
        self._body = None
        self._give_back()

    def _give_back(self) -> None:
        reserved, self._reserved = self._reserved, 0
        self._connections.give_body(reserved)

    def _give_up(self) -> None:
        """Stop serving a request that cannot be answered by its application any more."""
        self._release_body()
        served, self._served = self._served, None
        self._busy = False
        if served is not None:
            served.gone()

    def _await_head(self, data: bytes) -> None:
        if data[:1] == _HANDSHAKE and not self.secure:
            self._refuse(ProtocolError("TLS, where this listener speaks HTTP"))
            return
        if len(data) > _LONGEST_HEAD or (len(data) > _LONGEST_LINE and b"\r\n" not in data):
            long_target = b"\r\n" not in data[:_LONGEST_LINE]
            self._refuse(ProtocolError("the head of the request is too long", 414 if long_target else 431))
            return
        if self._idle and data:
            self._idle = False
            self.deadline = self._connections.now + self._connections.limits.header_seconds
        self._held = data

    def _hold(self, data: bytes) -> None:
        self._held += data
        self._keep_bounded()

    def _keep_bounded(self) -> None:
        if len(self._held) > _HELD:
            self._pause_reading()

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None and not self._eof:
            self._reading_paused = False
            self._transport.resume_reading()

    def _proceed(self) -> None:
        """Go on with what waited: behind a request, for a turn of the loop, or for the client to read."""
        if self._busy or self._lingering or self._serving or self._write_paused or self._turn_waits:
            return
        if self._held:
            self._serve(self._held)
        if self._eof and not (self._busy or self._turn_waits or self._write_paused):
            self._close()
        if len(self._held) <= _HELD and not self._write_paused:
            self._resume_reading()


def _after_empty_lines(data: bytes, at: int) -> int:
    match = _EMPTY_LINES.match(data, at)
    return at if match is None else match.end()


def _in_kernel(transport: asyncio.Transport) -> int:
    """Bytes that were written to the socket and that the client's kernel has not acknowledged."""
    link: Any = transport.get_extra_info("socket")
    if link is None:
        return 0
    return int.from_bytes(fcntl.ioctl(link.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
