"""What access log and metrics cost: the same worker with both, and with neither."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import definitions, peers
from bench.context import Bench
from bench.portico_server import PATIENCE, get, portico
from bench.processes import environment, on_core, running, server_core
from bench.verdict import BenchError, Finding, judge
from bench.wrk import Target, compare

MOST: Final = 0.08
_PATH: Final = f"/{definitions.STAGE}/pets/1"


def observing(bench: Bench) -> list[Finding]:
    """Two workers on one state directory, measured in turns."""
    data = bench.folder / "data"
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        with portico(data) as server:
            host = definitions.deploy(server.client(), definitions.pets(backend)).host
        telling = stack.enter_context(_lone_worker("telling", data, host))
        silent = stack.enter_context(_lone_worker("silent", data, host, "--silent"))
        costs = compare([telling, silent], bench.seconds(4), bench.times(5, 1), bench.say)
    share = (costs["telling"].cpu - costs["silent"].cpu) / costs["telling"].cpu
    return [
        Finding(
            "Access log and metrics: their part of a HTTP_PROXY request's CPU",
            f"at most {MOST:.0%}",
            f"{share:.1%}",
            judge(share <= MOST),
            note=f"{costs['telling']} with both, {costs['silent']} with neither, one worker without its supervisor",
        )
    ]


@contextmanager
def _lone_worker(name: str, data: Path, host: str, *flags: str) -> Iterator[Target]:
    port = peers.free_port()
    command = [sys.executable, "-m", "bench.lone_worker", str(data), str(port), *flags]
    root = Path(__file__).parents[2]
    options = {"cwd": root, "env": environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(on_core(server_core(), command), **options) as process:
        _await(f"127.0.0.1:{port}", host)
        yield Target(name, f"127.0.0.1:{port}", _PATH, (process.pid,), process.pid, host)


def _await(address: str, host: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            status, _ = get(address, _PATH, host)
        except OSError:
            time.sleep(0.05)
            continue
        if status == 200:
            return
        raise BenchError(f"a lone worker answers {status}")
    raise BenchError("a lone worker does not start")
