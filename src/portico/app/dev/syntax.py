"""Whether code can be read at all, by the interpreter that will run it; where not, the line."""

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from portico.adapters.function_host.runtimes import Runtimes
from portico.app.dev.packages import python_for
from portico.app.dev.problems import Problem

_PATIENCE: Final = 20.0
_CHECK: Final = """\
import json, sys
for path in sys.argv[1:]:
    try:
        compile(open(path, "rb").read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, text = getattr(error, "lineno", None), getattr(error, "msg", error)
        print(json.dumps([path, line, f"{type(error).__name__}: {text}"]))
"""
_NODE_PLACE: Final = re.compile(r"^(?:file://)?(?P<path>/.*):(?P<line>\d+)$", re.MULTILINE)
_NODE_ERROR: Final = re.compile(r"^(\w*Error: .*)$", re.MULTILINE)


def check(here: Runtimes, runtime: str, files: Iterable[Path]) -> list[Problem]:
    """What is wrong with these files, as far as they are in the runtime's language."""
    if runtime.startswith("python"):
        return _check_python(here, runtime, [path for path in files if path.suffix == ".py"])
    if runtime.startswith("nodejs"):
        return _check_node(here, [path for path in files if path.suffix in (".js", ".mjs", ".cjs")])
    return []


def _check_python(here: Runtimes, runtime: str, files: list[Path]) -> list[Problem]:
    python = python_for(here, runtime)
    if python == sys.executable:
        return [problem for path in files for problem in _check_here(path)]
    said = _said(python, "-I", "-S", "-c", _CHECK, *map(str, files)) if files else ""
    told = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    return [Problem(Path(path), line, text) for path, line, text in told]


def _check_here(path: Path) -> list[Problem]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return [Problem(path, error.lineno, f"{type(error).__name__}: {error.msg}")]
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL, an expression that is nested too deep
        return [Problem(path, None, f"{type(error).__name__}: {error}")]
    except OSError:
        return []  # gone meanwhile
    return []


def _check_node(here: Runtimes, files: list[Path]) -> list[Problem]:
    node = here.node(["node", "nodejs"], 0)
    if node is None:
        return []
    return [problem for path in files for problem in _check_with(node.program, path)]


def _check_with(node: str, path: Path) -> list[Problem]:
    said = _said(node, "--check", str(path))
    error = _NODE_ERROR.search(said)
    if error is None:
        return []
    place = _NODE_PLACE.search(said)
    return [Problem(path, int(place["line"]) if place else None, error[1])]


def _said(*command: str) -> str:
    """Nothing where it takes too long: the first call will tell."""
    try:
        done = subprocess.run(  # noqa: S603  interpreters that were found
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout
