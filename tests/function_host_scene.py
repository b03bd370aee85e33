"""A functions process on the test's loop, its instances real processes, and a caller at its socket.

async with hosting(tmp_path) as host:
    host.stand(function("hello"))
    called = host.invoke("hello", b'{"a": 1}')
    await called.over.wait()
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edge_scene import until
from function_scene import Called, Listening
from portico.adapters.access_log import AccessLogs
from portico.adapters.function_client import FunctionClient
from portico.adapters.function_host import peers
from portico.adapters.function_host.catalogue import Catalogue
from portico.adapters.function_host.confined import family
from portico.adapters.function_host.event_file import EventFile
from portico.adapters.function_host.events import Events
from portico.adapters.function_host.fleet import Fleet, FleetParts
from portico.adapters.function_host.host import Host
from portico.adapters.function_host.instance import State
from portico.adapters.function_host.launch import LaunchError, Outcome
from portico.adapters.log_file import RotatedFile
from portico.adapters.memory import MemoryStore
from portico.adapters.state_dir import StateWriter
from portico.kernel.clock import SystemClock
from portico.kernel.observe import Observation
from portico.lang.invocation import Permissions
from portico.model.function import FunctionStanding, FunctionVersion
from portico.ports.functions import Caller, Invocable, InvocationType
from portico.server.unix_sockets import bind, connected

ACCOUNT, REGION = "000000000000", "us-east-1"
SCRIPT = Path(__file__).with_name("runtime_script.py")
ALLOW = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "apigateway.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Resource": "*",
            }
        ],
    }
)


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def version(number: str = "$LATEST", **values: Any) -> FunctionVersion:
    told = {"version": number, "code": "0" * 64, "runtime": "python3.12", "handler": "app.handler", "timeout": 10}
    return FunctionVersion(**{**told, "revision": f"r-{number}", **values})


def function(name: str, latest: FunctionVersion | None = None, **values: Any) -> FunctionStanding:
    return FunctionStanding(
        name=name, versions={"$LATEST": latest or version(), **values.pop("versions", {})}, **values
    )


class ScriptProcess:
    """An instance that is not confined: the runtime script."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.pid = process.pid
        self.pidfd: int | None = os.pidfd_open(process.pid)
        self.exited = self.pidfd

    def outcome(self) -> Outcome | None:
        code = self.process.poll()
        return None if code is None else Outcome(code, "")

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def resident_bytes(self) -> int:
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * 4096
        except (OSError, IndexError):
            return 0

    def holds(self, inode: int) -> bool:
        return peers.held(inode, family(self.pid))

    def close(self) -> None:
        self.process.wait()
        os.close(self.exited)


class ScriptLauncher:
    """Starts the runtime script, whatever the code is; `runtime` "none" cannot be started."""

    def __init__(self) -> None:
        self.command = [sys.executable, str(SCRIPT)]
        self.process: type[ScriptProcess] = ScriptProcess
        self.started: list[ScriptProcess] = []
        self.kept: list[frozenset[str]] = []

    def prepare(self, version: FunctionVersion, name: str) -> "ScriptVersion":
        if version.runtime == "none":
            raise LaunchError("no such runtime is installed here")
        if version.runtime == "empty":
            told = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
            raise LaunchError(told, "Runtime.InvalidEntrypoint")
        return ScriptVersion(self, version)

    def keep_only(self, digests: frozenset[str]) -> None:
        self.kept.append(digests)

    def close(self) -> None:
        for one in self.started:
            one.end()

    @property
    def running(self) -> int:
        return sum(one.process.poll() is None for one in self.started)


class ScriptVersion:
    uid: int | None = None
    inherits = False

    def __init__(self, launcher: ScriptLauncher, version: FunctionVersion) -> None:
        self._launcher = launcher
        self._version = version

    def start(
        self, runtime_api: str, output: int, environment: dict[str, str], connection: int | None = None
    ) -> ScriptProcess:
        process = subprocess.Popen(
            self._launcher.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**self._version.environment, "AWS_LAMBDA_RUNTIME_API": runtime_api, **environment},
            start_new_session=True,
        )
        started = self._launcher.process(process)
        self._launcher.started.append(started)
        return started


class MovedClock:
    """The machine's clock, set forward by a test."""

    def __init__(self) -> None:
        self.by = 0.0
        self._system = SystemClock()

    def now(self) -> float:
        return self._system.now() + self.by

    def monotonic(self) -> float:
        return self._system.monotonic() + self.by


@dataclass
class Hosted:
    """A functions process, and its only caller."""

    folder: Path
    launcher: ScriptLauncher
    store: MemoryStore
    writer: StateWriter
    catalogue: Catalogue
    fleet: Fleet
    events: Events
    host: Host
    client: FunctionClient
    clock: MovedClock
    logs: AccessLogs
    told: list[Observation] = field(default_factory=list)

    def stand(self, *functions: FunctionStanding, without: str | None = None) -> None:
        """Let functions stand, as control would."""
        with self.store.write() as unit:
            for one in functions:
                unit.put_snapshot("0" * 64, b"")
                unit.stand("function", one.name, msgspec.to_builtins(one))
            if without is not None:
                unit.stand("function", without, None)
        self.writer.catch_up(self.store)
        self.catalogue.follow()

    def invoke(
        self,
        name: str,
        event: bytes = b"{}",
        *,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
        **how: Any,
    ) -> Called:
        called = Called()
        invocable = Invocable(arn(name), how.pop("caller", Caller()), **how)
        destination = self.client.to(invocable, Listening(), 29.0)
        called.call = destination.invoke(event, called, kind, trace_id)
        return called

    async def answer(self, name: str, event: bytes = b"{}", **how: Any) -> Called:
        """A call that is over, and whose instance is free again: on a busy machine that takes it a while, in which
        another call would have one more started."""
        called = self.invoke(name, event, **how)
        await called.over.wait()
        await until(lambda: State.FINISHING.name not in self.states())
        return called

    async def do(self, name: str, *words: str, **how: Any) -> Called:
        return await self.answer(name, json.dumps(words).encode(), **how)

    def begin(self, name: str, *words: str, **how: Any) -> Called:
        return self.invoke(name, json.dumps(words).encode(), **how)

    @property
    def wait(self) -> str:
        """What a function is to do until `open`."""
        return f"wait {self.folder / 'open'}"

    def open(self) -> None:
        (self.folder / "open").touch()

    def shut(self) -> None:
        (self.folder / "open").unlink()

    def states(self) -> list[str]:
        """Of its instances, in the order of the alphabet."""
        return sorted(one.state.name for one in self.fleet._instances())

    def log(self, name: str) -> list[str]:
        """The lines of a function's log, without their times."""
        self.logs.flush()
        path = self.folder / "logs" / f"{name}.log"
        return [line.split(" ", 2)[2] for line in path.read_text().splitlines()] if path.exists() else []

    def said(self, kind: type[Observation]) -> list[Any]:
        return [one for one in self.told if isinstance(one, kind)]


@asynccontextmanager
async def hosting(
    folder: Path, *, instances: int = 20, launcher: Any = None, sweeping: bool = True, **parts: Any
) -> AsyncIterator[Hosted]:
    """A functions process with its files in `folder`. Without `sweeping` the test sweeps."""
    loop = asyncio.get_running_loop()
    for name in ("logs", "run", "state"):
        (folder / name).mkdir(exist_ok=True)
    told: list[Observation] = []
    launcher, clock, executor = launcher or ScriptLauncher(), MovedClock(), ThreadPoolExecutor(4)
    logs = AccessLogs(folder / "logs", loop.call_later, told.append, RotatedFile)
    fleet = Fleet(
        FleetParts(
            launcher=launcher,
            executor=executor,
            log=lambda name: logs.sink(f"log-group:{name}"),
            clock=clock,
            observer=told.append,
            region=REGION,
            instances=instances,
            **parts,
        )
    )

    def changed(functions: Any) -> None:
        fleet.adopt(functions)
        host.changed()

    catalogue = Catalogue(folder / "state", ACCOUNT, REGION, changed)
    file = EventFile(folder / "events.db", loop.call_soon_threadsafe)
    events = Events(file, folder / "events.lock", catalogue, fleet, clock, told.append, max(1, instances // 2))
    host = Host(catalogue, fleet, events, Permissions(ACCOUNT, REGION), clock)
    server = await loop.create_unix_server(host.connect, sock=bind(folder / "run" / "functions.sock"))
    client = FunctionClient(partial(connected, folder / "run" / "functions.sock"))
    writer = StateWriter(folder / "state")
    hosted = Hosted(folder, launcher, MemoryStore(), writer, catalogue, fleet, events, host, client, clock, logs, told)
    sweeper = asyncio.create_task(_sweep(hosted)) if sweeping else None
    try:
        yield hosted
    finally:
        if sweeper is not None and not sweeper.cancel():
            sweeper.result()  # what it died of
        client.close()
        server.close()
        await fleet.close()
        events.close()
        logs.close()
        executor.shutdown()
        launcher.close()
        await until(lambda: not host.connections)


async def _sweep(hosted: Hosted) -> None:
    while True:
        await asyncio.sleep(0.02)
        hosted.fleet.sweep()
        hosted.events.sweep()


Scene = Callable[[Path], Awaitable[None]]
