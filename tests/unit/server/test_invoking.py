"""Invocations behind the control listener: what is written to the client, and what the function hears of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from botocore.eventstream import EventStreamBuffer

from lambda_scene import FakeCall, FakeFunctions
from portico.controlplane.answering import Invoking
from portico.controlplane.functions.invoke import stream
from portico.controlplane.operation import Deferred, Stream
from portico.ports.functions import Caller, FailureKind, FunctionFailure, Invocable, InvocationType
from portico.server import invoking
from portico.server.asking import Asked, ControlApplication
from portico.server.invoking import Invocations
from portico.wire.aws.faults import AwsError
from portico.wire.http1 import HeaderTable, Memory, Response, parse_request

LINE = "POST /2015-03-31/functions/f/response-streaming-invocations HTTP/1.{minor}\r\nHost: h"


class Visitor:
    """A client connection that remembers what was written to it."""

    source_ip, scheme, forwarded, port = "127.0.0.1", b"http", b"", 4566

    def __init__(self) -> None:
        self.closing = False
        self.written = b""
        self.over = False

    def close_after_answer(self) -> None:
        self.closing = True

    def answer(self, data: bytes) -> None:
        self.written, self.over = data, True

    def begin(self, data: bytes) -> None:
        self.written = data

    def send(self, data: bytes) -> bool:
        self.written += data
        return True

    def end(self, data: bytes = b"") -> None:
        self.written += data
        self.over = True

    @property
    def head(self) -> bytes:
        return self.written.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.written.partition(b"\r\n\r\n")[2]


def waits_for(stream: Stream | None = None) -> Invoking:
    invocable = Invocable("arn:f", Caller())
    deferred = Deferred(
        invocable,
        b"{}",
        InvocationType.REQUEST_RESPONSE,
        answer=lambda answer: {"Payload": answer.payload},
        fail=lambda failure: AwsError(failure.cause),
        stream=stream,
    )
    return Invoking(
        deferred,
        succeed=lambda make: Response(200, (), make().get("Payload", b"")),
        refuse=lambda error: Response(error.status, (), error.message.encode()),
    )


class Stage:
    """One invocation, called on a running loop."""

    def __init__(self, stream: Stream | None = None, minor: int = 1) -> None:
        self.client = Visitor()
        head = parse_request(LINE.format(minor=minor).encode(), HeaderTable(), Memory())
        self.asked = Asked(ControlApplication({}, lambda asked: None), self.client, head)  # type: ignore[arg-type]
        self.functions = FakeFunctions()
        self.invocations = Invocations(self.functions)  # type: ignore[arg-type]
        self.task = asyncio.create_task(self.invocations.carry_out(self.asked, waits_for(stream)))

    async def call(self) -> FakeCall:
        """It is made in the task's first turn."""
        await asyncio.sleep(0)
        return self.functions.calls[0]


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


def test_an_answer_is_written_when_the_function_has_given_it() -> None:
    async def scene() -> None:
        stage = Stage()
        call = await stage.call()
        assert (call.payload, stage.client.written) == (b"{}", b"")
        call.answer(b'"done"')
        await stage.task
        assert stage.client.body == b'"done"'
        assert b"Content-Length: 6" in stage.client.head

    play(scene)


def test_a_failure_is_an_answer_too() -> None:
    async def scene() -> None:
        stage = Stage()
        (await stage.call()).fail(FunctionFailure(FailureKind.UNAVAILABLE, "nobody is there"))
        await stage.task
        assert stage.client.written.startswith(b"HTTP/1.1 500 ")
        assert stage.client.body == b"nobody is there"

    play(scene)


def test_a_client_that_left_is_forgotten_and_the_function_is_not_waited_for() -> None:
    async def scene() -> None:
        stage = Stage()
        call = await stage.call()
        stage.asked.gone()
        await stage.task
        assert call.told == ["cancel"]

    play(scene)


def test_who_had_left_before_the_function_was_called_is_not_waited_for_either() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.asked.gone()
        await stage.task
        assert stage.functions.calls[0].told == ["cancel"]

    play(scene)


def test_beyond_the_most_a_caller_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr(invoking, "MOST", 0)
        stage = Stage()
        await stage.task
        assert stage.client.written.startswith(b"HTTP/1.1 429 ")
        assert stage.functions.calls == []

    play(scene)


# Streams


def unchunked(body: bytes) -> bytes:
    data = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        data += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return data


def events(data: bytes) -> list[tuple[str, bytes]]:
    """As botocore reads them, checksums included."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(m.headers.get(":event-type") or m.headers[":exception-type"], m.payload) for m in buffer]


def test_a_stream_is_written_as_it_comes() -> None:
    async def scene() -> None:
        stage = Stage(stream("1"))
        call = await stage.call()
        call.begin()
        assert b"Transfer-Encoding: chunked" in stage.client.head
        assert b"Content-Length" not in stage.client.head
        call.data(b"one")
        assert events(unchunked(stage.client.body)) == [("PayloadChunk", b"one")]
        call.data(b"two")
        call.end()
        await stage.task
        assert stage.client.over
        assert events(unchunked(stage.client.body))[1:] == [("PayloadChunk", b"two"), ("InvokeComplete", b"{}")]

    play(scene)


def test_an_old_client_gets_its_stream_until_the_connection_ends() -> None:
    async def scene() -> None:
        stage = Stage(stream("1"), minor=0)
        call = await stage.call()
        call.begin()
        call.data(b"one")
        call.end()
        await stage.task
        assert b"Connection: close" in stage.client.head
        assert b"Transfer-Encoding" not in stage.client.head
        assert events(stage.client.body) == [("PayloadChunk", b"one"), ("InvokeComplete", b"{}")]

    play(scene)


def test_what_broke_a_stream_is_told_in_it() -> None:
    async def scene() -> None:
        raised, lost = Stage(stream("1")), Stage(stream("1"))
        for stage in (raised, lost):
            (await stage.call()).begin()
        (await raised.call()).end('{"errorType": "Boom"}')
        (await lost.call()).fail(FunctionFailure(FailureKind.UNAVAILABLE, "gone"))
        assert events(unchunked(raised.client.body)) == [
            ("InvokeComplete", b'{"ErrorCode":"Unhandled","ErrorDetails":"{\\"errorType\\": \\"Boom\\"}"}')
        ]
        ((kind, told),) = events(unchunked(lost.client.body))
        assert (kind, b"broke off" in told) == ("ServiceException", True)
        await asyncio.gather(raised.task, lost.task)

    play(scene)


def test_a_slow_client_holds_the_function_back() -> None:
    async def scene() -> None:
        stage = Stage(stream("1"))
        call = await stage.call()
        call.begin()
        stage.asked.pause()
        stage.asked.resume()
        call.end()
        await stage.task
        assert call.told == ["pause", "resume"]

    play(scene)
