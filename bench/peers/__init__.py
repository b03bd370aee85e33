"""The backend, and the gateways that Portico is compared with. Each is one process family on a free loopback port."""

import base64
import os
import socket
import string
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import programs
from bench.processes import family, load_core, on_core, running, server_core
from bench.verdict import BenchError
from bench.wrk import Target

BODY: Final = '{"id":1,"type":"dog","price":249.99,"name":"Fido","tags":["a","b","c"]}'
"""71 bytes."""
LARGE: Final = 1_048_576
SLOW: Final = 32 * 1024
_CONFIGURATIONS: Final = Path(__file__).parent
_START_SECONDS: Final = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def backend(folder: Path) -> Iterator[int]:
    """nginx beside the load generator; the port at which it answers /pets/1, /pets/large and /pets/slow."""
    (folder / "pets").mkdir()
    for name, size in (("large", LARGE), ("slow", SLOW)):
        (folder / "pets" / name).write_bytes(base64.b64encode(os.urandom(size))[:size])
    port = free_port()
    with _nginx("backend", folder, load_core(), port, body=BODY):
        yield port


@contextmanager
def nginx(folder: Path, backend_port: int, path: str) -> Iterator[Target]:
    port = free_port()
    with _nginx("proxy", folder, server_core(), port, backend=backend_port) as pid:
        worker = max(family(pid))
        yield Target("nginx", f"127.0.0.1:{port}", path, (pid, worker), worker)


@contextmanager
def envoy(folder: Path, backend_port: int, path: str) -> Iterator[Target]:
    port = free_port()
    configuration = _fill("envoy.yaml", folder, port=port, backend=backend_port)
    quiet = ("--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id")
    command = [programs.find("envoy"), "-c", str(configuration), *quiet]
    with _started(command, folder, server_core(), port) as pid:
        yield Target("Envoy", f"127.0.0.1:{port}", path, (pid,), pid)


@contextmanager
def _nginx(name: str, folder: Path, core: int, port: int, **values: object) -> Iterator[int]:
    configuration = _fill(f"{name}.nginx.conf", folder, port=port, **values)
    command = [programs.find("nginx"), "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    with _started(command, folder, core, port) as pid:
        yield pid


def _fill(name: str, folder: Path, **values: object) -> Path:
    text = string.Template((_CONFIGURATIONS / name).read_text()).substitute(values)
    path = folder / name
    path.write_text(text)
    return path


@contextmanager
def _started(command: Sequence[str], folder: Path, core: int, port: int) -> Iterator[int]:
    log = folder / "peer.log"
    with log.open("ab") as errors, running(on_core(core, command), cwd=folder, stdout=errors, stderr=errors) as process:
        end = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"{Path(command[0]).name} does not start: {log.read_text()[-500:]}")
            time.sleep(0.02)
        yield process.pid


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
