"""A server of many APIs: what a worker holds of them, and how soon it serves them after a start."""

from typing import Any, Final

from bench import definitions
from bench.context import Bench
from bench.definitions import STAGE, Deployed, Paths
from bench.peers import free_port
from bench.portico_server import Portico, get, portico
from bench.processes import memory
from bench.verdict import BenchError, Finding, judge

APIS: Final = 1_000
METHODS: Final = 10
HELD: Final = 150_000_000
READY_SECONDS: Final = 3.0
_TOLD_EVERY: Final = 25


def fleet(bench: Bench) -> list[Finding]:
    """1 000 APIs of 10 methods: deployed in a running server, then found by one that starts."""
    data, count = bench.folder / "data", bench.times(APIS, 40)
    with portico(data) as server:
        deployed = _deploy(bench, server.client(), count)
        grown = memory(server.pid("worker"))
    bench.say("starting with all of them")
    with portico(data) as server:
        took = server.ready.at - server.started
        held = memory(server.pid("worker"))
        _ask_all(server, deployed)
        asked = memory(server.pid("worker"))
    most = max(grown, held, asked)
    what = f"{count} deployed APIs of {METHODS} methods"
    note = (
        f"{held / 1e6:.1f} MB after a start, {asked / 1e6:.1f} MB when each API has answered two of its methods, "
        f"{grown / 1e6:.1f} MB in the worker that saw all deployments"
    )
    return [
        Finding(
            f"{what}: RSS of a worker",
            f"at most {HELD / 1e6:.0f} MB",
            f"{most / 1e6:.1f} MB",
            judge(most <= HELD),
            note=note,
        ),
        Finding(
            f"{what}: start to ready",
            f"at most {READY_SECONDS:.0f} s",
            f"{took:.2f} s",
            judge(took <= READY_SECONDS),
            note="all of them answer when it says so",
        ),
    ]


def _paths() -> Paths:
    """Five resources with two methods each; nobody listens where half of them lead."""
    verbs = {"get": definitions.mocked(), "post": definitions.proxied(free_port(), "/pets")}
    return {f"/kind{number}": verbs for number in range(METHODS // 2)}


def _deploy(bench: Bench, client: Any, count: int) -> list[Deployed]:
    paths, deployed = _paths(), []
    for number in range(count):
        if number % _TOLD_EVERY == 0:
            bench.say(f"deploying API {number} of {count}")
        deployed.append(definitions.deploy(client, paths, f"api {number}"))
    return deployed


def _ask_all(server: Portico, deployed: list[Deployed]) -> None:
    """Raises BenchError where one does not answer."""
    for one in deployed:
        for place in ("kind0", "kind1"):
            status, _ = get(server.gateway, f"/{STAGE}/{place}", one.host)
            if status != 200:
                raise BenchError(f"API {one.api} answers {status} after the start")
