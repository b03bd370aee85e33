"""Twice as many requests as a worker can serve, at a rate that does not care how they are answered."""

import statistics
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from bench import definitions
from bench.context import Bench
from bench.portico_server import Portico, portico, request
from bench.processes import memory, server_core
from bench.steady_load import Steadied, steady
from bench.verdict import Finding, judge
from bench.wrk import Target, measure

GOODPUT: Final = 0.9
P99_TIMES: Final = 3.0
REFUSED_MS: Final = 50.0
MORE_BYTES: Final = 16_000_000
_BUSY: Final = 0.8
_TWICE: Final = 2.0
_REST: Final = 2.0
"""Seconds in front of a round, in which the worker sees that the overload before is over."""
_CONNECTIONS: Final = 1_024
_TEMPLATE: Final = "$context.requestId $util.escapeJavaScript($input.params('id')), " * 100
"""Some 100 µs of work: one core of load generator must be able to ask for twice of what the worker's core can do."""


class Round(NamedTuple):
    peak: float
    """Requests a second, asked by wrk."""
    busy: Steadied
    twice: Steadied
    seconds: float
    """From the first of those requests to the last of their answers."""
    resident: int
    """The worker's RSS before them, in bytes."""

    @property
    def goodput(self) -> float:
        """What was served, of the peak."""
        return self.twice.answered / self.seconds / self.peak


def overload(bench: Bench) -> list[Finding]:
    """What the worker can do, then a rate of 80% of that, then of 200%; several times, since one hiccup of the machine
    is a p99 of ten seconds."""
    with portico(bench.folder / "data", core=server_core()) as server:
        host = definitions.deploy(server.client(), {"/work": {"get": definitions.mocked(_TEMPLATE)}}).host
        path = f"/{definitions.STAGE}/work"
        target = server.target("Portico", host, path)
        measure(target, bench.seconds(2))
        rounds = [_round(bench, server, target, request(host, path)) for _ in range(bench.times(3, 1))]
        return _findings(rounds, memory(server.pid("worker")) - rounds[0].resident)


def _round(bench: Bench, server: Portico, target: Target, asked: bytes) -> Round:
    bench.say("what the worker can do")
    time.sleep(_REST)
    peak = measure(target, bench.seconds(4)).per_second
    bench.say("80% of that")
    busy = _load(server, asked, peak * _BUSY, bench.seconds(10))
    resident = memory(server.pid("worker"))
    bench.say("200% of that")
    began = time.monotonic()
    twice = _load(server, asked, peak * _TWICE, bench.seconds(20))
    return Round(peak, busy, twice, time.monotonic() - began, resident)


def _load(server: Portico, asked: bytes, rate: float, seconds: float) -> Steadied:
    with steady(address=server.gateway, request=asked, rate=rate, connections=_CONNECTIONS) as load:
        time.sleep(seconds)
        return load.finish()


def _findings(rounds: Sequence[Round], more: int) -> list[Finding]:
    goodputs = [one.goodput for one in rounds]
    calm = [one.busy.phases["start"]["p99"] for one in rounds]
    hurried = [one.twice.phases["start"]["p99"] for one in rounds]
    slowest = [one.twice.refused["p99"] for one in rounds]
    lost = sum(one.twice.losses - int(one.twice.refused["count"]) for one in rounds)
    what = "Twice as many requests as a worker can serve"
    peak = statistics.median(one.peak for one in rounds)
    longest = max(one.twice.phases["start"]["max"] for one in rounds), max(one.twice.refused["max"] for one in rounds)
    note = (
        f"a peak of {peak:.0f} requests per second; rounds of {_listed(goodputs, '{:.0%}')}; "
        f"{sum(one.twice.sent for one in rounds)} asked for; {', '.join(one.twice.how_lost() for one in rounds)}; "
        f"longest accepted {longest[0]:.0f} ms, longest refusal {longest[1]:.0f} ms"
    )
    return [
        Finding(
            f"{what}: served, of the peak",
            f"at least {GOODPUT:.0%}",
            f"{statistics.median(goodputs):.0%}",
            judge(statistics.median(goodputs) >= GOODPUT),
            note=note,
        ),
        Finding(
            f"{what}: p99 of the accepted",
            f"at most {P99_TIMES:.0f}x that at 80%",
            f"{statistics.median(hurried):.1f} ms",
            judge(statistics.median(hurried) <= P99_TIMES * statistics.median(calm)),
            note=f"{statistics.median(calm):.1f} ms at 80%; rounds of {_listed(hurried)} and {_listed(calm)}",
        ),
        Finding(
            f"{what}: p99 of refusals",
            f"at most {REFUSED_MS:.0f} ms, nothing else lost",
            f"{statistics.median(slowest):.1f} ms, {lost} lost",
            judge(statistics.median(slowest) <= REFUSED_MS, lost == 0),
            note=f"rounds of {_listed(slowest)}",
        ),
        Finding(
            f"{what}: more RSS in the worker",
            f"at most {MORE_BYTES / 1e6:.0f} MB",
            f"{more / 1e6:.1f} MB",
            judge(more <= MORE_BYTES),
        ),
    ]


def _listed(numbers: Sequence[float], form: str = "{:.1f}") -> str:
    return ", ".join(form.format(number) for number in numbers)
