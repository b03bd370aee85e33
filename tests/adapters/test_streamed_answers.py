"""Answers that are told piece by piece, as they come, to who asked for a stream."""

import asyncio

import pytest

from edge_scene import play, until
from portico.ports.upstream import LONGEST_STREAM, FailureKind
from upstream_scene import OK, Caller, Script, Wire, answering, backend, calling

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FRAMINGS = {
    "in chunks": (HEAD, b"1\r\na\r\n", b"2\r\nbc\r\n0\r\n\r\n"),
    "of known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", b"a", b"bc"),
    "until it closes": (b"HTTP/1.1 200 OK\r\n\r\n", b"a", b"bc"),
}


def stepwise(*pieces: bytes) -> tuple[asyncio.Queue[None], Script]:
    """A backend that sends a piece each time it is told to, and closes where the head tells no length."""
    steps: asyncio.Queue[None] = asyncio.Queue()

    async def script(wire: Wire) -> None:
        await wire.request()
        for piece in pieces:
            await steps.get()
            wire.send(piece)
        if b"-" in pieces[0]:
            await wire.closed()

    return steps, script


@pytest.mark.parametrize("framing", FRAMINGS)
@play
async def test_each_piece_is_told_when_it_comes(framing: str) -> None:
    steps, script = stepwise(*FRAMINGS[framing])
    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin, streams=True)
        told = ["begin", "data", "data"]
        for number in range(1, 4):
            steps.put_nowait(None)
            await until(lambda number=number: len(called.told) >= number)
            assert called.told[:3] == told[:number]
        await called.over.wait()
        assert (called.told, called.body) == ([*told, "end"], b"abc")
        assert called.length == (3 if framing == "of known length" else None)


@play
async def test_a_whole_answer_that_comes_at_once_is_a_response() -> None:
    async with backend(answering(OK)) as server, calling() as caller:
        called = await caller.get(server.origin, streams=True)
        assert called.told == ["response"]


async def flowing(caller: Caller, seconds: float, pieces: int) -> FailureKind | None:
    """What becomes of a stream with a timeout of 100 s and a piece each so many seconds."""
    steps, script = stepwise(HEAD, *[b"1\r\na\r\n"] * pieces)
    async with backend(script) as server:
        called = caller.send(server.origin, streams=True, timeout=100.0)
        for number in range(1, pieces + 2):
            steps.put_nowait(None)
            await until(lambda number=number: len(called.told) >= number)
            caller.wait(seconds)
            if called.kind:
                break
        return called.kind


@play
async def test_its_time_is_that_of_the_next_piece() -> None:
    async with calling() as caller:
        assert await flowing(caller, 99.0, 4) is None
        assert await flowing(caller, 101.0, 4) is FailureKind.TIMEOUT


@play
async def test_and_fifteen_minutes_in_all() -> None:
    async with calling() as caller:
        began = caller.time
        assert await flowing(caller, 99.0, 20) is FailureKind.TIMEOUT
        assert LONGEST_STREAM < caller.time - began < LONGEST_STREAM + 100


@play
async def test_a_short_timeout_ends_with_its_first_byte() -> None:
    steps, script = stepwise(HEAD, b"1\r\na\r\n", b"0\r\n\r\n")
    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin, streams=True, timeout=1.0)
        timer = called.call.timer  # type: ignore[union-attr]
        assert timer is not None
        steps.put_nowait(None)
        await until(lambda: called.told)
        assert called.told == ["begin"]
        assert timer.cancelled()
        steps.put_nowait(None)
        steps.put_nowait(None)
        await called.over.wait()
        assert called.told == ["begin", "data", "end"]
