"""Functions in confined processes, that do what a test tells them.

with Confined(tmp_path) as confined:
    one = confined.start("pets")
    assert one.does("open('/tmp/x', 'w').write('mine')") == 4
"""

import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from portico.adapters.function_host import starting
from portico.adapters.function_host.launch import Outcome, Started
from portico.adapters.function_host.launcher import open_launcher
from portico.adapters.function_host.runtimes import _python
from portico.kernel.observe import Observation
from portico.model.function import FunctionVersion
from runtime_api_scene import PATIENCE, RuntimeApiScene
from zip_files import digest, zipped

OBEDIENT = """\
import os, signal, socket, subprocess, sys, time

def handler(event, context):
    try:
        return eval(event)
    except Exception as error:
        return type(error).__name__
"""
_AS_TOLD = (
    "import os, sys; sys.path.insert(0, sys.argv[1]); from portico.adapters.function_host import landlock, starter; "
    "starter.abilities = lambda *_: starter.Abilities(False, landlock.version(), not os.geteuid(), True, 'as told'); "
    "starter.main(sys.argv[2], int(sys.argv[3]))"
)
"""A starter that finds no namespaces."""


class Obedient:
    """An instance that evaluates what its events say."""

    def __init__(self, started: Started, api: RuntimeApiScene, output: int) -> None:
        self.started = started
        self.api = api
        self._output = output

    def does(self, expression: str) -> Any:
        """The value, or the name of the exception."""
        return self.api.invoke(expression).value

    def wait(self) -> Outcome:
        """Until it has ended."""
        while (outcome := self.started.outcome()) is None:
            assert select.select([self.started.exited], [], [], PATIENCE)[0], "it does not end"
        return outcome

    def printed(self) -> str:
        """All of its output; ends it."""
        self.started.end()
        self.wait()
        with open(os.dup(self._output), "rb") as pipe:
            return pipe.read().decode()

    def close(self) -> None:
        self.started.end()
        self.wait()
        self.started.close()
        self.api.__exit__()
        os.close(self._output)


class Confined:
    def __init__(self, data_dir: Path, without_namespaces: bool = False) -> None:
        self.data_dir = data_dir
        self.observed: list[Observation] = []
        self.zips: dict[str, bytes] = {}
        self._started: list[Obedient] = []
        kept = starting._BEGIN
        starting._BEGIN = _AS_TOLD if without_namespaces else kept
        try:
            self.launcher = open_launcher(data_dir, self.zips.__getitem__, self.observed.append)
        finally:
            starting._BEGIN = kept
        self.abilities = self.launcher._link.abilities

    def __enter__(self) -> "Confined":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._started:
            one.close()
        self.launcher.close()

    def use_python_of(self, folder: str) -> None:
        """Where the Python of the test lies behind a door that other users cannot pass."""
        runtimes = self.launcher._runtimes
        runtimes._known[sys.executable] = None
        runtimes._known["python3.11"] = _python(f"{folder}/python3.11")

    def start(self, name: str = "pets", code: dict[str, str | bytes] | None = None, **told: Any) -> Obedient:
        whole = zipped(code or {"index.py": OBEDIENT, "of": name})
        self.zips[digest(whole)] = whole
        values = {"version": "$LATEST", "runtime": "python3.11", "handler": "index.handler", **told}
        prepared = self.launcher.prepare(FunctionVersion(code=digest(whole), **values), name)
        api = RuntimeApiScene()
        reading, writing = os.pipe()
        with ExitStack() as its:
            its.callback(os.close, writing)
            connection = its.enter_context(api.connection()).fileno() if prepared.inherits else None
            started = prepared.start(api.address, writing, {"AWS_REGION": "us-east-1"}, connection)
        self._started.append(Obedient(started, api, reading))
        return self._started[-1]


CONFINEMENTS = ("private roots", "own folders")
"""With namespaces, and where there are none."""


@contextmanager
def confined_by(means: str, data_dir: Path) -> Iterator[Confined]:
    """Functions confined by one of CONFINEMENTS; a test of what this machine has not is NOT RUN."""
    with Confined(data_dir, without_namespaces=means == "own folders") as scene:
        able = scene.abilities
        if means == "private roots" and not able.private_roots:
            pytest.skip(f"NOT RUN: no namespaces here ({able.why_not})")
        if means == "own folders" and not able.landlock:
            pytest.skip("NOT RUN: no Landlock here (landlock_create_ruleset)")
        if means == "own folders" and able.users and closed_interpreter():
            scene.use_python_of("/usr/bin")
        yield scene


def closed_interpreter() -> Path | None:
    """The folder that keeps other users from the Python of the test, if any."""
    folders = Path(os.path.realpath(sys.executable)).parents
    return next((one for one in folders if not stat.S_IMODE(one.stat().st_mode) & 0o001), None)


def a_data_dir(folder: Path) -> Path:
    """A data directory with secrets in it, as a server has one."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    for name, mode in {
        "credentials": 0o600,
        "portico.db": 0o600,
        "logs/access.log": 0o644,
        "state/head": 0o600,
    }.items():
        (data / name).parent.mkdir(mode=0o700, exist_ok=True)
        (data / name).write_text("secret")
        (data / name).chmod(mode)
    return data
