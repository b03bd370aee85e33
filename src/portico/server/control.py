"""The control process: the AWS API and Portico's own pages, the state directory, and the bell for the workers.

A request is handled on one of a few threads. If it changed something, the state directory is brought to where the
database is, the bell is rung, and the answer leaves when every ready worker serves the change (the barrier), after two
seconds at the latest. What could not be written to the state directory is tried again each second. An operation that
waits for a function or tries a method out gives its thread back: server/invoking.py, server/trying.py.
"""

import asyncio
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.controlplane.answering import Handled, Invoking, Trying
from portico.kernel.errors import PorticoError
from portico.kernel.observe import ChangesNotApplied, Observer
from portico.ports.functions import Functions
from portico.ports.tryout import TryOut
from portico.server.accepting import Door
from portico.server.asking import Asked, ControlApplication, Page
from portico.server.bell import BellTower
from portico.server.connections import SWEEP_SECONDS, Connections
from portico.server.invoking import Invocations
from portico.server.trying import TrialsUnderWay
from portico.wire import prometheus
from portico.wire.http1 import Request, Response

THREADS: Final = 4
"""Operations at a time: one writes, the others read or check signatures."""
_POLL_SECONDS: Final = 1.0
_LEAVE_SECONDS: Final = 5.0
_LEAVE_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlParts:
    """What the composition root gives the control process."""

    handle: Callable[[Request], Handled | Invoking | Trying]
    """Safe to call from several threads; never raises."""
    catch_up: Callable[[], int]
    """Bring the state directory to the database's head, which is returned. One call at a time. Raises PorticoError."""
    meters: Callable[[], list[str]]
    """Lines of Prometheus text: what the workers counted."""
    refuse_metrics: Callable[[Request], Response | None]
    """What to answer who may not read the metrics; None who may. They name APIs, stages and resources."""
    open_door: Callable[[ControlApplication, Connections], Door]
    listen: Callable[[Callable[[], None]], Callable[[], None]]
    """Have a function called, from any thread, when another node has changed something. Returns what ends that."""
    functions: Functions
    """What Invoke operations call, from the loop."""
    tryout: TryOut
    """What TestInvokeMethod tries methods with, on the loop."""
    sweeps: Sequence[Callable[[], None]] = ()
    """Called every `SWEEP_SECONDS`."""
    bell: Path
    functions_bell: Path
    """Where the functions process listens for the same: the barrier waits for it too."""
    workers: int
    closes: Sequence[Callable[[], None]]
    observer: Observer


class Control:
    def __init__(self, parts: ControlParts) -> None:
        self._parts = parts
        self._tower = BellTower()
        self._invocations = Invocations(parts.functions)
        self._trials = TrialsUnderWay(parts.tryout, parts.observer)
        self._application = ControlApplication(self._pages(), self._begin)
        self._connections = Connections()
        self._door = parts.open_door(self._application, self._connections)
        self._operations = ThreadPoolExecutor(THREADS, "operation")
        self._state = ThreadPoolExecutor(1, "state")
        self._publishing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._complaint = ""
        self._rung = asyncio.Event()

    async def serve(self, ready: Callable[[], None]) -> int:
        """All of the control process's life, on a running loop. Returns its exit status."""
        leave = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
        await self._publish()
        await self._tower.open(self._parts.bell)
        await self._tower.open(self._parts.functions_bell, workers=False)
        await self._tower.gathered(self._parts.workers)  # so that the first answer's barrier knows them
        await self._door.open()
        background = [asyncio.create_task(self._poll()), asyncio.create_task(self._sweep())]
        listen_no_more = self._parts.listen(self._ringing(asyncio.get_running_loop()))
        ready()
        await leave.wait()
        listen_no_more()
        await self._leave()
        for task in background:
            task.cancel()
        return 0

    # Requests

    def _begin(self, asked: Asked) -> None:
        task = asyncio.create_task(self._answer(asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, asked: Asked) -> None:
        loop = asyncio.get_running_loop()
        try:
            handled = await loop.run_in_executor(self._operations, self._parts.handle, asked.request)
            if isinstance(handled, Handled):
                await self._answer_now(asked, handled)
        finally:
            self._application.handled(asked)
        if isinstance(handled, Invoking):
            await self._invocations.carry_out(asked, handled)
        elif isinstance(handled, Trying):
            await self._trials.carry_out(asked, handled)

    async def _answer_now(self, asked: Asked, handled: Handled) -> None:
        if handled.seq:
            await self._publish(handled.seq)
            await self._tower.applied(handled.seq)
        asked.answer(handled.response)

    async def _publish(self, seq: int | None = None) -> None:
        """Bring the state directory to Change `seq`, or to whatever is newest, and ring."""
        async with self._publishing:
            if seq is not None and self._tower.seq >= seq:
                return
            try:
                head = await asyncio.get_running_loop().run_in_executor(self._state, self._parts.catch_up)
            except PorticoError as error:
                self._complain(str(error))
            else:
                self._complaint = ""
                self._tower.ring(head)

    def _complain(self, reason: str) -> None:
        """Once, however many seconds it lasts."""
        if reason != self._complaint:
            self._complaint = reason
            self._parts.observer(ChangesNotApplied("control", reason))

    async def _poll(self) -> None:
        """Each second, and sooner where another node has rung."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), _POLL_SECONDS)
            self._rung.clear()
            await self._publish()

    def _ringing(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        def ring() -> None:
            with suppress(RuntimeError):  # the loop is closed: a thread may be late
                loop.call_soon_threadsafe(self._rung.set)

        return ring

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._connections.sweep()
            for sweep in self._parts.sweeps:
                sweep()

    # Pages

    def _pages(self) -> dict[str, Page]:
        return {
            "/_portico/health": lambda _request: _json(200, {"status": "ok"}),
            "/_portico/ready": self._ready,
            "/_portico/metrics": self._metrics,
        }

    def _ready(self, _request: Request) -> Response:
        """200 where every worker serves the newest Change, else 503."""
        serving = self._tower.ready()
        told = {"workers": self._parts.workers, "serving": serving, "change": self._tower.seq}
        return _json(200 if serving >= self._parts.workers else 503, told)

    async def _metrics(self, request: Request) -> Response:
        refusal = self._parts.refuse_metrics(request)
        if refusal is not None:
            return refusal
        await self._tower.called()
        gauges = (
            ("portico_workers", "Workers that should be there.", self._parts.workers),
            ("portico_workers_serving", "Workers that serve the newest Change.", self._tower.ready()),
            ("portico_change", "Sequence number of the newest Change.", self._tower.seq),
        )
        lines = self._parts.meters()
        for name, text, value in gauges:
            lines += [*prometheus.head(name, "gauge", text), prometheus.sample(name, (), value)]
        return Response(200, (("Content-Type", prometheus.CONTENT_TYPE),), ("\n".join(lines) + "\n").encode())

    # Leaving

    async def _leave(self) -> None:
        """Answer what was asked; nobody is kept waiting longer than `_LEAVE_SECONDS`."""
        await self._door.close()
        self._connections.drain()
        self._connections.cut_idle()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LEAVE_SECONDS)
        await asyncio.sleep(_LEAVE_POLL_SECONDS)
        self._connections.cut_all()
        self._tower.close()
        self._operations.shutdown(wait=False, cancel_futures=True)
        self._state.shutdown()
        for close in self._parts.closes:
            close()


def _json(status: int, document: Mapping[str, object]) -> Response:
    return Response(status, (("Content-Type", "application/json"),), json.dumps(document).encode())
