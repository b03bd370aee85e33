"""Processes under measurement: started on a core, their CPU time and memory read from /proc, ended by their id."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from bench.verdict import BenchError, NotRun

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE: Final = 40.0
"""Seconds that a process may take to leave after SIGTERM; Portico finishes its requests for 30."""
CORES: Final = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def server_core() -> int:
    """Where the server under test runs alone. Raises NotRun on a machine with one core."""
    _two_cores()
    return CORES[0]


def load_core() -> int:
    """Where the load generator and the backend run. Raises NotRun on a machine with one core."""
    _two_cores()
    return CORES[1]


def _two_cores() -> None:
    if len(CORES) < 2:
        raise NotRun("two cores are needed: one for the server, one for the load")


def on_core(core: int | None, command: Sequence[str]) -> list[str]:
    """`command`, bound to a core from its first instruction on. None: wherever the system likes."""
    cores = ",".join(map(str, CORES)) if core is None else str(core)
    return ["taskset", "-c", cores, *command]


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A process that is gone at the end of the block."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        end(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            _close(stream)


def _close(stream: IO[Any] | None) -> None:
    if stream is not None and not stream.closed:
        stream.close()


def end(process: "subprocess.Popen[Any]") -> None:
    """SIGTERM, and SIGKILL to it and what it left behind where that is not enough."""
    if process.poll() is not None:
        return
    pids = family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        for pid in pids:
            if parent_of(pid) in (*pids, os.getpid()):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command's name; empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent_of(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def family(pid: int) -> list[int]:
    """`pid` and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            children.setdefault(parent_of(int(entry)), []).append(int(entry))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of these processes so far, without that of their children."""
    stats = [fields for fields in map(_stat, pids) if fields]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICK


def memory(pid: int, name: str = "VmRSS") -> int:
    """Bytes: `VmRSS` is what is resident now, `VmHWM` the most since `forget_peak`. Raises BenchError."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError as error:
        raise BenchError(f"process {pid} is gone") from error
    values = dict(line.split(":", 1) for line in status.splitlines())
    return int(values[name].split()[0]) * 1024


def forget_peak(pid: int) -> None:
    """Let VmHWM begin anew at what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def environment(**more: str) -> Mapping[str, str]:
    """Ours, without what would tell Portico or boto3 anything."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "AWS_"))}
    return {**kept, **more}
