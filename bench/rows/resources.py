"""Whether an API's size is felt by its requests: 5 000 resources next to 5, each asked in turn."""

from pathlib import Path
from typing import Final

from bench import definitions
from bench.context import Bench
from bench.definitions import Paths
from bench.portico_server import portico
from bench.processes import server_core
from bench.verdict import Finding, judge
from bench.wrk import compare

FEW: Final = 5
MANY: Final = 5_000
MOST: Final = 1.2
_SCRIPT: Final = """\
local paths, requests, at = {%s}, {}, 0
function init(args)
    for number, path in ipairs(paths) do requests[number] = wrk.format("GET", path) end
end
function request()
    at = at %% #requests + 1
    return requests[at]
end
"""


def resources(bench: Bench) -> list[Finding]:
    """MOCK: whatever else a request costs would only make the share of the route smaller."""
    many = bench.times(MANY, 500)
    with portico(bench.folder / "data", core=server_core()) as server:
        client = server.client()
        targets = []
        for count in (FEW, many):
            bench.say(f"deploying {count} resources")
            host = definitions.deploy(client, _paths(count)).host
            targets.append(server.target(f"{count} resources", host, "/", _script(bench.folder, count)))
        costs = compare(targets, bench.seconds(5), bench.times(3, 1), bench.say)
    few, large = (costs[target.name] for target in targets)
    ratio = large.cpu / few.cpu
    return [
        Finding(
            f"{many} resources next to {FEW}: CPU per request, all asked in turn",
            f"at most {MOST}",
            f"{ratio:.2f}",
            judge(ratio <= MOST),
            note=f"{large} next to {few}; every request is another path than the one before",
        )
    ]


def _places(count: int) -> list[str]:
    """A parent and its child for every two; with the root, `count` resources or one more."""
    return [place for number in range(count // 2) for place in (f"/kind{number}", f"/kind{number}/pet")]


def _paths(count: int) -> Paths:
    return {place: {"get": definitions.mocked()} for place in _places(count)}


def _script(folder: Path, count: int) -> Path:
    path = folder / f"{count}.lua"
    path.write_text(_SCRIPT % ", ".join(f'"/{definitions.STAGE}{place}"' for place in _places(count)))
    return path
