"""Access log formats bound to the Exchange: one compiled function a format, a dozen expressions in one f-string."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from portico.dataplane.context import EXPRESSIONS, NAMESPACE, full_path
from portico.lang.logformat import Variable, parse_format

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

Formatter = Callable[["Exchange"], bytes]

DEFAULT_FORMAT: Final = (
    '{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId",'
    '"ip":"$context.identity.sourceIp","requestTime":"$context.requestTime","httpMethod":"$context.httpMethod",'
    '"path":"$context.path","resourcePath":"$context.resourcePath","apiId":"$context.apiId","stage":"$context.stage",'
    '"status":"$context.status","responseLength":"$context.responseLength",'
    '"responseLatency":"$context.responseLatency","integrationLatency":"$context.integrationLatency"}'
)
"""What a stage without accessLogSettings writes: the fields of the console's JSON suggestion, and the latencies."""

_PLAIN: Final = frozenset(
    {"accountId", "apiId", "extendedRequestId", "httpMethod", "identity.sourceIp", "protocol", "requestId"}
    | {"requestTime", "requestTimeEpoch", "responseLatency", "responseLength", "stage", "status"}
)
"""Variables that always have a value, of characters that no line has to be protected from."""
_KEPT_PATHS: Final = 16_384
_KEPT_PATH: Final = 256
_NUMBERS: Final = frozenset({"integrationLatency", "integration.latency", "integrationStatus", "integration.status"})
"""Variables that are a number or nothing."""


@lru_cache(maxsize=512)
def compile_format(text: str) -> Formatter:
    """The function that formats one line, without its line break. Raises lang's LogFormatError."""
    source = ""
    names: dict[str, Any] = {**NAMESPACE, "log_path": _log_path}
    for part in parse_format(text):
        source += f"{{{_expression(part, names)}}}" if isinstance(part, Variable) else _literal(part)
    # Literal text is written with escapes only, and the expressions are our own table's: nothing foreign is run.
    formatter: Formatter = eval(f'lambda x: f"""{source}""".encode()', names)  # noqa: S307
    return formatter


def _literal(text: str) -> str:
    """Text as it stands inside an f-string: every character that is not plainly harmless as an escape."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in " -_.,:/" else f"\\U{ord(c):08x}" for c in text)


def _expression(variable: Variable, names: dict[str, Any]) -> str:
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


_paths: dict[tuple[str, bytes], str] = {}
"""Paths that were logged before, by stage and path."""


def _log_path(exchange: Exchange) -> str:
    """`$context.path`. A request target has no control characters; what could end a string is escaped."""
    key = (exchange.program.stage.name, exchange.path)
    known = _paths.get(key)
    if known is None:
        known = _escaped_path(exchange)
        if key[0] and len(known) <= _KEPT_PATH:
            if len(_paths) >= _KEPT_PATHS:
                _paths.clear()
            _paths[key] = known
    return known


def _escaped_path(exchange: Exchange) -> str:
    path = full_path(exchange)
    if '"' in path or "\\" in path:
        return path.replace("\\", "\\\\").replace('"', '\\"')
    return path
