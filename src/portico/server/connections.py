"""All connections of one listener process: their caps, their shared budget of body bytes, their deadlines.

No connection has a timer of its own: `call_later` and its cancel cost 1.5 to 2.4 µs, a deadline that one sweep every
250 ms compares costs 0.05. `now` is therefore a quarter of a second coarse, which every limit here can bear.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from portico.server.departures import Departures

SWEEP_SECONDS: Final = 0.25
SLICE: Final = 32
"""Connections that one turn of the loop closes for being late. Each costs some 30 µs, to be told, answered and closed:
5 000 that came together would keep everybody else waiting for 0.15 s."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a stranger may hold of us. Seconds, bytes and counts."""

    header_seconds: float = 10.0
    """From a connection's first byte, or from its opening, to the whole head of its request."""
    body_seconds: float = 30.0
    """Between any two `BODY_STRIDE`s of a body."""
    idle_seconds: float = 75.0
    """A kept-alive connection without a request."""
    stalled_seconds: float = 60.0
    """A client that reads nothing of its answer."""
    connections: int = 20_000
    connections_per_address: int = 10_000
    body_budget: int = 256 * 1024 * 1024
    """Bytes of all bodies that are being collected, or whose requests are not answered yet: a backend that stops
    answering holds those too."""


class Swept(Protocol):
    deadline: float

    def on_deadline(self) -> None: ...

    @property
    def idle(self) -> bool: ...

    def close_after_answer(self) -> None: ...

    def cut(self) -> None: ...


class Connections:
    """The open connections. One object per process; not thread-safe, as nothing on an event loop is."""

    def __init__(self, limits: ConnectionLimits | None = None, departures: Departures | None = None) -> None:
        self.limits = limits or ConnectionLimits()
        self.departures = departures or Departures()
        self.now = time.monotonic()
        self.idle_deadline = self.now + self.limits.idle_seconds
        """Of a connection whose answer is sent now."""
        self.draining = False
        self._open: set[Swept] = set()
        self._by_address: dict[str, int] = {}
        self._body_bytes = 0
        self._greeted: Counter[str] = Counter()
        """TLS handshakes under way, by address."""

    def __len__(self) -> int:
        """Handshakes count: a process that leaves waits for them too."""
        return len(self._open) + self._greeted.total()

    def greet(self, address: str) -> bool:
        """A TLS handshake begins: it counts like the connection that it will be. False where a cap is reached."""
        here = self._by_address.get(address, 0) + self._greeted[address]
        if len(self) >= self.limits.connections or here >= self.limits.connections_per_address:
            return False
        self._greeted[address] += 1
        return True

    def greeted(self, address: str) -> None:
        """That handshake is over. Where it went well its connection was admitted: there was room for it."""
        self._greeted[address] -= 1
        if not self._greeted[address]:
            del self._greeted[address]

    def admit(self, connection: Swept, address: str) -> bool:
        """False where a cap is reached: the connection is then not counted and must be closed."""
        here = self._by_address.get(address, 0)
        if len(self._open) >= self.limits.connections or here >= self.limits.connections_per_address:
            return False
        self._open.add(connection)
        self._by_address[address] = here + 1
        return True

    def forget(self, connection: Swept, address: str) -> None:
        if connection in self._open:
            self._open.discard(connection)
            left = self._by_address[address] - 1
            if left:
                self._by_address[address] = left
            else:
                del self._by_address[address]

    def take_body(self, size: int) -> bool:
        """Reserve bytes for a body. False: the budget is spent."""
        if self._body_bytes + size > self.limits.body_budget:
            return False
        self._body_bytes += size
        return True

    def give_body(self, size: int) -> None:
        self._body_bytes -= size

    def sweep(self) -> None:
        """Call it every `SWEEP_SECONDS`, on the loop: closes what missed its deadline, a slice in each turn."""
        now = self.now = time.monotonic()
        self.idle_deadline = now + self.limits.idle_seconds
        self._close_late([one for one in self._open if 0.0 < one.deadline < now])

    def _close_late(self, late: Sequence[Swept], at: int = 0) -> None:
        now, end = self.now, at + SLICE
        for connection in late[at:end]:
            if 0.0 < connection.deadline < now:  # it may have gone on, or away, since the sweep
                connection.on_deadline()
        if end < len(late):
            asyncio.get_running_loop().call_soon(self._close_late, late, end)

    def drain(self) -> None:
        """From now on every answer says `Connection: close` and is followed by it."""
        self.draining = True
        for connection in self._open:
            connection.close_after_answer()

    def cut_idle(self) -> None:
        """Close the connections that hold no request: at the end of grace, when their clients have had time to go."""
        for connection in [one for one in self._open if one.idle]:
            connection.cut()

    def cut_all(self) -> None:
        for connection in list(self._open):
            connection.cut()
