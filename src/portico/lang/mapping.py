"""REST parameter mappings: `integration.request.header.X` from `method.request.querystring.y` and their like.

A mapping is a target and a source. What may stand on either side depends on the Phase. Sources are compiled to
functions of the Environment; a source without a value answers None, and its target is then omitted. Source: developer
guide, rest-api-parameter-mapping-sources.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from portico.lang.environment import Environment
from portico.lang.errors import EvaluationError, InvalidRequestJson, InvalidResponseJson, SourceError, UnsafeValue
from portico.lang.jsonpath import MISSING, Path, compile_path
from portico.lang.jsontext import JsonError, decode, encode, to_text

Mapped = Callable[[Environment], str | list[str] | None]
"""A compiled source: one value, a list for a repeated query parameter, or None where there is nothing to map."""

POISON_HEADERS = frozenset({"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"})
"""Header targets that turn every request of an integration into a 500 (recorded fact 124)."""
POISON_HEADERS_AWS = POISON_HEADERS | {"authorization", "connection", "expect", "proxy-authenticate", "te"}
"""The same for integrations of the types AWS and AWS_PROXY."""


class Phase(Enum):
    """Where a mapping acts."""

    REQUEST = "integration.request"
    RESPONSE = "method.response"
    GATEWAY_RESPONSE = "gatewayresponse"


class MappingError(SourceError):
    """Not a mapping. `expression` is what AWS quotes: `Invalid mapping expression specified: {expression}`."""

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f"mapping expression {expression!r}", reason)
        self.expression = expression


class Target(NamedTuple):
    location: str
    """header, querystring or path."""
    name: str

    def poisons(self, integration_type: str) -> bool:
        """Whether this target makes every request of such an integration a 500."""
        forbidden = POISON_HEADERS_AWS if integration_type in ("AWS", "AWS_PROXY") else POISON_HEADERS
        return self.location == "header" and self.name.lower() in forbidden


class Source(NamedTuple):
    kind: str
    """A key of the phase's row in the table of sources, or "static"."""
    name: str
    """What follows the kind: a name, a JSONPath from `$`, or the static text."""
    phase: Phase
    expression: str


_TARGET_LOCATIONS: dict[Phase, tuple[str, ...]] = {
    Phase.REQUEST: ("header", "querystring", "path"),
    Phase.RESPONSE: ("header",),
    Phase.GATEWAY_RESPONSE: ("header",),
}
_NAME = re.compile(r"[a-zA-Z0-9._$-]+")
# A claim may hold a colon: context.authorizer.claims.custom:role.
_CONTEXT_NAME = re.compile(r"[a-zA-Z0-9_$:-]+(?:\.[a-zA-Z0-9_$:-]+)*")
_VARIABLE_NAME = re.compile(r"[a-zA-Z0-9_]+")
# Some servers take more than CR and LF for the end of a line: no control character but the tab (RFC 9110, 5.5).
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def parse_target(text: str, phase: Phase = Phase.REQUEST) -> Target:
    """`integration.request.header.X`, `method.response.header.X` or `gatewayresponse.header.X`. Raises MappingError."""
    for location in _TARGET_LOCATIONS[phase]:
        prefix = f"{phase.value}.{location}."
        if text.startswith(prefix):
            return Target(location, _checked(text, text[len(prefix) :], _NAME))
    allowed = " or ".join(f"{phase.value}.{location}.NAME" for location in _TARGET_LOCATIONS[phase])
    raise MappingError(text, f"the target must be {allowed}")


def parse_source(text: str, phase: Phase = Phase.REQUEST) -> Source:
    """One of the phase's sources, or `'static text'`. Raises MappingError."""
    if text.startswith("'"):
        return Source("static", _static(text), phase, text)
    for kind, form in _SOURCES[phase].items():
        if form.body and (text == kind or text.startswith((f"{kind}.", f"{kind}["))):
            return Source(kind, _body_path(text, text[len(kind) :]), phase, text)
        if not form.body and text.startswith(f"{kind}."):
            return Source(kind, _checked(text, text[len(kind) + 1 :], form.name), phase, text)
    raise MappingError(text, "the source must be one of " + ", ".join([*_SOURCES[phase], "'static text'"]))


def compile_source(source: Source) -> Mapped:
    """The function that gives `source` its value, for a place in a message's head.

    It raises UnsafeValue for a control character in the value, InvalidRequestJson or InvalidResponseJson where a body
    that looks like JSON is not.
    """
    read = read_source(source)
    return read if source.kind == "static" else _guarded(read, source.expression)


def read_source(source: Source) -> Mapped:
    """The same for a place where line breaks do no harm."""
    if source.kind == "static":
        constant = source.name or None
        return lambda _: constant
    return _SOURCES[source.phase][source.kind].compile(source)


def _checked(expression: str, name: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(name):
        raise MappingError(expression, f"{name!r} is not a valid name")
    return name


def _static(text: str) -> str:
    if len(text) < 2 or not text.endswith("'"):
        raise MappingError(text, "a static value ends with a single quote")
    if _UNSAFE.search(text):
        raise MappingError(text, "a static value holds no control character")
    return text[1:-1]


def _body_path(expression: str, rest: str) -> str:
    if not rest:
        return ""
    try:
        return compile_path("$" + rest).source
    except SourceError as error:
        raise MappingError(expression, error.reason) from None


def _guarded(read: Mapped, expression: str) -> Mapped:
    """Refuse what would break the message that the value is put into (and what no header can hold)."""

    def mapped(env: Environment) -> str | list[str] | None:
        value = read(env)
        if value is not None and _UNSAFE.search(value if isinstance(value, str) else "".join(value)):
            raise UnsafeValue(f"the value of {expression} holds a control character")
        return value

    return mapped


def _last(values: Sequence[str]) -> str | None:
    return (values[-1] or None) if values else None


def _joined(values: Iterable[str]) -> str | None:
    return ",".join(values) or None


def _path(source: Source) -> Mapped:
    name = source.name
    return lambda env: env.path_parameters.get(name) or None


def _query(source: Source) -> Mapped:
    name = source.name
    return lambda env: _last(env.query.get(name, ()))


def _multi_query(source: Source) -> Mapped:
    name = source.name

    def read(env: Environment) -> list[str] | None:
        values = env.query.get(name, ())
        return list(values) if any(values) else None

    return read


def _header(source: Source) -> Mapped:
    name = source.name
    return lambda env: _last(env.header_values(name))


def _multi_header(source: Source) -> Mapped:
    name = source.name
    return lambda env: _joined(env.header_values(name))


def _response_header(source: Source) -> Mapped:
    name = source.name
    return lambda env: _last(env.response_header_values(name))


def _multi_response_header(source: Source) -> Mapped:
    name = source.name
    return lambda env: _joined(env.response_header_values(name))


def _stage_variable(source: Source) -> Mapped:
    name = source.name
    return lambda env: env.stage_variables.get(name) or None


def _context(source: Source) -> Mapped:
    """Only strings are mapped: a number of the context counts as missing. A boolean, which only isCanaryRequest is, is
    mapped as a template prints it (recorded fact 79)."""
    name = source.name

    def read(env: Environment) -> str | None:
        value = env.context(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) and value else None

    return read


def _body(malformed: type[EvaluationError]) -> Callable[[Source], Mapped]:
    def compile_body(source: Source) -> Mapped:
        path = compile_path(source.name) if source.name else None
        return lambda env: _read_body(env.body, path, malformed)

    return compile_body


def _read_body(body: str, path: Path | None, malformed: type[EvaluationError]) -> str | None:
    """A body is taken for JSON by its first character only; one that is not JSON has no members."""
    if not body.startswith(("{", "[", '"', "'")):
        return body or None if path is None else None
    try:
        document = decode(body)
    except JsonError as error:
        raise malformed(f"Invalid JSON in the body: {error}") from None
    if path is None:
        return body
    value = path.read(document)
    if value is MISSING:
        return None
    return encode(value) if isinstance(value, dict) else to_text(value) or None


class _Form(NamedTuple):
    compile: Callable[[Source], Mapped]
    name: re.Pattern[str] = _NAME
    body: bool = False
    """The kind stands alone or begins a JSONPath."""


_EVERYWHERE = {
    "stageVariables": _Form(_stage_variable, _VARIABLE_NAME),
    "context": _Form(_context, _CONTEXT_NAME),
}
_SINGLE_REQUEST = {
    "method.request.path": _Form(_path),
    "method.request.querystring": _Form(_query),
    "method.request.header": _Form(_header),
}
_SOURCES: dict[Phase, dict[str, _Form]] = {
    Phase.REQUEST: {
        **_SINGLE_REQUEST,
        "method.request.multivaluequerystring": _Form(_multi_query),
        "method.request.multivalueheader": _Form(_multi_header),
        "method.request.body": _Form(_body(InvalidRequestJson), body=True),
        **_EVERYWHERE,
    },
    Phase.RESPONSE: {
        "integration.response.header": _Form(_response_header),
        "integration.response.multivalueheader": _Form(_multi_response_header),
        "integration.response.body": _Form(_body(InvalidResponseJson), body=True),
        **_EVERYWHERE,
    },
    Phase.GATEWAY_RESPONSE: {**_SINGLE_REQUEST, **_EVERYWHERE},
}
