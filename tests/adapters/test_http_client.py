"""The HTTP client against backends that keep the rules, and against every kind that does not."""

import asyncio
import gc
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from certificates import server_tls
from edge_scene import play, until
from portico.adapters import http_client, http_connection, http_pool, names
from portico.adapters.egress import EgressPolicy
from portico.adapters.http_call import EXACT_BELOW
from portico.ports.upstream import BODY_LIMIT, FailureKind, Origin
from upstream_scene import OK, Called, Wire, answering, answering_once, backend, calling

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LARGE = b"x" * 1_000_000
SIZED = HEAD + b"Content-Length: 1000000\r\n\r\n"


# Answers


@play
async def test_an_answer() -> None:
    async with backend(answering()) as server, calling() as caller:
        called = await caller.get(server.origin)
        assert (called.told, called.status, called.body) == (["response"], 200, b"ok")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (CHUNKED + b"5;a=b\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
        (b"HTTP/1.1 404\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, b"ok"),
    ],
)
@pytest.mark.parametrize("buffers", [True, False])
@play
async def test_an_answer_in_packets_split_anywhere(answer: bytes, body: bytes, buffers: bool) -> None:
    splits = [[answer[:at], answer[at:]] for at in range(1, len(answer))]
    splits.append([answer[at : at + 1] for at in range(len(answer))])

    async def script(wire: Wire) -> None:
        for pieces in splits:
            await wire.request()
            await wire.send_slowly(pieces)
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        for _ in splits:
            called = await caller.get(server.origin, buffers=buffers)
            assert (called.told, called.body) == (["response"], body)
        assert server.connections == 1


def split_reads(answer: bytes, seen_before: bytes = b"") -> list[Called]:
    """What is heard where the reads end at each byte, judged without a socket in between."""

    async def scene() -> list[Called]:
        heard = []
        async with backend(answering(seen_before or answer)) as server, calling() as caller:
            await caller.get(server.origin)
            (connection,) = caller.pool(server.origin).connections
            for at in range(1, len(answer)):
                called = caller.send(server.origin)
                connection.data_received(answer[:at])
                connection.data_received(answer[at:])
                heard.append(called)
                assert caller.idle(server.origin) == 1
        return heard

    return asyncio.run(scene())


@pytest.mark.parametrize("spare", range(6))
def test_a_head_that_was_seen_before_may_be_split_too(spare: int) -> None:
    """A length near the head's own was mistaken for a whole answer where a read ended inside the empty line."""
    size = len(HEAD + b"Content-Length: 37\r\n") - spare
    answer = HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    for called in split_reads(answer):
        assert (called.told, called.body) == (["response"], b"x" * size)


@pytest.mark.parametrize("answer", [SIZED, CHUNKED, HEAD + b"\r\n"])
@play
async def test_head_has_no_body_whatever_its_answer_says(answer: bytes) -> None:
    async with backend(answering(answer)) as server, calling() as caller:
        for _ in range(3):
            called = await caller.get(server.origin, method=b"HEAD")
            assert (called.told, called.body) == (["response"], b"")
        assert server.connections == 1


@play
async def test_a_body_after_the_answer_to_head_is_a_failure() -> None:
    async with backend(answering(OK)) as server, calling() as caller:
        assert (await caller.get(server.origin, method=b"HEAD")).kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@play
async def test_a_body_that_ends_with_its_connection(version: bytes) -> None:
    answer = b"HTTP/" + version + b" 200 OK\r\n\r\nhello"
    async with backend(answering_once(answer[:25], answer[25:], then="close")) as server, calling() as caller:
        called = await caller.get(server.origin)
        assert (called.told, called.body) == (["response"], b"hello")
        await until(lambda: not caller.open(server.origin))
        assert caller.idle(server.origin) == 0


# Large answers are streamed


@pytest.mark.parametrize(
    ("answer", "length", "then"),
    [
        (SIZED + LARGE, 1_000_000, "wait"),
        (CHUNKED + b"f4240\r\n" + LARGE + b"\r\n0\r\n\r\n", None, "wait"),
        (HEAD + b"\r\n" + LARGE, None, "close"),
    ],
)
@play
async def test_a_large_answer_is_streamed(answer: bytes, length: int | None, then: str) -> None:
    async with backend(answering_once(answer, then=then)) as server, calling() as caller:
        called = await caller.get(server.origin)
        assert called.told[0] == "begin" and called.told[-1] == "end"
        assert (called.length, called.body) == (length, LARGE)


@pytest.mark.parametrize("cut", [len(SIZED), len(SIZED) + 1, len(SIZED) + 70_000, len(SIZED) + len(LARGE) - 1])
@play
async def test_a_streamed_answer_leaves_nothing_behind(cut: int) -> None:
    """The head of a large answer mostly comes in a packet of its own."""
    answer = SIZED + LARGE

    async def script(wire: Wire) -> None:
        for _ in range(2):
            await wire.request()
            await wire.send_slowly([answer[:cut], answer[cut:]])
            for data in (OK, CHUNKED + b"2\r\nok\r\n0\r\n\r\n", OK[:-2], b"o", b"k"):
                if data.startswith(b"HTTP"):
                    await wire.request()
                await wire.send_slowly([data])
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        for _ in range(2):
            large = await caller.get(server.origin)
            assert (large.told[0], large.told[-1], large.length, large.body) == ("begin", "end", 1_000_000, LARGE)
            for _ in range(3):
                small = await caller.get(server.origin)
                assert (small.told, small.body) == (["response"], b"ok")
        assert server.connections == 1


@play
async def test_a_collected_answer_leaves_nothing_behind() -> None:
    async with backend(answering(SIZED + LARGE)) as server, calling() as caller:
        for buffers in (True, False, True):
            called = await caller.get(server.origin, buffers=buffers)
            assert (called.body == LARGE, called.told[0]) == (True, "response" if buffers else "begin")
        assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HEAD + b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT + 1), FailureKind.TOO_LARGE),
        (CHUNKED + b"%x\r\n" % (BODY_LIMIT + 1) + b"x" * (BODY_LIMIT + 1), FailureKind.TOO_LARGE),
        (HEAD + b"\r\n" + b"x" * (BODY_LIMIT + 1), FailureKind.TOO_LARGE),
    ],
)
@play
async def test_what_is_collected_is_bounded(answer: bytes, told: FailureKind) -> None:
    async with backend(answering_once(answer)) as server, calling() as caller:
        assert (await caller.get(server.origin, buffers=True)).kind is told
        await until(lambda: not caller.open(server.origin))


@play
async def test_backends_that_begin_large_answers_and_stop_hold_no_more_than_a_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_client, "ANSWERS_BUDGET", 2_500_000)
    go = asyncio.Event()

    async def script(wire: Wire) -> None:
        while await wire.request():
            wire.send(SIZED + LARGE[:-1])
            await go.wait()
            wire.send(LARGE[-1:])

    async with backend(script) as server, calling() as caller:
        called = [caller.send(server.origin, buffers=True) for _ in range(4)]
        await until(lambda: sum(one.over.is_set() for one in called) == 2)
        assert [one.kind for one in called if one.over.is_set()] == [FailureKind.TOO_LARGE] * 2
        go.set()
        await until(lambda: all(one.over.is_set() for one in called))
        assert sorted(len(one.body) for one in called) == [0, 0, len(LARGE), len(LARGE)]
        await until(lambda: not caller.client._collected)
        assert (await caller.get(server.origin, buffers=True)).body == LARGE


# Backpressure


@play
async def test_a_slow_client_stops_its_backend() -> None:
    size = 50_000_000
    sent = 0

    async def script(wire: Wire) -> None:
        nonlocal sent
        await wire.request()
        wire.send(HEAD + b"Content-Length: %d\r\n\r\n" % size)
        while sent < size:
            wire.send(LARGE)
            sent += len(LARGE)
            await wire.writer.drain()
        await wire.request()
        wire.send(OK)
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin)
        call = called.call
        assert call is not None
        taken = 0

        def take(what: str) -> None:
            nonlocal taken
            taken += len(called.body)
            called.body = b""
            if what == "data" and taken < size // 2:
                call.pause()

        called.when_told = take
        await until(lambda: taken)
        for _ in range(200):
            await asyncio.sleep(0)
        assert sent < size, "the backend was read to its end"
        while not called.over.is_set():
            call.resume()
            await asyncio.sleep(0)
        assert taken == size
        assert (await caller.get(server.origin)).body == b"ok"


@pytest.mark.parametrize("seconds", [EXACT_BELOW - 0.1, EXACT_BELOW])
@play
async def test_time_stands_still_while_the_client_is_slow(seconds: float) -> None:
    go_on = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send_slowly([SIZED + LARGE[:-1]])
        await go_on.wait()
        wire.send(b"x")
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin, timeout=seconds)
        assert called.call is not None
        await until(lambda: len(called.body) == 999_999)
        called.call.pause()
        caller.wait(100.0)
        assert called.failure is None
        assert called.call.timer is None  # type: ignore[attr-defined]
        called.call.resume()
        caller.wait(seconds / 2)
        go_on.set()
        await called.over.wait()
        assert called.told[-1] == "end"


@play
async def test_after_a_pause_time_runs_again() -> None:
    async with backend(answering_once(SIZED + LARGE[:-1])) as server, calling() as caller:
        called = caller.send(server.origin, timeout=1.0)
        assert called.call is not None
        await until(lambda: len(called.body) == 999_999)
        called.call.pause()
        called.call.resume()
        caller.wait(1.1)
        assert called.kind is FailureKind.TIMEOUT


@play
async def test_an_answer_that_ends_while_paused_frees_its_connection() -> None:
    async with backend(answering()) as server, calling() as caller:
        first = await caller.get(server.origin)
        called = caller.send(server.origin)
        called.when_told = lambda _: called.call.pause() if called.call else None
        await called.over.wait()
        assert (await caller.get(server.origin)).body == b"ok"
        assert server.connections == 1
        assert first.call is not None
        first.call.pause()
        first.call.resume()
        assert (await caller.get(server.origin)).body == b"ok"


# The pool


@play
async def test_connections_are_used_again_the_last_one_first() -> None:
    seen = []

    async def script(wire: Wire) -> None:
        while await wire.request():
            seen.append(wire.number)
            wire.send(OK)

    async with backend(script) as server, calling() as caller:
        both = [caller.send(server.origin) for _ in range(2)]
        for called in both:
            await called.over.wait()
        last = seen[-1]
        for _ in range(3):
            await caller.get(server.origin)
        assert seen[2:] == [last] * 3
        assert caller.idle(server.origin) == 2


@play
async def test_an_idle_connection_is_closed() -> None:
    async with backend(answering()) as server, calling() as caller:
        await caller.get(server.origin)
        caller.wait(59.9)
        assert caller.open(server.origin) == 1
        caller.wait(0.2)
        await until(lambda: not caller.open(server.origin))
        assert caller.idle(server.origin) == 0


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")]
)
@play
async def test_a_connection_that_will_be_closed_is_not_kept(answer: bytes) -> None:
    async with backend(answering(answer)) as server, calling() as caller:
        for _ in range(2):
            assert (await caller.get(server.origin)).body == b"ok"
        assert server.connections == 2
        await until(lambda: not caller.open(server.origin))


@play
async def test_http_1_0_may_keep_its_connection() -> None:
    answer = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
    async with backend(answering(answer)) as server, calling() as caller:
        for _ in range(2):
            await caller.get(server.origin)
        assert server.connections == 1


@play
async def test_calls_beyond_the_most_connections_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "MAX_CONNECTIONS", 2)
    async with backend(answering()) as server, calling() as caller:
        calls = [caller.send(server.origin) for _ in range(10)]
        for called in calls:
            await called.over.wait()
            assert called.body == b"ok"
        assert server.connections == 2


@play
async def test_calls_that_wait_for_connections_that_fail_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "MAX_CONNECTIONS", 1)

    async def script(wire: Wire) -> None:
        while await wire.request():
            if wire.number == 0:
                wire.reset()
            else:
                wire.send(OK)

    async with backend(script) as server, calling() as caller:
        calls = [caller.send(server.origin, b"POST") for _ in range(3)]
        for called in calls:
            await called.over.wait()
        assert [called.kind for called in calls] == [FailureKind.CLOSED, None, None]


@play
async def test_a_call_may_run_out_of_time_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "MAX_CONNECTIONS", 1)
    async with backend(answering_once()) as server, calling() as caller:
        held = caller.send(server.origin, timeout=29.0)
        waiting = caller.send(server.origin, timeout=5.0)
        cancelled = caller.send(server.origin)
        assert cancelled.call is not None
        cancelled.call.cancel()
        caller.wait(5.1)
        assert waiting.kind is FailureKind.TIMEOUT and not held.told
        caller.wait(24.0)
        assert held.kind is FailureKind.TIMEOUT and not cancelled.told
        await until(lambda: not caller.open(server.origin))


@play
async def test_pools_are_freed_with_their_last_connection() -> None:
    async with backend(answering()) as server, calling() as caller:
        for number in range(3):
            await caller.get(server.origin._replace(verify=bool(number % 2)))
        held = caller.client.to(server.origin)
        caller.wait(61.0)
        await until(lambda: not caller.open(server.origin))
        await until(lambda: gc.collect() is not None and len(caller.client._pools) == 1)
        assert caller.client.to(server.origin) is held


# Stale connections and retries


def stale(*, answer_first: bytes = OK, closes: str = "close") -> Any:
    """Lets go of a connection, without a word, when its second request comes; later connections are fine."""

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(answer_first)
        await wire.request()
        if wire.number:
            wire.send(OK)
            await wire.closed()
        elif closes == "reset":
            wire.reset()

    return script


@pytest.mark.parametrize("method", sorted(http_connection.IDEMPOTENT))
@pytest.mark.parametrize("closes", ["close", "reset"])
@play
async def test_an_idempotent_request_on_a_stale_connection_is_sent_once_more(method: bytes, closes: str) -> None:
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with backend(stale(answer_first=answer, closes=closes)) as server, calling() as caller:
        await caller.get(server.origin)
        called = await caller.get(server.origin, method=method)
        assert called.status == 204
        assert len(server.requests) == 3


@pytest.mark.parametrize("method", [b"POST", b"PATCH", b"BREW"])
@play
async def test_any_other_request_is_sent_once(method: bytes) -> None:
    async with backend(stale()) as server, calling() as caller:
        await caller.get(server.origin)
        assert (await caller.get(server.origin, method=method)).kind is FailureKind.CLOSED
        assert len(server.requests) == 2


@play
async def test_a_request_is_not_sent_a_third_time() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        if wire.number == 0:
            wire.send(OK)
            await wire.request()

    async with backend(script) as server, calling() as caller:
        await caller.get(server.origin)
        assert (await caller.get(server.origin)).kind is FailureKind.CLOSED
        assert len(server.requests) == 3


@play
async def test_a_second_try_takes_no_connection_that_may_be_stale_too() -> None:
    async def script(wire: Wire) -> None:
        if wire.number < 3:
            for data in (OK, b""):
                await wire.request()
                wire.send(data)
            return
        await wire.request()
        wire.send(OK)
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        for called in [caller.send(server.origin) for _ in range(3)]:
            await called.over.wait()
        assert (await caller.get(server.origin)).body == b"ok"
        assert server.connections == 4


@pytest.mark.parametrize("first_bytes", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
@play
async def test_a_request_that_was_being_answered_is_not_sent_again(first_bytes: bytes) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(OK)
        await wire.request()
        wire.send(first_bytes)

    async with backend(script) as server, calling() as caller:
        await caller.get(server.origin)
        assert (await caller.get(server.origin)).kind is FailureKind.CLOSED
        assert len(server.requests) == 2


@play
async def test_a_new_connection_that_is_closed_is_no_stale_one() -> None:
    async with backend(answering_once(then="close")) as server, calling() as caller:
        assert (await caller.get(server.origin)).kind is FailureKind.CLOSED
        assert len(server.requests) == 1


# Backends that break the rules


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        HEAD + b"Content-Length: -2\r\n\r\nok",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X : a\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
        OK + b"!",
        OK + OK,
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n!",
        b"HTTP/1.1 204 No Content\r\n\r\nbody",
        b"HTTP/1.1 304 Not Modified\r\n\r\nbody",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"2\r\nok!\r\n",
        CHUNKED + b"2\nok\r\n",
        CHUNKED + b"ffffffffffffffffffff\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + OK,
        HEAD + b"X: y\r\n" * 256 + b"\r\n",
        HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
@pytest.mark.parametrize("drips", [False, True])
@play
async def test_a_backend_that_breaks_http_fails_and_is_cut(answer: bytes, drips: bool) -> None:
    step = max(1, len(answer) // 50) if drips else len(answer)
    pieces = [answer[at : at + step] for at in range(0, len(answer), step)]
    async with backend(answering_once(*pieces)) as server, calling() as caller:
        called = await caller.get(server.origin, buffers=True)
        if called.kind is None:  # what came too much came too late to be part of the answer
            assert drips and answer.startswith((OK, CHUNKED, b"HTTP/1.1 204", b"HTTP/1.1 304"))
        else:
            assert called.kind is FailureKind.PROTOCOL
        await until(lambda: not caller.open(server.origin))
        assert caller.idle(server.origin) == 0


@play
async def test_sixteen_interim_answers_are_borne() -> None:
    async with backend(answering(b"HTTP/1.1 102 Processing\r\n\r\n" * 16 + OK)) as server, calling() as caller:
        for _ in range(3):
            assert (await caller.get(server.origin)).body == b"ok"
        assert server.connections == 1


@play
async def test_bytes_that_nobody_asked_for_end_a_connection() -> None:
    speak = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(OK)
        if wire.number == 0:
            await speak.wait()
            wire.send(OK.replace(b"ok", b"NO"))
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        await caller.get(server.origin)
        speak.set()
        await until(lambda: not caller.open(server.origin))
        assert (await caller.get(server.origin)).body == b"ok"


@play
async def test_an_endless_head_is_cut() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(HEAD)
        while True:
            wire.send(b"X: y\r\n" * 100)
            await wire.writer.drain()

    async with backend(script) as server, calling() as caller:
        assert (await caller.get(server.origin)).kind is FailureKind.PROTOCOL


_WHOLE = {
    "sized": HEAD + b"Content-Length: 5\r\n\r\nhello",
    "chunked": CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("shape", sorted(_WHOLE))
@play
async def test_a_backend_that_goes_before_its_answer_is_whole(shape: str, then: str) -> None:
    whole = _WHOLE[shape]
    for at in range(1, len(whole)):
        async with backend(answering_once(whole[:at], then=then)) as server, calling() as caller:
            called = await caller.get(server.origin)
            assert (called.told, called.kind) == (["failure"], FailureKind.CLOSED)
            await until(lambda: not caller.open(server.origin))


@play
async def test_a_body_without_length_that_is_reset_is_not_complete() -> None:
    arrived = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(HEAD + b"\r\n" + b"x" * 100_000)
        await arrived.wait()
        wire.reset()

    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin)
        await until(lambda: len(called.body) == 100_000)
        (connection,) = caller.pool(server.origin).connections
        connection.connection_lost(ConnectionResetError("reset by peer"))
        arrived.set()
        assert called.told[0] == "begin" and called.kind is FailureKind.CLOSED


@play
async def test_a_streamed_answer_that_breaks_off_fails_after_it_began() -> None:
    async with backend(answering_once(SIZED + LARGE[:500_000], then="close")) as server, calling() as caller:
        called = await caller.get(server.origin)
        assert called.told[0] == "begin" and called.told[-1] == "failure"


# Time


@play
async def test_fifty_milliseconds_are_fifty() -> None:
    async with backend(answering_once()) as server, calling() as caller:
        loop = asyncio.get_running_loop()
        before = loop.time()
        called = await caller.get(server.origin, timeout=0.05)
        assert called.kind is FailureKind.TIMEOUT
        assert loop.time() - before > 0.045


@play
async def test_longer_timeouts_are_swept() -> None:
    async with backend(answering_once()) as server, calling() as caller:
        called = caller.send(server.origin, timeout=29.0)
        await until(lambda: server.requests)
        caller.wait(28.9)
        assert not called.told
        caller.wait(0.2)
        assert called.kind is FailureKind.TIMEOUT
        assert called.failure is not None and called.failure.cause == "no whole answer within 29000 ms"


@play
async def test_an_endless_trickle_does_not_put_the_end_off() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(CHUNKED)
        while True:
            wire.send(b"1\r\nx\r\n")
            await wire.writer.drain()
            await asyncio.sleep(0)

    async with backend(script) as server, calling() as caller:
        called = caller.send(server.origin, timeout=5.0)
        (swept,) = (called,)
        for _ in range(6):
            for _ in range(20):
                await asyncio.sleep(0)
            if not called.over.is_set():
                caller.wait(1.0)
        assert swept.kind is FailureKind.TIMEOUT
        await until(lambda: not caller.open(server.origin))


@play
async def test_a_call_in_time_leaves_no_timer() -> None:
    async with backend(answering()) as server, calling() as caller:
        called = caller.send(server.origin, timeout=1.0)
        timer = called.call.timer  # type: ignore[union-attr]
        await called.over.wait()
        assert timer.cancelled()


@play
async def test_a_call_that_ran_out_of_time_leaves_its_connection_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    let_through = asyncio.Event()
    real = asyncio.get_running_loop().create_connection

    async def slow(*args: Any, **named: Any) -> Any:
        await let_through.wait()
        return await real(*args, **named)

    async with backend(stale()) as server, calling() as caller:
        monkeypatch.setattr(http_pool.Pool, "_connect_to", _through(slow))
        called = caller.send(server.origin, timeout=5.0)
        late = caller.send(server.origin, timeout=20.0)
        caller.wait(5.1)
        assert called.kind is FailureKind.TIMEOUT
        let_through.set()
        await late.over.wait()
        await until(lambda: caller.idle(server.origin) == 2)
        assert called.told == ["failure"]
        assert {connection.used for connection in caller.pool(server.origin).connections} == {True}


def _through(connect: Any) -> Any:
    """`_Pool._connect_to` by another way to connect."""

    async def connect_to(pool: Any, address: str) -> Any:
        _, connection = await connect(lambda: http_connection.BackendConnection(pool), address, pool.origin.port)
        connection.address = address
        pool.connections.add(connection)
        return connection

    return connect_to


# Cancelling


@play
async def test_a_cancelled_call_hears_nothing_more() -> None:
    async with backend(answering_once(SIZED + LARGE)) as server, calling() as caller:
        called = caller.send(server.origin)
        assert called.call is not None
        called.when_told = lambda what: called.call.cancel() if called.call else None
        await until(lambda: called.told)
        await until(lambda: not caller.open(server.origin))
        assert called.told == ["begin"]


@play
async def test_cancelling_what_is_over_cuts_nobody_off() -> None:
    release = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(OK)
        await wire.request()
        await release.wait()
        wire.send(OK)
        await wire.closed()

    async with backend(script) as server, calling() as caller:
        first = await caller.get(server.origin)
        second = caller.send(server.origin, b"POST")
        await until(lambda: len(server.requests) == 2)
        assert first.call is not None and second.call is not None
        first.call.pause()
        first.call.cancel()
        first.call.resume()
        release.set()
        await second.over.wait()
        assert second.body == b"ok" and server.connections == 1
        second.call.cancel()
        assert caller.idle(server.origin) == 1


@play
async def test_a_call_cancelled_while_dialing_hears_nothing() -> None:
    async with backend(answering()) as server, calling() as caller:
        called = caller.send(server.origin)
        assert called.call is not None
        called.call.cancel()
        await until(lambda: caller.idle(server.origin) == 1)
        assert called.told == [] and server.requests == []


@play
async def test_closing_tells_everybody() -> None:
    async with backend(answering_once(SIZED + LARGE[:100_000])) as server, calling() as caller:
        paused, waiting = caller.send(server.origin), caller.send(server.origin)
        await until(lambda: len(paused.body) == 100_000)
        assert paused.call is not None
        paused.call.pause()
        dialing = caller.send(server.origin)
        caller.client.close()
        assert {called.kind for called in (paused, waiting, dialing)} == {FailureKind.CLOSED}


# Connecting


@play
async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with calling() as caller:
            called = await caller.get(Origin(False, "127.0.0.1", unused.getsockname()[1]))
            assert called.kind is FailureKind.CONNECT
            assert caller.open(Origin(False, "127.0.0.1", unused.getsockname()[1])) == 0


@play
async def test_a_bug_of_ours_keeps_neither_call_nor_place(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(pool: Any, address: str) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(http_pool.Pool, "_connect_to", broken)
    async with calling() as caller:
        called = await caller.get(Origin(False, "127.0.0.1", 8080))
        assert called.kind is FailureKind.CONNECT
        assert called.failure is not None and "RuntimeError('a bug')" in called.failure.cause


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "a" * 70 + ".example"])
@play
async def test_a_name_that_does_not_resolve(host: str) -> None:
    async with calling() as caller:
        assert (await caller.get(Origin(False, host, 80))).kind is FailureKind.RESOLVE


@play
async def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("NOT RUN: no IPv6 here")
    async with backend(answering(), host="::1") as server, calling() as caller:
        assert (await caller.get(server.origin)).body == b"ok"


@play
async def test_a_backend_that_closes_at_once() -> None:
    async def script(wire: Wire) -> None:
        wire.reset()

    async with backend(script) as server, calling() as caller:
        assert (await caller.get(server.origin)).kind is FailureKind.CLOSED
        await until(lambda: not caller.open(server.origin))


class Resolver:
    """Stands in for getaddrinfo of the running loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0
        self.hold: asyncio.Event | None = None
        monkeypatch.setattr(names, "_addresses_of", self._answer)

    async def _answer(self, host: str, port: int) -> list[str]:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.addresses


@play
async def test_one_lookup_serves_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch)
    resolver.hold = asyncio.Event()
    async with calling() as caller:
        calls = [caller.send(Origin(False, "backend.test", 8080)) for _ in range(20)]
        await until(lambda: resolver.asked)
        resolver.hold.set()
        for called in calls:
            await called.over.wait()
            assert called.kind is FailureKind.RESOLVE
        assert resolver.asked == 1


@play
async def test_a_name_is_kept_for_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, "127.0.0.1")
    script = answering(OK.replace(b"OK", b"OK\r\nConnection: close"))
    async with backend(script, name="b.test") as server, calling() as caller:
        for _ in range(3):
            await caller.get(server.origin)
        caller.time += names.RESOLVE_SECONDS - 0.1
        await caller.get(server.origin)
        assert resolver.asked == 1
        caller.time += 0.2
        await caller.get(server.origin)
        assert resolver.asked == 2


@play
async def test_a_name_in_use_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, "127.0.0.1")
    async with backend(answering(), name="b.test") as server, calling() as caller:
        await caller.get(server.origin)
        resolver.addresses = ["127.0.0.2"]
        caller.wait(names.RESOLVE_SECONDS + 0.1)
        await until(lambda: caller.pool(server.origin)._names.addresses == ["127.0.0.2"])
        caller.wait(0.25)
        await until(lambda: not caller.open(server.origin))
        assert resolver.asked == 2


@play
async def test_a_name_that_is_lost_for_a_while_keeps_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, "127.0.0.1")
    async with backend(answering(), name="b.test") as server, calling() as caller:
        await caller.get(server.origin)
        resolver.addresses = []
        for _ in range(5):
            caller.wait(names.RESOLVE_SECONDS + 0.1)
            await caller.get(server.origin)
        assert server.connections == 1
        assert resolver.asked >= 5


@play
async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, "127.0.0.9", "127.0.0.1")
    async with backend(answering(), name="b.test") as server, calling() as caller:
        assert (await caller.get(server.origin)).body == b"ok"
        assert caller.pool(server.origin)._names.addresses == ["127.0.0.1", "127.0.0.9"]
        assert resolver.addresses == ["127.0.0.1", "127.0.0.9"]


@play
async def test_an_address_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "NEXT_ADDRESS_SECONDS", 0.01)
    Resolver(monkeypatch, "127.0.0.9", "127.0.0.1")
    real = http_pool.Pool._connect_to

    async def connect_to(pool: Any, address: str) -> Any:
        if address == "127.0.0.9":
            await asyncio.Event().wait()
        return await real(pool, address)

    monkeypatch.setattr(http_pool.Pool, "_connect_to", connect_to)
    async with backend(answering(), name="b.test") as server, calling() as caller:
        assert (await caller.get(server.origin)).body == b"ok"


@play
async def test_a_dial_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "DIAL_SECONDS", 0.01)

    async def never(pool: Any, address: str) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(http_pool.Pool, "_connect_to", never)
    async with calling() as caller:
        called = await caller.get(Origin(False, "127.0.0.1", 8080), timeout=100.0)
        assert called.kind is FailureKind.CONNECT


# TLS


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return server_tls(tmp_path)


@play
async def test_tls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with backend(answering(), tls=tls[0], name="localhost") as server, calling(trust=tls[1]) as caller:
        for _ in range(2):
            assert (await caller.get(server.origin)).body == b"ok"
        assert server.connections == 1


@play
async def test_a_large_answer_over_tls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    script = answering(SIZED + LARGE)
    async with backend(script, tls=tls[0], name="localhost") as server, calling(trust=tls[1]) as caller:
        for _ in range(2):
            assert (await caller.get(server.origin)).body == LARGE


@play
async def test_a_certificate_that_nobody_vouches_for(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with backend(answering(), tls=tls[0], name="localhost") as server, calling() as caller:
        called = await caller.get(server.origin)
        assert called.kind is FailureKind.TLS
        assert called.failure is not None and "CERTIFICATE_VERIFY_FAILED" in called.failure.cause
        assert server.requests == []


@play
async def test_a_certificate_of_somebody_else(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with backend(answering(), tls=tls[0], name="127.0.0.1") as server, calling(trust=tls[1]) as caller:
        assert (await caller.get(server.origin)).kind is FailureKind.TLS
        assert server.requests == []


@play
async def test_verification_may_be_skipped_and_is_not_shared(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with backend(answering(), tls=tls[0], name="localhost", verify=False) as server, calling() as caller:
        assert (await caller.get(server.origin)).body == b"ok"
        assert (await caller.get(server.origin._replace(verify=True))).kind is FailureKind.TLS


@play
async def test_tls_to_who_speaks_none(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def script(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with backend(script, name="localhost") as server, calling(trust=tls[1]) as caller:
        assert (await caller.get(server.origin._replace(secure=True))).kind is FailureKind.TLS


# Egress


@pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "fd00:ec2::254"])
@play
async def test_metadata_is_not_called(host: str) -> None:
    async with calling() as caller:
        assert (await caller.get(Origin(False, host, 80))).kind is FailureKind.FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "127.0.0.7"])
@play
async def test_our_own_control_port_is_not_called(host: str) -> None:
    async with backend(answering()) as server, calling(EgressPolicy([server.origin.port])) as caller:
        called = await caller.get(server.origin._replace(host=host))
        assert called.kind is FailureKind.FORBIDDEN or (host == "localhost" and called.kind is FailureKind.CONNECT)
        assert server.connections == 0


@play
async def test_a_name_for_a_forbidden_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, "169.254.169.254")
    async with calling() as caller:
        assert (await caller.get(Origin(False, "innocent.test", 80))).kind is FailureKind.FORBIDDEN


@play
async def test_our_own_port_is_not_called_under_another_address_of_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of a network card: both ends of the connection have it."""
    async with backend(answering()) as server:
        policy = EgressPolicy([server.origin.port])
        monkeypatch.setattr(policy, "allows", lambda address, port, local="": local != address)
        async with calling(policy) as caller:
            assert (await caller.get(server.origin)).kind is FailureKind.FORBIDDEN
            assert server.requests == [] and caller.open(server.origin) == 0
