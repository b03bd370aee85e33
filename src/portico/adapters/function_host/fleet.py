"""The instances of all functions together, and the limits that they share.

As with Lambda a function's reserved concurrency is its alone and is its most; the others share what is left of the
whole. What is left is never less than a tenth, as AWS lets no more than 900 of an account's 1 000 be reserved.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any, Final, NamedTuple

from portico.adapters.function_host.instance import INIT_SECONDS, Instance, Setting, State
from portico.adapters.function_host.invocation import Invocation, Load
from portico.adapters.function_host.launch import Launcher
from portico.adapters.function_host.pool import Pool
from portico.kernel.clock import Clock
from portico.kernel.observe import Observer
from portico.model.function import FunctionStanding, FunctionVersion
from portico.ports.access_log import Sink

SWEEP_SECONDS: Final = 0.05
"""Between two looks at what is late: a function's timeout fires no later than that."""
IDLE_SECONDS: Final = 300.0
"""An instance without work is ended then. AWS promises no number."""
MEASURE_SECONDS: Final = 0.1
"""Between two looks at the memory of an instance that works and has used more than half of what it may."""
CALM_SECONDS: Final = 0.5
"""Between two looks at one that has not."""
MOST_MEASURED: Final = 8
"""Looks of one sweep: each costs 12 µs and 2 for each thread. Where more work, each waits its turn."""


class FleetParts(NamedTuple):
    launcher: Launcher
    executor: Executor
    """For what blocks; its threads live as long as the process."""
    log: Callable[[str], Sink[Any]]
    """The log of a function, by its name."""
    clock: Clock
    observer: Observer
    region: str
    instances: int
    """The most instances, of all functions together: what the machine's memory allows."""
    init_seconds: float = INIT_SECONDS
    idle_seconds: float = IDLE_SECONDS


class Fleet:
    """For one thread, on a running loop."""

    def __init__(self, parts: FleetParts) -> None:
        self._parts = parts
        self.launcher = parts.launcher
        self.region = parts.region
        self._pools: dict[tuple[str, str], Pool] = {}
        self._leaving: list[Pool] = []
        self._loads: dict[str, Load] = {}
        self._shared = parts.instances
        self._shared_calls = 0
        self._digests: frozenset[str] = frozenset()
        self._closing = False

    def adopt(self, functions: Iterable[FunctionStanding]) -> None:
        """These functions are there now, and no others: what runs of older revisions takes no more calls."""
        there = {one.name: one for one in functions}
        for key, pool in list(self._pools.items()):
            function = there.get(key[0])
            version = function.versions.get(key[1]) if function else None
            if version is None or version.revision != pool.setting.version.revision:
                self._leaving.append(self._pools.pop(key))
                pool.retire()
        self._loads = {name: load for name, load in self._loads.items() if name in there or load.calls}
        for name, load in self._loads.items():
            load.reserved = there[name].reserved_concurrency if name in there else None
        reserved = sum(one.reserved_concurrency or 0 for one in there.values())
        self._shared = max(self._parts.instances - reserved, self._parts.instances // 10, 1)
        self._keep({version.code for one in there.values() for version in one.versions.values()})

    def pool(self, function: FunctionStanding, version: FunctionVersion) -> Pool:
        pool = self._pools.get((function.name, version.version))
        if pool is None:
            load = self._loads.setdefault(function.name, Load())
            load.reserved = function.reserved_concurrency
            parts = self._parts
            log = parts.log(function.name)
            setting = Setting(
                function.name, version, log, parts.executor, parts.clock, parts.observer, parts.init_seconds
            )
            pool = self._pools[function.name, version.version] = Pool(self, setting, load)
        return pool

    def sweep(self) -> None:
        """Look at what is late. Call it every `SWEEP_SECONDS`."""
        now = self._parts.clock.monotonic()
        for instance in list(self._instances()):
            instance.sweep(now)
        working = (one for one in self._instances() if one.state not in (State.IDLE, State.ENDING))
        due = [one for one in working if now - one.measured >= (MEASURE_SECONDS if one.large else CALM_SECONDS)]
        for instance in heapq.nsmallest(MOST_MEASURED, due, key=lambda one: one.measured):
            instance.measure()
        for pool in [*self._pools.values(), *self._leaving]:
            pool.sweep(now, now - self._parts.idle_seconds)

    @property
    def calls(self) -> int:
        """How many are under way or wait."""
        return sum(load.calls for load in self._loads.values())

    @property
    def instances(self) -> int:
        """How many are there, those that are ending included."""
        return sum(1 for _ in self._instances())

    async def close(self, patience: float = 2.0) -> None:
        """End every instance, and see it gone. Calls under way hear nothing more."""
        self._closing = True
        for instance in list(self._instances()):
            instance.end()
        end = self._parts.clock.monotonic() + patience
        while self.instances and self._parts.clock.monotonic() < end:  # noqa: ASYNC110  they go one by one
            await asyncio.sleep(0.005)

    # What pools ask

    def enter(self, invocation: Invocation, load: Load) -> str | None:
        if load.reserved is None:
            if self._shared_calls >= self._shared:
                return f"all {self._shared} concurrent calls of functions without a reserved concurrency are in use"
            self._shared_calls += 1
            invocation.shares = True
        elif load.calls >= load.reserved:
            return f"the function's reserved concurrency of {load.reserved} is in use"
        load.calls += 1
        return None

    def leave(self, invocation: Invocation, load: Load) -> None:
        load.calls -= 1
        self._shared_calls -= invocation.shares

    def make_room(self) -> bool:
        if self._closing:
            return False
        if sum(1 for one in self._instances() if one.state is not State.ENDING) < self._parts.instances:
            return True
        idle = [pool for pool in self._pools.values() if pool.idle]
        if not idle:
            return False
        min(idle, key=lambda pool: pool.idle[0].since).idle.pop(0).end()
        return True

    def emptied(self, pool: Pool) -> None:
        if pool in self._leaving:
            self._leaving.remove(pool)

    def _instances(self) -> Iterator[Instance]:
        for pool in self._pools.values():
            yield from pool.instances
        for pool in self._leaving:
            yield from pool.instances

    def _keep(self, digests: set[str]) -> None:
        """Code that nothing refers to any more leaves the disk."""
        wanted = frozenset(digests | {pool.setting.version.code for pool in self._leaving})
        if self._digests - wanted:
            self._parts.executor.submit(self.launcher.keep_only, wanted)
        self._digests = wanted
