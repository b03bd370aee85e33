"""The door under TLS: a handshake counts from its first packet on, and no descriptors left is no reason to spin."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from certificates import server_tls
from edge_scene import Echo, get, play, until
from portico.kernel.observe import BadClient, Observation
from portico.server import accepting
from portico.server.accepting import Door
from portico.server.connections import ConnectionLimits, Connections
from portico.server.protocol import Connection
from portico.wire.http1 import HeaderTable


class Entrance:
    """A door with its connections, what it told, and where it is."""

    def __init__(self, tls: ssl.SSLContext | None, limits: ConnectionLimits | None = None) -> None:
        self.connections = Connections(limits)
        self.seen: list[Observation] = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        table = HeaderTable()

        def connect() -> Connection:
            return Connection(Echo(), self.connections, table, self.seen.append, secure=tls is not None)

        self.door = Door([listener], connect, tls, self.connections, self.seen.append)

    async def knock(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)


@asynccontextmanager
async def opened(tls: ssl.SSLContext | None, **limits: Any) -> AsyncIterator[Entrance]:
    entrance = Entrance(tls, ConnectionLimits(**limits))
    await entrance.door.open()
    yield entrance
    await entrance.door.close()
    entrance.connections.cut_all()


async def answer(entrance: Entrance, client_side: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection(*entrance.address, ssl=client_side, server_hostname="localhost")
    writer.write(get("/", "Connection: close"))
    got = await reader.read()
    writer.close()
    return got


@play
async def test_handshakes_that_do_not_go_on_count_for_the_caps(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    async with opened(server_side, connections_per_address=3) as entrance:
        silent = [await entrance.knock() for _ in range(3)]
        await until(lambda: len(entrance.connections) == 3)
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await answer(entrance, client_side)
        assert entrance.seen == [BadClient("127.0.0.1", 503, "too many connections")]
        for _, writer in silent:
            writer.close()
        await until(lambda: not len(entrance.connections))
        assert b"200 OK" in await answer(entrance, client_side)


@play
async def test_one_that_was_shaken_hands_with_counts_once(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    async with opened(server_side, connections=1) as entrance:
        for _ in range(3):
            assert b"200 OK" in await answer(entrance, client_side)
            await until(lambda: not len(entrance.connections))
        assert entrance.seen == []


@play
async def test_a_handshake_that_takes_too_long_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "HANDSHAKE_SECONDS", 0.01)
    async with opened(server_tls(tmp_path)[0]) as entrance:
        reader, writer = await entrance.knock()
        assert await reader.read() == b""
        await until(lambda: not len(entrance.connections))
        writer.close()


class Exhausted:
    """A listening socket of a process that may open no more files, until it may."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.asked = 0
        self.free = False

    def accept(self) -> Any:
        self.asked += 1
        if self.free:
            return self.real.accept()
        raise OSError(errno.EMFILE, "Too many open files")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@play
async def test_without_descriptors_it_asks_ten_times_a_second_and_loses_nobody(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path)
    entrance = Entrance(server_side)
    listener = Exhausted(entrance.door._listeners[0])
    entrance.door._listeners = [listener]  # type: ignore[list-item]
    await entrance.door.open()
    waiting = asyncio.create_task(answer(entrance, client_side))
    await until(lambda: listener.asked)
    for _ in range(200):
        await asyncio.sleep(0)
    assert listener.asked == 1
    listener.free = True
    assert b"200 OK" in await waiting
    await entrance.door.close()
