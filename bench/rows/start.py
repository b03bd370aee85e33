"""How soon a server is ready, and what a worker holds that serves nothing."""

import statistics
import time
from typing import Final

from bench.context import Bench
from bench.portico_server import get, portico
from bench.processes import memory
from bench.verdict import Finding, judge

READY_SECONDS: Final = 1.5
IDLE_BYTES: Final = 50_000_000
_TRIES: Final = 5
_IDLE_SECONDS: Final = 3.0


def start(bench: Bench) -> list[Finding]:
    """From the command to the log line that says ready, the first time with an empty data directory."""
    took, held = [], []
    tries = bench.times(_TRIES, 2)
    for number in range(1, tries + 1):
        bench.say(f"start {number} of {tries}")
        with portico(bench.folder / "data") as server:
            took.append(server.ready.at - server.started)
            get(server.gateway, "/")
            time.sleep(bench.seconds(_IDLE_SECONDS))
            held.append(memory(server.pid("worker")))
    return [
        Finding(
            "Start to ready",
            f"at most {READY_SECONDS} s",
            f"{max(took):.2f} s",
            judge(max(took) <= READY_SECONDS),
            note=f"longest of {tries}, the interpreter's own start included; median {statistics.median(took):.2f} s",
        ),
        Finding(
            "An idle worker: RSS",
            f"at most {IDLE_BYTES / 1e6:.0f} MB",
            f"{max(held) / 1e6:.1f} MB",
            judge(max(held) <= IDLE_BYTES),
            note="what it shares with the supervisor that forked it is counted in",
        ),
    ]
