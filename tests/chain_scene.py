"""The whole way of an answer over real sockets: a client, its Connection, the Gateway with HTTP_PROXY, the HTTP client,
and a backend that plays a script.

async with chain(answering(sized(body))) as scene, scene.client() as client:
    await client.ask("/large")
    assert (await client.hear()).content == body

Clocks stand still until `scene.wait`. Nothing is left open when a scene is over, or the test fails.
"""

import asyncio
import gc
import os
import random
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from edge_scene import Listening, until
from playbook.stage import HOST, Message, Play, api, http_proxy, on_path
from portico.adapters import pump
from portico.adapters.http_client import HttpClient
from portico.dataplane.front import Gateway
from portico.dataplane.headers import backend_table, client_table
from portico.kernel.observe import UnexpectedError
from portico.server.connections import ConnectionLimits, Connections
from portico.server.departures import Departures
from portico.server.protocol import Connection
from upstream_scene import Backend, Script, Wire, backend

MEGABYTE = 1_000_000
UNREAD = 8 * MEGABYTE
"""More than the buffers of two connections take: whoever sends this much to a client that does not read, waits."""


@cache
def noise(size: int) -> bytes:
    """Bytes of which no two places look alike."""
    return random.Random(size).randbytes(size)


def head(length: int, *lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {length}", *lines, "", ""]).encode()


def sized(body: bytes, *lines: str) -> bytes:
    """A whole answer with its length."""
    return head(len(body), *lines) + body


def descriptors() -> int:
    """Sockets and pipes that are open, but for the pipes that wait for their next transfer."""
    kinds = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            kinds.append(os.readlink(f"/proc/self/fd/{name}").partition(":")[0])
    return kinds.count("socket") + kinds.count("pipe") - 2 * len(pump.PIPES.kept)


def resident() -> int:
    """Bytes of this process's memory that are in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def reset(descriptor: int) -> None:
    """Let the connection end in a reset when its last descriptor is closed, also where nothing is unread."""
    with socket.socket(fileno=os.dup(descriptor)) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_by_backend(wire: Wire) -> None:
    reset(wire.writer.get_extra_info("socket").fileno())
    wire.reset()


def by_path(answers: dict[str, bytes]) -> Script:
    """Answers each request with what stands for its path, and keeps its connections."""

    async def script(wire: Wire) -> None:
        while request := await wire.request():
            wire.send(answers[request.split(b" ")[1].decode()])

    return script


class Visitor:
    """A client on a plain socket: what it does not ask for stays in the kernel."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._loop = asyncio.get_running_loop()
        self._read = bytearray()

    async def ask(
        self, *paths: str, method: str = "GET", version: str = "1.1", lines: str = "", body: str = ""
    ) -> None:
        """Requests in one packet, where it is no more."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        texts = [f"{method} /dev{path} HTTP/{version}\r\nHost: {HOST}\r\n{length}{lines}\r\n{body}" for path in paths]
        await self.send("".join(texts).encode())

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self.link, data)

    async def take(self, size: int) -> None:
        """Read until so many bytes are here that were not heard yet."""
        while len(self._read) < size:
            piece = await self.read()
            assert piece, "the gateway closed"
            self._read += piece

    async def hear(self, *, bodiless: bool = False) -> Message:
        """The next answer, whole."""
        while (end := self._read.find(b"\r\n\r\n") + 4) < 4:
            await self.take(len(self._read) + 1)
        told = dict(Message(bytes(self._read[:end])).headers).get("Content-Length", "0")
        end += 0 if bodiless else int(told)
        await self.take(end)
        heard, self._read = bytes(self._read[:end]), self._read[end:]
        return Message(heard)

    async def hear_all(self) -> Message:
        """All that comes until the gateway closes; a reset ends it too."""
        with suppress(ConnectionResetError):
            while piece := await self.read():
                self._read += piece
        return Message(bytes(self._read))

    async def read(self, most: int = 1 << 20) -> bytes:
        return await self._loop.sock_recv(self.link, most)

    def half_close(self) -> None:
        self.link.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        reset(self.link.fileno())
        self.link.close()


class Chain:
    """A gateway with one API, which leads every path of its stage dev to the backend."""

    def __init__(self, playing: Backend, *, millis: int, limits: ConnectionLimits | None, trust: Any) -> None:
        self.backend = playing
        self.time = 1000.0
        departures = Departures(asyncio.get_running_loop().call_soon)
        self.http = HttpClient(backend_table(), trust=trust, gather=departures.gather, clock=lambda: self.time)
        self.connections = Connections(limits, departures)
        self.play = Play()
        self.play.ports = replace(self.play.ports, upstream=self.http)
        self.play.gateway = Gateway(self.play.ports, self.play.load)
        scheme, origin = "https" if playing.origin.secure else "http", playing.origin
        uri = f"{scheme}://{origin.host}:{origin.port}/{{way}}"
        self.play.deploy(api({"/{way+}": {"ANY": http_proxy(uri, timeoutInMillis=millis, **on_path("way"))}}))
        self.listening = Listening("127.0.0.1", 0, self.connections, self.play.observed)
        self.secure = False
        self.table = client_table()

    def accept(self) -> Connection:
        return Connection(
            self.play.gateway, self.connections, self.table, self.play.observed.append, secure=self.secure
        )

    @asynccontextmanager
    async def client(self, *, takes: int = 0) -> AsyncIterator[Visitor]:
        """`takes`: bytes that its kernel takes of what it does not read; 0: as many as usual."""
        link = socket.socket()
        if takes:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        link.setblocking(False)
        with link:
            await asyncio.get_running_loop().sock_connect(link, (self.listening.host, self.listening.port))
            yield Visitor(link)

    def wait(self, seconds: float) -> None:
        """Time passes, and then the sweeps of a worker come."""
        now = self.connections.now = self.connections.now + seconds
        self.connections._close_late([one for one in self.connections._open if 0.0 < one.deadline < now])
        self.time += seconds
        self.http.sweep()

    # What can be seen from outside

    @property
    def connection(self) -> Connection:
        """Of the only client."""
        (connection,) = self.connections._open
        assert isinstance(connection, Connection)
        return connection

    @property
    def pool(self) -> Any:
        return self.http.to(self.backend.origin)

    @property
    def pumping(self) -> int:
        """Transfers under way inside the kernel."""
        return sum(connection._pump is not None for connection in self.pool.connections)

    @property
    def idle(self) -> int:
        """Connections to the backend that wait for a call."""
        return len(self.pool._idle)

    @property
    def stalled(self) -> bool:
        """Whether the only client takes nothing more: its deadline runs, and the backend's does not."""
        return self.connection._write_paused and self.connection.deadline > 0.0

    async def stalls(self) -> None:
        await until(lambda: len(self.connections) == 1 and self.stalled)

    async def clients_gone(self) -> None:
        await until(lambda: not len(self.connections))

    async def quiet(self) -> None:
        """Until no call is under way."""
        await until(lambda: not any(True for _ in self.pool._calls()))

    @property
    def causes(self) -> list[str]:
        return self.play.causes

    @property
    def statuses(self) -> list[int]:
        """Of what was served, in its order."""
        return [status for _, status in self.play.meters.records]


@asynccontextmanager
async def chain(
    script: Script,
    *,
    millis: int = 29_000,
    limits: ConnectionLimits | None = None,
    tls: ssl.SSLContext | None = None,
    backend_tls: ssl.SSLContext | None = None,
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[Chain]:
    loop, errors = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    gc.collect()
    before = descriptors()
    async with backend(script, tls=backend_tls, name="localhost" if backend_tls else "") as playing:
        scene = Chain(playing, millis=millis, limits=limits, trust=trust)
        scene.secure = tls is not None
        server = await loop.create_server(scene.accept, "127.0.0.1", 0, ssl=tls)
        scene.listening.port = server.sockets[0].getsockname()[1]
        try:
            yield scene
        finally:
            server.close()
            scene.connections.cut_all()
            await scene.clients_gone()
            scene.http.close()
            await until(lambda: not scene.pool.connections)
    await until(lambda: descriptors() <= before)
    bugs = [each.traceback for each in scene.play.observed if isinstance(each, UnexpectedError)]
    assert not bugs, bugs[0]
    assert not errors, errors
