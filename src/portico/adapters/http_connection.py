"""One connection to a backend: reads one answer at a time, and hands a long body over to the client's socket.

What is ambiguous in an answer (two lengths, bytes after its end, an unfinished chunk) is a failure, never a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from portico.adapters import pump
from portico.adapters.http_call import Call
from portico.ports.client import Client
from portico.ports.upstream import BODY_LIMIT, WHOLE, FailureKind, UpstreamRequest
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import (
    BODILESS,
    CHUNKED,
    MAX_RESPONSE_HEAD,
    ProtocolError,
    ResponseHead,
    parse_response,
)

if TYPE_CHECKING:
    from portico.adapters.http_pool import Pool

IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
_MAX_INTERIM: Final = 16


class BackendConnection(asyncio.Protocol):
    """One connection to an origin: reads one answer at a time."""

    __slots__ = (
        "_buffer",
        "_decoder",
        "_head",
        "_interim",
        "_left",
        "_paused",
        "_pieces",
        "_pump",
        "_reserved",
        "_size",
        "_streaming",
        "address",
        "call",
        "idle_since",
        "pool",
        "transport",
        "used",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.call: Call | None = None
        self.used = False
        """Whether it has waited in the pool before its present call."""
        self.idle_since = 0.0
        self.address = ""
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._paused = False
        self._pump: pump.Pump | None = None
        self._reserved = 0
        """Bytes of the client's budget for answers that are collected."""
        self._forget_answer()

    def _forget_answer(self) -> None:
        self._head: ResponseHead | None = None
        self._decoder: ChunkedDecoder | None = None
        self._left: int | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._streaming = False
        self._interim = 0
        if self._reserved:
            self._give_back()

    def _give_back(self) -> None:
        reserved, self._reserved = self._reserved, 0
        self.pool.client.give_answer(reserved)

    # The loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        gather = self.pool.client.gather
        if gather is not None:
            self.transport = gather(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._give_back()
        self.pool.lost(self)
        call = self.call
        if call is None or call.over:
            return
        head = self._head
        if head is not None and self._left is None and self._decoder is None and exc is None:
            self._complete(call, head, reuse=False)
        elif self._was_stale and call.method in IDEMPOTENT and not call.retried:
            call.retried = True
            call.connection = self.call = None
            self.pool.dial(call)
        else:
            call.fail(FailureKind.CLOSED, f"the backend closed the connection: {exc or 'end of stream'}")

    @property
    def _was_stale(self) -> bool:
        """Whether the backend let go of it without a byte of an answer, interim ones included."""
        return self.used and self._head is None and not self._buffer and not self._interim

    def data_received(self, data: bytes) -> None:
        call = self.call
        if call is None or call.plan is None:
            self.discard()
            return
        if self._head is None and not self._buffer and self._take_whole(call, data):
            return
        try:
            if self._head is None:
                self._read_head(call, data)
            else:
                self._read_body(call, self._head, data)
        except ProtocolError as error:
            call.fail(FailureKind.PROTOCOL, str(error))

    def _take_whole(self, call: Call, data: bytes) -> bool:
        """An answer that one read brought whole, with a head that was checked before: the common case, cut short."""
        try:
            end = data.index(b"\r\n\r\n")
        except ValueError:
            return False
        pool = self.pool
        head = pool.table.responses.get(data[:end])
        if (
            head is None
            or head.content_length != len(data) - end - 4
            or not head.plain
            or self._interim
            or call.method == b"HEAD"
        ):
            return False
        plan, context = call.plan, call.context
        assert plan is not None
        call.end()
        self.call = None
        self.used = True
        pool.free(self)
        plan.receiver.on_response(context, head, data[end + 4 :])
        return True

    # Calls

    @property
    def usable(self) -> bool:
        transport = self.transport
        return transport is not None and not transport.is_closing()

    def send(self, call: Call) -> None:
        self.call = call
        call.connection = self
        if self.transport is not None:
            self.transport.write(call.request)

    def pause(self) -> None:
        if not self._paused and self.transport is not None and self._pump is None:
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        if self._paused and self.transport is not None and self._pump is None:
            self._paused = False
            if self.call is not None:
                self.call.touch(self.pool.now())
            self.transport.resume_reading()

    @property
    def paused(self) -> bool:
        return self._paused

    def discard(self) -> None:
        """Close it; it is not used again."""
        call, self.call = self.call, None
        if self._pump is not None:
            self._pump.stop()
            if call is not None:
                call.unsent = self._pump.unsent
            self._pump = None
        if self.transport is not None:
            self.transport.abort()

    # Handing a long body over

    def hand_over(self, client: Client, prefix: bytes) -> bool:
        transport = self.transport
        if not self._left or transport is None or self.pool.origin.secure or not pump.AVAILABLE:
            return False
        if self.call is None or self.call.plan is None or self.call.plan.streams:
            return False  # nobody would see that the stream still flows
        sink = client.lend_socket()
        if sink is None:
            return False
        source: int = transport.get_extra_info("socket").fileno()
        try:
            self._pump = pump.Pump(source, sink, _Transfer(self, client))
        except OSError:  # enough of them are under way, or no descriptors are left: what is open already will do
            return False
        self._pieces.insert(0, prefix)
        transport.pause_reading()
        return True

    def client_waits(self, waiting: bool) -> None:
        self._paused = waiting
        call = self.call
        if call is not None:
            call.stop_timer()
            call.touch(self.pool.now())

    def pumped(self, clean: bool) -> None:
        """All is sent. What came behind it was not asked for, and would be taken for the answer to the next call."""
        self._pump = None
        self._left = 0
        if self.transport is not None and self.call is not None and self._head is not None:
            self.transport.resume_reading()
            self._complete(self.call, self._head, reuse=clean)

    # Reading an answer

    def _read_head(self, call: Call, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > MAX_RESPONSE_HEAD:
                    raise ProtocolError("the head of the answer is too large")
                self._buffer = data
                return
            head = parse_response(data[:end], self.pool.table)
            data = data[end + 4 :]
            if head.status >= 200:
                break
            self._interim += 1
            if head.status == 101 or self._interim > _MAX_INTERIM:
                raise ProtocolError(f"an answer {head.status} that was not asked for")
        self._head = head
        self._frame(call, head)
        self._read_body(call, head, data)

    def _frame(self, call: Call, head: ResponseHead) -> None:
        """How the body ends (RFC 9112 section 6.3)."""
        length = head.content_length
        if call.method == b"HEAD" or head.status in BODILESS:
            self._left = 0
        elif length == CHUNKED:
            self._decoder = ChunkedDecoder()
        else:
            self._left = length
        plan = call.plan
        if self._left is not None and self._left > BODY_LIMIT and plan is not None and plan.receiver.buffers:
            call.fail(FailureKind.TOO_LARGE, f"an answer of {self._left} bytes")

    def _read_body(self, call: Call, head: ResponseHead, data: bytes) -> None:
        plan, left = call.plan, self._left
        if plan is None:
            return
        if plan.streams:
            call.stop_timer()
            call.touch(self.pool.now())
        if left is not None:
            size = len(data)
            if size > left:
                raise ProtocolError("bytes after the end of the answer")
            self._left = left = left - size
            if self._streaming:
                plan.receiver.on_data(call.context, data)
            elif left == 0 and not self._pieces:
                self._deliver(call, plan, head, data)
                return
            else:
                self._gather(call, plan, head, (data,))
            if left == 0:
                self._complete(call, head, reuse=True)
        elif self._decoder is not None:
            self._gather(call, plan, head, self._decoder.feed(data))
            if self._decoder.done:
                if self._decoder.rest:
                    raise ProtocolError("bytes after the end of the answer")
                self._complete(call, head, reuse=True)
        elif data or plan.streams:
            self._gather(call, plan, head, (data,))

    def _gather(self, call: Call, plan: UpstreamRequest[Any], head: ResponseHead, pieces: Iterable[bytes]) -> None:
        receiver = plan.receiver
        for piece in pieces:
            if call.over or not piece:
                continue
            self._size += len(piece)
            if self._streaming:
                receiver.on_data(call.context, piece)
                continue
            self._pieces.append(piece)
        if self._streaming or call.over:
            return
        if self._size > BODY_LIMIT:
            call.fail(FailureKind.TOO_LARGE, f"an answer of more than {BODY_LIMIT} bytes")
        elif receiver.buffers:
            if self._size > WHOLE:
                self._reserve(call)
        elif plan.streams or self._size > WHOLE or (self._left or 0) > WHOLE:
            self._streaming = True
            receiver.on_begin(call.context, head, None if self._left is None else self._left + self._size)
            gathered, self._pieces = self._pieces, []
            if self._pump is not None:
                self._pump.start(gathered, self._left or 0)
            elif gathered and not call.over:
                receiver.on_data(call.context, b"".join(gathered))

    def _reserve(self, call: Call) -> None:
        grown = self._size - self._reserved
        if self.pool.client.take_answer(grown):
            self._reserved = self._size
        else:
            call.fail(FailureKind.TOO_LARGE, "too much of backends' answers is being collected at once")

    def _complete(self, call: Call, head: ResponseHead, *, reuse: bool) -> None:
        plan = call.plan
        if plan is None:
            return
        if not self._streaming:
            self._deliver(call, plan, head, b"".join(self._pieces), reuse=reuse)
            return
        context = call.context
        self._forget_answer()
        self._release(call, head, reuse=reuse)
        plan.receiver.on_end(context)

    def _deliver(
        self, call: Call, plan: UpstreamRequest[Any], head: ResponseHead, body: bytes, *, reuse: bool = True
    ) -> None:
        context = call.context
        self._release(call, head, reuse=reuse)
        plan.receiver.on_response(context, head, body)

    def _release(self, call: Call, head: ResponseHead, *, reuse: bool) -> None:
        """The answer is whole: the connection goes back to its pool before anybody is told."""
        call.end()
        self.call = None
        self._head = None
        self._left = None
        if self._size or self._interim or self._decoder is not None:
            self._forget_answer()
        if self._paused:
            self._paused = False
            if self.transport is not None:
                self.transport.resume_reading()
        if reuse and head.keep_alive:
            self.used = True
            self.pool.free(self)
        else:
            self.discard()


class _Transfer:
    """A long body on its way to the client's socket, as its Pump tells of it."""

    __slots__ = ("_client", "_connection")

    def __init__(self, connection: BackendConnection, client: Client) -> None:
        self._connection = connection
        self._client = client

    def done(self, clean: bool) -> None:
        self._connection.pumped(clean)

    def broken(self, cause: str) -> None:
        call = self._connection.call
        if call is not None:
            call.fail(FailureKind.CLOSED, f"the backend closed the connection: {cause}")

    def gone(self) -> None:
        self._client.cut()  # and the end of that connection is the end of the call

    def waits(self, waiting: bool) -> None:
        self._connection.client_waits(waiting)
        self._client.stalled(waiting)
