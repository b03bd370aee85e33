"""The connections to one origin: which call gets which, when a new one is dialled, and when one is let go."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from portico.adapters.http_call import EXACT_BELOW, Call
from portico.adapters.http_connection import BackendConnection
from portico.adapters.names import Names, Unreachable
from portico.ports.upstream import FailureKind, Origin, UpstreamCall, UpstreamRequest

if TYPE_CHECKING:
    from portico.adapters.http_client import HttpClient

MAX_CONNECTIONS: Final = 4096
"""To one origin, from one worker. Calls beyond wait for one to come free."""
IDLE_SECONDS: Final = 60.0
"""A pooled connection is closed after this much idleness; AWS allows backends 310 s, most close at 60 to 75."""
DIAL_SECONDS: Final = 30.0
"""To connect, TLS included. A call's own timeout is mostly shorter; the connection then serves a later call."""
NEXT_ADDRESS_SECONDS: Final = 2.0
"""The same where another address is left to try, and for the machines of a group."""
SHUNNED_SECONDS: Final = 5.0
"""How long a machine of a group is passed over that no connection could be opened to."""
_UNREACHED: Final = frozenset({FailureKind.CONNECT, FailureKind.RESOLVE, FailureKind.CLOSED})
"""Failures of dialling that say nothing of the other machines of a group."""


class Pool:
    """The connections to one origin."""

    def __init__(self, client: HttpClient, origin: Origin) -> None:
        self.client = client
        self.origin = origin
        self.now = client.clock
        self.table = client.table
        self.connections: set[BackendConnection] = set()
        self._idle: list[BackendConnection] = []
        self._waiting: deque[Call] = deque()
        self._open = 0
        self._host, self._port = origin.via[0] if origin.via else (origin.host, origin.port)
        self._names = Names(self._host, self._port, client.clock)
        self._dial_seconds = NEXT_ADDRESS_SECONDS if origin.via else DIAL_SECONDS
        self.shunned_until = 0.0
        """As one of a group: until when others are called instead."""
        self._dialing: dict[asyncio.Task[bool], Call] = {}

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, /) -> UpstreamCall:
        timeout = plan.timeout
        call = Call(self, method, request, plan, context, self.client.now + timeout)
        if timeout < EXACT_BELOW:
            call.arm(asyncio.get_running_loop())
        if self._idle:
            connection = self._idle.pop()
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                connection.call = call
                call.connection = connection
                transport.write(request)
                return call
        self.start(call)
        return call

    def start(self, call: Call) -> None:
        """Send `call` on a free connection, or dial one, or wait for one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                connection.send(call)
                return
        self.dial(call)

    def dial(self, call: Call) -> None:
        """Send `call` on a new connection, or wait for one."""
        if self._open >= MAX_CONNECTIONS:
            self._waiting.append(call)
            return
        self._open += 1
        task = asyncio.get_running_loop().create_task(self._dial(call))
        self._dialing[task] = call
        task.add_done_callback(self._dialed)

    def free(self, connection: BackendConnection) -> None:
        waiting = self._waiting
        while waiting:
            call = self._waiting.popleft()
            if not call.over:
                connection.send(call)
                return
        connection.idle_since = self.client.now
        self._idle.append(connection)

    def lost(self, connection: BackendConnection) -> None:
        if connection not in self.connections:
            return  # it was never handed over: `_dial` counts it
        self.connections.discard(connection)
        self._open -= 1
        if connection.call is None and connection in self._idle:
            self._idle.remove(connection)
        self._start_waiting()

    def _start_waiting(self) -> None:
        while self._waiting and self._open < MAX_CONNECTIONS:
            call = self._waiting.popleft()
            if not call.over:
                self.start(call)

    async def _dial(self, call: Call) -> bool:
        """Whether there is a connection."""
        try:
            connection = await self._connect()
        except Unreachable as error:
            self._unreached(call, error)
            return False
        except Exception as error:
            call.fail(FailureKind.CONNECT, f"unexpected: {error!r}")
            return False
        if call.over:
            connection.used = True
            self.free(connection)
        else:
            connection.send(call)
        return True

    def _unreached(self, call: Call, error: Unreachable) -> None:
        if error.kind in _UNREACHED:
            self.shunned_until = self.client.clock() + SHUNNED_SECONDS
            if call.moves_on():
                return
        call.fail(error.kind, str(error))

    def _dialed(self, task: asyncio.Task[bool]) -> None:
        del self._dialing[task]
        if task.cancelled() or not task.result():
            self._open -= 1
            self._start_waiting()

    async def _connect(self) -> BackendConnection:
        """A new connection, trying each resolved address in turn. Raises Unreachable."""
        host, port = self._host, self._port
        failure = Unreachable(FailureKind.RESOLVE, f"{host} has no address")
        addresses = await self._names.resolve()
        for left, address in zip(reversed(range(len(addresses))), tuple(addresses), strict=True):
            if not self.client.egress.allows(address, port):
                failure = Unreachable(FailureKind.FORBIDDEN, f"{host} is at {address}, which is not called")
                continue
            try:
                async with asyncio.timeout(NEXT_ADDRESS_SECONDS if left else self._dial_seconds):
                    return await self._connect_to(address)
            except Unreachable as error:
                failure = error
            except ssl.SSLError as error:
                failure = Unreachable(FailureKind.TLS, f"{host}: {error.reason or error}")
            except TimeoutError:
                failure = Unreachable(FailureKind.CONNECT, f"{address} port {port}: it does not answer")
            except (OSError, OverflowError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                failure = Unreachable(FailureKind.CONNECT, f"{address} port {port}: {why}")
            self._names.try_last(address)
        raise failure

    async def _connect_to(self, address: str) -> BackendConnection:
        origin = self.origin
        transport, connection = await asyncio.get_running_loop().create_connection(
            lambda: BackendConnection(self),
            address,
            self._port,
            ssl=self.client.tls(origin),
            server_hostname=origin.host if origin.secure else None,
        )
        if connection.transport is None:
            raise Unreachable(FailureKind.CLOSED, f"{address} port {self._port}: closed at once")
        local = transport.get_extra_info("sockname")
        if not self.client.egress.allows(address, self._port, local[0] if local else ""):
            transport.abort()
            raise Unreachable(FailureKind.FORBIDDEN, f"{self._host} is this host, whose port is not called")
        connection.address = address
        self.connections.add(connection)
        return connection

    def sweep(self, now: float) -> None:
        for call in [one for one in self._calls() if one.deadline < now and not one.over]:
            call.expire()
        if self.connections:
            self._names.refresh()
        for connection in [one for one in self._idle if self._has_expired(one, now)]:
            connection.discard()

    def _has_expired(self, connection: BackendConnection, now: float) -> bool:
        return now - connection.idle_since > IDLE_SECONDS or connection.address not in self._names.addresses

    def _calls(self) -> Iterator[Call]:
        """The calls whose time runs: not those that wait for our own client to read."""
        for connection in self.connections:
            if connection.call is not None and not connection.paused:
                yield connection.call
        yield from self._dialing.values()
        yield from self._waiting

    def close(self) -> None:
        under_way = [connection.call for connection in self.connections]
        for call in [*under_way, *self._dialing.values(), *self._waiting]:
            if call is not None:
                call.fail(FailureKind.CLOSED, "the gateway is shutting down")
        for task in list(self._dialing):
            task.cancel()
        for connection in list(self.connections):
            connection.discard()
        self._names.close()
