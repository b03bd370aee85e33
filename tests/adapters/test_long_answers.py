"""Long answers on their whole way, from the socket of the backend to that of the client: what is moved inside the
kernel arrives as it was sent, and nothing of it is left behind, whoever breaks off.
"""

import asyncio
import errno
import fcntl
import os
import random
import struct
import termios
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from certificates import server_tls
from chain_scene import MEGABYTE, UNREAD, by_path, chain, descriptors, head, noise, reset_by_backend, resident, sized
from edge_scene import play, talk, until
from portico.adapters import http_connection, pump
from portico.ports.upstream import BODY_LIMIT
from portico.server.connections import ConnectionLimits
from portico.server.protocol import Connection
from portico.wire.chunked import LAST_CHUNK, chunk
from upstream_scene import OK, Script, Wire, answering, answering_once

LARGE = sized(noise(MEGABYTE))
ENDLESS = sized(noise(UNREAD))
"""More than a client that does not read lets through."""
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(noise(UNREAD)) + LAST_CHUNK
SMALL = 16 * 1024
"""Bytes that the kernel of a slow client takes."""


@pytest.fixture
def pumps(monkeypatch: pytest.MonkeyPatch) -> list[pump.Pump]:
    """The transfers inside the kernel that were begun."""
    begun: list[pump.Pump] = []
    start = pump.Pump.start

    def noting(self: pump.Pump, *arguments: Any) -> None:
        begun.append(self)
        start(self, *arguments)

    monkeypatch.setattr(pump.Pump, "start", noting)
    return begun


@pytest.fixture
def no_pipes() -> Iterator[None]:
    """None is kept from a transfer before, and none for one after."""
    forget_pipes()
    yield
    forget_pipes()


def forget_pipes() -> None:
    while pump.PIPES.kept:
        for descriptor in pump.PIPES.kept.pop():
            os.close(descriptor)


def in_pieces(answer: bytes, seed: int, most: int = 200_000) -> Script:
    """Sends its answers in packets of arbitrary sizes, other ones each time."""
    dice = random.Random(seed)

    async def script(wire: Wire) -> None:
        while await wire.request():
            at = 0
            while at < len(answer):
                size = dice.choice((1, 2, 100, 65_536, most, dice.randint(1, most)))
                await wire.send_slowly([answer[at : at + size]])
                at += size

    return script


# What arrives


@pytest.mark.parametrize(
    "size", [65_535, 65_536, 65_537, 65_600, 131_072, 262_143, 262_144, 262_145, MEGABYTE, BODY_LIMIT - 1, BODY_LIMIT]
)
@play
async def test_it_arrives_as_it_was_sent(pumps: list[pump.Pump], size: int) -> None:
    body = noise(size)
    async with chain(answering(sized(body))) as scene, scene.client() as client:
        for _ in range(2):
            await client.ask("/large")
            assert (await client.hear()).content == body
        assert len(pumps) == 2 or size < MEGABYTE, "one read may have brought it whole"
        assert (scene.backend.connections, scene.statuses) == (1, [200, 200])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [65_537, 300_000, 2 * MEGABYTE])
@play
async def test_it_arrives_in_whatever_packets_it_was_sent(seed: int, size: int) -> None:
    body = noise(size)
    async with chain(in_pieces(sized(body), seed)) as scene, scene.client(takes=seed % 2 * SMALL) as client:
        for _ in range(2):
            await client.ask("/large")
            assert (await client.hear()).content == body
        assert scene.backend.connections == 1


@play
async def test_more_pieces_before_it_is_long_than_one_write_takes() -> None:
    """The kernel takes 1024 pieces in one call."""
    body = noise(http_connection.WHOLE + 100)
    first = http_connection.WHOLE - 1100
    packets = [head(len(body)) + body[:first], *(body[at : at + 1] for at in range(first, len(body)))]
    async with chain(answering_once(*packets)) as scene, scene.client() as client:
        await client.ask("/large")
        assert (await client.hear()).content == body
        assert scene.causes == []


@play
async def test_beyond_the_limit_nothing_is_begun(pumps: list[pump.Pump]) -> None:
    async with chain(answering(sized(noise(BODY_LIMIT + 1)))) as scene, scene.client() as client:
        await client.ask("/large")
        assert (await client.hear()).status == 500
        assert pumps == []


@play
async def test_requests_behind_it_are_answered_behind_it() -> None:
    answers = {"/large": LARGE, "/small": OK, "/larger": sized(noise(2 * MEGABYTE))}
    async with chain(by_path(answers)) as scene, scene.client() as client:
        ways = ["/large", "/small", "/larger", "/large", "/small"]
        for _ in range(3):
            await client.ask(*ways)
            assert [(await client.hear()).content for _ in ways] == [answers[way].split(b"\r\n\r\n")[1] for way in ways]
        assert scene.backend.connections == 1


@play
async def test_more_behind_it_than_is_read_before_its_turn() -> None:
    async with chain(by_path({"/large": ENDLESS, "/small": OK})) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        await client.ask(*["/small"] * 2000)
        assert len((await client.hear()).content) == UNREAD
        assert {(await client.hear()).content for _ in range(2000)} == {b"ok"}
        assert scene.backend.connections == 1


@play
async def test_a_request_that_comes_in_the_midst_of_it() -> None:
    async with chain(by_path({"/large": ENDLESS, "/small": OK})) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        await client.send(b"GET /dev/small HTTP/1.1\r\nHo")
        assert len((await client.hear()).content) == UNREAD
        await client.send(b"st: api1.execute-api.localhost\r\n\r\n")
        assert (await client.hear()).content == b"ok"


@pytest.mark.parametrize("way", [{"version": "1.0"}, {"lines": "Connection: close\r\n"}])
@play
async def test_a_client_that_keeps_no_connection(way: dict[str, str]) -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large", **way)
        await scene.stalls()
        heard = await client.hear_all()
        assert (heard.content, dict(heard.headers)["Connection"]) == (noise(UNREAD), "close")
        assert scene.idle == 1


@play
async def test_a_client_that_closed_its_half() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large", "/large")
        client.half_close()
        await scene.stalls()
        assert (await client.hear()).content == noise(UNREAD)
        assert (await client.hear()).content == noise(UNREAD)
        assert await client.read() == b""
        assert scene.statuses == [200, 200]


@play
async def test_a_draining_worker_delivers_it_whole() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large", "/never")
        await scene.stalls()
        scene.connections.drain()
        assert (await client.hear_all()).content == noise(UNREAD)
        assert scene.statuses == [200]


@play
async def test_a_request_to_a_draining_worker() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        scene.connections.drain()
        await client.ask("/large")
        heard = await client.hear_all()
        assert (heard.content, dict(heard.headers)["Connection"]) == (noise(UNREAD), "close")


@play
async def test_head_has_no_body(pumps: list[pump.Pump]) -> None:
    async with chain(by_path({"/head": head(MEGABYTE), "/large": LARGE})) as scene, scene.client() as client:
        for _ in range(2):
            await client.ask("/head", method="HEAD")
            await client.hear(bodiless=True)
            await client.ask("/large")
            assert (await client.hear()).content == noise(MEGABYTE)
        assert len(pumps) == 2


# The long way


@pytest.mark.parametrize("secure", ["client", "backend", "both"])
@play
async def test_tls_takes_the_long_way(pumps: list[pump.Pump], tmp_path: Path, secure: str) -> None:
    theirs, ours = server_tls(tmp_path)
    tls, backend_tls = theirs if secure != "backend" else None, theirs if secure != "client" else None
    request = b"GET /dev/large HTTP/1.1\r\nHost: api1.execute-api.localhost\r\nConnection: close\r\n\r\n"
    async with chain(answering(LARGE), tls=tls, backend_tls=backend_tls, trust=ours) as scene:
        heard = await talk(scene.listening, request, tls=ours if tls else None)
        assert heard.partition(b"\r\n\r\n")[2] == noise(MEGABYTE)
        assert (pumps, scene.causes) == ([], [])


async def goes_the_long_way(pumps: list[pump.Pump]) -> None:
    async with chain(by_path({"/large": LARGE, "/small": OK})) as scene, scene.client() as client:
        await client.ask("/large", "/small", "/large")
        assert [len((await client.hear()).content) for _ in range(3)] == [MEGABYTE, 2, MEGABYTE]
        assert (pumps, scene.backend.connections, scene.causes) == ([], 1, [])


@play
async def test_a_kernel_without_splice(pumps: list[pump.Pump], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "AVAILABLE", False)
    await goes_the_long_way(pumps)


@play
async def test_a_client_whose_socket_is_not_lent(pumps: list[pump.Pump], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "lend_socket", lambda _: None)
    await goes_the_long_way(pumps)


def spent(after: int, call: Any) -> Any:
    """A system call for which there are no descriptors left, each time after so many."""
    calls = 0

    def refuse(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            calls = 0
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return call(*arguments)

    return refuse


@pytest.mark.parametrize(("name", "after"), [("dup", 0), ("dup", 1), ("pipe2", 0)])
@pytest.mark.usefixtures("no_pipes")
@play
async def test_no_descriptors_left(
    pumps: list[pump.Pump], monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    monkeypatch.setattr(pump.os, name, spent(after, getattr(os, name)))
    await goes_the_long_way(pumps)


@pytest.mark.usefixtures("no_pipes")
@play
async def test_pipes_that_may_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(pump.fcntl, "fcntl", refused)
    async with chain(answering(LARGE)) as scene, scene.client() as client:
        for _ in range(2):
            await client.ask("/large")
            assert (await client.hear()).content == noise(MEGABYTE)


# Slow clients


@play
async def test_time_in_which_the_client_does_not_read_is_not_the_backends() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large")
        for seconds in (25, 59):
            await scene.stalls()
            scene.wait(seconds)
            await client.take(2 * MEGABYTE)
        assert (await client.hear()).content == noise(UNREAD)
        assert scene.causes == []


@play
async def test_a_short_timeout_stands_still_too() -> None:
    """Those below two seconds have a timer of their own."""
    async with chain(answering(ENDLESS), millis=1500) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        (connection,) = scene.pool.connections
        assert connection.call.timer is None
        scene.wait(50)
        assert (await client.hear()).content == noise(UNREAD)


@pytest.mark.parametrize("script", [answering(ENDLESS), answering(IN_CHUNKS)])
@play
async def test_a_client_that_reads_slowly_is_waited_for(script: Script) -> None:
    """16 KB a minute are enough, though the kernel asks for more only when a third of its megabytes is free."""
    async with chain(script) as scene, scene.client(takes=SMALL) as client:
        await client.ask("/large")
        for turn in range(1, 11):
            await scene.stalls()
            await client.take(turn * 40_000)
            scene.wait(61)
        await client.take(UNREAD)
        assert scene.causes == []


@pytest.mark.parametrize("script", [answering(ENDLESS), answering(IN_CHUNKS)])
@play
async def test_a_client_that_stops_reading_is_closed(script: Script) -> None:
    async with chain(script, limits=ConnectionLimits(stalled_seconds=20)) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        scene.wait(19)
        assert len(scene.connections) == 1
        scene.wait(2)
        await scene.clients_gone()
        await until(lambda: not scene.pool.connections)
        assert (scene.statuses, scene.causes) == ([499], [])


@play
async def test_calls_that_mean_nothing_in_the_midst_of_it() -> None:
    """The transport's own buffer is empty while its socket is lent."""
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        served, (connection,) = scene.connection._served, scene.pool.connections
        call = connection.call
        for told in (served.pause, served.resume, served.resume, served.pause, served.pause):
            told()
        scene.wait(1)
        assert (await client.hear()).content == noise(UNREAD)
        call.cancel()
        call.pause()
        call.resume()
        await client.ask("/large")
        assert len((await client.hear()).content) == UNREAD
        assert scene.backend.connections == 1


@play
async def test_what_many_slow_clients_cost() -> None:
    async with chain(answering(ENDLESS)) as scene, AsyncExitStack() as all_of_them:
        clients = [await all_of_them.enter_async_context(scene.client(takes=SMALL)) for _ in range(64)]
        before = resident()
        for client in clients:
            await client.ask("/large")
        await until(lambda: sum(one._write_paused for one in scene.connections._open) == len(clients))
        assert resident() - before < 64 * 512 * 1024


# Clients that go


@pytest.mark.parametrize("closed_its_half", [False, True])
@play
async def test_a_client_that_resets_while_it_is_waited_for(closed_its_half: bool) -> None:
    """It is the client that has gone, whoever of ours hears of it first."""
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large")
        if closed_its_half:
            client.half_close()
        await scene.stalls()
        client.reset()
        await scene.clients_gone()
        await until(lambda: not scene.pool.connections)
        assert (scene.statuses, scene.causes, scene.idle) == ([499], [], 0)


@play
async def test_a_client_that_resets_while_the_backend_is_waited_for() -> None:
    async with chain(answering_once(LARGE[: MEGABYTE // 2])) as scene, scene.client() as client:
        await client.ask("/large")
        await client.take(MEGABYTE // 2)
        client.reset()
        await scene.clients_gone()
        await until(lambda: not scene.pool.connections)
        assert (scene.statuses, scene.causes) == ([499], [])


@play
async def test_a_client_that_resets_behind_its_half_close() -> None:
    """It is not read from any more, so that only what the backend sends next shows that it has gone."""
    gone = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(LARGE[: MEGABYTE // 2])
        await gone.wait()
        wire.send(LARGE[MEGABYTE // 2 :])
        await wire.closed()

    async with chain(script) as scene, scene.client() as client:
        await client.ask("/large")
        await client.take(MEGABYTE // 2)
        client.half_close()
        await until(lambda: scene.connection._eof)
        client.reset()
        gone.set()
        await scene.clients_gone()
        await until(lambda: not scene.pool.connections)
        assert (scene.statuses, scene.causes) == ([499], [])


@play
async def test_a_client_that_resets_behind_a_full_backlog() -> None:
    """It is not read from any more, so that only writing shows that it has gone."""
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        await client.ask(*["/small"] * 3000)
        await until(lambda: scene.connection._reading_paused)
        client.reset()
        await scene.clients_gone()
        assert (scene.statuses, scene.causes) == ([499], [])


@play
async def test_a_worker_that_leaves_cuts_it() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client() as client:
        await client.ask("/large")
        await scene.stalls()
        scene.connections.cut_all()
        await scene.clients_gone()
        assert len((await client.hear_all()).content) < UNREAD
        assert (scene.statuses, scene.causes) == ([499], [])


# Backends that fail


async def cut(script: Script, cause: str, seconds: float = 0.0) -> None:
    async with chain(script) as scene, scene.client() as client:
        await client.ask("/large", "/behind")
        if seconds:
            await until(lambda: scene.pumping)
            scene.wait(seconds)
        heard = await client.hear_all()
        assert heard.status == 200 and len(heard.content) < MEGABYTE
        assert noise(MEGABYTE).startswith(heard.content)
        assert scene.statuses == [200] and len(scene.causes) == 1 and cause in scene.causes[0]
        await until(lambda: not scene.pool.connections)


@pytest.mark.parametrize("sent", [0, 1, 100_000, 999_999])
@play
async def test_a_backend_that_closes_early(sent: int) -> None:
    await cut(answering_once(LARGE[: len(head(MEGABYTE)) + sent], then="close"), "closed the connection before")


@pytest.mark.parametrize("sent", [0, 100_000, 999_999])
@play
async def test_a_backend_that_resets(sent: int) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send_slowly([LARGE[: len(head(MEGABYTE)) + sent]])
        reset_by_backend(wire)

    await cut(script, "the backend closed the connection before its answer was complete")


@play
async def test_a_backend_that_stalls() -> None:
    await cut(answering_once(LARGE[:500_000]), "did not answer in time", seconds=30)


@play
async def test_a_backend_that_stalls_within_its_time() -> None:
    waited = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        wire.send(LARGE[:500_000])
        await waited.wait()
        wire.send(LARGE[500_000:])
        await wire.closed()

    async with chain(script) as scene, scene.client() as client:
        await client.ask("/large")
        await client.take(500_000)
        scene.wait(28)
        waited.set()
        assert (await client.hear()).content == noise(MEGABYTE)


@play
async def test_more_than_it_said_is_never_the_next_answer() -> None:
    """The request that waits behind it is sent at once: not on a connection in which something is unread."""
    async with chain(answering(LARGE + OK.replace(b"ok", b"no"))) as scene, scene.client() as client:
        await client.ask("/large", "/large", "/large")
        for _ in range(3):
            assert (await client.hear()).content == noise(MEGABYTE)
        assert (scene.backend.connections, scene.idle) == (3, 0)


@play
async def test_a_backend_that_closes_behind_its_answer() -> None:
    async with chain(answering_once(LARGE, then="close")) as scene, scene.client() as client:
        for _ in range(3):
            await client.ask("/large")
            assert (await client.hear()).content == noise(MEGABYTE)
        assert scene.backend.connections == 3


@play
async def test_a_backend_that_says_it_will_close() -> None:
    async with chain(answering(sized(noise(MEGABYTE), "Connection: close"))) as scene, scene.client() as client:
        await client.ask("/large", "/large")
        for _ in range(2):
            assert (await client.hear()).content == noise(MEGABYTE)
        assert scene.backend.connections == 2


# What is left behind


@play
async def test_what_was_sent_is_told() -> None:
    async with chain(answering(ENDLESS)) as scene, scene.client(takes=SMALL) as client:
        await client.ask("/large")
        await scene.stalls()
        exchange = scene.connection._served
        client.reset()
        await scene.clients_gone()
        assert 0 < exchange.length < UNREAD


@play
async def test_500_answers_leave_nothing_behind() -> None:
    """Every fifth is broken off by its client, every seventh by the backend."""
    body = noise(300_000)
    number = 0

    async def script(wire: Wire) -> None:
        nonlocal number
        while await wire.request():
            number += 1
            if number % 7:
                wire.send(sized(body))
            else:
                await wire.send_slowly([sized(body)[:200_000]])
                return

    async with chain(script) as scene:
        open_before = 0
        for one in range(500):
            async with scene.client() as client:
                await client.ask("/large", lines="Connection: close\r\n")
                if one % 5 == 0:
                    await client.take(100_000)
                    client.reset()
                else:
                    heard = (await client.hear_all()).content
                    assert heard == body or (number % 7 == 0 and body.startswith(heard))
            await scene.clients_gone()
            if one == 50:
                open_before = descriptors()
        await until(lambda: descriptors() <= open_before)
    assert len(pump.PIPES.kept) <= pump._KEPT
    for out, _ in pump.PIPES.kept:
        assert struct.unpack("i", fcntl.ioctl(out, termios.FIONREAD, bytes(4))) == (0,)
