"""Twice as many requests as a worker can serve, at a rate that does not care how they are answered."""

import time
from typing import Final, NamedTuple

from bench import definitions
from bench.context import Bench
from bench.portico_server import Portico, portico, request
from bench.processes import memory, server_core
from bench.steady_load import Steadied, steady
from bench.verdict import Finding, judge
from bench.wrk import measure

GOODPUT: Final = 0.9
P99_TIMES: Final = 3.0
REFUSED_MS: Final = 50.0
MORE_BYTES: Final = 16_000_000
_BUSY: Final = 0.8
_TWICE: Final = 2.0
_CONNECTIONS: Final = 1_024
_TEMPLATE: Final = "$context.requestId $util.escapeJavaScript($input.params('id')), " * 100
"""Some 100 µs of work: one core of load generator must be able to ask for twice of what the worker's core can do."""


class Loads(NamedTuple):
    peak: float
    """Requests a second, asked by wrk."""
    busy: Steadied
    twice: Steadied
    seconds: float
    """From the first of those requests to the last of their answers."""
    more: int
    """Bytes of RSS."""


def overload(bench: Bench) -> list[Finding]:
    """What the worker can do, then a rate of 80% of that, then of 200%."""
    with portico(bench.folder / "data", core=server_core()) as server:
        host = definitions.deploy(server.client(), {"/work": {"get": definitions.mocked(_TEMPLATE)}}).host
        path = f"/{definitions.STAGE}/work"
        bench.say("what the worker can do")
        target = server.target("Portico", host, path)
        measure(target, bench.seconds(2))
        peak = measure(target, bench.seconds(4)).per_second
        asked = request(host, path)
        bench.say("80% of that")
        busy = _load(server, asked, peak * _BUSY, bench.seconds(10))
        before = memory(server.pid("worker"))
        bench.say("200% of that")
        began = time.monotonic()
        twice = _load(server, asked, peak * _TWICE, bench.seconds(20))
        loads = Loads(peak, busy, twice, time.monotonic() - began, memory(server.pid("worker")) - before)
    return _findings(loads)


def _load(server: Portico, asked: bytes, rate: float, seconds: float) -> Steadied:
    with steady(address=server.gateway, request=asked, rate=rate, connections=_CONNECTIONS) as load:
        time.sleep(seconds)
        return load.finish()


def _findings(loads: Loads) -> list[Finding]:
    peak, busy, twice, seconds, more = loads
    goodput = twice.answered / seconds / peak
    calm, hurried = busy.phases["start"]["p99"], twice.phases["start"]["p99"]
    slowest = twice.refused["p99"]
    lost = twice.losses - int(twice.refused["count"])
    what = "Twice as many requests as a worker can serve"
    note = (
        f"a peak of {peak:.0f} requests per second, {twice.sent} asked for; {twice.how_lost()}; longest accepted "
        f"{twice.phases['start']['max']:.0f} ms, longest refusal {twice.refused['max']:.0f} ms"
    )
    return [
        Finding(
            f"{what}: served, of the peak",
            f"at least {GOODPUT:.0%}",
            f"{goodput:.0%}",
            judge(goodput >= GOODPUT),
            note=note,
        ),
        Finding(
            f"{what}: p99 of the accepted",
            f"at most {P99_TIMES:.0f}x that at 80%",
            f"{hurried:.1f} ms",
            judge(hurried <= P99_TIMES * calm),
            note=f"{calm:.1f} ms at 80%",
        ),
        Finding(
            f"{what}: p99 of refusals",
            f"at most {REFUSED_MS:.0f} ms, nothing else lost",
            f"{slowest:.1f} ms, {lost} lost",
            judge(slowest <= REFUSED_MS, lost == 0),
        ),
        Finding(
            f"{what}: more RSS in the worker",
            f"at most {MORE_BYTES / 1e6:.0f} MB",
            f"{more / 1e6:.1f} MB",
            judge(more <= MORE_BYTES),
        ),
    ]
