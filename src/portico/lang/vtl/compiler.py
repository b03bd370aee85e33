"""From tree to functions.

A reference whose root is one of API Gateway's objects always has a value to print: where the chain leads nowhere it
prints nothing, as recorded for `$input.body.x` and for `$input.path` (facts 132 and 133). A reference whose root is
unknown prints as it was written, quiet ones print nothing.
"""

from collections.abc import Callable
from typing import Any

from portico.lang.environment import Environment
from portico.lang.errors import NotBuilt, SourceError
from portico.lang.jsonpath import compile_path
from portico.lang.jsontext import to_text
from portico.lang.vtl import functions, runtime
from portico.lang.vtl.lexer import Cursor, TemplateError
from portico.lang.vtl.nodes import (
    Call,
    Expression,
    Index,
    Interpolation,
    Literal,
    Node,
    Property,
    Reference,
    Step,
    Text,
)
from portico.lang.vtl.parser import parse
from portico.lang.vtl.runtime import OUTPUT_LIMIT, Rendering, bounded

TEMPLATE_LIMIT = 300 * 1024
"""Bytes of a template: AWS's quota."""

Value = Callable[[Rendering], Any]
Part = str | Value

_UTIL = runtime.Util()
_ROOTS: dict[str, Value] = {
    "input": runtime.Input,
    "util": lambda _: _UTIL,
    "stageVariables": lambda run: run.env.stage_variables,
}
_CONTEXT_MAPS = frozenset(
    (
        "",
        "authorizer",
        "error",
        "identity",
        "identity.clientCert",
        "identity.clientCert.validity",
        "requestOverride",
        "requestOverride.header",
        "requestOverride.path",
        "requestOverride.querystring",
        "responseOverride",
        "responseOverride.header",
    )
)
"""What of `$context` is a map. The Environment tells single values only, so these cannot be printed or called yet."""


class Template:
    """A compiled template."""

    __slots__ = ("_parts", "name")

    def __init__(self, name: str, parts: tuple[Part, ...]) -> None:
        self.name = name
        self._parts = parts

    def render(self, env: Environment) -> str:
        """The text for one request. Raises EvaluationError."""
        if not self._parts:
            return ""
        if len(self._parts) == 1 and isinstance(self._parts[0], str):
            return self._parts[0]
        return _render(self._parts, Rendering(env))


def compile_template(source: str, name: str) -> Template:
    """Compile a template. `name` is for error texts: what in the definition the template is.

    Raises TemplateError where Velocity could not parse it, NotBuilt where Portico cannot run it yet.
    """
    if len(source.encode("utf-8", "replace")) > TEMPLATE_LIMIT:
        raise TemplateError(f"template {name!r}", f"it has more than {TEMPLATE_LIMIT} bytes")
    compiler = _Compiler(Cursor(source, name))
    return Template(name, compiler.body(parse(source, name)))


def _render(parts: tuple[Part, ...], run: Rendering) -> str:
    texts, size = list[str](), 0
    for part in parts:
        text = part if isinstance(part, str) else to_text(part(run))
        size += len(text)
        if size > OUTPUT_LIMIT:
            bounded("".join([*texts, text]))
        texts.append(text)
    return "".join(texts)


class _Compiler:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def body(self, nodes: tuple[Node, ...]) -> tuple[Part, ...]:
        parts: list[Part] = []
        for node in nodes:
            for part in (node.text,) if isinstance(node, Text) else self.printed(node):
                if isinstance(part, str) and parts and isinstance(parts[-1], str):
                    parts[-1] += part
                elif part:
                    parts.append(part)
        return tuple(parts)

    def printed(self, node: Reference) -> tuple[Part, ...]:
        """A reference in the text, with the backslashes before it: two print one, an odd one escapes."""
        value = self.reference(node)
        halved = "\\" * (node.backslashes // 2)
        escaped = node.backslashes % 2 == 1
        if value is None:
            # Velocity leaves the backslashes of what it does not know alone.
            return ("\\" * node.backslashes if not escaped else halved + "\\", self.unknown(node, escaped))
        return (halved, node.literal if escaped else value)

    def unknown(self, node: Reference, escaped: bool) -> str:
        return "" if node.quiet and not escaped else node.literal

    def expression(self, node: Expression) -> Value:
        if isinstance(node, Literal):
            constant = node.value
            return lambda _: constant
        if isinstance(node, Interpolation):
            parts = self.body(node.body)
            return lambda run: _render(parts, run)
        return self.reference(node) or (lambda _: None)

    def reference(self, node: Reference) -> Value | None:
        """None where the reference's root is unknown."""
        if node.root == "context":
            return self.context(node)
        if node.root not in _ROOTS:
            return None
        shortcut = self.shortcut(node)
        if shortcut is not None:
            value, steps = shortcut
        else:
            value, steps = _ROOTS[node.root], node.steps
        return self.chain(value, steps)

    def chain(self, value: Value, steps: tuple[Step, ...]) -> Value:
        for step in steps:
            value = self.step(value, step)
        return value

    def step(self, value: Value, step: Step) -> Value:
        if isinstance(step, Property):
            name = step.name
            return lambda run: runtime.property_of(value(run), name)
        if isinstance(step, Index):
            key = self.expression(step.key)
            return lambda run: runtime.index_of(value(run), key(run))
        method, arguments = step.name, [self.expression(argument) for argument in step.arguments]
        return lambda run: functions.call(value(run), method, [argument(run) for argument in arguments])

    def shortcut(self, node: Reference) -> tuple[Value, tuple[Step, ...]] | None:
        """The beginnings that nearly every template has, decided now: the body, a JSONPath or name written out."""
        if node.root != "input" or not node.steps:
            return None
        first, rest = node.steps[0], node.steps[1:]
        if first == Property("body"):
            return (lambda run: run.body), rest
        if not isinstance(first, Call) or len(first.arguments) != 1:
            return None
        argument = first.arguments[0]
        if not isinstance(argument, Literal) or not isinstance(argument.value, str):
            return None
        return self.input_call(first.name, argument.value, node.at, rest)

    def input_call(
        self, name: str, argument: str, at: int, rest: tuple[Step, ...]
    ) -> tuple[Value, tuple[Step, ...]] | None:
        if name == "params":
            return (lambda run: runtime.param_of(run, argument)), rest
        if name not in ("json", "path"):
            return None
        try:
            path = compile_path(argument)
        except NotBuilt as error:
            raise NotBuilt(self.cursor.where(at), error.reason) from None
        except SourceError as error:
            self.cursor.fail(str(error), at)
        read = runtime.json_of if name == "json" else runtime.value_of
        return (lambda run: read(run, path)), rest

    def context(self, node: Reference) -> Value:
        """The names behind `$context` make one path, which the Environment answers."""
        names: list[str] = []
        for step in node.steps:
            name = _written_name(step)
            if name is None:
                break
            names.append(name)
        path, rest = ".".join(names), node.steps[len(names) :]
        if path in _CONTEXT_MAPS:
            self.cursor.refuse(f"the map {node.literal} as a whole", node.at)
        return self.chain(lambda run: run.env.context(path), rest)


def _written_name(step: Step) -> str | None:
    """The name in `.name`, `['name']` or `.get('name')`; None for any other step."""
    if isinstance(step, Property):
        return step.name
    if isinstance(step, Call):
        key = step.arguments[0] if step.name == "get" and len(step.arguments) == 1 else None
    else:
        key = step.key
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else None
