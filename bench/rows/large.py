"""An answer of 1 MB: what relaying it costs next to nginx, and what 64 clients that read it slowly make us hold."""

import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Final

from bench import definitions, peers
from bench.context import Bench
from bench.portico_server import PATIENCE, Portico, connect, get, portico, request
from bench.processes import forget_peak, memory, server_core
from bench.rows.proxy import against
from bench.verdict import BenchError, Finding, judge
from bench.wrk import compare

OF_NGINX: Final = 0.6
READERS: Final = 64
GROWTH: Final = 16_000_000
_PATH: Final = f"/{definitions.STAGE}/pets/large"
_RECEIVE_BUFFER: Final = 16 * 1024
_SIP: Final = 4096
"""Bytes that a slow reader takes at a time: 64 of them take 5 MB a second together at most."""
_PAUSE: Final = 0.05


def large(bench: Bench) -> list[Finding]:
    """HTTP_PROXY of 1 MB, CPU and memory."""
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        server = stack.enter_context(portico(bench.folder / "data", core=server_core()))
        deployed = definitions.deploy(server.client(), definitions.pets(backend))
        nginx = stack.enter_context(peers.nginx(bench.room("nginx"), backend, _PATH))
        held = _slow_readers(bench, server, deployed.host)
        targets = [server.target("Portico", deployed.host, _PATH), nginx]
        costs = compare(targets, bench.seconds(5), bench.times(3, 1), bench.say)
        return [against("nginx", "HTTP_PROXY, 1 MB response: CPU per request", dict(costs), OF_NGINX), held]


def _slow_readers(bench: Bench, server: Portico, host: str) -> Finding:
    """The worker's peak while they read, over what it held before they came. Raises BenchError."""
    worker = server.pid("worker")
    for _ in range(3):
        status, body = get(server.gateway, _PATH, host)
        if (status, len(body)) != (200, peers.LARGE):
            raise BenchError(f"the large answer is {status} with {len(body)} bytes")
    before = memory(worker)
    forget_peak(worker)
    bench.say(f"{READERS} slow readers")
    readers = [connect(server.gateway, _RECEIVE_BUFFER) for _ in range(READERS)]
    try:
        for one in readers:
            one.sendall(request(host, _PATH))
            one.setblocking(False)
        taken = _read_slowly(readers, bench.seconds(8))
        grown = memory(worker, "VmHWM") - before
        whole = sum(_read_rest(one, already) for one, already in zip(readers, taken, strict=True))
    finally:
        for one in readers:
            one.close()
    return Finding(
        f"1 MB response, {READERS} slow readers: more RSS in the worker",
        f"at most {GROWTH / 1e6:.0f} MB",
        f"{grown / 1e6:.1f} MB",
        judge(grown <= GROWTH, whole == READERS),
        note=f"peak over {before / 1e6:.1f} MB before; {whole} of {READERS} then read their whole answer",
    )


def _read_slowly(readers: Sequence[socket.socket], seconds: float) -> list[int]:
    """A sip from each in turn. How many bytes each has taken."""
    taken = [0] * len(readers)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for number, one in enumerate(readers):
            with suppress(BlockingIOError):
                taken[number] += len(one.recv(_SIP))
        time.sleep(_PAUSE)
    return taken


def _read_rest(reader: socket.socket, taken: int) -> bool:
    """Whether the answer comes to its end, head and all: no byte of the body is missing, and none too many."""
    reader.settimeout(PATIENCE)
    reader.shutdown(socket.SHUT_WR)
    while data := reader.recv(65536):
        taken += len(data)
    head = taken - peers.LARGE
    return 0 < head < 2048
