"""What the plays of faults are made of: a server that is killed and started again in its place, clients that go on
asking meanwhile, and how often a play is to be repeated.

    with standing(tmp_path) as site, asking(site, api, "/") as clients:
        site.kill("worker")
        assert clients.answers() <= {(200, "served")}
"""

import http.client
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from contract_scene import REGION, STAGE, Mock, Scene, clean_environment
from running_server import PATIENCE, RunningServer

LONG = os.environ.get("PORTICO_FAULTS") == "long"
"""Whether `make bench` asks, which has the machine for itself."""


def rounds(short: int, long: int) -> int:
    """How often something is done: `short` with every change, `long` where `make bench` asks."""
    return long if LONG else short


def within(seconds: float) -> float:
    """How long what takes `seconds` at most may take: where others use the machine too, a test's whole patience."""
    return seconds if LONG else max(seconds, PATIENCE)


SERVES_AGAIN = within(3.0)
"""Seconds from the start command to the first answer."""


def chance() -> random.Random:
    """The same with every change, another each time where `make bench` asks; its seed is printed, and taken from
    PORTICO_SEED."""
    seed = int(os.environ.get("PORTICO_SEED") or (random.SystemRandom().randrange(1 << 32) if LONG else 0))
    print(f"PORTICO_SEED={seed}")
    return random.Random(seed)


class Site(Scene):
    """A Scene whose server, started again, is where it was before."""

    def __init__(self, folder: Path, *options: str, before: tuple[str, ...] = ()) -> None:
        """`before`: a program that runs the server's, with its arguments."""
        super().__init__(folder)
        self._options = options
        self._before = before

    def start(self, workers: int = 1) -> None:
        command = [*self._before, sys.executable, "-P", "-m", "portico", "serve", "--log-format", "json"]
        for option, url in (("--control", self.control), ("--gateway", self.gateway)):
            command += [option, url.partition("//")[2] or "127.0.0.1:0"]
        command += ["--data-dir", str(self.data), "--workers", str(workers), *self._options]
        self.server = RunningServer(command, clean_environment(), str(self.folder))
        ready = self.server.wait_for("ServerReady")
        self.control, self.gateway = ready["control"][0], ready["gateway"][0]

    @property
    def running(self) -> RunningServer:
        assert self.server is not None
        return self.server

    def pid(self, role: str, slot: int = 0) -> int:
        """The newest process in a place; the supervisor's where `role` says so."""
        if role == "supervisor":
            return self.running.process.pid
        told = [one for one in self.running.seen if one["event"] == "ProcessReady"]
        return int([one for one in told if (one["role"], one["slot"]) == (role, slot)][-1]["process"])

    def kill(self, role: str, slot: int = 0) -> None:
        """kill -9, and wait until its successor is ready; of the supervisor there is none."""
        self.running.signal(signal.SIGKILL, self.pid(role, slot))
        if role == "supervisor":  # its orphans hold its standard error: the end of that is not waited for
            self.running.process.wait(PATIENCE)
            self.server = None
        else:
            self.running.wait_for("ProcessReady", role=role, slot=slot)

    def told(self, event: str) -> list[dict[str, Any]]:
        """What the server has said so far under that name."""
        self.running.hear()
        return [one for one in self.running.seen if one["event"] == event]


@contextmanager
def standing(folder: Path, *options: str, workers: int = 1, before: tuple[str, ...] = ()) -> Iterator[Site]:
    site = Site(folder, *options, before=before)
    with ExitStack() as stack:
        stack.callback(site.stop)
        site.start(workers)
        yield site


class Outcome(NamedTuple):
    """What became of one request."""

    began: float
    ended: float
    status: int
    """0 where its connection was lost."""
    text: str


class Clients:
    """Threads that ask for one thing all the time, each on a connection that it keeps."""

    def __init__(self, site: Site, api: str, path: str, stage: str, pause: float) -> None:
        self._address = site.gateway.partition("//")[2]
        self._target = f"/{stage}{path}"
        self._host = {"Host": f"{api}.execute-api.{REGION}.localhost"}
        self._pause = pause
        self._over = threading.Event()
        self.outcomes: list[Outcome] = []

    def ask(self) -> None:
        """All of a thread's life."""
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
        while not self._over.wait(self._pause):
            began = time.monotonic()
            try:
                connection.request("GET", self._target, headers=self._host)
                answer = connection.getresponse()
                status, text = answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status, text = 0, repr(error)
            self.outcomes.append(Outcome(began, time.monotonic(), status, text))
        connection.close()

    def stop(self) -> None:
        self._over.set()

    def since(self, began: float) -> list[Outcome]:
        """What became of the requests that were sent after that moment."""
        return [one for one in list(self.outcomes) if one.began >= began]

    def wait_for(self, happened: Callable[[Outcome], bool]) -> Outcome:
        """The first outcome from now on of which that is so."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE:
            for one in self.since(began):
                if happened(one):
                    return one
            time.sleep(0.005)
        raise AssertionError(f"not within {PATIENCE} s: {self.since(began)[-5:]}")

    def more(self, count: int = 20) -> list[Outcome]:
        """So many that were asked from now on."""
        began = time.monotonic()
        while len(self.since(began)) < count and time.monotonic() < began + PATIENCE:
            time.sleep(0.005)
        return self.since(began)


@contextmanager
def asking(
    site: Site, api: str, path: str = "/", *, stage: str = STAGE, threads: int = 2, pause: float = 0.002
) -> Iterator[Clients]:
    """Clients that ask until the end of the block."""
    clients = Clients(site, api, path, stage, pause)
    crowd = [threading.Thread(target=clients.ask, daemon=True) for _ in range(threads)]
    for one in crowd:
        one.start()
    try:
        yield clients
    finally:
        clients.stop()
        for one in crowd:
            one.join(PATIENCE)


def heard(outcomes: list[Outcome]) -> set[tuple[int, str]]:
    return {(one.status, one.text) for one in outcomes}


def versioned(client: Any) -> Mock:
    """An API that says which version of it is deployed, and what its stage's variable is."""
    return Mock(client, "v0 $stageVariables.colour")
