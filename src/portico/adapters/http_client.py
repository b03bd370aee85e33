"""The HTTP/1.1 client of the data plane: keep-alive pools per origin, and nothing awaited on the way of a request.

The laws:
- A connection serves one call at a time. One that has unread or unasked-for bytes is never used again.
- A call is sent once. It is sent a second time only if it is idempotent and the connection, taken from the pool, was
  closed by the backend before the first byte of an answer: the backend had let go of it before we asked.
- The whole answer has `timeout` seconds; time in which our own client is slow does not count.
- What is ambiguous (two lengths, bytes after the answer, an unfinished chunk) is a failure, never a guess.
- A name is looked up again while it is in use, once at a time; connections to addresses that it lost are let go.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast
from weakref import WeakValueDictionary

from portico.adapters import pump
from portico.adapters.egress import EgressPolicy
from portico.adapters.names import Clock, Names, Unreachable
from portico.ports.client import Client
from portico.ports.upstream import (
    BODY_LIMIT,
    Destination,
    FailureKind,
    Origin,
    UpstreamCall,
    UpstreamFailure,
    UpstreamRequest,
)
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import (
    BODILESS,
    CHUNKED,
    MAX_RESPONSE_HEAD,
    HeaderTable,
    ProtocolError,
    ResponseHead,
    parse_response,
)

IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
WHOLE: Final = 64 * 1024
"""Bytes of a body that are collected before an answer is told: a failure on the way can then still be a clean 5xx."""
MAX_CONNECTIONS: Final = 4096
"""To one origin, from one worker. Calls beyond wait for one to come free."""
IDLE_SECONDS: Final = 60.0
"""A pooled connection is closed after this much idleness; AWS allows backends 310 s, most close at 60 to 75."""
DIAL_SECONDS: Final = 30.0
"""To connect, TLS included. A call's own timeout is mostly shorter; the connection then serves a later call."""
NEXT_ADDRESS_SECONDS: Final = 2.0
"""The same where another address is left to try."""
_EXACT_BELOW: Final = 2.0
"""Timeouts below this many seconds get a timer of their own: the sweep is a quarter of a second coarse."""
_MAX_INTERIM: Final = 16


class _Call:
    """One request on its way. Holds what a second try would need."""

    __slots__ = ("connection", "context", "deadline", "method", "plan", "pool", "request", "retried", "timer", "unsent")

    def __init__(
        self, pool: "_Pool", method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, deadline: float
    ) -> None:
        self.pool = pool
        self.method = method
        self.request = request
        self.plan: UpstreamRequest[Any] | None = plan
        self.context = context
        self.connection: _Connection | None = None
        self.deadline = deadline
        self.retried = False
        self.timer: asyncio.TimerHandle | None = None
        self.unsent = 0

    # UpstreamCall

    def pause(self) -> None:
        if self.connection is not None:
            self.stop_timer()  # time stands still now; when it runs again, the sweep looks after it
            self.connection.pause()

    def resume(self) -> None:
        if self.connection is not None and self.plan is not None:
            self.connection.resume()

    def hand_over(self, client: Client, prefix: bytes, /) -> bool:
        return self.connection is not None and self.connection.hand_over(client, prefix)

    def cancel(self) -> None:
        connection = self.connection
        self.end()
        if connection is not None:
            connection.discard()

    # The adapter

    @property
    def over(self) -> bool:
        return self.plan is None

    def end(self) -> None:
        """Nothing more is told to the receiver. What would keep the request alive is let go: it holds this call."""
        self.plan = self.context = self.connection = None
        if self.timer is not None:
            self.stop_timer()

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def fail(self, kind: FailureKind, cause: str) -> None:
        plan = self.plan
        if plan is None:
            return
        connection, context = self.connection, self.context
        self.end()
        if connection is not None:
            connection.discard()
        plan.receiver.on_failure(context, UpstreamFailure(kind, cause))

    def expire(self) -> None:
        plan = self.plan
        if plan is not None:
            self.fail(FailureKind.TIMEOUT, f"no whole answer within {plan.timeout * 1000:.0f} ms")


class _Connection(asyncio.Protocol):
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
        "_size",
        "_streaming",
        "address",
        "call",
        "idle_since",
        "pool",
        "transport",
        "used",
    )

    def __init__(self, pool: "_Pool") -> None:
        self.pool = pool
        self.call: _Call | None = None
        self.used = False
        """Whether it has waited in the pool before its present call."""
        self.idle_since = 0.0
        self.address = ""
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._paused = False
        self._pump: pump.Pump | None = None
        self._forget_answer()

    def _forget_answer(self) -> None:
        self._head: ResponseHead | None = None
        self._decoder: ChunkedDecoder | None = None
        self._left: int | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._streaming = False
        self._interim = 0

    # The loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
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

    def _take_whole(self, call: _Call, data: bytes) -> bool:
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

    def send(self, call: _Call) -> None:
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
            if self.call is not None and self.call.plan is not None:
                self.call.deadline = self.pool.now() + self.call.plan.timeout
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
        if call is not None and call.plan is not None:
            call.stop_timer()
            call.deadline = self.pool.now() + call.plan.timeout

    def pumped(self, clean: bool) -> None:
        """All is sent. What came behind it was not asked for, and would be taken for the answer to the next call."""
        self._pump = None
        self._left = 0
        if self.transport is not None and self.call is not None and self._head is not None:
            self.transport.resume_reading()
            self._complete(self.call, self._head, reuse=clean)

    # Reading an answer

    def _read_head(self, call: _Call, data: bytes) -> None:
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

    def _frame(self, call: _Call, head: ResponseHead) -> None:
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

    def _read_body(self, call: _Call, head: ResponseHead, data: bytes) -> None:
        plan, left = call.plan, self._left
        if plan is None:
            return
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
        elif data:
            self._gather(call, plan, head, (data,))

    def _gather(self, call: _Call, plan: UpstreamRequest[Any], head: ResponseHead, pieces: Iterable[bytes]) -> None:
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
        elif not receiver.buffers and (self._size > WHOLE or (self._left or 0) > WHOLE):
            self._streaming = True
            receiver.on_begin(call.context, head, None if self._left is None else self._left + self._size)
            gathered, self._pieces = self._pieces, []
            if self._pump is not None:
                self._pump.start(gathered, self._left or 0)
            elif gathered and not call.over:
                receiver.on_data(call.context, b"".join(gathered))

    def _complete(self, call: _Call, head: ResponseHead, *, reuse: bool) -> None:
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
        self, call: _Call, plan: UpstreamRequest[Any], head: ResponseHead, body: bytes, *, reuse: bool = True
    ) -> None:
        context = call.context
        self._release(call, head, reuse=reuse)
        plan.receiver.on_response(context, head, body)

    def _release(self, call: _Call, head: ResponseHead, *, reuse: bool) -> None:
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

    def __init__(self, connection: _Connection, client: Client) -> None:
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


class _Pool:
    """The connections to one origin."""

    def __init__(self, client: "HttpClient", origin: Origin) -> None:
        self.client = client
        self.origin = origin
        self.now = client.clock
        self.table = client.table
        self.connections: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._waiting: deque[_Call] = deque()
        self._open = 0
        self._names = Names(origin, client.clock)
        self._dialing: dict[asyncio.Task[bool], _Call] = {}

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, /) -> UpstreamCall:
        timeout = plan.timeout
        call = _Call(self, method, request, plan, context, self.client.now + timeout)
        if timeout < _EXACT_BELOW:
            call.timer = asyncio.get_running_loop().call_later(timeout, call.expire)
        if self._idle:
            connection = self._idle.pop()
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                connection.call = call
                call.connection = connection
                transport.write(request)
                return call
        self.start(call)
        return call

    def start(self, call: _Call) -> None:
        """Send `call` on a free connection, or dial one, or wait for one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                connection.send(call)
                return
        self.dial(call)

    def dial(self, call: _Call) -> None:
        """Send `call` on a new connection, or wait for one."""
        if self._open >= MAX_CONNECTIONS:
            self._waiting.append(call)
            return
        self._open += 1
        task = asyncio.get_running_loop().create_task(self._dial(call))
        self._dialing[task] = call
        task.add_done_callback(self._dialed)

    def free(self, connection: _Connection) -> None:
        waiting = self._waiting
        while waiting:
            call = self._waiting.popleft()
            if not call.over:
                connection.send(call)
                return
        connection.idle_since = self.client.now
        self._idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        if connection not in self.connections:
            return  # it was never handed over: `_dial` counts it
        self.connections.discard(connection)
        self._open -= 1
        if connection.call is None and connection in self._idle:
            self._idle.remove(connection)
        self._start_waiting()

    def _start_waiting(self) -> None:
        while self._waiting and self._open < MAX_CONNECTIONS:
            call = self._waiting.popleft()
            if not call.over:
                self.start(call)

    async def _dial(self, call: _Call) -> bool:
        """Whether there is a connection."""
        try:
            connection = await self._connect()
        except Unreachable as error:
            call.fail(error.kind, str(error))
            return False
        except Exception as error:
            call.fail(FailureKind.CONNECT, f"unexpected: {error!r}")
            return False
        if call.over:
            connection.used = True
            self.free(connection)
        else:
            connection.send(call)
        return True

    def _dialed(self, task: asyncio.Task[bool]) -> None:
        del self._dialing[task]
        if task.cancelled() or not task.result():
            self._open -= 1
            self._start_waiting()

    async def _connect(self) -> _Connection:
        """A new connection, trying each resolved address in turn. Raises Unreachable."""
        host, port = self.origin.host, self.origin.port
        failure = Unreachable(FailureKind.RESOLVE, f"{host} has no address")
        addresses = await self._names.resolve()
        for left, address in zip(reversed(range(len(addresses))), tuple(addresses), strict=True):
            if not self.client.egress.allows(address, port):
                failure = Unreachable(FailureKind.FORBIDDEN, f"{host} is at {address}, which is not called")
                continue
            try:
                async with asyncio.timeout(NEXT_ADDRESS_SECONDS if left else DIAL_SECONDS):
                    return await self._connect_to(address)
            except Unreachable as error:
                failure = error
            except ssl.SSLError as error:
                failure = Unreachable(FailureKind.TLS, f"{host}: {error.reason or error}")
            except TimeoutError:
                failure = Unreachable(FailureKind.CONNECT, f"{address} port {port}: it does not answer")
            except (OSError, OverflowError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                failure = Unreachable(FailureKind.CONNECT, f"{address} port {port}: {why}")
            self._names.try_last(address)
        raise failure

    async def _connect_to(self, address: str) -> _Connection:
        origin = self.origin
        transport, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(self),
            address,
            origin.port,
            ssl=self.client.tls(origin),
            server_hostname=origin.host if origin.secure else None,
        )
        if connection.transport is None:
            raise Unreachable(FailureKind.CLOSED, f"{address} port {origin.port}: closed at once")
        local = transport.get_extra_info("sockname")
        if not self.client.egress.allows(address, origin.port, local[0] if local else ""):
            transport.abort()
            raise Unreachable(FailureKind.FORBIDDEN, f"{origin.host} is this host, whose port is not called")
        connection.address = address
        self.connections.add(connection)
        return connection

    def sweep(self, now: float) -> None:
        for call in [one for one in self._calls() if one.deadline < now and not one.over]:
            call.expire()
        if self.connections:
            self._names.refresh()
        for connection in [one for one in self._idle if self._has_expired(one, now)]:
            connection.discard()

    def _has_expired(self, connection: _Connection, now: float) -> bool:
        return now - connection.idle_since > IDLE_SECONDS or connection.address not in self._names.addresses

    def _calls(self) -> Iterator[_Call]:
        """The calls whose time runs: not those that wait for our own client to read."""
        for connection in self.connections:
            if connection.call is not None and not connection.paused:
                yield connection.call
        yield from self._dialing.values()
        yield from self._waiting

    def close(self) -> None:
        under_way = [connection.call for connection in self.connections]
        for call in [*under_way, *self._dialing.values(), *self._waiting]:
            if call is not None:
                call.fail(FailureKind.CLOSED, "the gateway is shutting down")
        for task in list(self._dialing):
            task.cancel()
        for connection in list(self.connections):
            connection.discard()
        self._names.close()


class HttpClient:
    """The Upstream port over asyncio. One per process; call `sweep` every quarter of a second."""

    def __init__(
        self,
        table: HeaderTable,
        egress: EgressPolicy | None = None,
        *,
        trust: ssl.SSLContext | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.table = table
        self.egress = egress or EgressPolicy()
        self.clock = clock
        self.now = clock()
        self._trust = trust
        self._mistrust: ssl.SSLContext | None = None
        self._pools: WeakValueDictionary[Origin, _Pool] = WeakValueDictionary()
        """A pool lives while a Route or a connection holds it: a host that a client may name must not stay for ever."""
        self._newest: list[_Pool] = []
        """Those of the last `IDLE_SECONDS`, so that what they know of a name is not forgotten with each call."""
        self._newest_since = self.now

    def to(self, origin: Origin, /) -> Destination:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = _Pool(self, origin)
            self._newest.append(pool)
        return pool

    def tls(self, origin: Origin) -> ssl.SSLContext | None:
        """The context for `origin`, made when it is first needed: loading the trust store takes 20 ms."""
        if not origin.secure:
            return None
        if origin.verify:
            if self._trust is None:
                self._trust = ssl.create_default_context()
            return self._trust
        if self._mistrust is None:
            self._mistrust = ssl.create_default_context()
            self._mistrust.check_hostname = False
            self._mistrust.verify_mode = ssl.CERT_NONE
        return self._mistrust

    def sweep(self) -> None:
        now = self.now = self.clock()
        for pool in list(self._pools.values()):
            pool.sweep(now)
        if now - self._newest_since > IDLE_SECONDS:
            self._newest, self._newest_since = [], now

    def close(self) -> None:
        for pool in list(self._pools.values()):
            pool.close()
