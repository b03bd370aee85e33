"""A load at a steady rate, however slowly it is answered: a request that has to wait for a connection waits from when
it was due, so that a stall is felt by everybody whom it would have kept waiting.

    python -m bench.clients.steady '{"address": "127.0.0.1:8080", "request": "GET …", "rate": 1000, …}'

Says `ready` when its connections are open. Lines on its standard input are the names of phases; at the input's end it
waits for what is under way, and prints its Tally as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from bench.clients.exchanges import Exchange, Tally

_TICK: Final = 0.001
_LAST_ANSWERS: Final = 15.0
"""Seconds that answers may take after the last request."""
_RETRY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    address: str
    request: str
    """Head of the request, with its empty line. Its connection is kept."""
    rate: float
    """Requests a second on kept connections."""
    connections: int
    fresh_rate: float = 0.0
    """Requests a second that open a connection each, and close it."""


class Steady:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._host, _, port = plan.address.rpartition(":")
        self._port = int(port)
        self._request = plan.request.encode()
        self._last_request = plan.request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode()
        self.tally = Tally()
        self._free: deque[Exchange] = deque()
        self._queue: deque[tuple[float, list[float]]] = deque()
        """When each request was due that waits for a connection, and its phase."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> dict[str, Any]:
        """Until standard input ends."""
        await asyncio.gather(*(self._keep() for _ in range(self._plan.connections)))
        print("ready", flush=True)
        self._loop.add_reader(sys.stdin.fileno(), self._hear)
        started, kept, fresh = time.monotonic(), 0, 0
        while not self._stopping:
            now = time.monotonic()
            while kept < (now - started) * self._plan.rate:
                self._ask(now)
                kept += 1
            while fresh < (now - started) * self._plan.fresh_rate:
                self._start(self._ask_fresh(now))
                fresh += 1
            await asyncio.sleep(_TICK)
        return await self._finish(time.monotonic() - started)

    def _hear(self) -> None:
        line = sys.stdin.readline()
        if line:
            self.tally.mark(line.strip())
        else:
            self._loop.remove_reader(sys.stdin.fileno())
            self._stopping = True

    def _start(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Kept connections

    async def _keep(self) -> None:
        """Open one connection more, however often it takes: each refusal is a loss."""
        while self._queue or not self._stopping:
            exchange = Exchange(self.tally, self._on_free, self._on_closed)
            if await self._connect(exchange):
                self._on_free(exchange)
                return
            await asyncio.sleep(_RETRY)

    async def _connect(self, exchange: Exchange) -> bool:
        try:
            await self._loop.create_connection(lambda: exchange, self._host, self._port)
        except OSError as error:
            self.tally.lost[f"connection refused: {error.strerror or error}"] += 1
            return False
        return True

    def _ask(self, due: float) -> None:
        while self._free:
            exchange = self._free.popleft()
            if exchange.usable:
                exchange.send(self._request, due, self.tally.phase)
                return
        self._queue.append((due, self.tally.phase))

    def _on_free(self, exchange: Exchange) -> None:
        if self._queue:
            exchange.send(self._request, *self._queue.popleft())
        else:
            self._free.append(exchange)

    def _on_closed(self, exchange: Exchange) -> None:
        with suppress(ValueError):
            self._free.remove(exchange)
        if self._queue or not self._stopping:
            self._start(self._keep())

    # Connections for one request

    async def _ask_fresh(self, due: float) -> None:
        phase = self.tally.phase
        over = self._loop.create_future()
        exchange = Exchange(self.tally, Exchange.leave, lambda _: over.set_result(None))
        if await self._connect(exchange):
            exchange.send(self._last_request, due, phase, last=True)
            await over

    # The end

    async def _finish(self, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + _LAST_ANSWERS
        while self._under_way and time.monotonic() < end:  # noqa: ASYNC110  at the end nobody is in a hurry
            await asyncio.sleep(_TICK)
        tally = self.tally
        if left := self._under_way:
            tally.lost["never answered"] += left
        return {
            "sent": tally.sent,
            "answered": tally.answered,
            "per_second": tally.answered / seconds,
            "lost": dict(tally.lost),
            "closed_idle": tally.closed_idle,
            "told_to_close": tally.told_to_close,
            "phases": {name: _percentiles(waits) for name, waits in tally.waits.items()},
            "refused": _percentiles(tally.refusals),
        }

    @property
    def _under_way(self) -> int:
        return len(self._queue) + self.tally.sent - self.tally.answered - self._lost_on_the_way

    @property
    def _lost_on_the_way(self) -> int:
        return sum(count for how, count in self.tally.lost.items() if not how.startswith("connection refused"))


def _percentiles(waits: list[float]) -> dict[str, float]:
    """Milliseconds."""
    if not waits:
        return {"count": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}
    ordered = sorted(waits)
    return {
        "count": len(ordered),
        "p50": ordered[len(ordered) // 2] * 1e3,
        "p99": ordered[len(ordered) * 99 // 100] * 1e3,
        "max": ordered[-1] * 1e3,
    }


async def _main(plan: Plan) -> None:
    told = await Steady(plan).run()
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    gc.disable()  # nothing here is cyclic but for the connections, and a pause of ours would be taken for the server's
    uvloop.run(_main(Plan(**json.loads(sys.argv[1]))))
