"""10 000 requests sent on one connection without waiting for an answer: all are answered, in order, in bounded memory,
and the clients beside it are served too."""

import re
import select
import socket
import time
from typing import Final

from bench import definitions
from bench.context import Bench
from bench.definitions import STAGE
from bench.portico_server import connect, portico, request
from bench.processes import forget_peak, memory, server_core
from bench.steady_load import steady
from bench.verdict import BenchError, Finding, judge

REQUESTS: Final = 10_000
_SECONDS: Final = 60.0
_NUMBER: Final = re.compile(rb'\{"number":"(\d+)"\}')
_PROBE_RATE: Final = 200.0


def pipeline(bench: Bench) -> list[Finding]:
    """Each answer repeats the number in its request's path."""
    count = bench.times(REQUESTS, 1_000)
    paths = {
        "/number/{n}": {"get": definitions.mocked('{"number":"$input.params(\'n\')"}')},
        "/mock": {"get": definitions.mocked()},
    }
    with portico(bench.folder / "data", core=server_core()) as server:
        host = definitions.deploy(server.client(), paths).host
        asked = request(host, f"/{STAGE}/mock")
        with steady(address=server.gateway, request=asked, rate=_PROBE_RATE, connections=8) as probe:
            worker = server.pid("worker")
            time.sleep(bench.seconds(2))
            before = memory(worker)
            forget_peak(worker)
            probe.mark("pipeline")
            bench.say(f"{count} pipelined requests")
            began = time.monotonic()
            numbers = _pipeline(server.gateway, host, count)
            took = time.monotonic() - began
            grown = memory(worker, "VmHWM") - before
            beside = probe.finish()
    waits = beside.phases["pipeline"]
    in_order = numbers == list(range(count))
    return [
        Finding(
            f"{count} pipelined GETs on one connection",
            "all answered, in order",
            f"{len(numbers)}, {'in order' if in_order else '**out of order**'}",
            judge(in_order, beside.losses == 0),
            note=(
                f"in {took:.2f} s, with {grown / 1e6:.1f} MB more RSS at most; clients beside it waited at most "
                f"{waits['max']:.0f} ms, lost: {beside.how_lost()}"
            ),
        )
    ]


def _pipeline(address: str, host: str, count: int) -> list[int]:
    """The numbers in the answers, in the order of the answers. Sends as long as the server takes."""
    unsent = memoryview(b"".join(request(host, f"/{STAGE}/number/{number}") for number in range(count)))
    numbers: list[int] = []
    rest = b""
    end = time.monotonic() + _SECONDS
    with connect(address) as connection:
        connection.setblocking(False)
        while len(numbers) < count:
            if time.monotonic() > end:
                raise BenchError(f"{len(numbers)} of {count} pipelined requests were answered in {_SECONDS:.0f} s")
            readable, writable, _ = select.select([connection], [connection] if unsent else [], [], 1.0)
            if readable:
                data = _received(connection, len(numbers))
                rest, found = _numbers(rest + data)
                numbers += found
            if writable:
                unsent = unsent[connection.send(unsent) :]
    return numbers


def _received(connection: socket.socket, answered: int) -> bytes:
    data = connection.recv(262_144)
    if not data:
        raise BenchError(f"the connection was closed after {answered} answers")
    return data


def _numbers(data: bytes) -> tuple[bytes, list[int]]:
    """What follows the last whole number, and the numbers."""
    found = list(_NUMBER.finditer(data))
    return data[found[-1].end() :] if found else data, [int(one[1]) for one in found]
