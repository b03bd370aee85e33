"""Access log formats bound to the Exchange: what a request line decides is text, the rest one f-string.

Stage, path and method are the same for every request that asks for the same thing. Those parts of a line, its *place*,
are put together once for each request line that the front remembers. Lines are made, and requests counted, for a batch
together: code and data are at hand then, which a request on its way has to fetch first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from portico.dataplane.context import EXPRESSIONS, NAMESPACE, full_path
from portico.lang.logformat import Variable, parse_format

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

Place = tuple[str, ...]
"""The parts of a line that a request line decides, in the format's order."""
Formatter = Callable[["Exchange"], bytes]
"""Counts an answered request and makes its line, without its line break."""

DEFAULT_FORMAT: Final = (
    '{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId",'
    '"ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",'
    '"httpMethod":"$context.httpMethod","path":"$context.path","resourcePath":"$context.resourcePath",'
    '"apiId":"$context.apiId","stage":"$context.stage","status":"$context.status","responseLength":"$context.responseLength",'
    '"responseLatency":"$context.responseLatency","integrationLatency":"$context.integrationLatency"}'
)
"""What a stage without accessLogSettings writes: the fields of the console's JSON suggestion, the latencies, and the id
that no client can choose, as the guide advises."""

_PLAIN: Final = frozenset(
    {"accountId", "apiId", "extendedRequestId", "httpMethod", "identity.sourceIp", "protocol", "requestId"}
    | {"requestTimeEpoch", "responseLength", "stage", "status"}
)
"""Variables that always have a value, of characters that no line has to be protected from."""
_NUMBERS: Final = frozenset({"integration.latency", "integrationStatus", "integration.status"})
"""Variables that are a number or nothing."""
_OWN: Final = {
    "integrationLatency": "'-' if (ms := x.integration_latency) is None else '0' if ms < .001 else int(ms * 1000)",
    "requestId": "x.head.section.digest.replaced_id or x.request_id",
    "requestTime": "clf.text if int(x.epoch) == clf.second else clf(x.epoch)",
    "responseLatency": "'0' if x.latency < .001 else int(x.latency * 1000)",
}
"""Where a log has expressions of its own. They say the same as `EXPRESSIONS`, less often called: most requests take
less than a millisecond, and most come in the same second as the one before. But a request id that a client made up is
not what logs show."""
_PLACED: Final = frozenset(
    {"accountId", "apiId", "deploymentId", "domainName", "domainPrefix", "endpointType", "httpMethod", "path"}
    | {"isCanaryRequest", "protocol", "resourceId", "resourcePath", "stage"}
)
"""Variables that Program, host and request line decide."""

_SOURCE: Final = """\
def place(x):
    return ({places})

def line(x):
    (x.route or x.program).meter.record(x.status, x.latency, x.integration_latency)
    {unpacked}
    return f"{body}".encode()

def again(x):
    {unpacked}
    return f"{body}".encode()
"""


class Format(NamedTuple):
    line: Formatter
    place: Callable[[Exchange], Place]
    again: Formatter
    """The line of a request that was counted before."""


@lru_cache(maxsize=512)
def compile_format(text: str) -> Format:
    """Raises lang's LogFormatError."""
    names: dict[str, Any] = {**NAMESPACE, "log_path": _log_path}
    places, body = "", ""
    for number, placed, parts in _runs(parse_format(text)):
        source = "".join(_source(part, names) for part in parts)
        if placed:
            places += f'f"{source}", '
            source = f"{{t{number}}}"
        body += source
    count = places.count('f"')
    unpacked = "".join(f"t{number}, " for number in range(count)) + "= x.place or place(x)" if count else "pass"
    # Literal text is written with escapes only, and the expressions are our own table's: nothing foreign is run.
    exec(_SOURCE.format(places=places, unpacked=unpacked, body=body), names)  # noqa: S102
    return Format(names["line"], names["place"], names["again"])


def _runs(parts: list[str | Variable]) -> Iterator[tuple[int, bool, list[str | Variable]]]:
    """Parts side by side that a place decides, counted, or none of which it does."""
    count = 0
    for placed, run in groupby(parts, lambda part: isinstance(part, str) or part.path in _PLACED):
        together = list(run)
        placed = placed and any(isinstance(part, Variable) for part in together)
        yield count, placed, together
        count += placed


def _source(part: str | Variable, names: dict[str, Any]) -> str:
    return _literal(part) if isinstance(part, str) else f"{{{_expression(part, names)}}}"


def _literal(text: str) -> str:
    """Text as it stands inside an f-string: every character that is not plainly harmless as an escape."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in " -_.,:/" else f"\\U{ord(c):08x}" for c in text)


def _expression(variable: Variable, names: dict[str, Any]) -> str:
    if variable.path in _OWN:
        return f"({_OWN[variable.path]})"
    expression = EXPRESSIONS.get(variable.path)
    if expression is None:
        return "'-'"
    if variable.path in _PLAIN:
        return expression
    if variable.path in _NUMBERS:
        return f"('-' if (value := {expression}) is None else value)"
    if variable.path == "path":
        return "log_path(x)"
    if variable.path == "resourcePath":  # its characters were checked when the resource was made
        return f"(({expression}) or '-')"
    name = f"text_{len(names)}"
    names[name] = variable.text
    return f"{name}({expression})"


def _log_path(exchange: Exchange) -> str:
    """`$context.path`. A request target has no control characters; what could end a string is escaped."""
    path = full_path(exchange)
    if '"' in path or "\\" in path:
        return path.replace("\\", "\\\\").replace('"', '\\"')
    return path
