"""A worker: accepts on its slot's sockets, follows the state directory, and leaves without cutting anybody off.

Its laws:
- It serves what the state directory says when it starts, with control and the database gone too; control's bell only
  tells it when to look again. What it cannot read or apply it tries again each second, and serves what it had.
- Told to leave (SIGTERM) it accepts what waits in its sockets, closes them, and answers with `Connection: close`.
  After `IDLE_GRACE_SECONDS` it closes the connections without a request, after the drain all others.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.kernel.observe import Drained, Draining, FewDescriptors, Observer
from portico.server import tuning
from portico.server.accepting import Door
from portico.server.connections import SWEEP_SECONDS, Connections
from portico.server.following import Following, sweeping
from portico.server.overload import BEAT_SECONDS

IDLE_GRACE_SECONDS: Final = 5.0
"""For clients that keep connections: within it their next request is answered, and told to be the last."""
_OTHER_DESCRIPTORS: Final = 256 + 1024
"""The second number is for transfers inside the kernel: adapters/pump.py."""
_LEAVE_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParts:
    """What the composition root gives a worker, made on its loop."""

    slot: int
    door: Door
    connections: Connections
    follow: Callable[[], int]
    """Apply what is new in the state directory; the Change that is served then. Raises PorticoError."""
    bell: Path
    sweeps: Sequence[Callable[[], None]]
    """Called every `SWEEP_SECONDS`."""
    report: Callable[[], None]
    """Write down what was logged and counted. Called when control rings, so that its pages tell of every answer."""
    beat: Callable[[], None]
    """Called every `BEAT_SECONDS`, or as soon as the loop comes to it."""
    closes: Sequence[Callable[[], None]]
    """Called in this order when everything is over."""
    observer: Observer
    drain_seconds: float


class Worker:
    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._following = Following("worker", parts.follow, parts.bell, parts.observer, parts.report)

    async def serve(self, ready: Callable[[], None]) -> int:
        """All of a worker's life, on a running loop. Returns its exit status."""
        parts, leave = self._parts, asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
        self._check_descriptors()
        await self._following.begin()  # before the door opens: a barrier then waits for us from our first request on
        await parts.door.open()
        tuning.settle()
        sweeps = (*parts.sweeps, self._following.catch_up)
        tasks = [
            asyncio.create_task(self._following.hold()),
            asyncio.create_task(sweeping("worker", sweeps, SWEEP_SECONDS, parts.observer)),
        ]
        self._beat()
        ready()
        await leave.wait()
        await self._drain()
        for task in tasks:
            task.cancel()
        for close in parts.closes:
            close()
        return 0

    def _check_descriptors(self) -> None:
        limits = self._parts.connections.limits
        wanted = 2 * limits.connections + _OTHER_DESCRIPTORS  # a client's connection and its backend's
        allowed = tuning.allow_descriptors(wanted)
        if allowed < wanted and self._parts.slot == 0:
            self._parts.observer(FewDescriptors(allowed, wanted))

    def _beat(self) -> None:
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)
        self._parts.beat()

    # Leaving

    async def _drain(self) -> None:
        parts, began = self._parts, time.monotonic()
        await parts.door.close()
        parts.connections.drain()
        parts.observer(Draining(parts.slot, os.getpid(), len(parts.connections)))
        grace = began + min(IDLE_GRACE_SECONDS, parts.drain_seconds)
        end = began + parts.drain_seconds
        while len(parts.connections) and (now := time.monotonic()) < end:
            if now >= grace:
                parts.connections.cut_idle()
            await asyncio.sleep(_LEAVE_POLL_SECONDS)
        parts.connections.cut_idle()
        cut = len(parts.connections)
        parts.connections.cut_all()
        await asyncio.sleep(0)
        parts.observer(Drained(parts.slot, os.getpid(), cut))
