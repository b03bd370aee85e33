"""One generated Python function: statements and expressions of a template's body, a macro, a definition or a string."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from portico.lang.vtl.loops import PlainLoop, ScopedLoop
from portico.lang.vtl.nodes import (
    Binary,
    Block,
    Branch,
    Break,
    Call,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Index,
    Interpolation,
    ListLiteral,
    Literal,
    Macro,
    MacroCall,
    MapLiteral,
    Node,
    Not,
    Place,
    Property,
    Range,
    Reference,
    Set,
    Stop,
    Text,
    walk,
)
from portico.lang.vtl.references import References
from portico.lang.vtl.source import constant
from portico.lang.vtl.survey import is_plain

if TYPE_CHECKING:
    from portico.lang.vtl.compiler import Unit

AT_ONCE = 50
"""Pieces that are printed by one call."""

_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_COMPARISONS = {
    "==": "equal",
    "!=": "not equal",
    "<": "less",
    "<=": "less_or_equal",
    ">": "greater",
    ">=": "greater_or_equal",
}
_SCOPES = frozenset({"macro", "template", "define", "evaluate"})
"""What else than a loop a `#break` can name."""
_CONNECTIVES = {"&&": "and", "||": "or"}


class Function:
    """The function that is being written: `kind` is main, macro, define or string."""

    def __init__(self, unit: Unit, kind: str, parameters: dict[str, str]) -> None:
        self.unit = unit
        self.kind = kind
        self.parameters = parameters
        """Of the macro that it is or is in: the names of the Python variables that hold the Arguments."""
        self.loops: list[int] = []
        """The loops around what is being written, by their number."""
        self._source = unit.source
        self._printed: list[tuple[str, Place | None]] = []

    @property
    def _references(self) -> References:
        """Not kept: the two would hold each other, and compiled is in workers, where the collector all but rests."""
        return References(self)

    # Statements

    def body(self, nodes: Block) -> None:
        for node in nodes:
            if isinstance(node, Text):
                self._printed.append((constant(node.text), None))
            elif isinstance(node, Reference):
                self._reference(node)
            else:
                _STATEMENTS[type(node)](self, node)
        self._print()

    def _reference(self, node: Reference) -> None:
        last = node.steps[-1] if node.steps else None
        if node.root == "foreach" and last == Call("stop", ()) and len(node.steps) == 1 and self.loops:
            self._print()
            self._source.line("break", node.at)
            return
        self._printed.append((self._printed_piece(node), node.at))

    def _print(self) -> None:
        """Write what is to be printed before anything else happens."""
        pieces, self._printed = self._printed, []
        for start in range(0, len(pieces), AT_ONCE):
            some = pieces[start : start + AT_ONCE]
            if len(some) == 1:
                self._source.line(f"write({some[0][0]})", some[0][1])
                continue
            self._source.line("extend((", some[0][1])
            for piece, at in some:
                self._source.line(f"{piece},", at)
            self._source.line("))")

    def _set(self, node: Set) -> None:
        value = self.kept(node.value)
        self._print()
        if self._may_be_none(node.value):
            self._source.line(f"t0 = {value}", node.at)
            guard: Any = self._source.block("if t0 is not None:")
            value = "t0"
        else:
            guard = nullcontext()
        with guard:
            self._assign(node.target, self._traced(value, node.at, f"#set {node.target.literal}"), node.at)
        if value == "t0" and self.unit.trace is not None:
            with self._source.block("else:"):
                self._trace_line(node.at, f"#set {node.target.literal} stays as it was")

    def _may_be_none(self, value: Expression) -> bool:
        return isinstance(value, Reference | Range) or (isinstance(value, Binary) and value.operator in _ARITHMETIC)

    def _assign(self, target: Reference, value: str, at: Place) -> None:
        if not target.steps:
            self.write(target.root, value, at)
            return
        shorter = Reference(target.root, target.steps[:-1], target.literal, target.at)
        owner = self._references.resolve(shorter).value
        last = target.steps[-1]
        if isinstance(last, Property):
            self._source.line(f"set_property(run, {owner}, {constant(last.name)}, {value})", at)
        elif isinstance(last, Index):
            self._source.line(f"set_index(run, {owner}, {self.value(last.key)}, {value})", at)

    def _if(self, node: If) -> None:
        conditions = [self._condition(branch) for branch in node.branches]
        self._print()
        for word, condition, branch in zip(_ifs(), conditions, node.branches, strict=False):
            with self._source.block(f"{word} {condition}:", branch.at):
                self.body(branch.body)
        if node.otherwise:
            with self._source.block("else:"):
                self.body(node.otherwise)

    def _condition(self, branch: Branch) -> str:
        return self._traced(self.truth(branch.condition), branch.at, branch.directive)

    def _foreach(self, node: Foreach) -> None:
        unit, source = self.unit, self._source
        items = self._turns(node.items)
        self._print()
        number = unit.number()
        source.line(f"l{number}, n{number} = {items}", node.at)
        self._trace_line(node.at, f"#foreach ${node.name}, turns:", f"n{number}")
        loop = ScopedLoop(self, node, number) if unit.survey.dynamic else PlainLoop(self, node, number)
        self.loops.append(number)
        loop.write()
        self.loops.pop()

    def _turns(self, items: Expression) -> str:
        """The items and how many there are. A map's keys are the usual case, and none of them is null."""
        value = self.value(items)
        if self.unit.trace is not None:
            return f"run.turns(looped({value}))"
        if not isinstance(items, Reference) or not items.steps or items.steps[-1] != Call("keySet", ()):
            return f"run.turns({value})"
        map_ = Reference(items.root, items.steps[:-1], items.literal, items.at)
        name, test = self.bound(self._references.resolve(map_).value)
        general = f'run.turns(call(run, {name}, "keySet", ()))'
        return f"(list({name}), len({name})) if type({test}) is dict and len({name}) <= LOOP_LIMIT else {general}"

    def element(self, number: int) -> str:
        """What a loop's variable is in a turn. To AWS an element that is null is not as if there were no variable."""
        return f"e{number} if e{number} is not None else NOTHING" if self.unit.aws else f"e{number}"

    def turn(self, node: Foreach, number: int) -> None:
        """What happens in each turn of a loop, once its variables are set."""
        source = self._source
        if self.unit.trace is not None:
            source.line(self._traced(self.element(number), node.at, f"#foreach ${node.name}"))
        self.body(node.body)
        weight = 4 + sum(1 for _ in walk(node.body))
        source.line(f"run.left -= {weight}")
        with source.block("if run.left < 0 or len(out) > PARTS:", node.at):
            source.line("run.check(out)")

    def _macro(self, _node: Macro) -> None:
        """Its function stands at the beginning."""

    def _macro_call(self, node: MacroCall) -> None:
        unit = self.unit
        known = unit.macros.get(node.name)
        if known is None and not unit.late:
            piece = self._traced(constant(node.literal), node.at, f"there is no macro #{node.name}:")
            self._printed.append((piece, node.at))
            return
        arguments = [self._argument(expression, literal) for expression, literal in node.arguments]
        body = "None" if node.body is None else self._body_content(node.body)
        self._print()
        self._trace_line(node.at, f"#{node.name}")
        given = "".join(f", {argument}" for argument in arguments)
        if known is not None:
            self._source.line(f"{known}(out, {body}{given})", node.at)
        else:
            call = f"call_macro(run, {constant(node.name)}, {constant(node.literal)}, out, {body}{given})"
            self._source.line(call, node.at)

    def _argument(self, expression: Expression, literal: str) -> str:
        put = "None"
        if isinstance(expression, Reference):
            put = f"p{self.unit.number()}"
            with self._source.block(f"def {put}(new):"):
                self._assign(expression, "new", expression.at)
        return f"Argument(lambda: {self.kept(expression)}, {put}, {constant(literal)})"

    def _body_content(self, body: Block) -> str:
        name = self._nested("define", body)
        return f'Argument(lambda: Defined({name}), None, "$bodyContent")'

    def _define(self, node: Define) -> None:
        self._print()
        name = self._nested("define", node.body)
        self.write(node.name, f"Defined({name})", node.at)

    def _nested(self, kind: str, body: Block) -> str:
        """A function inside this one, which prints into the list that it is given."""
        name = f"f{self.unit.number()}"
        pending, self._printed = self._printed, []
        with self._source.block(f"def {name}(out):"):
            inner = Function(self.unit, kind, self.parameters)
            inner.begin()
            inner.body(body)
        self._printed = pending
        return name

    def begin(self) -> None:
        self._source.line("write = out.append")
        self._source.line("extend = out.extend")

    def _evaluate(self, node: Evaluate) -> None:
        value = self.value(node.value)
        self._print()
        self._trace_line(node.at, "#evaluate")
        variables = "variables"
        if self.parameters:
            arguments = ", ".join(f"{constant(name)}: {held}" for name, held in self.parameters.items())
            variables = f"Arguments(variables, {{{arguments}}})"
        self._source.line(f"evaluate(run, {value}, {variables}, out)", node.at)

    def _break(self, node: Break) -> None:
        self._print()
        self._trace_line(node.at, "#break")
        if node.scope is not None:
            self._source.line(f"raise Broken({self._scope(node.scope)})", node.at)
        else:
            self._source.line("break" if self.loops else "return", node.at)

    def _scope(self, scope: Expression) -> str:
        if isinstance(scope, Reference) and not scope.steps and scope.root in _SCOPES:
            return constant(scope.root)
        return self.value(scope)

    def _stop(self, node: Stop) -> None:
        self._print()
        self._trace_line(node.at, "#stop")
        alone = self.kind == "main" and not self.unit.evaluated
        self._source.line("return" if alone else "raise Stopped", node.at)

    # Variables

    def read(self, name: str) -> str:
        if name in self.parameters:
            return f"{self.parameters[name]}.get()"
        if self.unit.survey.dynamic:
            return f"variables.get({constant(name)})"
        return self.unit.locals.get(name, "None")

    def write(self, name: str, value: str, at: Place) -> None:
        if name in self.parameters:
            self._source.line(f"new = {value}", at)
            with self._source.block(f"if {self.parameters[name]}.put(new):"):
                self._source.line(f"variables[{constant(name)}] = new")
        elif self.unit.survey.dynamic:
            self._source.line(f"variables[{constant(name)}] = {value}", at)
        else:
            self._source.line(f"{self.unit.locals[name]} = {value}", at)

    def bound(self, value: str) -> tuple[str, str]:
        """A name for an expression's value, and the expression that gives it that name and is that value."""
        if value.isidentifier():
            return value, value
        name = f"t{self.unit.number()}"
        return name, f"{name} := {value}"

    # Expressions

    def value(self, node: Expression) -> str:
        """The value, None where there is none."""
        return _EXPRESSIONS[type(node)](self, node)

    def kept(self, node: Expression) -> str:
        return self._references.kept(node) if isinstance(node, Reference) else self.value(node)

    def truth(self, node: Expression) -> str:
        """What `#if` makes of it. Of single values only references and booleans can be true, as in Velocity 1.7."""
        if isinstance(node, Not):
            return f"(not {self.truth(node.operand)})"
        if isinstance(node, Binary) and node.operator not in _ARITHMETIC:
            return self._binary(node)
        if isinstance(node, Reference):
            value = self._reference_value(node)
            if value == "None":
                return "False"
            name, test = self.bound(value)
            return f"(({test}) is not None and {name} is not False and {name} is not NOTHING)"
        return "True" if isinstance(node, Literal) and node.value is True else "False"

    def _reference_value(self, node: Reference) -> str:
        return self._traced(self._references.resolve(node).value, node.at, node.literal)

    def _literal(self, node: Literal) -> str:
        text = constant(node.value)
        if isinstance(node.value, float) and not (node.value == 0 or 1e-3 <= abs(node.value) < 1e7):
            return f"double({text})"
        return f"({text})" if text.startswith("-") else text

    def _interpolation(self, node: Interpolation) -> str:
        if not is_plain(node.body):
            return f"run.rendered({self._nested('string', node.body)})"
        pieces = [
            constant(piece.text) if isinstance(piece, Text) else self._printed_piece(piece)
            for piece in node.body
            if isinstance(piece, Text | Reference)
        ]
        return pieces[0] if len(pieces) == 1 else f"joined(({', '.join(pieces)}))"

    def _printed_piece(self, node: Reference) -> str:
        return self._traced(self._references.printed(node), node.at, node.literal)

    def _list(self, node: ListLiteral) -> str:
        return f"list_of(run, ({''.join(f'{self.value(item)}, ' for item in node.items)}))"

    def _map(self, node: MapLiteral) -> str:
        pairs = "".join(f"({self.value(key)}, {self.value(value)}), " for key, value in node.pairs)
        return f"map_of(run, ({pairs}))"

    def _range(self, node: Range) -> str:
        return f"range_of(run, {self.value(node.first)}, {self.value(node.last)})"

    def _not(self, node: Not) -> str:
        return self.truth(node)

    def _binary(self, node: Binary) -> str:
        if node.operator in _CONNECTIVES:
            return f"({self.truth(node.left)} {_CONNECTIVES[node.operator]} {self.truth(node.right)})"
        left, right = self.value(node.left), self.value(node.right)
        if node.operator == "!=":
            return f"(not equal(run, {left}, {right}))"
        return self._calculated(node, left, right)

    # Stepping through

    def _calculated(self, node: Binary, left: str, right: str) -> str:
        calculate, operator = (_ARITHMETIC | _COMPARISONS)[node.operator], node.operator
        literals = f", {node.literals!r}" if operator in _ARITHMETIC else ""
        if self.unit.trace is None:
            return f"{calculate}(run, {left}, {right}{literals})"
        (one, first), (other, second) = self.bound(left), self.bound(right)
        value = f"{calculate}(run, {one}, {other}{literals})"
        return f"calculated({operator!r}, ({first}), ({second}), {value})"

    def _traced(self, value: str, at: Place, what: str) -> str:
        return value if self.unit.trace is None else f"trace({at.line}, {at.column}, {constant(what)}, {value})"

    def _trace_line(self, at: Place, what: str, value: str = "...") -> None:
        if self.unit.trace is not None:
            self._source.line(self._traced(value, at, what), at)


def _ifs() -> Any:
    yield "if"
    while True:
        yield "elif"


_STATEMENTS: dict[type[Node], Callable[[Function, Any], None]] = {
    Set: Function._set,
    If: Function._if,
    Foreach: Function._foreach,
    Macro: Function._macro,
    MacroCall: Function._macro_call,
    Define: Function._define,
    Evaluate: Function._evaluate,
    Break: Function._break,
    Stop: Function._stop,
}
_EXPRESSIONS: dict[type[Expression], Callable[[Function, Any], str]] = {
    Reference: Function._reference_value,
    Literal: Function._literal,
    Interpolation: Function._interpolation,
    ListLiteral: Function._list,
    MapLiteral: Function._map,
    Range: Function._range,
    Not: Function._not,
    Binary: Function._binary,
}
