"""The HTTP/1.1 client of the data plane: keep-alive pools per origin, and nothing awaited on the way of a request.

The laws:
- A connection serves one call at a time. One that has unread or unasked-for bytes is never used again.
- A call is sent once. It is sent a second time only if it is idempotent and the connection, taken from the pool, was
  closed by the backend before the first byte of an answer: the backend had let go of it before we asked.
- The whole answer has `timeout` seconds; time in which our own client is slow does not count.
- What is ambiguous (two lengths, bytes after the answer, an unfinished chunk) is a failure, never a guess.
- A name is looked up again while it is in use, once at a time; connections to addresses that it lost are let go.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from weakref import WeakValueDictionary

from portico.adapters.client_identities import ClientIdentities, UnknownIdentity, mistrusting
from portico.adapters.egress import EgressPolicy
from portico.adapters.http_group import Group
from portico.adapters.http_pool import IDLE_SECONDS, Pool
from portico.adapters.names import Clock, Unreachable
from portico.ports.upstream import Destination, FailureKind, Origin
from portico.wire.http1 import HeaderTable

HostPort = tuple[str, int | None]
"""A host, an IP address without its brackets; without a port it is that of the URI."""
Gather = Callable[[asyncio.Transport], asyncio.Transport]
"""A transport that writes to the one it is given, perhaps somewhat later."""
Backends = Mapping[HostPort, Sequence[HostPort]]

ANSWERS_BUDGET: Final = 256 * 1024 * 1024
"""Bytes of all answers that are being collected whole, for templates: backends that begin ten megabytes each and stop
must not take the memory of a worker. What is sent on as it comes holds 64 KB at most and does not count."""


class HttpClient:
    """The Upstream port over asyncio. One per process; call `sweep` every quarter of a second."""

    def __init__(
        self,
        table: HeaderTable,
        egress: EgressPolicy | None = None,
        *,
        backends: Backends | None = None,
        trust: ssl.SSLContext | None = None,
        identities: ClientIdentities | None = None,
        gather: Gather | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        """`backends`: who is called instead of a host that a URI names. `gather`: through what connections write."""
        self.table = table
        self._backends = backends or {}
        self._identities = identities or ClientIdentities()
        self.egress = egress or EgressPolicy()
        self.gather = gather
        self.clock = clock
        self.now = clock()
        self._trust = trust
        self._mistrust: ssl.SSLContext | None = None
        self._collected = 0
        self._pools: WeakValueDictionary[Origin, Pool] = WeakValueDictionary()
        """A pool lives while a Route or a connection holds it: a host that a client may name must not stay for ever."""
        self._groups: WeakValueDictionary[Origin, Group] = WeakValueDictionary()
        self._newest: list[Pool | Group] = []
        """Those of the last `IDLE_SECONDS`: what they know, addresses and turns, is not forgotten with each call."""
        self._newest_since = self.now

    def to(self, origin: Origin, /) -> Destination:
        if self._backends and not origin.via:
            origin = self._elsewhere(origin)
        if not origin.via:
            return self._pool(origin)
        group = self._groups.get(origin)
        if group is None:
            pools = [self._pool(origin._replace(via=(machine,))) for machine in origin.via]
            group = self._groups[origin] = Group(pools)
            self._newest.append(group)
        return group

    def _elsewhere(self, origin: Origin) -> Origin:
        """`origin` by the machines that were named for it; with the port in the name first."""
        host, backends = origin.host.lower(), self._backends
        machines = backends.get((host, origin.port)) or backends.get((host, None), ())
        return origin._replace(via=tuple((machine, port or origin.port) for machine, port in machines))

    def _pool(self, origin: Origin) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(self, origin)
            self._newest.append(pool)
        return pool

    def tls(self, origin: Origin) -> ssl.SSLContext | None:
        """The context for `origin`, made when it is first needed: loading the trust store takes 20 ms.

        Raises Unreachable where the origin's client certificate is not known.
        """
        if not origin.secure:
            return None
        if origin.identity:
            return self._identified(origin)
        if origin.verify:
            if self._trust is None:
                self._trust = ssl.create_default_context()
            return self._trust
        if self._mistrust is None:
            self._mistrust = mistrusting()
        return self._mistrust

    def _identified(self, origin: Origin) -> ssl.SSLContext:
        try:
            return self._identities.context(origin.identity, origin.verify)
        except UnknownIdentity as error:
            raise Unreachable(FailureKind.TLS, str(error)) from None

    def take_answer(self, size: int) -> bool:
        """Reserve bytes for an answer. False: the budget is spent."""
        if self._collected + size > ANSWERS_BUDGET:
            return False
        self._collected += size
        return True

    def give_answer(self, size: int) -> None:
        self._collected -= size

    def sweep(self) -> None:
        now = self.now = self.clock()
        for pool in list(self._pools.values()):
            pool.sweep(now)
        if now - self._newest_since > IDLE_SECONDS:
            self._newest, self._newest_since = [], now

    def close(self) -> None:
        for pool in list(self._pools.values()):
            pool.close()
