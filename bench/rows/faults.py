"""The plays of `tests/faults` at their full length: 100 kills at random points, every damage to every file of the
state, a database that is gone for ten minutes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.context import Bench
from bench.processes import CORES, environment, on_core
from bench.verdict import BenchError, Finding, NotRun, judge

_ROOT: Final = Path(__file__).parents[2]
_PLAYS: Final = "tests/faults"
_LONGEST: Final = 3 * 3600.0
_COUNT: Final = re.compile(r"(\d+) (passed|failed|error|skipped)")


def faults(bench: Bench) -> list[Finding]:
    """They use all cores, as a server does that is not measured."""
    length = "short" if bench.quick else "long"
    bench.say(f"every play, {length}")
    command = [sys.executable, "-m", "pytest", "-q", "-rfEs", "--tb=line", "-p", "no:cacheprovider", _PLAYS]
    done = subprocess.run(
        on_core(None, command),
        cwd=_ROOT,
        env=environment(PORTICO_FAULTS=length),
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    if "No module named pytest" in done.stderr:
        raise NotRun("pytest is not installed: make install")
    lines = done.stdout.splitlines()
    counts = {what: int(count) for count, what in _COUNT.findall(lines[-1] if lines else "")}
    if not counts:
        raise BenchError(f"the plays say nothing: {done.stderr[-500:]}")
    failed = counts.get("failed", 0) + counts.get("error", 0)
    told = [line for line in lines if line.startswith(("FAILED", "ERROR", "SKIPPED"))]
    return [
        Finding(
            "Faults: kills, full disks, damaged state, a lost database; plays that fail",
            "0",
            f"{failed} of {sum(counts.values())}",
            judge(failed == 0),
            note="; ".join([f"{length}, {counts.get('skipped', 0)} NOT RUN on {len(CORES)} cores", *told]),
        )
    ]
