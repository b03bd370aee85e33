"""The client's side of the HTTP edge under test: a tiny application, a transport that keeps everything, real sockets.

edge = Edge(Echo())
edge.receive(b"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n")
assert edge.transport.sent.startswith(b"HTTP/1.1 200 OK")
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from portico.kernel.observe import Observation
from portico.ports.client import Client
from portico.server.connections import ConnectionLimits, Connections
from portico.server.departures import Departures
from portico.server.protocol import Connection
from portico.wire.http1 import Head, HeaderTable

PATIENCE = 60.0
"""Seconds that a test waits for what must happen."""


def get(target: str = "/", *lines: str, version: str = "1.1") -> bytes:
    """A GET with a Host and further header lines."""
    return "\r\n".join([f"GET {target} HTTP/{version}", "Host: h", *lines, "", ""]).encode("latin-1")


def post(body: bytes, *lines: str, target: str = "/") -> bytes:
    """A POST whose length is told."""
    head = [f"POST {target} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def answer(client: Client, head: Head, body: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole answer, as the data plane composes them."""
    connection = b"close" if client.closing else b"keep-alive"
    lines = b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: %b\r\n\r\n" % (status, len(body), connection)
    return lines if head.method == b"HEAD" else lines + body


class Asked:
    """One request of a Scripted application: a Served that writes down what it is told."""

    wants_body = True

    def __init__(self, client: Client, head: Head, body_limit: int) -> None:
        self.client = client
        self.head = head
        self.body_limit = body_limit
        self.body: bytes | None = None
        self.told: list[str] = []

    @property
    def target(self) -> str:
        return self.head.target.decode("latin-1")

    def answer(self, body: bytes = b"", status: bytes = b"200 OK") -> None:
        self.client.answer(answer(self.client, self.head, body, status))

    def on_body(self, body: bytes) -> None:
        self.body = body
        self.told.append("body")

    def on_body_too_large(self) -> None:
        self.told.append("too large")
        self.answer(status=b"413 Payload Too Large")

    def gone(self) -> None:
        self.told.append("gone")

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")


class Scripted:
    """An Application that answers nothing by itself: the test does, through `asked`."""

    def __init__(self, body_limit: int = 1024) -> None:
        self.asked: list[Asked] = []
        self.body_limit = body_limit

    def begin(self, client: Client, head: Head) -> Asked:
        asked = Asked(client, head, self.body_limit)
        self.asked.append(asked)
        return asked

    @property
    def targets(self) -> list[str]:
        return [one.target for one in self.asked]


class Echo(Scripted):
    """An Application that answers at once: `method target` or, where a body comes, that body."""

    def begin(self, client: Client, head: Head) -> Asked:
        asked = _Echoing(client, head, self.body_limit)
        self.asked.append(asked)
        if not head.content_length:
            asked.answer(head.method + b" " + head.target)
        return asked


class _Echoing(Asked):
    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.answer(body)


class Refusing(Scripted):
    """An Application that needs no body to answer 403."""

    def begin(self, client: Client, head: Head) -> Asked:
        asked = super().begin(client, head)
        asked.answer(b"no", b"403 Forbidden")
        return asked


class FakeTransport(asyncio.Transport):
    """Keeps what is written; `unsent` bytes of it are as yet unread by the client."""

    def __init__(self, peer: tuple[str, int] = ("192.0.2.1", 40000), secure: bool = False) -> None:
        super().__init__({"peername": peer, "sockname": ("192.0.2.99", 8080)})
        self.sent = b""
        self.unsent = 0
        self.reading = True
        self.ended = ""
        """"" while it is open; then "eof", "close" or "abort", whichever came last."""
        self._secure = secure

    def write(self, data: Any) -> None:
        assert self.ended in ("", "close"), f"written after {self.ended}"
        self.sent += data

    def can_write_eof(self) -> bool:
        return not self._secure

    def write_eof(self) -> None:
        assert not self._secure
        self.ended = "eof"

    def close(self) -> None:
        self.ended = "close"

    def abort(self) -> None:
        self.ended = "abort"

    def is_closing(self) -> bool:
        return self.ended in ("close", "abort")

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    @property
    def answers(self) -> list[bytes]:
        """The status lines that were sent."""
        return [b"HTTP/1.1 " + part.split(b"\r\n", 1)[0] for part in self.sent.split(b"HTTP/1.1 ")[1:]]


class Edge:
    """One Connection over a FakeTransport. Its clock stands still until `wait`."""

    def __init__(
        self,
        application: Any = None,
        *,
        limits: ConnectionLimits | None = None,
        connections: Connections | None = None,
        secure: bool = False,
        peer: tuple[str, int] = ("192.0.2.1", 40000),
    ) -> None:
        self.application = application or Echo()
        self.connections = Connections(limits) if connections is None else connections
        self.seen: list[Observation] = []
        self.table = HeaderTable()
        self.connection = Connection(self.application, self.connections, self.table, self.seen.append, secure=secure)
        self.transport = FakeTransport(peer, secure)
        self.connection.connection_made(self.transport)

    def receive(self, data: bytes) -> bytes:
        """The client sends `data`; what it is sent then."""
        before = len(self.transport.sent)
        self.connection.data_received(data)
        return self.transport.sent[before:]

    def wait(self, seconds: float) -> None:
        """Time passes, and then the sweep comes: what `Connections.sweep` does, by a clock of the test's own."""
        now = self.connections.now = self.connections.now + seconds
        if 0.0 < self.connection.deadline < now:
            self.connection.on_deadline()

    def lose(self, error: Exception | None = None) -> None:
        self.connection.connection_lost(error)

    @property
    def asked(self) -> list[Asked]:
        asked: list[Asked] = self.application.asked
        return asked


def split_everywhere(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(data[:at], data[at:]) for at in range(1, len(data))]


@dataclass
class Listening:
    """A server on real sockets."""

    host: str
    port: int
    connections: Connections
    seen: list[Observation]


@asynccontextmanager
async def listening(
    application: Any,
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    limits: ConnectionLimits | None = None,
) -> AsyncIterator[Listening]:
    """Connections behind a port of the kernel's choice; cut at the end."""
    departures = Departures(asyncio.get_running_loop().call_soon)
    connections, seen = Connections(limits, departures), list[Observation]()
    table = HeaderTable()

    def connect() -> Connection:
        return Connection(application, connections, table, seen.append, secure=tls is not None)

    server = await asyncio.get_running_loop().create_server(connect, host, 0, ssl=tls)
    try:
        yield Listening(host, server.sockets[0].getsockname()[1], connections, seen)
    finally:
        server.close()
        connections.cut_all()
        await until(lambda: not len(connections))


_TURNS = 200


async def until(happened: Callable[[], Any]) -> None:
    """Give the loop away until something has happened. `play` ends a wait in vain.

    What another process has to do first is not kept from the processor by asking all the time.
    """
    turns = 0
    while not happened():  # what is waited for has no event of its own
        turns += 1
        await asyncio.sleep(0 if turns < _TURNS else 0.001)


async def talk(server: Listening, *sent: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """All that a client gets that sends these pieces and then closes its half."""
    reader, writer = await asyncio.open_connection(
        server.host, server.port, ssl=tls, server_hostname="localhost" if tls else None
    )
    for piece in sent:
        writer.write(piece)
        await asyncio.sleep(0)
    if tls is None:
        writer.write_eof()
    got = await reader.read()
    writer.close()
    return got


def play(scene: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine, on the loop that Portico runs on. It has `PATIENCE` seconds."""

    @functools.wraps(scene)
    def test(*args: Any, **named: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(PATIENCE):
                await scene(*args, **named)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(bounded())

    return test
