"""The functions process, put together."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from portico.adapters import durable, json_log
from portico.adapters.access_log import AccessLogs
from portico.adapters.function_host.catalogue import Catalogue
from portico.adapters.function_host.event_file import EventFile
from portico.adapters.function_host.events import Events
from portico.adapters.function_host.fleet import SWEEP_SECONDS, Fleet, FleetParts
from portico.adapters.function_host.host import Host
from portico.adapters.function_host.launch import Launcher
from portico.adapters.function_host.launcher import open_launcher
from portico.adapters.log_file import RotatedFile
from portico.adapters.log_limit import LimitedLog
from portico.adapters.state_dir import StateReader
from portico.app.functions import FUNCTIONS_BELL, SOCKET
from portico.kernel.clock import SystemClock
from portico.lang.invocation import Permissions
from portico.model.function import FunctionStanding
from portico.server import tuning
from portico.server.children import Ready
from portico.server.functions import FunctionsParts, FunctionsProcess
from portico.server.loop import run
from portico.settings import Settings

_THREADS: Final = 8
"""That unpack code, start instances and clear away after them."""


def run_functions(settings: Settings, ready: Ready) -> int:
    """All of the functions process's life. Raises LaunchError."""
    tuning.keep_buffers()
    observer = LimitedLog(json_log.observer(settings.log_format))

    async def life() -> int:
        return await build_functions(settings, observer).serve(ready)

    return run(life, observer)


def check(settings: Settings) -> None:
    """There is nothing that a new program could not do with what the old one had: its modules load."""


def build_functions(settings: Settings, observer: LimitedLog, launcher: Launcher | None = None) -> FunctionsProcess:
    """On a running loop. Raises LaunchError. `launcher`: instead of the one that confines."""
    data, clock, instances = settings.data_dir, SystemClock(), settings.function_instances
    loop = asyncio.get_running_loop()
    for folder in (data / "functions", data / "logs" / "functions"):
        durable.make_directory(folder)
    logs = AccessLogs(data / "logs" / "functions", loop.call_later, observer, RotatedFile)
    executor = ThreadPoolExecutor(_THREADS, "functions")
    launch = launcher or open_launcher(data, StateReader(data / "state").snapshot, observer)
    fleet = Fleet(
        FleetParts(
            launcher=launch,
            executor=executor,
            log=lambda name: logs.sink(f"log-group:{name}"),
            clock=clock,
            observer=observer,
            region=settings.region,
            instances=instances,
        )
    )

    def changed(functions: Iterable[FunctionStanding]) -> None:
        fleet.adopt(functions)
        host.changed()

    catalogue = Catalogue(data / "state", settings.account_id, settings.region, changed)
    events = Events(
        EventFile(data / "functions" / "events.db", loop.call_soon_threadsafe),
        lock=data / "functions" / "events.lock",
        catalogue=catalogue,
        fleet=fleet,
        clock=clock,
        observer=observer,
        most=max(1, instances // 2),
    )
    host = Host(catalogue, fleet, events, Permissions(settings.account_id, settings.region), clock)
    parts = FunctionsParts(
        socket=data / "run" / SOCKET,
        connect=host.connect,
        follow=catalogue.follow,
        bell=data / "run" / FUNCTIONS_BELL,
        sweeps=(fleet.sweep, events.sweep, observer.sweep),
        sweep_seconds=SWEEP_SECONDS,
        leaves=(host.leave, events.leave),
        calls=lambda: fleet.calls,
        end=fleet.close,
        closes=(events.close, logs.close, executor.shutdown, launch.close, observer.close),
        observer=observer,
        drain_seconds=settings.drain_seconds,
        instances=instances,
    )
    return FunctionsProcess(parts)
