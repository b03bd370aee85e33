"""CPU time as a measure of work, on machines that are slower than the one the limits were chosen on, or shared.

assert cpu_seconds(lambda: matcher(value), limit=1.0) < 1.0
"""

import gc
import subprocess
import sys
import time
from collections.abc import Callable

_REFERENCE_SECONDS = 0.0035
"""What `_reference` takes where the limits of the tests were chosen."""
_START_SECONDS = 0.05
"""And the start of an interpreter."""
_TRIES = 3


def cpu_seconds(work: Callable[[], object], limit: float) -> float:
    """What `work` costs at its best: CPU seconds of this thread, divided by how much slower than there this machine is
    right before or after. It is done again, up to three times, while it costs `limit` or more.

    The collector looks at nothing that was there before: what all the other tests have left is none of its costs.
    """
    gc.freeze()
    try:
        return _least(work, limit)
    finally:
        gc.unfreeze()


def slower() -> float:
    """How many times longer than there it takes at the moment to start an interpreter, by the clock on the wall: 1 or
    more."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import asyncio, json"], check=True)
    return max(1.0, (time.monotonic() - began) / _START_SECONDS)


def _least(work: Callable[[], object], limit: float) -> float:
    least = float("inf")
    for _ in range(_TRIES):
        before = _taken(_reference)
        taken = _taken(work)
        slower = max(before, _taken(_reference)) / _REFERENCE_SECONDS
        least = min(least, taken / max(1.0, slower))
        if least < limit:
            break
    return least


def _taken(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _reference() -> None:
    """What interpreters do: calls, numbers, texts and tables."""
    seen: dict[int, int] = {}
    for number in range(30_000):
        seen[number % 97] = seen.get(number % 89, 0) + len(str(number))
