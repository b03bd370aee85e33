"""References as Python expressions.

Where the chain of a reference leads nowhere AWS prints nothing (recorded facts 132 and 133), while a variable that was
never set prints as it is written. What is known when a template is compiled is decided here: a name of `$context`, a
JSONPath or a parameter's name that is written out, a member of the loop around it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from portico.lang.errors import SourceError
from portico.lang.jsonpath import compile_path
from portico.lang.vtl.lexer import TemplateError, where
from portico.lang.vtl.nodes import Call, Index, Literal, Property, Reference, Step, walk
from portico.lang.vtl.source import constant
from portico.lang.vtl.survey import API_ROOTS, OVERRIDES, loop_member, names_of
from portico.lang.vtl.utilities import UTILITIES

if TYPE_CHECKING:
    from portico.lang.vtl.function import Function

CONTEXT_MAPS = frozenset({"authorizer", "error", "identity", "identity.clientCert", "identity.clientCert.validity"})
"""What of `$context` is a map."""
_LOOP_MEMBERS = {
    "count": "i{0}",
    "index": "(i{0} - 1)",
    "hasNext": "(i{0} < n{0})",
    "first": "(i{0} == 1)",
    "last": "(i{0} == n{0})",
}
_VELOCITY_MEMBERS = {"velocityCount": "count", "velocityHasNext": "hasNext"}


class Resolved(NamedTuple):
    """A reference's value as an expression, None where it has none."""

    value: str
    root: str | None
    """The expression of its variable; None where that is one of API Gateway's objects."""
    literal: str | None = None
    """The expression of what it prints without a value, where that is not what stands in the template."""


def _asks_for_more(step: Step) -> bool:
    """Whether an argument calls a method, or takes an element: either may fail."""
    if isinstance(step, Property):
        return False
    wanted = (step.key,) if isinstance(step, Index) else step.arguments
    return any(isinstance(node, Call | Index) for node in walk(wanted))


class References:
    """The references of one generated function."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._unit = function.unit

    def resolve(self, node: Reference) -> Resolved:
        unit = self._unit
        if node.root in API_ROOTS - unit.survey.assigned - self._function.parameters.keys():
            return Resolved(getattr(self, f"_{node.root}")(node), None)
        loop = None if unit.survey.dynamic else self._loop(node)
        if loop is not None:
            return loop
        root = self._function.read(node.root)
        literal = None
        if not node.steps and node.root in self._function.parameters:
            literal = f"{self._function.parameters[node.root]}.literal"
        return Resolved(self.chain(root, node.steps), root, literal)

    def printed(self, node: Reference) -> str:
        """The text that the reference prints, as an expression."""
        resolved = self.resolve(node)
        if node.backslashes:
            return self._escaped(node, resolved)
        literal = '""' if node.quiet else resolved.literal or constant(node.literal)
        if resolved.value == "None":
            return self._missing(node, resolved, literal)
        name, test = self._function.bound(resolved.value)
        shown = f"show({name}, {self._missing(node, resolved, literal)})"
        return f"({name} if type({test}) is str else {shown})"

    def _missing(self, node: Reference, resolved: Resolved, literal: str) -> str:
        if literal == '""' or not node.steps or not self._unit.aws:
            return literal if resolved.root is not None or not self._unit.aws else '""'
        return '""' if resolved.root is None else f'({literal} if {resolved.root} is None else "")'

    def _escaped(self, node: Reference, resolved: Resolved) -> str:
        """Two backslashes print one, an odd one escapes. Those of what has no value are text, and none is lost."""
        halves, odd = "\\" * (node.backslashes // 2), node.backslashes % 2
        root = resolved.root if self._unit.aws else resolved.value
        if odd:
            known, missing = constant(halves + node.literal), constant(f"{halves}\\{node.literal}")
            return known if root is None else f"({missing} if {root} is None else {known})"
        value = self.printed(replace(node, backslashes=0))
        if root is None:
            return f"({constant(halves)} + {value})"
        return f"({constant(halves)} * (1 + ({root} is None)) + {value})"

    def kept(self, node: Reference) -> str:
        """The value as a variable keeps it: AWS knows nothing from a variable that was never set."""
        resolved = self.resolve(node)
        if not node.steps or not self._unit.aws:
            return resolved.value
        name, test = self._function.bound(resolved.value)
        missing = "NOTHING" if resolved.root is None else f"(None if {resolved.root} is None else NOTHING)"
        return f"({name} if ({test}) is not None else {missing})"

    # Chains

    def chain(self, value: str, steps: tuple[Step, ...]) -> str:
        for step in steps:
            value = "None" if value == "None" else self._step(value, step)
        return value

    def _step(self, value: str, step: Step) -> str:
        take = self._followed if self._unit.trace is not None else self._taken
        if not _asks_for_more(step):
            return take(value, step)
        # Of what has no value Velocity takes no step, and then it does not ask for the arguments either.
        name, test = self._function.bound(value)
        return f"(None if ({test}) is None or {name} is NOTHING else {take(name, step)})"

    def _taken(self, value: str, step: Step) -> str:
        function = self._function
        name, test = function.bound(value)
        if isinstance(step, Property):
            if step.name == "class":
                return "None"
            text = constant(step.name)
            return f"({name}.get({text}) if type({test}) is dict else property_of(run, {name}, {text}))"
        if isinstance(step, Index):
            key = function.value(step.key)
            if isinstance(step.key, Literal) and isinstance(step.key.value, str):
                return f"({name}.get({key}) if type({test}) is dict else index_of(run, {name}, {key}))"
            return f"index_of(run, {value}, {key})"
        arguments = [function.value(argument) for argument in step.arguments]
        if step.name == "get" and len(arguments) == 1:
            key, key_test = function.bound(arguments[0])
            kinds = f"(type({test}) is dict) & (type({key_test}) is str)"
            return f'({name}.get({key}) if {kinds} else call(run, {name}, "get", ({key},)))'
        return f"call(run, {value}, {constant(step.name)}, ({''.join(f'{argument}, ' for argument in arguments)}))"

    def _followed(self, value: str, step: Step) -> str:
        """The same for a rendering that is traced, which hears why it leads nowhere."""
        function = self._function
        name, test = function.bound(value)
        if isinstance(step, Property):
            text = constant(step.name)
            taken = "None" if step.name == "class" else f"property_of(run, {name}, {text})"
            return f"found(run, ({test}), {text}, None, {taken})"
        arguments = [step.key] if isinstance(step, Index) else list(step.arguments)
        bound = [function.bound(function.value(argument)) for argument in arguments]
        given = "".join(f"({test}), " for _, test in bound)
        if isinstance(step, Index):
            return f'found(run, ({test}), "[]", ({given}), index_of(run, {name}, {bound[0][0]}))'
        text = constant(step.name)
        taken = f"call(run, {name}, {text}, ({''.join(f'{one}, ' for one, _ in bound)}))"
        return f"found(run, ({test}), {text}, ({given}), {taken})"

    # API Gateway's objects

    def _input(self, node: Reference) -> str:
        first = node.steps[0] if node.steps else None
        if self._unit.trace is not None:
            self._check_path(first, node)
            return self.chain("input_of(run)", node.steps)
        if first == Property("body"):
            return self.chain("run.body", node.steps[1:])
        if not isinstance(first, Call):
            return self.chain("input_of(run)", node.steps)
        argument = first.arguments[0] if len(first.arguments) == 1 else None
        if first.name == "params" and not first.arguments:
            return self.chain("run.params()", node.steps[1:])
        if not isinstance(argument, Literal) or not isinstance(argument.value, str):
            return self.chain("input_of(run)", node.steps)
        if first.name == "params":
            return self.chain(f"run.param({constant(argument.value)})", node.steps[1:])
        if first.name in ("json", "path"):
            read = "run.json" if first.name == "json" else "run.value"
            return self.chain(f"{read}({self._path(argument.value, node)})", node.steps[1:])
        return self.chain("input_of(run)", node.steps)

    def _check_path(self, first: Step | None, node: Reference) -> None:
        if isinstance(first, Call) and first.name in ("json", "path") and len(first.arguments) == 1:
            argument = first.arguments[0]
            if isinstance(argument, Literal) and isinstance(argument.value, str):
                self._path(argument.value, node)

    def _path(self, source: str, node: Reference) -> str:
        try:
            return self._unit.constant(compile_path(source))
        except SourceError as error:
            raise TemplateError(where(self._unit.name, node.at), str(error)) from None

    def _util(self, node: Reference) -> str:
        first = node.steps[0] if node.steps else None
        traced = self._unit.trace is not None
        if traced or not isinstance(first, Call) or first.name not in UTILITIES or len(first.arguments) != 1:
            return self.chain("UTIL", node.steps)
        name, test = self._function.bound(self._function.value(first.arguments[0]))
        general = f"call(run, UTIL, {constant(first.name)}, ({name},))"
        return self.chain(f"(util_{first.name}(run, {name}) if type({test}) is str else {general})", node.steps[1:])

    def _stageVariables(self, node: Reference) -> str:  # noqa: N802 - the name is AWS's
        return self.chain("stage_variables", node.steps)

    def _context(self, node: Reference) -> str:
        """The names behind `$context` make one path, which the Environment answers."""
        names = names_of(node.steps)
        if not names or self._unit.survey.free_context:
            return self.chain("run.whole_context()", node.steps)
        if names[0] in OVERRIDES:
            return self.chain(f"run.overrides({constant(names[0])})", node.steps[1:])
        path, rest = ".".join(names), node.steps[len(names) :]
        value = f"{'context_map' if path in CONTEXT_MAPS else 'context'}({constant(path)})"
        if self._unit.trace is not None:
            value = f"found_in_context(run, {constant(path)}, {value})"
        return self.chain(value, rest)

    # Loops

    def _loop(self, node: Reference) -> Resolved | None:
        """`$foreach` and its older like, of a loop that stands around the reference."""
        loops = self._function.loops
        if node.root in _VELOCITY_MEMBERS and loops:
            member = _LOOP_MEMBERS[_VELOCITY_MEMBERS[node.root]].format(loops[-1])
            return Resolved(self.chain(member, node.steps), member)
        found = loop_member(node) if node.root == "foreach" else None
        if found is None:
            return None
        outwards, name, steps = found
        if not loops:
            return Resolved("None", "None")
        if outwards >= len(loops):
            return Resolved("None", "True")
        return Resolved(self.chain(_LOOP_MEMBERS[name].format(loops[-1 - outwards]), steps), "True")
