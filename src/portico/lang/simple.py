"""Templates of gateway responses: plain substitution, not the template language (semantics section 21).

Replaced are `$context.a.b`, `$stageVariables.x` and `$method.request.{path|querystring|header}.x`, each also in the
form `${…}`. Everything else is text, so a template may hold any `$` or `#`. A variable without a value prints
nothing, except `$context.error.messageString`: the error's message as a JSON string, and `null` where it has none.
`$context.error.validationErrorString` prints as the inside of a JSON string, whether or not quotes stand around it:
so it was seen in the field.
"""

import re
from collections.abc import Callable

from portico.lang.environment import Environment
from portico.lang.errors import BudgetExceeded, SourceError
from portico.lang.jsontext import encode, to_text
from portico.lang.mapping import Phase, parse_source, read_source

TEMPLATE_LIMIT = 300 * 1024
"""Bytes: AWS's quota for a mapping template."""
OUTPUT_LIMIT = 10 * 1024 * 1024
"""Characters of a rendered template."""

_REFERENCE = re.compile(
    r"""\$(\{)?(
        context (?:\.[A-Za-z0-9_]+)+
        | stageVariables \.[A-Za-z0-9_]+
        | method\.request\.(?:path|querystring|header) \.[A-Za-z0-9_-]+
    )(?(1)\})""",
    re.VERBOSE,
)
_Value = Callable[[Environment], str]


class SimpleTemplate:
    """A compiled gateway response template."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[str | _Value, ...]) -> None:
        self._parts = parts

    def render(self, env: Environment) -> str:
        """The text for one request. Raises EvaluationError."""
        text = "".join([part if isinstance(part, str) else part(env) for part in self._parts])
        if len(text) > OUTPUT_LIMIT:
            raise BudgetExceeded(f"the template renders more than {OUTPUT_LIMIT} characters")
        return text


def compile_simple(source: str) -> SimpleTemplate:
    """Compile a gateway response's template. Raises SourceError where it is too large."""
    if len(source.encode()) > TEMPLATE_LIMIT:
        raise SourceError("gateway response template", f"it has more than {TEMPLATE_LIMIT} bytes")
    parts: list[str | _Value] = []
    at = 0
    for match in _REFERENCE.finditer(source):
        parts += [source[at : match.start()], _value(match[2])]
        at = match.end()
    return SimpleTemplate((*parts, source[at:]))


def _value(name: str) -> _Value:
    root, _, path = name.partition(".")
    if root != "context":
        read = read_source(parse_source(name, Phase.GATEWAY_RESPONSE))
        return lambda env: to_text(read(env))
    if path == "error.messageString":
        return lambda env: encode(env.context("error.message"))
    if path == "error.validationErrorString":
        return lambda env: encode(env.context(path) or "")[1:-1]
    return lambda env: to_text(env.context(path))
