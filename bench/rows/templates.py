"""What a rendering costs, in this process: the console's passthrough template with eight headers, next to airspeed
where that can be imported; a JSONPath beyond the parsing of its body; and whether an output ten times as large costs
ten times as much."""

import gc
import importlib
import importlib.util
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.context import Bench
from bench.verdict import Finding, Verdict, judge
from portico.lang.environment import new_overrides
from portico.lang.jsontext import decode
from portico.lang.vtl import compile_template

_PASSTHROUGH: Final = Path(__file__).parents[1] / "templates" / "passthrough.vtl"
_JSON: Final = "$input.json('$.a.b.c')"
_LINES: Final = """#foreach($i in $input.path("$"))#foreach($j in [1..LINES])"$i.name": "$j $util.urlEncode($i.name)",
#end#end"""

MOST: Final = 20.0
"""Microseconds of the passthrough template."""
FASTER: Final = 10.0
"""Times as fast as airspeed."""
BEYOND: Final = 1.0
"""Microseconds of a JSONPath beyond parsing."""
LINEAR: Final = 1.25
"""How much more than ten times as much an output ten times as large may cost."""


class Request:
    """A request as templates see it: lang's Environment with everything at hand."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.path_parameters: Mapping[str, str] = {"petId": "7"}
        self.query: Mapping[str, Sequence[str]] = {"page": ["2"], "sort": ["name"]}
        self.headers: Mapping[str, str] = {f"X-Header-{number}": f"the value of {number}" for number in range(8)}
        self.stage_variables: Mapping[str, str] = {"table": "pets-prod"}
        self.overrides = new_overrides()
        self._context = {
            "apiId": "a1b2c3d4e5",
            "httpMethod": "POST",
            "stage": "prod",
            "identity.sourceIp": "192.0.2.7",
            "identity.userAgent": "curl/8.5.0",
            "requestId": "6f0d4b9e-1c1e-4d4e-9a39-0a8f6f1e2d3c",
            "resourceId": "abc123",
            "resourcePath": "/pets/{petId}",
        }

    def header_values(self, name: str) -> Sequence[str]:
        return [self.headers[name]] if name in self.headers else []

    def response_header_values(self, name: str) -> Sequence[str]:
        return ()

    def context(self, path: str) -> object:
        return self._context.get(path)

    def context_map(self, path: str) -> dict[str, Any] | None:
        return None


def templates(bench: Bench) -> list[Finding]:
    gc.collect()
    gc.disable()
    try:
        return [_passthrough(bench), _beside_airspeed(bench), _path(bench), _linear(bench)]
    finally:
        gc.enable()


def _passthrough(bench: Bench) -> Finding:
    bench.say("the passthrough template")
    took = _portico(bench)
    return Finding(
        "The console's passthrough template, 8 headers: a rendering",
        f"at most {MOST:.0f} µs",
        f"{took:.1f} µs",
        judge(took <= MOST),
    )


def _beside_airspeed(bench: Bench) -> Finding:
    what, bound = "The same, next to airspeed", f"at least {FASTER:.0f} times as fast"
    if importlib.util.find_spec("airspeed") is None:
        return Finding(what, bound, "", Verdict.NOT_RUN, note="airspeed cannot be imported")
    bench.say("the same in airspeed")
    ours, theirs = _portico(bench), _airspeed(bench)
    ours = min(ours, _portico(bench))
    return Finding(
        what, bound, f"{theirs / ours:.1f}", judge(theirs >= FASTER * ours), peer=f"airspeed {theirs:.0f} µs"
    )


def _portico(bench: Bench) -> float:
    template, request = compile_template(_PASSTHROUGH.read_text(), "passthrough"), Request('{"name":"Bo","age":4}')
    return _microseconds(lambda: template.render_bytes(request), bench.times(3000, 100))


def _airspeed(bench: Bench) -> float:
    airspeed: Any = importlib.import_module("airspeed")
    request = Request('{"name":"Bo","age":4}')
    template = airspeed.Template(_PASSTHROUGH.read_text())
    namespace = {
        "input": _Input(request),
        "util": _Util(),
        "stageVariables": _Map(request.stage_variables),
        "context": {"identity": {}, "authorizer": {}, **request._context},
    }
    return _microseconds(lambda: template.merge(namespace), bench.times(300, 10))


class _Map(dict[str, Any]):
    """What airspeed needs of a Java map."""

    def keySet(self) -> list[str]:
        return list(self)


class _Input:
    def __init__(self, request: Request) -> None:
        self._request = request

    def params(self) -> _Map:
        request = self._request
        query = {name: values[-1] for name, values in request.query.items()}
        return _Map(path=_Map(request.path_parameters), querystring=_Map(query), header=_Map(request.headers))

    def json(self, _path: str) -> str:
        return json.dumps(json.loads(self._request.body))


class _Util:
    def escapeJavaScript(self, text: str) -> str:
        return text


def _path(bench: Bench) -> Finding:
    """A template with the path beside one with only text that parses the same body."""
    bench.say("a JSONPath")
    request, count = Request('{"a":{"b":{"c":"value"}},"d":[1,2,3]}'), bench.times(20_000, 500)
    one, two = (compile_template(_JSON * times, "path") for times in (1, 2))
    first, second = (_microseconds(lambda: one.render_bytes(request), count) for _ in range(2))
    both = _microseconds(lambda: two.render_bytes(request), count)
    alone = _microseconds(lambda: decode(request.body), count)
    more = both - min(first, second)
    return Finding(
        f"`{_JSON}` beyond parsing",
        f"at most {BEYOND:.0f} µs",
        f"{more:.2f} µs",
        judge(more <= BEYOND),
        note=f"one more of it in a template; a template of it alone takes {min(first, second):.2f} µs, "
        f"{alone:.2f} µs of that to parse the body",
    )


def _linear(bench: Bench) -> Finding:
    bench.say("a large output")
    request = Request(json.dumps([{"name": f"pet {number}"} for number in range(100)]))
    costs = []
    for lines in (30, 300):
        template = compile_template(_LINES.replace("LINES", str(lines)), "large")
        size = len(template.render_bytes(request))
        costs.append((size, _microseconds(lambda: template.render_bytes(request), bench.times(20, 2))))  # noqa: B023
    (small, fast), (large, slow) = costs
    ratio = (slow / large) / (fast / small)
    return Finding(
        f"{large / 1e6:.1f} MB of output instead of {small / 1e3:.0f} kB: a byte's cost",
        f"at most {LINEAR} times as much",
        f"{ratio:.2f}",
        judge(ratio <= LINEAR),
        note=f"{slow / 1e3:.0f} ms and {fast / 1e3:.1f} ms",
    )


def _microseconds(act: Callable[[], object], count: int) -> float:
    """Of one call: the best of seven runs, what the machine did beside it left out."""
    best = float("inf")
    for _ in range(7):
        began = time.process_time_ns()
        for _ in range(count):
            act()
        best = min(best, (time.process_time_ns() - began) / count)
    return best / 1000
