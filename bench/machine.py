"""What the numbers were measured on."""

import importlib.metadata
import os
import platform
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import programs
from bench.processes import CORES
from portico import __version__

_ROOT: Final = Path(__file__).parents[1]
QUIET_LOAD: Final = 0.3
"""A load average above this before the first row: somebody else is at work, and the numbers are noise."""


def describe() -> Mapping[str, str]:
    """Name and value of everything that a reader needs to judge the numbers."""
    return {
        "Machine": f"{_cpu()}, {len(CORES)} cores, {_memory_gb():.0f} GB, Linux {platform.release()}",
        "Portico": f"{__version__} ({_commit()})",
        "Python": f"{_python()}, uvloop {importlib.metadata.version('uvloop')}",
        "Peers": f"nginx {programs.version('nginx')}, Envoy {programs.version('envoy')}; wrk {programs.version('wrk')}",
        "Load average before": f"{os.getloadavg()[0]:.2f}",
    }


def is_quiet() -> bool:
    return os.getloadavg()[0] <= QUIET_LOAD


def _python() -> str:
    how = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    return f"{platform.python_implementation()} {platform.python_version()}, built {how} --enable-optimizations"


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    total = Path("/proc/meminfo").read_text().split("MemTotal:")[1].split()[0]
    return int(total) / 1024 / 1024


def _commit() -> str:
    """Of the working copy; a `+` behind it where something in it is not committed."""
    told = _git("rev-parse", "--short", "HEAD")
    return (told or "no commit") + ("+" if told and _git("status", "--porcelain", "--", "src") else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
