"""The steady load (bench.clients.steady) as a process on the load generator's core, and what it says at its end."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.clients.steady import Plan
from bench.processes import environment, load_core, on_core, running
from bench.verdict import BenchError

_ROOT: Final = Path(__file__).parents[1]
_LAST_WORD: Final = 40.0


@dataclass(frozen=True, slots=True)
class Steadied:
    """What became of a steady load."""

    sent: int
    answered: int
    per_second: float
    lost: Mapping[str, int]
    """How many requests were lost, by how."""
    closed_idle: int
    told_to_close: int
    phases: Mapping[str, Mapping[str, float]]
    """Milliseconds `p50`, `p99`, `max` of each phase, and its `count` of answers."""
    refused: Mapping[str, float]
    """The same of all answers 503."""

    @property
    def losses(self) -> int:
        return sum(self.lost.values())

    def how_lost(self) -> str:
        return ", ".join(f"{count} {how}" for how, count in self.lost.items()) or "none"


class SteadyLoad:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def mark(self, phase: str) -> None:
        """What is due from now on belongs to this phase; before the first mark it is `start`."""
        assert self._process.stdin is not None
        self._process.stdin.write(phase + "\n")
        self._process.stdin.flush()

    def finish(self) -> Steadied:
        """Ends the load and waits for its last answers. Raises BenchError."""
        try:
            out, _ = self._process.communicate(timeout=_LAST_WORD)
        except subprocess.TimeoutExpired:
            raise BenchError("the steady load does not end") from None
        if self._process.returncode:
            raise BenchError("the steady load crashed")
        return Steadied(**json.loads(out.splitlines()[-1]))


@contextmanager
def steady(**plan: Any) -> Iterator[SteadyLoad]:
    """A load that has begun. Arguments as of `Plan`."""
    told = json.dumps(dataclasses.asdict(Plan(**{name: _text(value) for name, value in plan.items()})))
    command = on_core(load_core(), [sys.executable, "-m", "bench.clients.steady", told])
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with running(command, cwd=_ROOT, env=environment(), **streams) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise BenchError("the steady load does not start")
        yield SteadyLoad(process)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
