"""Portico under measurement: `portico serve` on free ports and a data directory of its own, spoken to with boto3."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from bench.processes import environment, family, on_core, running
from bench.verdict import BenchError
from bench.wrk import Target

PATIENCE: Final = 60.0
"""Seconds that a row waits for what must happen."""
_LOOK_SECONDS: Final = 0.001


@dataclass(frozen=True, slots=True)
class Told:
    """One Observation in the server's log."""

    at: float
    """Seconds of the epoch, to the millisecond, by the server's own stamp."""
    event: str
    fields: Mapping[str, Any]


class Portico:
    """A server that is running. Its processes are known from its own log: a file, so that no server ever waits for us
    to read it."""

    def __init__(self, process: "subprocess.Popen[bytes]", data: Path, log: Path, started: float) -> None:
        self.process = process
        self.data = data
        self.started = started
        """When its command was given, in seconds of the epoch."""
        self.told: list[Told] = []
        self._log = log.open()
        self._half = ""

    def _read(self) -> None:
        lines = (self._half + self._log.read()).split("\n")
        self._half = lines.pop()
        for line in lines:
            if line.startswith("{") and '"event": "BadClient"' not in line:  # thousands, in the row about slow clients
                fields = json.loads(line)
                stamp = datetime.fromisoformat(fields["time"]).timestamp()
                self.told.append(Told(stamp, fields["event"], fields))

    def await_told(self, event: str, since: float = 0.0, **fields: Any) -> Told:
        """The first Observation of that name and those fields that was told after `since`. Raises BenchError."""
        end = time.monotonic() + PATIENCE
        while True:
            over = self.process.poll() is not None
            self._read()
            for one in self.told:
                if one.at >= since and one.event == event and all(one.fields[n] == v for n, v in fields.items()):
                    return one
            if over or time.monotonic() > end:
                raise BenchError(f"Portico never told {event}: {self.told[-5:]}")
            time.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        self._log.close()

    # Where it is

    @property
    def ready(self) -> Told:
        return self.await_told("ServerReady")

    @property
    def gateway(self) -> str:
        """Host and port."""
        return str(self.ready.fields["gateway"][0]).removeprefix("http://")

    @property
    def control(self) -> str:
        return str(self.ready.fields["control"][0])

    def pid(self, role: str, slot: int = 0) -> int:
        """The newest process in a slot."""
        ready = [one.fields for one in self.told if one.event == "ProcessReady"]
        return int([one for one in ready if (one["role"], one["slot"]) == (role, slot)][-1]["process"])

    def target(self, name: str, host: str, path: str, script: Path | None = None) -> Target:
        """For wrk: every process of the server counts, and the worker is also counted alone."""
        pids = tuple(family(self.process.pid))
        return Target(name, self.gateway, path, pids, self.pid("worker"), host, script)

    # What it is told

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def client(self, service: str = "apigateway") -> Any:
        """boto3's client of a service, with the root credentials of the data directory."""
        lines = (self.data / "credentials").read_text().splitlines()
        given = dict(line.split(" = ", 1) for line in lines if " = " in line)
        session = boto3.session.Session(
            given["aws_access_key_id"], given["aws_secret_access_key"], region_name="us-east-1"
        )
        config = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE)
        return session.client(service, endpoint_url=self.control, config=config)


@contextmanager
def portico(data: Path, *options: str, core: int | None = None, workers: int = 1) -> Iterator[Portico]:
    """A server that is ready. `core`: where all its processes run; None for all cores."""
    command = [sys.executable, "-P", "-m", "portico", "serve", "--log-format", "json"]
    command += ["--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--data-dir", str(data)]
    command += ["--workers", str(workers), *options]
    log = data.with_suffix(".log")
    began = time.time()
    with (
        log.open("wb") as errors,
        running(on_core(core, command), env=environment(), cwd=data.parent, stderr=errors) as process,
        closing(Portico(process, data, log, began)) as server,
    ):
        _ = server.ready
        yield server


def get(address: str, path: str, host: str | None = None) -> tuple[int, bytes]:
    """Status and body of a request on a connection of its own."""
    name, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(name, int(port), timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={} if host is None else {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def connect(address: str, receive_buffer: int | None = None, source: str = "127.0.0.1") -> socket.socket:
    """A TCP connection to `host:port`, with small buffers for clients that are to be slow."""
    name, _, port = address.rpartition(":")
    one = socket.socket()
    if receive_buffer is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source != "127.0.0.1":
        one.bind((source, 0))
    one.settimeout(PATIENCE)
    one.connect((name, int(port)))
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


def request(host: str, path: str, *headers: str) -> bytes:
    """The bytes of a GET."""
    return "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", "")).encode()
