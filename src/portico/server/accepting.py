"""Accepting connections on inherited listening sockets, and stopping without losing one."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from portico.server.sockets import BACKLOG

HANDSHAKE_SECONDS: Final = 10.0
Factory = Callable[[], asyncio.Protocol]


class Door:
    """Open on all `listeners`; each connection gets a protocol from `factory`."""

    def __init__(self, listeners: Sequence[socket.socket], factory: Factory, tls: ssl.SSLContext | None) -> None:
        self._listeners = listeners
        self._factory = factory
        self._tls = tls
        self._servers: list[asyncio.AbstractServer] = []

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            # The server closes the socket that it is given; ours must outlive it for `close`.
            server = await loop.create_server(
                self._factory,
                sock=listener.dup(),
                backlog=BACKLOG,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            )
            self._servers.append(server)

    async def close(self) -> None:
        """Stop accepting, but take what waits in the sockets first: perhaps nobody accepts on them after us."""
        for server in self._servers:
            server.close()
        await asyncio.gather(*[self._adopt(one) for listener in self._listeners for one in _waiting(listener)])
        for listener in self._listeners:
            listener.close()
        for _ in range(2):  # what the loop itself accepted last becomes a connection in its next turns
            await asyncio.sleep(0)

    async def _adopt(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            )
        except OSError:
            connection.close()


def _waiting(listener: socket.socket) -> Iterator[socket.socket]:
    listener.setblocking(False)
    for _ in range(BACKLOG):  # a successor may be accepting too; clients that keep coming are for it
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        yield connection
