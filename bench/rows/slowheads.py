"""5 000 clients that never finish the head of their request: each is closed at its deadline, and nobody else is kept
waiting meanwhile."""

import resource
import select
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from bench import definitions
from bench.context import Bench
from bench.portico_server import connect, portico, request
from bench.processes import server_core
from bench.steady_load import Steadied, steady
from bench.verdict import Finding, NotRun, judge
from portico.server.connections import SWEEP_SECONDS, ConnectionLimits

CLIENTS: Final = 5_000
DEADLINE: Final = ConnectionLimits().header_seconds
"""Seconds from a connection's opening."""
_TOLERANCE: Final = 1.0
"""Beside one sweep: the closing of thousands, and our own looking at them."""
P99_TIMES: Final = 2.0
P99_FREE: Final = 25.0
"""Milliseconds."""
_PER_SOURCE: Final = 1_000
_DRIP_SECONDS: Final = 1.0
_PROBE_RATE: Final = 200.0
_DESCRIPTORS_LEFT: Final = 200


@dataclass(slots=True)
class Slow:
    """What became of the slow clients."""

    lives: list[float] = field(default_factory=list)
    """Seconds from opening to closing, of those that were closed."""
    told: int = 0
    """How many were answered 408 first."""


def slowheads(bench: Bench) -> list[Finding]:
    """A probe's p99 before they come, and from the first of them to the last."""
    count = bench.times(CLIENTS, 1_000)
    _allow(count + _DESCRIPTORS_LEFT)
    with portico(bench.folder / "data", core=server_core()) as server:
        host = definitions.deploy(server.client(), {"/mock": {"get": definitions.mocked()}}).host
        asked = request(host, f"/{definitions.STAGE}/mock")
        rates = {"rate": _PROBE_RATE, "fresh_rate": _PROBE_RATE / 2, "connections": 16}
        with steady(address=server.gateway, request=asked, **rates) as probe:
            bench.say("the probe alone")
            time.sleep(bench.seconds(8))
            probe.mark("slow")
            bench.say(f"{count} slow clients")
            slow = _be_slow(server.gateway, host, count)
            return [_finding(count, slow, probe.finish())]


def _allow(descriptors: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < descriptors:
        if hard != resource.RLIM_INFINITY and hard < descriptors:
            raise NotRun(f"{descriptors} open files are needed, this machine allows {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))


def _be_slow(address: str, host: str, count: int) -> Slow:
    """Opens them, drips a byte into each every second, and waits until the last is closed or should long have been."""
    began: dict[int, float] = {}
    clients: dict[int, socket.socket] = {}
    poller = select.epoll()
    slow = Slow()
    try:
        for number in range(count):
            one = connect(address, source=f"127.0.0.{2 + number // _PER_SOURCE}")
            one.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: ".encode())
            one.setblocking(False)
            clients[one.fileno()], began[one.fileno()] = one, time.monotonic()
            poller.register(one.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        _drip(poller, clients, began, slow)
    finally:
        poller.close()
        for one in clients.values():
            one.close()
    return slow


def _drip(poller: select.epoll, clients: dict[int, socket.socket], began: dict[int, float], slow: Slow) -> None:
    """Until all are closed. The drops of a second are spread over it: a thousand at once would disturb the probe."""
    order = list(clients)
    at, end = 0.0, time.monotonic() + DEADLINE + 5.0
    last = time.monotonic()
    while clients and (now := time.monotonic()) < end:
        for number, _ in poller.poll(0.01, 256):
            _look(number, poller, clients, began, slow)
        turn = at + (now - last) * len(order) / _DRIP_SECONDS
        for place in range(int(at), int(turn)):
            one = clients.get(order[place % len(order)])
            if one is not None:
                _drop(one)
        at, last = turn, now


def _drop(one: socket.socket) -> None:
    try:
        one.send(b"x")
    except OSError:
        return  # it is closed; the poller tells


def _look(
    number: int, poller: select.epoll, clients: dict[int, socket.socket], began: dict[int, float], slow: Slow
) -> None:
    """What a slow client was told, and whether that was the end."""
    try:
        data = clients[number].recv(4096)
    except ConnectionError:
        data = b""
    if data:
        slow.told += data.startswith(b"HTTP/1.1 408 ")
        return
    slow.lives.append(time.monotonic() - began[number])
    poller.unregister(number)
    clients.pop(number).close()


def _finding(count: int, slow: Slow, probe: Steadied) -> Finding:
    alone, beside = probe.phases["start"], probe.phases["slow"]
    most = max(P99_TIMES * alone["p99"], P99_FREE)
    latest = DEADLINE + SWEEP_SECONDS + _TOLERANCE
    in_time = sum(1 for life in slow.lives if DEADLINE - SWEEP_SECONDS <= life <= latest)
    lives = f"{min(slow.lives):.1f} to {max(slow.lives):.1f} s" if slow.lives else "never"
    return Finding(
        f"{count} slow-header clients: closed at their deadline, and the p99 of a probe meanwhile",
        f"all, and at most {most:.0f} ms",
        f"{in_time}, and {beside['p99']:.1f} ms",
        judge(in_time == count, beside["p99"] <= most, probe.losses == 0),
        note=(
            f"deadline {DEADLINE:.0f} s, closed after {lives}, {slow.told} told so (408); the probe alone "
            f"{alone['p99']:.1f} ms, its longest wait beside them {beside['max']:.0f} ms, lost: {probe.how_lost()}"
        ),
    )
