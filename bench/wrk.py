"""What one request costs a server: wrk makes the load, /proc tells the CPU time."""

import re
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import programs
from bench.processes import cpu_seconds, load_core, on_core
from bench.verdict import BenchError

CONNECTIONS: Final = 64
WARM_SECONDS: Final = 2.0
_UNITS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Target:
    """A running server and the request that is made of it."""

    name: str
    address: str
    path: str
    family: tuple[int, ...]
    """Every process of the server: what its requests cost is the CPU time of all of them."""
    worker: int
    """The one that serves."""
    host: str | None = None
    """Value of the Host header; None for the address."""
    script: Path | None = None
    """For wrk, in Lua: which requests are made."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, in microseconds of CPU time; latencies in milliseconds."""

    cpu: float
    worker_cpu: float
    per_second: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} µs"


def compare(
    targets: Sequence[Target], seconds: float, rounds: int, say: Callable[[str], None], connections: int = CONNECTIONS
) -> Mapping[str, Cost]:
    """The median Cost of each target by its name, in `rounds` turns, so that a drift of the machine meets all of them.

    Raises BenchError where anything but 2xx or 3xx was answered.
    """
    for target in targets:
        say(f"warming {target.name}")
        measure(target, min(WARM_SECONDS, seconds), connections)
    costs: dict[str, list[Cost]] = {target.name: [] for target in targets}
    for number in range(1, rounds + 1):
        for target in targets:
            say(f"{target.name}, {number} of {rounds}")
            costs[target.name].append(measure(target, seconds, connections))
    return {name: _median(several) for name, several in costs.items()}


def _median(several: Sequence[Cost]) -> Cost:
    columns = zip(*((one.cpu, one.worker_cpu, one.per_second, one.p50, one.p99) for one in several), strict=True)
    return Cost(*map(statistics.median, columns))


def measure(target: Target, seconds: float, connections: int = CONNECTIONS) -> Cost:
    """One run. Raises BenchError."""
    before, worker_before = cpu_seconds(target.family), cpu_seconds([target.worker])
    out = _wrk(target, max(1, round(seconds)), connections)
    time.sleep(0.15)  # what is written behind the last answer, the access log's last batch, belongs to the requests
    used, worker_used = cpu_seconds(target.family) - before, cpu_seconds([target.worker]) - worker_before
    requests = int(_found(r"(\d+) requests in", out))
    if requests == 0:
        raise BenchError(f"{target.name} answered nothing")
    return Cost(
        used / requests * 1e6,
        worker_used / requests * 1e6,
        float(_found(r"Requests/sec:\s+([\d.]+)", out)),
        _latency(out, "50%"),
        _latency(out, "99%"),
    )


def _wrk(target: Target, seconds: int, connections: int) -> str:
    command = [programs.find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", "x-api-key: k123"]
    if target.host is not None:
        command += ["-H", f"Host: {target.host}"]
    if target.script is not None:
        command += ["-s", str(target.script)]
    command.append(f"http://{target.address}{target.path}")
    done = subprocess.run(
        on_core(load_core(), command), capture_output=True, text=True, timeout=seconds + 30, check=False
    )
    wrong = [line.strip() for line in done.stdout.splitlines() if "Non-2xx" in line or "Socket errors" in line]
    if done.returncode or wrong:
        raise BenchError(f"wrk on {target.name}: {'; '.join(wrong) or done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise BenchError(f"wrk said something else: {text[-300:]}")
    return match[1]


def _latency(text: str, label: str) -> float:
    match = re.search(rf"^\s+{label}\s+([\d.]+)(us|ms|s|m)\b", text, re.MULTILINE)
    return float(match[1]) * _UNITS[match[2]] if match else 0.0
