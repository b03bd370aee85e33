"""Backends that misbehave, and a caller that writes down what it was told.

async with backend(script) as origin, calling() as client:
    call = client.get(origin)
    await call.over
    assert call.failure.kind is FailureKind.PROTOCOL
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from edge_scene import until
from portico.adapters.egress import EgressPolicy
from portico.adapters.http_client import HttpClient
from portico.ports.upstream import FailureKind, Origin, UpstreamCall, UpstreamFailure, UpstreamRequest
from portico.server.departures import Departures
from portico.wire.http1 import HeaderTable, ResponseHead

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Wire:
    """A backend's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number
        """0 for the backend's first connection, and so on."""

    async def request(self) -> bytes:
        """The head and body of the next request; b"" where the client has closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + await self.reader.readexactly(int(length[0].split(b":")[1]) if length else 0)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def send_slowly(self, pieces: list[bytes]) -> None:
        """Each in a packet of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            for _ in range(3):
                await asyncio.sleep(0)

    async def closed(self) -> None:
        """Wait until the client has closed."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Wire], Awaitable[None]]


@dataclass
class Backend:
    origin: Origin
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


def answering(data: bytes = OK) -> Script:
    """Answers every request alike, and keeps its connections."""

    async def script(wire: Wire) -> None:
        while await wire.request():
            wire.send(data)

    return script


def answering_once(*pieces: bytes, then: str = "wait") -> Script:
    """Answers one request in these packets, and then closes, resets or waits for the client to close."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send_slowly(list(pieces))
        if then == "reset":
            wire.reset()
        elif then == "wait":
            await wire.closed()

    return script


@asynccontextmanager
async def backend(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, name: str = "", verify: bool = True
) -> AsyncIterator[Backend]:
    """A listening backend that plays `script` on each connection. `name`: what it is called by, instead of `host`."""
    tasks: set[asyncio.Task[Any]] = set()
    playing = Backend(Origin(tls is not None, name or host, 0, verify))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        wire = Wire(_Recording(reader, playing.requests), writer, playing.connections)  # type: ignore[arg-type]
        playing.connections += 1
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await script(wire)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    playing.origin = playing.origin._replace(port=server.sockets[0].getsockname()[1])
    try:
        yield playing
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Recording:
    """A StreamReader that keeps the heads of requests."""

    def __init__(self, reader: asyncio.StreamReader, kept: list[bytes]) -> None:
        self._reader = reader
        self._kept = kept

    async def readuntil(self, separator: bytes) -> bytes:
        head = await self._reader.readuntil(separator)
        self._kept.append(head)
        return head

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


class Called:
    """One call, as its Receiver hears of it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.head: ResponseHead | None = None
        self.length: int | None = None
        self.body = b""
        self.failure: UpstreamFailure | None = None
        self.over = asyncio.Event()
        self.call: UpstreamCall | None = None
        self.when_told: Callable[[str], None] = lambda _: None

    def tell(self, what: str) -> None:
        assert not self.over.is_set(), f"{what} after {self.told}"
        self.told.append(what)
        if what in ("response", "end", "failure"):
            self.over.set()
        self.when_told(what)

    @property
    def status(self) -> int:
        assert self.head is not None, self.failure
        return self.head.status

    @property
    def kind(self) -> FailureKind | None:
        return None if self.failure is None else self.failure.kind


class _Listening:
    """The Receiver of all calls of a test."""

    def __init__(self, buffers: bool) -> None:
        self.buffers = buffers

    def on_response(self, context: Called, head: ResponseHead, body: bytes) -> None:
        context.head, context.body = head, body
        context.tell("response")

    def on_begin(self, context: Called, head: ResponseHead, length: int | None) -> None:
        context.head, context.length = head, length
        context.tell("begin")

    def on_data(self, context: Called, data: bytes) -> None:
        assert data, "nothing is not worth telling"
        assert context.told and context.told[-1] in ("begin", "data")
        context.body += data
        context.tell("data")

    def on_end(self, context: Called) -> None:
        context.tell("end")

    def on_failure(self, context: Called, failure: UpstreamFailure) -> None:
        context.failure = failure
        context.tell("failure")


class Caller:
    """The client under test. Its clock stands still until `wait`."""

    def __init__(self, egress: EgressPolicy | None, trust: ssl.SSLContext | None, **settings: Any) -> None:
        self.time = 1000.0
        gather = Departures(asyncio.get_running_loop().call_soon).gather
        self.client = HttpClient(HeaderTable(), egress, trust=trust, gather=gather, clock=lambda: self.time, **settings)

    def send(
        self,
        origin: Origin,
        method: bytes = b"GET",
        *,
        body: bytes = b"",
        timeout: float = 30.0,
        buffers: bool = False,
        streams: bool = False,
    ) -> Called:
        called = Called()
        request = b"%b / HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n\r\n%b" % (method, len(body), body)
        plan = UpstreamRequest(_Listening(buffers), timeout, streams)
        called.call = self.client.to(origin).call(method, request, plan, called)
        return called

    async def get(self, origin: Origin, **how: Any) -> Called:
        """A GET, once it is over."""
        called = self.send(origin, **how)
        await called.over.wait()
        return called

    def wait(self, seconds: float) -> None:
        """Time passes, and then the sweep comes."""
        self.time += seconds
        self.client.sweep()

    def pool(self, origin: Origin) -> Any:
        return self.client.to(origin)

    def idle(self, origin: Origin) -> int:
        return len(self.pool(origin)._idle)

    def open(self, origin: Origin) -> int:
        return len(self.pool(origin).connections)


@asynccontextmanager
async def calling(
    egress: EgressPolicy | None = None, trust: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[Caller]:
    """`settings`: further ones of the HttpClient."""
    caller = Caller(egress, trust, **settings)
    try:
        yield caller
    finally:
        caller.client.close()
        pools = list(caller.client._pools.values())
        await until(lambda: not any(pool.connections or pool._dialing for pool in pools))
        assert not any(pool._open for pool in pools), "connections were miscounted"
