"""Access log formats bound to a Route: what is known at deployment is text, the rest one f-string over the Exchange.

    formatter = compile_format(text).bind({"stage": "prod", "httpMethod": "GET", …}, meter)

A Route's formatter makes its lines and counts its requests: both are done for a batch of requests together, when their
code and data are at hand, and cost a third of what they cost in the middle of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from portico.dataplane.context import EXPRESSIONS, NAMESPACE, full_path
from portico.lang.logformat import MISSING_TEXT, Variable, parse_format
from portico.ports.meters import Meter

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

Formatter = Callable[["Exchange"], bytes]
"""Counts an answered request and makes its line, without its line break."""

DEFAULT_FORMAT: Final = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",'
    '"httpMethod":"$context.httpMethod","path":"$context.path","resourcePath":"$context.resourcePath",'
    '"apiId":"$context.apiId","stage":"$context.stage","status":"$context.status","responseLength":"$context.responseLength",'
    '"responseLatency":"$context.responseLatency","integrationLatency":"$context.integrationLatency"}'
)
"""What a stage without accessLogSettings writes: the fields of the console's JSON suggestion, and the latencies."""

_PLAIN: Final = frozenset(
    {"accountId", "apiId", "extendedRequestId", "httpMethod", "identity.sourceIp", "protocol", "requestId"}
    | {"requestTimeEpoch", "responseLength", "stage", "status"}
)
"""Variables that always have a value, of characters that no line has to be protected from."""
_NUMBERS: Final = frozenset({"integration.latency", "integrationStatus", "integration.status"})
"""Variables that are a number or nothing."""
_SHORTER: Final = {
    "integrationLatency": "'-' if (ms := x.integration_latency) is None else '0' if ms < .001 else int(ms * 1000)",
    "requestTime": "clf.text if int(x.epoch) == clf.second else clf(x.epoch)",
    "responseLatency": "'0' if x.latency < .001 else int(x.latency * 1000)",
}
"""The same as `EXPRESSIONS` has, less often called: most requests take less than a millisecond, and most come in the
same second as the one before."""
_KEPT_PATHS: Final = 16_384
_KEPT_PATH: Final = 256

_SOURCE: Final = """\
def bind(record{texts}):
    def line(x, record=record{defaults}):
        record(x.status, x.latency, x.integration_latency)
        return f"{body}".encode()
    return line
"""
# Defaults rather than a closure: they lie side by side, and of many Routes each is in nobody's cache.


class Format:
    """One format, taken apart: of literal text and Variables."""

    def __init__(self, parts: list[str | Variable]) -> None:
        self._parts = parts

    def bind(self, constants: Mapping[str, str | None], meter: Meter) -> Formatter:
        """The Formatter of requests whose variables `constants` have these values."""
        form: list[str | Variable | None] = []
        texts: list[str] = []
        for text, constant, variable in self._runs(constants):
            if constant:
                form.append(None)
                texts.append(text)
            elif text:
                form.append(text)
            if variable is not None:
                form.append(variable)
        formatter: Formatter = _binder(tuple(form), bool(constants.get("stage")))(meter.record, *texts)
        return formatter

    def _runs(self, constants: Mapping[str, str | None]) -> Iterator[tuple[str, bool, Variable | None]]:
        """Text, whether a constant is part of it, and the Variable behind it (None at the end)."""
        text, constant = "", False
        for part in self._parts:
            if isinstance(part, str):
                text += part
            elif part.path in constants:
                text, constant = text + part.text(constants[part.path]), True
            elif part.path not in EXPRESSIONS:
                text += MISSING_TEXT
            elif part.path == "path" and constants.get("stage"):
                yield f"{text}/{constants['stage']}", True, part
                text, constant = "", False
            else:
                yield text, constant, part
                text, constant = "", False
        yield text, constant, None


@lru_cache(maxsize=512)
def compile_format(text: str) -> Format:
    """Raises lang's LogFormatError."""
    return Format(parse_format(text))


@lru_cache(maxsize=512)
def _binder(form: tuple[str | Variable | None, ...], staged: bool) -> Callable[..., Formatter]:
    """The function that makes Formatters of this form: literal text, Variables, and None for a text to be given."""
    names: dict[str, Any] = {**NAMESPACE, "paths": _paths, "log_path": _log_path, "full_log_path": _full_log_path}
    body, given = "", 0
    for part in form:
        if part is None:
            body += f"{{t{given}}}"
            given += 1
        else:
            body += _literal(part) if isinstance(part, str) else f"{{{_expression(part, names, staged)}}}"
    texts = "".join(f", t{number}" for number in range(given))
    defaults = "".join(f", t{number}=t{number}" for number in range(given))
    # Literal text is written with escapes only, and the expressions are our own table's: nothing foreign is run.
    exec(_SOURCE.format(texts=texts, defaults=defaults, body=body), names)  # noqa: S102
    binder: Callable[..., Formatter] = names["bind"]
    return binder


def _literal(text: str) -> str:
    """Text as it stands inside an f-string: every character that is not plainly harmless as an escape."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in " -_.,:/" else f"\\U{ord(c):08x}" for c in text)


def _expression(variable: Variable, names: dict[str, Any], staged: bool) -> str:
    if variable.path in _SHORTER:
        return _SHORTER[variable.path]
    expression = EXPRESSIONS[variable.path]
    if variable.path in _PLAIN:
        return expression
    if variable.path in _NUMBERS:
        return f"('-' if (value := {expression}) is None else value)"
    if variable.path == "path":
        return "paths.get(x.path) or log_path(x.path)" if staged else "full_log_path(x)"
    if variable.path == "resourcePath":  # its characters were checked when the resource was made
        return f"(({expression}) or '-')"
    name = f"text_{len(names)}"
    names[name] = variable.text
    return f"{name}({expression})"


_paths: dict[bytes, str] = {}
"""Paths below a stage that were logged before."""


def _log_path(path: bytes) -> str:
    """A path as a line prints it. A request target has no control characters; what could end a string is escaped."""
    known = _escaped(path.decode("latin-1"))
    if len(known) <= _KEPT_PATH:
        if len(_paths) >= _KEPT_PATHS:
            _paths.clear()
        _paths[path] = known
    return known


def _full_log_path(exchange: Exchange) -> str:
    return _escaped(full_path(exchange))


def _escaped(path: str) -> str:
    if '"' in path or "\\" in path:
        return path.replace("\\", "\\\\").replace('"', '\\"')
    return path
