"""The bell between control and the workers of one node: "the state is at Change N", and back, "I have applied N".

A unix socket in the data directory, and on it nothing but 8-byte numbers in network order. Control writes the state
directory first and rings then; a worker reads the disk and answers with what it now serves. A worker that cannot reach
control serves what it has and calls again, with a growing pause.

The barrier: an answer of control waits until every worker on the bell has applied its Change, at most
`BARRIER_SECONDS`.
"""

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from portico.server.unix_sockets import bind, connected

BARRIER_SECONDS: Final = 2.0
"""Long enough for a worker that is ready on a machine that is busy; only one that hangs lets answers wait so long."""
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.1
"""Between two calls of a worker: a failed one costs 50 µs, and until it is heard no barrier waits for it."""
_CALL_PAUSE: Final = 0.005
_NUMBER: Final = struct.Struct("!Q")


class _Numbers(asyncio.Protocol):
    """One end of the bell: numbers in and out."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        whole = len(data) - len(data) % _NUMBER.size
        self._held = data[whole:]
        if whole:  # only the newest counts: what came before is contained in it
            (number,) = _NUMBER.unpack_from(data, whole - _NUMBER.size)
            self.on_number(number)

    def on_number(self, number: int) -> None:
        raise NotImplementedError

    def tell(self, number: int) -> None:
        if self._transport is not None:
            self._transport.write(_NUMBER.pack(number))

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Listener(_Numbers):
    """A worker, or the functions process, as control sees it. It counts for the barrier from its first word on: it is
    ready then."""

    def __init__(self, tower: "BellTower", worker: bool) -> None:
        super().__init__()
        self._tower = tower
        self.worker = worker
        self.applied: int | None = None
        self.words = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._tower.listeners.add(self)
        self.tell(self._tower.seq)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._tower.listeners.discard(self)
        self._tower.look()

    def on_number(self, number: int) -> None:
        self.applied = number
        self.words += 1
        self._tower.look()


class BellTower:
    """Control's end: rings, and knows what every worker has applied."""

    def __init__(self) -> None:
        self.seq = 0
        """The Change that the state directory is at."""
        self.listeners: set[_Listener] = set()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._servers: list[asyncio.AbstractServer] = []

    async def open(self, path: Path, *, workers: bool = True) -> None:
        """Be reachable at `path`, taking the place of a predecessor that is gone. Raises OSError.

        `workers`: it is they who come there. Barriers wait for others too, but `ready` does not count them.
        """
        listener = bind(path)
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_unix_server(lambda: _Listener(self, workers), sock=listener))

    def close(self) -> None:
        for server in self._servers:
            server.close()
        for listener in list(self.listeners):
            listener.hang_up()

    def ring(self, seq: int) -> None:
        """The state is at `seq` now: tell every worker."""
        if seq != self.seq:
            self.seq = seq
            for listener in self.listeners:
                listener.tell(seq)

    def ready(self) -> int:
        """How many workers serve what the state directory says."""
        return sum(one.worker and one.applied is not None and one.applied >= self.seq for one in self.listeners)

    async def gathered(self, workers: int, patience: float = BARRIER_SECONDS) -> bool:
        """Wait until so many workers serve what the state says. False where they do not, after `patience` seconds."""
        end = asyncio.get_running_loop().time() + patience
        while self.ready() < workers:
            if asyncio.get_running_loop().time() >= end:
                return False
            await asyncio.sleep(_FIRST_PAUSE)
        return True

    async def called(self, patience: float = BARRIER_SECONDS) -> None:
        """Ring although there is no news, and wait until everybody has answered, at most `patience` seconds."""
        before = [(one, one.words) for one in self.listeners if one.applied is not None]
        for one, _ in before:
            one.tell(self.seq)
        end = asyncio.get_running_loop().time() + patience
        while any(one.words == words and one in self.listeners for one, words in before):
            if asyncio.get_running_loop().time() >= end:
                return
            await asyncio.sleep(_CALL_PAUSE)

    async def applied(self, seq: int, patience: float = BARRIER_SECONDS) -> bool:
        """Wait until every ready worker has applied `seq`. False where one has not, after `patience` seconds."""
        if self._all_at(seq):
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((seq, future))
        done, _ = await asyncio.wait([future], timeout=patience)
        self._waiting = [one for one in self._waiting if one[1] is not future]
        return bool(done)

    def look(self) -> None:
        """A worker spoke or went: let go who waited for that."""
        for seq, future in self._waiting:
            if not future.done() and self._all_at(seq):
                future.set_result(None)

    def _all_at(self, seq: int) -> bool:
        return all(one.applied is None or one.applied >= seq for one in self.listeners)


class _Follower(_Numbers):
    def __init__(self, heard: Callable[[int], int], lost: Callable[[], None]) -> None:
        super().__init__()
        self._heard = heard
        self._lost = lost

    def on_number(self, number: int) -> None:
        self.tell(self._heard(number))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost()


class BellRope:
    """A worker's end: calls `follow` with the newest Change whenever it is told one; what that returns is applied."""

    def __init__(self, path: Path, follow: Callable[[int], int]) -> None:
        self._path = path
        self._follow = follow
        self._follower: _Follower | None = None
        self._lost = asyncio.Event()
        self._lost.set()

    def tell(self, applied: int) -> None:
        """Say unasked what is applied now, after it had failed before."""
        if self._follower is not None:
            self._follower.tell(applied)

    async def hold(self) -> None:
        """Stay on the bell until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            if not self._lost.is_set() or await self.reach():
                pause = _FIRST_PAUSE
                await self._lost.wait()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def reach(self) -> bool:
        """Try once. True: control counts us for its barrier as soon as we have answered it."""
        try:
            _, self._follower = await asyncio.get_running_loop().create_unix_connection(
                lambda: _Follower(self._follow, self._lost.set), sock=connected(self._path)
            )
        except OSError:
            return False
        self._lost.clear()
        return True
