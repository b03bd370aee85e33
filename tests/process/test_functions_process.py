"""The functions process as a process: it serves functions whose code is a zip, is told to leave, is killed."""

import asyncio
import hashlib
import io
import json
import os
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edge_scene import play, until
from function_host_scene import arn, function, version
from function_scene import Called, Listening
from portico.adapters.function_client import FunctionClient
from portico.adapters.memory import MemoryStore
from portico.adapters.state_dir import StateWriter
from portico.app.functions import SOCKET
from portico.ports.functions import Caller, FunctionAnswer, Invocable, InvocationType
from portico.server.unix_sockets import connected

PROGRAM = """
import sys
from pathlib import Path
from portico.app.function_host import run_functions
from portico.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]), drain_seconds=float(sys.argv[2]), log_format="json")
sys.exit(run_functions(settings, lambda: print("ready", flush=True)))
"""
HANDLER = """
import os, socket, time
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    if "gate" in event:
        socket.create_connection(("127.0.0.1", event["gate"])).recv(1)
    if "end" in event:
        if os.fork():
            os._exit(event["end"])
        time.sleep(60)
    if "ask" in event:
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        wire = socket.create_connection((host, port))
        wire.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        return wire.recv(4096).decode()
    secrets = [name for name in os.environ if name.startswith("PORTICO")]
    return {"event": event, "who": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], "secrets": secrets}
"""


def zipped(**files: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_py", ".py"), text)
    return body.getvalue()


class Served:
    """A data directory, the functions process on it, and a caller."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process: asyncio.subprocess.Process | None = None
        self.client = FunctionClient(partial(connected, data / "run" / SOCKET))
        self.store = MemoryStore()
        self._writer = StateWriter(data / "state")

    def stand(self, name: str, code: bytes) -> None:
        digest = hashlib.sha256(code).hexdigest()
        runtime = f"python3.{sys.version_info.minor}"
        latest = version(code=digest, runtime=runtime, handler="app.handler", environment={"MARK": str(self.data)})
        with self.store.write() as unit:
            unit.put_snapshot(digest, code)
            unit.stand("function", name, msgspec.to_builtins(function(name, latest)))
        self._writer.catch_up(self.store)

    async def start(self, drain: float = 10.0) -> None:
        program = (sys.executable, "-c", PROGRAM, str(self.data), str(drain))
        environment = {**os.environ, "PORTICO_SECRET_ACCESS_KEY": "ours"}
        self.process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, env=environment)
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"ready\n"

    async def ended(self) -> int:
        assert self.process is not None
        return await self.process.wait()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def begin(self, event: object, kind: InvocationType = InvocationType.REQUEST_RESPONSE) -> Called:
        called = Called()
        destination = self.client.to(Invocable(arn("pets"), Caller()), Listening(), 29.0)
        called.call = destination.invoke(json.dumps(event).encode(), called, kind)
        return called

    async def ask(self, event: object) -> Any:
        called = self.begin(event)
        await called.over.wait()
        return json.loads(called.payload)


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Served]:
    for name in ("logs", "run", "state"):
        (data / name).mkdir()
    served = Served(data)
    served.stand("pets", zipped(app_py=HANDLER))
    await served.start()
    try:
        yield served
    finally:
        served.client.close()
        if served.process is not None and served.process.returncode is None:
            served.process.kill()
            await served.ended()


class Gate:
    """What functions wait at that are told its port."""

    def __init__(self, server: asyncio.Server, waiting: list[asyncio.StreamWriter]) -> None:
        self.port = server.sockets[0].getsockname()[1]
        self.waiting = waiting

    def open(self) -> None:
        for one in self.waiting:
            one.close()


@asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    waiting: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(lambda _, writer: waiting.append(writer), "127.0.0.1", 0) as server:
        yield Gate(server, waiting)


def instances(data: Path) -> set[int]:
    """Processes that run functions of this data directory."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"MARK={data}".encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


@play
async def test_a_zip_becomes_a_function_that_answers(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        told = await served.ask({"a": 1})
        assert (told["event"], told["secrets"]) == ({"a": 1}, [])
        assert (await served.ask({}))["who"] == told["who"]
        log = tmp_path / "logs" / "functions" / "pets.log"
        await until(lambda: log.exists() and log.read_text().count("REPORT") == 2)


@play
async def test_an_end_is_told_at_once_though_a_child_has_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        told = await served.ask({"end": 3})
        assert told["errorType"] == "Runtime.ExitError"
        assert told["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
        assert (await served.ask({"a": 1}))["event"] == {"a": 1}


@play
async def test_a_function_may_ask_its_runtime_api_itself(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert (await served.ask({"ask": True})).startswith("HTTP/1.1 403 Forbidden\r\n"), "it has an event already"


@play
async def test_it_leaves_when_what_is_under_way_is_done(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, gate() as way:
        called = served.begin({"gate": way.port})
        await until(lambda: way.waiting)
        assert instances(tmp_path)
        served.signal(signal.SIGTERM)
        await until(lambda: served.client.link is None)
        way.open()
        await called.over.wait()
        assert json.loads(called.payload)["event"] == {"gate": way.port}
        assert await served.ended() == 0
        await until(lambda: not instances(tmp_path))


@play
async def test_a_drain_has_its_time_and_no_more(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        served.signal(signal.SIGTERM)
        await served.ended()
        await served.start(drain=0.2)
        await served.ask({})
        called = served.begin({"sleep": 9})
        await until(lambda: served.client.link and served.client.link.calls)
        served.signal(signal.SIGTERM)
        assert await served.ended() == 0
        await called.over.wait()
        assert called.failure is not None


@play
async def test_killed_it_takes_its_instances_along(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.ask({})
        called = served.begin({"sleep": 9})
        assert instances(tmp_path)
        served.signal(signal.SIGKILL)
        await served.ended()
        await called.over.wait()
        assert called.failure is not None
        await until(lambda: not instances(tmp_path))
        await served.start()
        assert (await served.ask({"b": 2}))["event"] == {"b": 2}


@play
async def test_killed_it_loses_no_event(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        called = [served.begin({"number": number, "sleep": 0.2}, InvocationType.EVENT) for number in range(10)]
        for one in called:
            await one.over.wait()
            assert one.answer == FunctionAnswer(b"", status=202)
        served.signal(signal.SIGKILL)
        await served.ended()
        await served.start()
        log = tmp_path / "logs" / "functions" / "pets.log"
        await until(
            lambda: (
                log.exists()
                and len({line.split()[4] for line in log.read_text().splitlines() if " END " in line}) == 10
            )
        )


@play
async def test_a_successor_serves_while_the_old_one_ends_what_it_has(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, gate() as way:
        called = served.begin({"gate": way.port})
        await until(lambda: way.waiting)
        old = served.process
        assert old is not None
        await served.start()
        link = served.client.link
        old.send_signal(signal.SIGTERM)
        await until(lambda: served.client.link is not link)
        first = await served.ask({"who": "new"})
        assert not called.over.is_set()
        way.open()
        await called.over.wait()
        assert json.loads(called.payload)["who"] != first["who"]
        assert await old.wait() == 0
        assert (await served.ask({}))["who"] == first["who"]
