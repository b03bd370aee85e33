"""kill -9 of one of two workers: what it had accepted may be lost, what waits to be accepted may not.

The victim is stopped first. What it has accepted by then is counted, and requests on connections that come later wait
in its listening socket: then it is killed, and all of those must be answered by its successor.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from bench import definitions
from bench.context import Bench
from bench.portico_server import Portico, connect, portico, request
from bench.verdict import BenchError, Finding, judge

KILLS: Final = 5
RESPAWN_SECONDS: Final = 0.3
_KEPT: Final = 64
_WAITING: Final = 200
_ANSWERS_SECONDS: Final = 10.0
_SETTLE_SECONDS: Final = 0.3
_AGE_SECONDS: Final = 2.5
"""A worker that dies younger than two seconds for the second time is replaced after a pause."""


class Killed(NamedTuple):
    accepted: int
    """Connections that the victim held."""
    lost: int
    """Of the requests on those."""
    queued: int
    """Connections that waited to be accepted by it."""
    queue_lost: int
    respawn: float
    """Seconds from the kill to the successor's being ready."""


def kill(bench: Bench) -> list[Finding]:
    """One worker after the other."""
    count = bench.times(KILLS, 2)
    with portico(bench.folder / "data", workers=2) as server:
        host = definitions.deploy(server.client(), {"/mock": {"get": definitions.mocked()}}).host
        asked = request(host, f"/{definitions.STAGE}/mock")
        kills = []
        for number in range(count):
            bench.say(f"kill {number + 1} of {count}")
            time.sleep(_AGE_SECONDS)
            kills.append(_kill(server, number % 2, asked))
    return _findings(kills)


def _findings(kills: Sequence[Killed]) -> list[Finding]:
    accepted, lost, queued, queue_lost, _ = (sum(column) for column in zip(*kills, strict=True))
    respawn = max(one.respawn for one in kills)
    return [
        Finding(
            "kill -9 of one of two workers: requests lost",
            "at most those it had accepted, 0 of those waiting",
            f"{lost} of {accepted} accepted, {queue_lost} of {queued} waiting",
            judge(lost <= accepted, queue_lost == 0, queued > 0),
            note=f"{len(kills)} kills, each with {_WAITING} connections opened while the victim did not run",
        ),
        Finding(
            "kill -9 of a worker: until its successor serves",
            f"at most {RESPAWN_SECONDS * 1e3:.0f} ms",
            f"{respawn * 1e3:.0f} ms",
            judge(respawn <= RESPAWN_SECONDS),
            note=f"longest of {len(kills)}",
        ),
    ]


def _kill(server: Portico, slot: int, asked: bytes) -> Killed:
    victim = server.pid("worker", slot)
    kept = [connect(server.gateway) for _ in range(_KEPT)]
    if _ask(kept, asked, _ANSWERS_SECONDS) < _KEPT:
        raise BenchError("a connection is not served before the kill")
    os.kill(victim, signal.SIGSTOP)
    served_elsewhere = _ask(kept, asked, _SETTLE_SECONDS)
    waiting = [connect(server.gateway) for _ in range(_WAITING)]
    accepted_elsewhere = _ask(waiting, asked, _SETTLE_SECONDS)
    began = time.time()
    os.kill(victim, signal.SIGKILL)
    ready = server.await_told("ProcessReady", since=began, role="worker", slot=slot)
    queued = _WAITING - accepted_elsewhere
    answered = _answers(waiting, _ANSWERS_SECONDS, queued)
    accepted = _KEPT - served_elsewhere
    lost = accepted - _answers(kept, _SETTLE_SECONDS, accepted)
    for one in (*kept, *waiting):
        one.close()
    return Killed(accepted, lost, queued, queued - answered, ready.at - began)


def _ask(connections: Sequence[socket.socket], asked: bytes, seconds: float) -> int:
    """One request on each: how many were answered in time."""
    for one in connections:
        one.sendall(asked)
    return _answers(connections, seconds, len(connections))


def _answers(connections: Sequence[socket.socket], seconds: float, wanted: int) -> int:
    """How many connections say 200, until `wanted` have or the time is over. One that is closed says nothing."""
    poller = select.poll()
    by_number = {one.fileno(): one for one in connections}
    for number in by_number:
        poller.register(number, select.POLLIN)
    answered, end = 0, time.monotonic() + seconds
    while answered < wanted and (left := end - time.monotonic()) > 0:
        for number, _ in poller.poll(left * 1000):
            poller.unregister(number)
            answered += _says_ok(by_number[number])
    return answered


def _says_ok(connection: socket.socket) -> bool:
    try:
        return connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    except ConnectionError:
        return False
