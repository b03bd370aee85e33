"""A functions process that does as it is told, and a caller that writes down what it hears.

async with functions_process(tmp_path) as host, calling(host) as caller:
    called = caller.invoke(b"{}")
    (await host.invoked()).answer(b'"hello"')
    await called.over.wait()
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edge_scene import until
from portico.adapters.function_client import FunctionClient
from portico.ports.functions import (
    Caller,
    FailureKind,
    FunctionAnswer,
    FunctionCall,
    FunctionFailure,
    Invocable,
    InvocationType,
)
from portico.server.unix_sockets import connected, short_name
from portico.wire import function_frames as frames
from portico.wire.function_frames import AnswerHead, FrameKind, FrameReader

ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"
HELLO = Invocable(ARN, Caller("apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:000000000000:a/*/GET/"))


class Invoked:
    """One INVOKE, as the functions process sees it."""

    def __init__(self, wire: "HostWire", number: int, content: bytes) -> None:
        head, trace, self.event = frames.split_invoke(content)
        self.head = msgspec.json.decode(head)
        self.trace = trace.decode()
        self.wire = wire
        self.number = number

    def answer(self, payload: bytes = b'"ok"', **head: Any) -> None:
        self.wire.send(frames.answer(self.number, msgspec.json.encode(AnswerHead(**head)), payload))

    def tell(self, kind: FrameKind, content: bytes = b"") -> None:
        self.wire.send(frames.frame(kind, self.number, content))

    def fail(self, kind: str, cause: str = "so it is") -> None:
        self.tell(FrameKind.FAILURE, msgspec.json.encode({"kind": kind, "cause": cause}))


class HostWire(asyncio.Protocol):
    """The functions process's side of one connection."""

    def __init__(self, host: "Host") -> None:
        self.host = host
        self.transport: Any = None
        self.open = True
        self.told: list[tuple[FrameKind, int]] = []
        """Frames other than INVOKE."""
        self._reader = FrameReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.host.wires.append(self)
        if self.host.silent:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False

    def data_received(self, data: bytes) -> None:
        for kind, number, content in self._reader.feed(data):
            if kind is FrameKind.INVOKE:
                self.host.got.put_nowait(Invoked(self, number, content))
            else:
                self.told.append((kind, number))

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    def leave(self) -> None:
        self.send(frames.frame(FrameKind.LEAVING, 0))

    async def hears(self, kind: FrameKind, invoked: Invoked) -> None:
        await until(lambda: (kind, invoked.number) in self.told)


class Host:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.wires: list[HostWire] = []
        self.got: asyncio.Queue[Invoked] = asyncio.Queue()
        self.silent = False
        """It reads nothing from new connections."""
        self._server: asyncio.Server | None = None

    async def invoked(self) -> Invoked:
        return await self.got.get()

    async def listen(self) -> None:
        self.path.unlink(missing_ok=True)
        with short_name(self.path) as name:
            self._server = await asyncio.get_running_loop().create_unix_server(lambda: HostWire(self), name)

    def die(self) -> None:
        """Take no more connections, and drop those there are."""
        if self._server is not None:
            self._server.close()
        self.path.unlink(missing_ok=True)
        for wire in self.wires:
            if wire.open:
                wire.transport.abort()


@asynccontextmanager
async def functions_process(folder: Path) -> AsyncIterator[Host]:
    host = Host(folder / "functions.sock")
    await host.listen()
    try:
        yield host
    finally:
        host.die()
        await until(lambda: not any(wire.open for wire in host.wires))


class Called:
    """One call, as its Receiver hears of it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.answer: FunctionAnswer | None = None
        self.failure: FunctionFailure | None = None
        self.body = bytearray()
        self.error: str | None = None
        self.log = b""
        self.request_id = ""
        self.over = asyncio.Event()
        self.call: FunctionCall | None = None
        self.when_told: Callable[[str], None] = lambda _: None

    def tell(self, what: str) -> None:
        assert not self.over.is_set(), f"{what} after {self.told}"
        self.told.append(what)
        if what in ("answer", "end", "failure"):
            self.over.set()
        self.when_told(what)

    @property
    def kind(self) -> FailureKind | None:
        return None if self.failure is None else self.failure.kind

    @property
    def cause(self) -> str:
        assert self.failure is not None, self.told
        return self.failure.cause

    @property
    def payload(self) -> bytes:
        assert self.answer is not None, self.failure
        return self.answer.payload


class Listening:
    """The Receiver of all calls of a test."""

    def on_answer(self, context: Called, answer: FunctionAnswer) -> None:
        context.answer = answer
        context.tell("answer")

    def on_begin(self, context: Called, request_id: str = "") -> None:
        context.request_id = request_id
        context.tell("begin")

    def on_data(self, context: Called, data: bytes) -> None:
        assert data, "nothing is not worth telling"
        assert context.told[-1] in ("begin", "data")
        context.body += data
        context.tell("data")

    def on_end(self, context: Called, error: str | None, log: bytes = b"") -> None:
        context.error, context.log = error, log
        context.tell("end")

    def on_failure(self, context: Called, failure: FunctionFailure) -> None:
        context.failure = failure
        context.tell("failure")


class FunctionCaller:
    """The client under test. Its clock stands still until `wait`."""

    def __init__(self, path: Path) -> None:
        self.time = 1000.0
        self.client = FunctionClient(partial(connected, path), clock=lambda: self.time)

    def invoke(
        self,
        event: bytes = b"{}",
        *,
        invocable: Invocable = HELLO,
        timeout: float = 29.0,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> Called:
        called = Called()
        called.call = self.client.to(invocable, Listening(), timeout).invoke(event, called, kind, trace_id)
        return called

    def wait(self, seconds: float) -> None:
        """Time passes, and then the sweep comes."""
        self.time += seconds
        self.client.sweep()


@asynccontextmanager
async def calling(host: Host) -> AsyncIterator[FunctionCaller]:
    caller = FunctionCaller(host.path)
    try:
        yield caller
    finally:
        under_way = [call for link in caller.client._links for call in link.calls.values()]
        caller.client.close()
        assert all(call.over for call, _ in caller.client._waiting)
        await until(lambda: not caller.client._links and caller.client._dialing is None)
        assert all(call.over for call in under_way)
