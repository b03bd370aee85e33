"""A worker and control after a million requests and a thousand deployments: as large as after the first of them."""

from typing import Any, Final

from bench import definitions
from bench.context import Bench
from bench.definitions import STAGE
from bench.portico_server import Portico, portico
from bench.processes import memory, server_core
from bench.verdict import Finding, judge
from bench.wrk import Target, measure

REQUESTS: Final = 1_000_000
FIRST: Final = 10_000
DEPLOYMENTS: Final = 1_000
FIRST_DEPLOYMENTS: Final = 50
MORE: Final = 1.05
_TURN_SECONDS: Final = 2.0
_TOLD_EVERY: Final = 25


def remembering(bench: Bench) -> list[Finding]:
    """The same server all along."""
    requests, deployments = bench.times(REQUESTS, 50_000), bench.times(DEPLOYMENTS, 60)
    with portico(bench.folder / "data", core=server_core()) as server:
        client = server.client()
        deployed = definitions.deploy(client, {"/mock": {"get": definitions.mocked()}})
        target = server.target("Portico", deployed.host, f"/{STAGE}/mock")
        _ask(bench, target, FIRST)
        few = memory(server.pid("worker"))
        asked = _ask(bench, target, requests)
        many = memory(server.pid("worker"))
        _deploy(bench, client, deployed.api, min(FIRST_DEPLOYMENTS, deployments // 2))
        control = memory(server.pid("control"))
        _deploy(bench, client, deployed.api, deployments)
        _ask(bench, target, FIRST)
        return [
            _finding(f"A worker after {asked} requests", f"after {FIRST}", few, many),
            _finding(f"A worker after {deployments} deployments", "before them", few, _held(server, "worker")),
            _finding(f"Control after {deployments} deployments", "after the first", control, _held(server, "control")),
        ]


def _held(server: Portico, role: str) -> int:
    return memory(server.pid(role))


def _ask(bench: Bench, target: Target, count: int) -> int:
    """At least so many requests."""
    asked = 0
    while asked < count:
        bench.say(f"{asked} of {count} requests")
        seconds = 1.0 if count <= FIRST else _TURN_SECONDS
        asked += int(measure(target, seconds).per_second * seconds)
    return asked


def _deploy(bench: Bench, client: Any, api: str, count: int) -> None:
    for number in range(count):
        if number % _TOLD_EVERY == 0:
            bench.say(f"deployment {number} of {count}")
        client.put_rest_api(
            restApiId=api,
            mode="overwrite",
            body=definitions.document({"/mock": {"get": definitions.mocked(f"version {number}")}}),
        )
        client.create_deployment(restApiId=api, stageName=STAGE)


def _finding(what: str, beside: str, before: int, after: int) -> Finding:
    return Finding(
        f"{what}: RSS, of that {beside}",
        f"at most {MORE:.0%}",
        f"{after / before:.1%}",
        judge(after <= before * MORE),
        note=f"{after / 1e6:.1f} MB, {before / 1e6:.1f} MB {beside}",
    )
