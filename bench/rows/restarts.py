"""Rolling restarts under load: no request may be lost, on kept connections, on new ones, or in the middle of one."""

import signal
import time
from typing import Final

from bench import definitions, peers
from bench.context import Bench
from bench.portico_server import Portico, portico, request
from bench.steady_load import Steadied, steady
from bench.verdict import Finding, judge

RESTARTS: Final = 20
_RATE: Final = 1_000.0
_FRESH_RATE: Final = 200.0
_CONNECTIONS: Final = 64
_SLOW_RATE: Final = 4.0


def restarts(bench: Bench) -> list[Finding]:
    """SIGHUP to a server of two workers, again and again, each as soon as the one before has finished."""
    count = bench.times(RESTARTS, 2)
    with peers.backend(bench.room("backend")) as backend, portico(bench.folder / "data", workers=2) as server:
        host = definitions.deploy(server.client(), definitions.pets(backend)).host
        small, slow = (request(host, f"/{definitions.STAGE}/pets/{name}") for name in ("1", "slow"))
        with (
            steady(
                address=server.gateway,
                request=small,
                rate=_RATE,
                connections=_CONNECTIONS,
                fresh_rate=_FRESH_RATE,
            ) as load,
            steady(address=server.gateway, request=slow, rate=_SLOW_RATE, connections=16) as slow_load,
        ):
            took = _restart(bench, server, count)
            return [_finding(count, took, load.finish(), slow_load.finish())]


def _restart(bench: Bench, server: Portico, count: int) -> list[float]:
    """Seconds that each restart took."""
    took = []
    for number in range(1, count + 1):
        bench.say(f"restart {number} of {count}")
        began = time.time()
        server.signal(signal.SIGHUP)
        took.append(server.await_told("RestartFinished", since=began).at - began)
    return took


def _finding(count: int, took: list[float], load: Steadied, slow: Steadied) -> Finding:
    lost = load.losses + slow.losses
    waits = load.phases["start"]
    note = (
        f"of {load.sent + slow.sent} requests, {_FRESH_RATE / (_FRESH_RATE + _RATE):.0%} on new connections, "
        f"{slow.sent} taking two seconds each; lost: {load.how_lost()}, of the slow ones {slow.how_lost()}; "
        f"{load.told_to_close} connections were told to close, {load.closed_idle} closed between requests; "
        f"a restart took at most {max(took):.1f} s; p99 {waits['p99']:.1f} ms, longest {waits['max']:.0f} ms"
    )
    return Finding(f"{count} rolling restarts under load: lost requests", "0", str(lost), judge(lost == 0), note=note)
