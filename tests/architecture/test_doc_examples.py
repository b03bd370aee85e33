"""The examples of the pages, typed into a shell and an interpreter against a server that really runs.

A page's `sh` blocks are one shell's session, its `python` blocks one program after that. Addresses are the test's own.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from documentation import ROOT, Block, Page, pages
from running_server import PATIENCE, RunningServer

PAGES_WITH_EXAMPLES = [pytest.param(one, id=one.name) for one in pages() if one.blocks("sh", "python")]
BEHIND = "-- this was block"
TOOLS = Path(sys.executable).parent


class Place(NamedTuple):
    """Where the examples are typed."""

    home: Path
    addresses: dict[str, str]
    """What the pages say, and what it is here."""

    def here(self, text: str) -> str:
        for told, real in self.addresses.items():
            text = text.replace(told, real)
        return text

    def environment(self) -> dict[str, str]:
        own = {"HOME": str(self.home), "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "AWS_PAGER": ""}
        return {name: value for name, value in os.environ.items() if not _configures(name)} | own


def _configures(name: str) -> bool:
    return name.startswith(("PORTICO_", "AWS_", "XDG_")) or name.lower().endswith("_proxy")


class Obliging(BaseHTTPRequestHandler):
    """A backend that has whatever it is asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def backend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Obliging) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def place(tmp_path: Path, backend: str) -> Iterator[Place]:
    """A newcomer's home, with a server that was started with the defaults, but for its ports."""
    command = [sys.executable, "-P", "-m", "portico", "serve", "--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0"]
    newcomer = Place(tmp_path, {})
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    with RunningServer([*command, "--workers", "1"], newcomer.environment(), str(tmp_path)) as server:
        ready = server.wait_for("ServerReady")
        control, gateway = (ready[name][0].removeprefix("http://") for name in ("control", "gateway"))
        port = gateway.rpartition(":")[2]
        yield Place(
            tmp_path,
            {"127.0.0.1:4566": control, "127.0.0.1:8080": gateway, "localhost:8080": f"localhost:{port}"}
            | {"127.0.0.1:9000": backend},
        )


@pytest.mark.parametrize("told", PAGES_WITH_EXAMPLES)
def test_what_a_page_tells_to_type_does_what_it_says(told: Page, place: Place) -> None:
    for tool in ("bash", "curl", "aws"):
        if shutil.which(tool, path=place.environment()["PATH"]) is None:
            pytest.skip(f"NOT RUN: the examples of {told.name} need {tool}")
    blocks = told.blocks("sh")
    program = place.home / "examples.py"
    program.write_text(place.here("\n".join(block.text for block in told.blocks("python"))))
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=place.here(session(blocks, program)),
        env=place.environment(),
        cwd=place.home,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{told.name}: {done.stdout}{done.stderr}"
    for number, block in enumerate(blocks):
        if block.output is not None:
            printed = done.stdout.partition(f"{BEHIND} {number - 1}\n")[2] if number else done.stdout
            assert fits(printed.partition(f"{BEHIND} {number}\n")[0], block.output)


def session(blocks: list[Block], program: Path) -> str:
    parts = [f"{block.text}\necho '{BEHIND} {number}'\n" for number, block in enumerate(blocks)]
    return "".join(parts) + f"python {program}\n"


def fits(printed: str, told: str) -> bool:
    pattern = re.escape(told).replace("…", ".*")
    assert re.fullmatch(pattern, printed), f"printed:\n{printed}\ntold:\n{told}"
    return True
