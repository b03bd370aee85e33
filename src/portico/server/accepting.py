"""Accepting connections on inherited listening sockets, and stopping without losing one.

In the clear the loop accepts. Under TLS we do: a handshake that a stranger does not go on with holds a descriptor and
50 KB for ten seconds, so it must count for the caps of connections from its first packet on, not when it is over.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from portico.kernel.observe import BadClient, Observer
from portico.server.connections import Connections
from portico.server.sockets import BACKLOG

HANDSHAKE_SECONDS: Final = 10.0
_AT_ONCE: Final = 64
"""Handshakes that one turn of the loop begins: each costs half a millisecond and more."""
_PAUSE_SECONDS: Final = 0.1
"""Without accepting, where the process may open no more files: what waits is still there then."""
Factory = Callable[[], asyncio.Protocol]


class Door:
    """Open on all `listeners`; each connection gets a protocol from `factory`, which has it admitted."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        factory: Factory,
        tls: ssl.SSLContext | None,
        connections: Connections,
        observer: Observer,
    ) -> None:
        self._listeners = listeners
        self._factory = factory
        self._tls = tls
        self._connections = connections
        self._observer = observer
        self._servers: list[asyncio.AbstractServer] = []
        self._adopting: set[asyncio.Task[None]] = set()
        self._open = False

    async def open(self) -> None:
        self._open = True
        if self._tls is not None:
            self._listen()
            return
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            # The server closes the socket that it is given; ours must outlive it for `close`.
            self._servers.append(await loop.create_server(self._factory, sock=listener.dup(), backlog=BACKLOG))

    async def close(self) -> None:
        """Stop accepting, but take what waits in the sockets first: perhaps nobody accepts on them after us."""
        self._open = False
        for server in self._servers:
            server.close()
        if self._tls is not None:
            self._deafen()
        for listener in self._listeners:
            with suppress(OSError):
                for one in _waiting(listener, BACKLOG):  # a successor may accept too; who keeps coming is for it
                    self._adopt(*one)
            listener.close()
        if self._adopting and self._tls is None:
            await asyncio.wait(self._adopting)
        for _ in range(2):  # what the loop itself accepted last becomes a connection in its next turns
            await asyncio.sleep(0)

    # Under TLS

    def _listen(self) -> None:
        if self._open:
            for listener in self._listeners:
                asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _deafen(self) -> None:
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            for one in _waiting(listener, _AT_ONCE):
                self._adopt(*one)
        except OSError:  # no descriptors are left: asked again at once it would be said again, for ever
            self._deafen()
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._listen)

    # One connection

    def _adopt(self, connection: socket.socket, address: str) -> None:
        if self._tls is not None and not self._connections.greet(address):
            self._observer(BadClient(address, 503, "too many connections"))
            connection.close()
            return
        task = asyncio.get_running_loop().create_task(self._connect(connection, address))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)

    async def _connect(self, connection: socket.socket, address: str) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            )
        except OSError:  # a handshake that failed or took too long, too
            connection.close()
        finally:
            if self._tls is not None:
                self._connections.greeted(address)


def _waiting(listener: socket.socket, most: int) -> Iterator[tuple[socket.socket, str]]:
    """The connections that wait, with their peers' addresses. Raises OSError where none can be opened."""
    listener.setblocking(False)
    for _ in range(most):
        try:
            connection, address = listener.accept()
        except BlockingIOError:
            return
        except ConnectionError:
            continue  # it was gone before we came
        connection.setblocking(False)
        yield connection, address[0]
