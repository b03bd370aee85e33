"""The client's side of the edge over real sockets: what clients do, and what they are answered."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from certificates import server_tls
from edge_scene import Asked, Echo, Listening, Refusing, Scripted, get, listening, play, post, talk, until
from portico.server import protocol
from portico.server.body import BODY_STRIDE
from portico.server.connections import ConnectionLimits
from portico.server.protocol import Connection

NOW = 0.0
"""Seconds of a limit that has passed at the next sweep."""


async def connect(server: Listening, *, small: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client's connection. `small`: with a window of a few kilobytes."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    plain = socket.socket(family)
    if small:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (server.host, server.port))
    return await asyncio.open_connection(sock=plain, limit=4096)


def only(server: Listening) -> Connection:
    (connection,) = server.connections._open
    assert isinstance(connection, Connection)
    return connection


# Pipelining


@play
async def test_ten_thousand_pipelined_requests_are_answered_in_order() -> None:
    async with listening(Echo()) as server:
        reader, writer = await connect(server)
        writer.write(b"".join(get(f"/{number}") for number in range(10_000)))
        for number in range(10_000):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            body = b"GET /%d" % number
            assert await reader.readexactly(len(body)) == body
        writer.close()


@play
async def test_who_reads_nothing_is_served_no_further_than_the_buffers_reach() -> None:
    class Long(Echo):
        def begin(self, client: Any, head: Any) -> Asked:
            asked = Scripted.begin(self, client, head)
            asked.answer(b"x" * 10_000)
            return asked

    application = Long()
    async with listening(application) as server:
        reader, writer = await connect(server, small=True)
        requests = get("/") * 10_000
        writer.write(requests)
        connection = None
        before = -1
        while before != len(application.asked) or not before:
            before = len(application.asked)
            for _ in range(200):
                await asyncio.sleep(0)
        connection = only(server)
        assert len(application.asked) < 10_000
        assert connection._transport is not None
        assert connection._transport.get_write_buffer_size() < 200_000
        assert len(connection._held) < 400_000
        writer.write_eof()
        answers = 0
        while data := await reader.read(1 << 20):
            answers += data.count(b"HTTP/1.1 200 OK")
        assert len(application.asked) == 10_000
        assert answers > 9_900, "an answer's first line may be cut in two by a read"
        writer.close()


@play
async def test_other_clients_are_answered_in_between() -> None:
    application = Echo()
    async with listening(application) as server:
        _, flood = await connect(server)
        flood.write(get("/flood") * 5_000)
        await until(lambda: application.asked)
        reader, writer = await connect(server)
        writer.write(get("/quick"))
        await reader.readuntil(b"GET /quick")
        targets = [asked.target for asked in application.asked]
        assert targets.index("/quick") < 4_000
        flood.close()
        writer.close()


# Half-closed clients


@play
async def test_a_client_that_closes_its_half_gets_all_its_answers() -> None:
    async with listening(Echo()) as server:
        got = await talk(server, b"".join(get(f"/{number}") for number in range(1000)))
        assert got.count(b"HTTP/1.1 200 OK") == 1000 and got.endswith(b"GET /999")


@play
async def test_a_slow_application_answers_a_closed_half() -> None:
    application = Scripted()
    async with listening(application) as server:
        talking = asyncio.create_task(talk(server, get("/a") + get("/b")))
        await until(lambda: application.asked)
        for _ in range(20):
            await asyncio.sleep(0)
        application.asked[0].answer(b"A")
        await until(lambda: len(application.asked) == 2)
        application.asked[1].answer(b"B")
        got = await talking
        assert got.count(b"HTTP/1.1 200") == 2 and got.endswith(b"B")


@play
async def test_half_a_request_and_then_nothing() -> None:
    async with listening(Echo()) as server:
        assert await talk(server, b"GET / HTTP") == b""
        assert await talk(server) == b""
        await until(lambda: not len(server.connections))


# Answers before the body


@pytest.mark.parametrize("tls", [False, True])
@play
async def test_a_client_that_is_still_sending_reads_its_answer(tls: bool, tmp_path: Path) -> None:
    contexts = server_tls(tmp_path) if tls else (None, None)
    application = Refusing(body_limit=10_000_000)
    async with listening(application, tls=contexts[0]) as server:
        reader, writer = await asyncio.open_connection(
            server.host, server.port, ssl=contexts[1], server_hostname="localhost" if tls else None
        )
        body = b"x" * 4_000_000
        writer.write(post(body)[: -len(body)])
        for at in range(0, len(body), 100_000):  # as most clients do: first send all, then read
            writer.write(body[at : at + 100_000])
            await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n") and b"Connection: close" in head
        assert await reader.readexactly(2) == b"no"
        writer.close()
        assert len(application.asked) == 1


@play
async def test_a_body_beyond_the_limit_is_told_while_it_is_sent() -> None:
    async with listening(Scripted(body_limit=1000)) as server:
        reader, writer = await connect(server)
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            writer.write(b"fff\r\n" + b"x" * 0xFFF + b"\r\n")
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        writer.close()


@play
async def test_lingering_ends() -> None:
    async with listening(Refusing()) as server:
        reader, writer = await connect(server)
        writer.write(post(b"x" * 100)[:-50])
        assert (await reader.read()).startswith(b"HTTP/1.1 403")
        assert len(server.connections) == 1
        only(server).deadline = 0.001
        server.connections.sweep()
        await until(lambda: not len(server.connections))
        writer.close()


# Expect


@play
async def test_continue() -> None:
    async with listening(Echo()) as server:
        reader, writer = await connect(server)
        request = post(b"hello", "Expect: 100-continue")
        writer.write(request[:-5])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(request[-5:])
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


# Deadlines: the next sweep comes when the test says so


async def swept(server: Listening, reader: asyncio.StreamReader) -> bytes:
    """All that a client reads while deadlines are swept."""
    reading = asyncio.create_task(reader.read())
    while not reading.done():
        server.connections.sweep()
        await asyncio.sleep(0)
    return await reading


@pytest.mark.parametrize(
    ("limits", "sent", "answered"),
    [
        (ConnectionLimits(header_seconds=NOW), b"GET / HTTP/1.1\r\nHost:", b"HTTP/1.1 408 Request Timeout"),
        (ConnectionLimits(body_seconds=NOW), post(b"hello")[:-1], b"HTTP/1.1 408 Request Timeout"),
        (ConnectionLimits(idle_seconds=NOW), get(), b"HTTP/1.1 200 OK"),
    ],
)
@play
async def test_slow_clients_are_answered_and_closed(limits: ConnectionLimits, sent: bytes, answered: bytes) -> None:
    async with listening(Echo(), limits=limits) as server:
        reader, writer = await connect(server)
        writer.write(sent)
        await until(lambda: len(server.connections) and only(server)._transport is not None)
        await until(lambda: only(server)._held or only(server)._busy or only(server)._idle)
        got = await swept(server, reader)
        assert got.split(b"\r\n")[0] == answered and got.count(b"HTTP/1.1") == 1
        writer.close()
        await until(lambda: not len(server.connections))


@play
async def test_a_client_that_says_nothing_is_closed_without_a_word() -> None:
    async with listening(Echo(), limits=ConnectionLimits(header_seconds=NOW)) as server:
        reader, writer = await connect(server)
        assert await swept(server, reader) == b""
        writer.close()


@play
async def test_a_client_that_stops_reading_is_cut() -> None:
    application = Scripted()
    async with listening(application, limits=ConnectionLimits(stalled_seconds=NOW)) as server:
        _, writer = await connect(server, small=True)
        writer.write(get())
        await until(lambda: application.asked)
        (asked,) = application.asked
        asked.client.begin(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await until(lambda: not asked.client.send(b"x" * 65_536))
        assert asked.told[-1] == "pause"
        while len(server.connections):
            server.connections.sweep()
            await asyncio.sleep(0)
        assert asked.told[-1] == "gone"
        writer.close()


@play
async def test_a_streamed_answer_goes_on_when_its_client_does() -> None:
    application = Scripted()
    async with listening(application) as server:
        reader, writer = await connect(server, small=True)
        writer.write(get())
        await until(lambda: application.asked)
        (asked,) = application.asked
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n"
        asked.client.begin(head)
        sent = 0
        reading = asyncio.create_task(reader.readexactly(len(head) + 20_000_000))
        while sent < 20_000_000:
            sent += 100_000
            if not asked.client.send(b"x" * 100_000):
                told = len(asked.told)
                await until(lambda: len(asked.told) > told)  # noqa: B023
                assert asked.told[-1] == "resume"
        asked.client.end()
        assert (await reading).endswith(b"x")
        assert asked.told.count("pause") == asked.told.count("resume") > 0
        writer.close()


# Clients that go


@play
async def test_a_client_that_resets_is_gone() -> None:
    application = Scripted()
    async with listening(application) as server:
        _, writer = await connect(server)
        writer.write(get())
        await until(lambda: application.asked)
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        await until(lambda: application.asked[0].told == ["gone"])
        application.asked[0].answer(b"too late")


# Caps


@play
async def test_connections_beyond_a_cap_are_turned_away_and_gone() -> None:
    async with listening(Echo(), limits=ConnectionLimits(connections_per_address=1)) as server:
        first = await connect(server)
        await until(lambda: len(server.connections) == 1)
        for _ in range(20):
            reader, writer = await connect(server)
            assert (await reader.read()).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            writer.close()
        assert len(server.connections) == 1
        first[1].close()
        await until(lambda: not len(server.connections))
        assert (await talk(server, get())).startswith(b"HTTP/1.1 200 OK")


# Addresses and TLS


@play
async def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("NOT RUN: no IPv6 here")
    application = Echo()
    async with listening(application, host="::1") as server:
        assert (await talk(server, get())).startswith(b"HTTP/1.1 200 OK")
        assert application.asked[0].client.source_ip == "::1"
        assert application.asked[0].client.port == server.port


@play
async def test_tls(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    application = Echo(body_limit=1 << 20)
    async with listening(application, tls=server_side) as server:
        body = b"x" * 300_000
        requests = get("/a") + post(body) + get("/c", "Connection: close")
        got = await talk(server, requests, tls=client_side)
        assert got.count(b"HTTP/1.1 200 OK") == 3 and body in got and got.endswith(b"GET /c")
        assert {asked.client.scheme for asked in application.asked} == {b"https"}


@play
async def test_nonsense_over_tls(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    async with listening(Echo(), tls=server_side) as server:
        reader, writer = await asyncio.open_connection(
            server.host, server.port, ssl=client_side, server_hostname="localhost"
        )
        writer.write(b"NONSENSE\r\n\r\n" + get())
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 400 Bad Request")
        writer.close()
        await until(lambda: not len(server.connections))


@play
async def test_plain_text_to_a_tls_listener_is_closed(tmp_path: Path) -> None:
    application = Echo()
    async with listening(application, tls=server_tls(tmp_path)[0]) as server:
        assert b"HTTP/1.1 200" not in await talk(server, get())
        assert application.asked == []


@play
async def test_connections_beyond_a_cap_are_gone_over_tls(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    async with listening(Echo(), tls=server_side, limits=ConnectionLimits(connections=0)) as server:
        try:
            got = await talk(server, tls=client_side)
        except (ConnectionError, ssl.SSLError):
            got = b""
        assert got == b"" or got.startswith(b"HTTP/1.1 503")


# Draining


@play
async def test_a_draining_listener_loses_nobody() -> None:
    application = Scripted()
    async with listening(application) as server:
        busy_reader, busy = await connect(server)
        idle_reader, idle = await connect(server)
        busy.write(get("/busy"))
        await until(lambda: application.asked and len(server.connections) == 2)
        server.connections.drain()
        server.connections.cut_idle()
        assert await idle_reader.read() == b""
        application.asked[0].answer(b"done")
        got = await busy_reader.read()
        assert got.endswith(b"done") and b"Connection: close" in got
        await until(lambda: not len(server.connections))
        busy.close()
        idle.close()


def test_the_bounds_are_what_the_documents_say() -> None:
    assert (protocol.BURST, BODY_STRIDE) == (16, 16_384)
