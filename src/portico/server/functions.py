"""The functions process: answers its callers on a unix socket, follows the state directory, and ends its instances.

Its laws:
- Like a worker it serves what the state directory says, with control and the database gone too.
- Told to leave (SIGTERM) it asks callers to go to its successor, serves what is under way until it is done or the drain
  is over, and ends every instance before it is gone itself. Instances die with it however it dies.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.kernel.observe import FewDescriptors, FunctionsLeft, Observer
from portico.server import tuning
from portico.server.following import Following, sweeping
from portico.server.unix_sockets import bind

_LEAVE_POLL_SECONDS: Final = 0.02
_DESCRIPTORS_OF_AN_INSTANCE: Final = 8
"""Its listener and connections, its log, its process and what that tells."""
_OTHER_DESCRIPTORS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionsParts:
    """What the composition root gives the functions process, made on its loop."""

    socket: Path
    connect: Callable[[], asyncio.Protocol]
    """The protocol of a caller's connection."""
    follow: Callable[[], int]
    """Apply what is new in the state directory; the Change that is served then. Raises PorticoError."""
    bell: Path
    sweeps: Sequence[Callable[[], None]]
    """Called every `sweep_seconds`."""
    sweep_seconds: float
    leaves: Sequence[Callable[[], None]]
    """Called in this order to take nothing new that can go elsewhere."""
    calls: Callable[[], int]
    """How many are under way."""
    end: Callable[[], Awaitable[None]]
    """End every instance."""
    closes: Sequence[Callable[[], None]]
    """Called in this order when everything is over."""
    observer: Observer
    drain_seconds: float
    instances: int


class FunctionsProcess:
    def __init__(self, parts: FunctionsParts) -> None:
        self._parts = parts
        self._following = Following("functions", parts.follow, parts.bell, parts.observer)

    async def serve(self, ready: Callable[[], None]) -> int:
        """All of the process's life, on a running loop. Returns its exit status."""
        parts, leave = self._parts, asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, leave.set)
        self._check_descriptors()
        await self._following.begin()  # before the socket opens: a barrier then waits for us from the first call on
        server = await loop.create_unix_server(parts.connect, sock=bind(parts.socket))
        tuning.settle()
        sweeps = (*parts.sweeps, self._following.catch_up)
        tasks = [
            asyncio.create_task(self._following.hold()),
            asyncio.create_task(sweeping("functions", sweeps, parts.sweep_seconds, parts.observer)),
        ]
        ready()
        await leave.wait()
        await self._drain()
        server.close()
        for task in tasks:
            task.cancel()
        for close in parts.closes:
            close()
        return 0

    def _check_descriptors(self) -> None:
        wanted = self._parts.instances * _DESCRIPTORS_OF_AN_INSTANCE + _OTHER_DESCRIPTORS
        allowed = tuning.allow_descriptors(wanted)
        if allowed < wanted:
            self._parts.observer(FewDescriptors(allowed, wanted))

    # Leaving

    async def _drain(self) -> None:
        parts, began = self._parts, time.monotonic()
        for leave in parts.leaves:
            leave()
        while parts.calls() and time.monotonic() < began + parts.drain_seconds:  # noqa: ASYNC110  many calls at once
            await asyncio.sleep(_LEAVE_POLL_SECONDS)
        cut = parts.calls()
        await parts.end()
        parts.observer(FunctionsLeft(os.getpid(), cut))
