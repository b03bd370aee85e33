"""Which program runs a function: the runtime's name, and what is installed here."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from portico.adapters.function_host.launch import LaunchError
from portico.model.function import FunctionVersion

BOOTSTRAPS: Final = Path(__file__).with_name("bootstraps")
TASK: Final = "/var/task"
"""Where Lambda has a function's code."""
_PATIENCE: Final = 20.0
"""Seconds that an interpreter may take to say which it is."""
_ASK_PYTHON: Final = """\
import json, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([list(sys.version_info[:2]), getattr(sys, "_base_executable", sys.executable), sys.base_prefix,
                  sys.base_exec_prefix, paths["purelib"], paths["platlib"]]))
"""
_ASK_NODE: Final = "console.log(JSON.stringify([process.versions.node, process.execPath]))"


class Interpreter(NamedTuple):
    version: tuple[int, ...]
    program: str
    readable: tuple[str, ...]
    """What it needs beyond the system's folders."""
    packages: tuple[str, ...] = ()
    """Python: the folders of what is installed in it."""


class Runtime(NamedTuple):
    """How to run a version. `{runtime}` and `{task}` in the command stand for the folders of our bootstraps and of
    the function's code, as the instance sees them."""

    command: tuple[str, ...]
    readable: tuple[str, ...]
    substitute: str = ""
    """Which interpreter runs it instead of the one it names; "" where that is there."""
    inherits: bool = False
    """Whether it takes a connection to the Runtime API that it is born with."""


class Runtimes:
    """Finds programs, and remembers them: a runtime that is installed later is found after a restart."""

    def __init__(self) -> None:
        self._known: dict[str, Interpreter | None] = {sys.executable: _own_python()}

    def of(self, version: FunctionVersion, code: Path) -> Runtime:
        """Raises LaunchError."""
        for form, find in _FAMILIES:
            match = form.fullmatch(version.runtime)
            if match:
                return _wrapped(find(self, version, code, match), version)
        raise LaunchError(
            f"the runtime {version.runtime!r} cannot be run here: served are python3.x, nodejsX.x, provided, "
            "provided.al2 and provided.al2023. A function in another language runs as provided.al2023 with its own "
            "bootstrap"
        )

    def python(self, names: list[str], wanted: tuple[int, ...]) -> Interpreter | None:
        """The first of these programs that is there and of that version."""
        found = (self._ask(name, _python) for name in names)
        return next((one for one in found if one is not None and one.version == wanted), None)

    def node(self, names: list[str], wanted: int) -> Interpreter | None:
        """The first of these programs that is there and of that major version, or else the newest one."""
        found = [one for one in (self._ask(name, _node) for name in names) if one is not None]
        exact = [one for one in found if one.version[0] == wanted]
        return next(iter(exact), None) or max(found, default=None)

    def _ask(self, name: str, ask: Callable[[str], Interpreter]) -> Interpreter | None:
        if name not in self._known:
            path = shutil.which(name)
            try:
                self._known[name] = ask(path) if path else None
            except (OSError, subprocess.SubprocessError, ValueError):
                self._known[name] = None  # something of that name which is no interpreter, such as a version manager's
        return self._known[name]


def _python(path: str) -> Interpreter:
    version, program, *places = json.loads(_said(path, "-I", "-c", _ASK_PYTHON))
    return _an_interpreter(version, program, *places)


def _own_python() -> Interpreter:
    """The one that Portico runs on, which need not be asked."""
    program = getattr(sys, "_base_executable", sys.executable)
    paths = sysconfig.get_paths()
    return _an_interpreter(
        sys.version_info[:2], program, sys.base_prefix, sys.base_exec_prefix, paths["purelib"], paths["platlib"]
    )


def _an_interpreter(version: Iterable[int], program: str, *places: str) -> Interpreter:
    """`places`: both prefixes of its standard library, then the folders of what is installed in it."""
    program = os.path.realpath(program)
    needed, packages = dict.fromkeys((*places, program)), dict.fromkeys(places[2:])
    return Interpreter(tuple(version), program, tuple(needed), tuple(packages))


def _node(path: str) -> Interpreter:
    version, program = json.loads(_said(path, "-e", _ASK_NODE))
    program = os.path.realpath(program)
    folder = Path(program).parent
    place = folder.parent if folder.name == "bin" and folder.parent != Path("/") else Path(program)
    return Interpreter(tuple(int(part) for part in version.split(".")), program, (str(place),))


def _said(*command: str) -> str:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(  # noqa: S603  names of interpreters, none of them a stranger's
        command,
        capture_output=True,
        check=True,
        timeout=_PATIENCE,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment,
    ).stdout


def _run_python(here: Runtimes, version: FunctionVersion, _: Path, match: re.Match[str]) -> Runtime:
    wanted = (3, int(match[1]))
    found = here.python([sys.executable, f"python3.{match[1]}"], wanted)
    python = found or _own_python()
    command = (python.program, "-S", "{runtime}/python_runtime.py", *python.packages)
    substitute = "" if found else f"Python {python.version[0]}.{python.version[1]} ({python.program})"
    return Runtime(command, python.readable, substitute, inherits=True)


def _run_node(here: Runtimes, version: FunctionVersion, _: Path, match: re.Match[str]) -> Runtime:
    wanted = int(match[1])
    node = here.node([f"node{wanted}", "node", "nodejs"], wanted)
    if node is None:
        raise LaunchError(f"the runtime {version.runtime!r} needs Node.js, and there is no node on the server's PATH")
    # As on Lambda: what is not the heap has a tenth of the memory.
    heap = f"--max-old-space-size={version.memory_size * 9 // 10}"
    command = (node.program, heap, "{runtime}/nodejs/main.cjs")
    substitute = "" if node.version[0] == wanted else f"Node.js {node.version[0]} ({node.program})"
    return Runtime(command, node.readable, substitute, inherits=True)


def _run_provided(_here: Runtimes, _version: FunctionVersion, code: Path, _match: re.Match[str]) -> Runtime:
    if not (code / "bootstrap").is_file():
        # The words are Lambda's.
        raise LaunchError(
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", "Runtime.InvalidEntrypoint"
        )
    return Runtime(("{task}/bootstrap",), ())


def _wrapped(runtime: Runtime, version: FunctionVersion) -> Runtime:
    """AWS_LAMBDA_EXEC_WRAPPER: a script of the function's that starts the runtime. Lambda has it for its own only.

    What a wrapper does with descriptors is its own affair, so that a wrapped runtime connects as anybody does.
    """
    wrapper = version.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if not wrapper or version.runtime.startswith("provided"):
        return runtime
    if wrapper.startswith(f"{TASK}/"):
        wrapper = "{task}" + wrapper.removeprefix(TASK)
    return runtime._replace(command=(wrapper, *runtime.command), inherits=False)


_Find = Callable[[Runtimes, FunctionVersion, Path, re.Match[str]], Runtime]
_FAMILIES: Final[tuple[tuple[re.Pattern[str], _Find], ...]] = (
    (re.compile(r"python3\.(\d{1,2})"), _run_python),
    (re.compile(r"nodejs(\d{1,2})\.x"), _run_node),
    (re.compile(r"provided(\.al2|\.al2023)?"), _run_provided),
)
