"""From tree to Python: one function per template, written as source, compiled once, and run for each request.

    def render(run, variables, out):          #foreach($key in $stageVariables.keySet())
     …                                        "$key"#if($foreach.hasNext),#end
     for e1 in l1:                            #end
      v0 = e1
      i1 += 1
      extend(('"', v0 if type(v0) is str else show(v0, '$key'), '"'))
      if (i1 < n1): write(',')

An error of a rendering is placed in the template by the line of this source in which it happened.
"""

from collections.abc import Callable
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any, NamedTuple, Protocol

from portico.lang.environment import Environment
from portico.lang.errors import BudgetExceeded, EvaluationError
from portico.lang.jsontext import double
from portico.lang.vtl import hints, methods, operators, runtime, utilities
from portico.lang.vtl.budget import LOOP_LIMIT
from portico.lang.vtl.containers import key_of
from portico.lang.vtl.function import Function
from portico.lang.vtl.javatypes import NOTHING, ArrayList
from portico.lang.vtl.lexer import TemplateError, where
from portico.lang.vtl.nodes import Macro, Tree
from portico.lang.vtl.parser import parse
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import PARTS, Input, Rendering
from portico.lang.vtl.scopes import Argument, Arguments, Broken, Defined, ForeachScope, Stopped
from portico.lang.vtl.source import PlaceTable, Source, constant
from portico.lang.vtl.survey import API_ROOTS, Survey

TEMPLATE_LIMIT = 300 * 1024
"""Bytes of a template: AWS's quota."""
KEPT_LENGTH = 1000
"""Characters of an `#evaluate` that is compiled once."""
_FILE = "<template>"
_UTIL = runtime.Util()


class Trace(Protocol):
    """Told of a rendering while it happens."""

    def __call__(self, line: int, column: int, what: str, value: Any, /) -> Any:
        """A reference or directive was evaluated. Gives its value back."""

    def hint(self, words: str, /) -> None:
        """Of the reference or directive whose call comes next: what its author may not have meant."""

    def __hash__(self) -> int:
        """What `#evaluate` compiles is kept for each."""


class Template:
    """A compiled template."""

    __slots__ = ("_dynamic", "_places", "_render", "name")

    def __init__(self, unit: "Unit", program: "Program") -> None:
        self.name = unit.name
        self._render = program.function()
        self._places = program.places
        self._dynamic = unit.survey.dynamic

    def render(self, env: Environment) -> str:
        """The text for one request. Raises EvaluationError, which names the place."""
        return self.render_bytes(env).decode()

    def render_bytes(self, env: Environment) -> bytes:
        """The same in UTF-8."""
        run = Rendering(env, {} if self._dynamic else None)
        try:
            self._render(run, run.variables, run.out)
            return run.finish()
        except (Stopped, Broken):
            return run.finish()
        except EvaluationError as error:
            raise self._placed(error) from None
        except RecursionError as error:
            deep = BudgetExceeded("the template goes too deep").with_traceback(error.__traceback__)
            raise self._placed(deep) from None
        finally:
            if self._dynamic or run.mutated:
                run.forget()

    def _placed(self, error: EvaluationError) -> EvaluationError:
        line = _line_of(error.__traceback__)
        return type(error)(f"{where(self.name, self._places.find(line))}: {error}") if line else error


def compile_template(source: str, name: str, *, plain: bool = False, trace: Trace | None = None) -> Template:
    """Compile a template. `name` is for error texts: what in the definition the template is.

    `plain`: as Velocity itself has references that lead nowhere, not as API Gateway has them. `trace` is told of every
    step of a rendering. Raises TemplateError where Velocity could not parse it.
    """
    if len(source.encode("utf-8", "replace")) > TEMPLATE_LIMIT:
        raise TemplateError(f"template {name!r}", f"it has more than {TEMPLATE_LIMIT} bytes")
    unit, program = _compiled(source, name, aws=not plain, trace=trace)
    return Template(unit, program)


class Program(NamedTuple):
    code: CodeType
    namespace: dict[str, Any]
    places: PlaceTable

    def function(self) -> Callable[..., None]:
        # The source is our own: of the template there are only constants in it (source.py).
        exec(self.code, self.namespace)  # noqa: S102
        # Taken out of its own globals: no reference cycle keeps it.
        render: Callable[..., None] = self.namespace.pop("render")
        return render


class Unit:
    """A template that is being compiled: what its functions have in common."""

    def __init__(
        self, tree: Tree, name: str, *, aws: bool = True, trace: Trace | None = None, evaluated: bool = False
    ) -> None:
        self.tree = tree
        self.name = name
        self.aws = aws
        self.trace = trace
        self.evaluated = evaluated
        self.survey = Survey(tree, evaluated=evaluated)
        self.late = evaluated or self.survey.evaluates
        """Whether macros may be defined while the template is rendered."""
        self.source = Source()
        self.namespace: dict[str, Any] = dict(NAMESPACE)
        if not aws:
            self.namespace["equal"] = operators.equal_strictly
        if trace is not None:
            self.namespace |= _tracing(trace)
        self.namespace["evaluate"] = _evaluator(aws, trace)
        self.macros = {macro: f"m{at}" for at, macro in enumerate(tree.macros)}
        self.locals = {variable: f"v{at}" for at, variable in enumerate(sorted(self.survey.assigned))}
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def constant(self, value: object) -> str:
        """A name for something that cannot be written as source."""
        name = f"k{self.number()}"
        self.namespace[name] = value
        return name


def _compiled(
    source: str, name: str, *, aws: bool, trace: Trace | None, evaluated: bool = False
) -> tuple[Unit, Program]:
    try:
        unit = Unit(parse(source, name), name, aws=aws, trace=trace, evaluated=evaluated)
        return unit, _write(unit)
    except (SyntaxError, RecursionError, MemoryError, OverflowError):
        # Python's own limits: twenty loops or two hundred parentheses inside each other.
        raise TemplateError(f"template {name!r}", "its expressions or loops are nested too deeply") from None


def _write(unit: Unit) -> Program:
    source = unit.source
    with source.block("def render(run, variables, out):"):
        main = Function(unit, "main", {})
        main.begin()
        _write_header(unit)
        if unit.macros:
            _write_with_macros(unit, main)
        else:
            main.body(unit.tree.body)
    code = compile(source.text(), _FILE, "exec", dont_inherit=True, optimize=1)
    return Program(code, unit.namespace, source.place_table())


def _write_header(unit: Unit) -> None:
    source, survey = unit.source, unit.survey
    source.line("show = run.show")
    source.line("joined = run.joined")
    if "context" in survey.roots:
        source.line("context = run.env.context")
        source.line("context_map = run.env.context_map")
    if "stageVariables" in survey.roots:
        source.line("stage_variables = run.env.stage_variables")
    for name in () if survey.dynamic else unit.locals.values():
        source.line(f"{name} = None")
    for name in sorted(survey.assigned & API_ROOTS):
        target = f"variables[{constant(name)}]" if survey.dynamic else unit.locals[name]
        source.line(f"{target} = {_ROOTS[name]}")


def _write_with_macros(unit: Unit, main: Function) -> None:
    """Macros that call each other are a cycle, which is broken when the rendering is over."""
    source = unit.source
    with source.block("try:"):
        for macro in unit.tree.macros.values():
            _write_macro(unit, macro)
        main.body(unit.tree.body)
    with source.block("finally:"):
        for name in unit.macros.values():
            source.line(f"{name} = None")


def _write_macro(unit: Unit, macro: Macro) -> None:
    source, name = unit.source, unit.macros[macro.name]
    parameters = {parameter: f"a{unit.number()}" for parameter in [*macro.parameters, "bodyContent"]}
    with source.block(f"def {name}(out, body, *given):", macro.at):
        function = Function(unit, "macro", parameters)
        function.begin()
        for at, (parameter, held) in enumerate(parameters.items()):
            own = f"given[{at}] if len(given) > {at}" if parameter != "bodyContent" else "body if body is not None"
            source.line(f"{held} = {own} else not_given(variables, {constant(parameter)})")
        source.line("run.enter()")
        with source.block("try:"):
            function.body(macro.body)
        with source.block("except Broken as broken:"), source.block('if broken.scope != "macro":'):
            source.line("raise")
        with source.block("finally:"):
            source.line("run.leave()")
    if unit.late:
        source.line(f"add_macro(run, {constant(macro.name)}, {name})")


def _tracing(trace: Trace) -> dict[str, Any]:
    """What the source of a template that is traced may name."""

    def hinted(value: Any, words: str | None) -> Any:
        if words is not None:
            trace.hint(words)
        return value

    def found(run: Rendering, owner: Any, name: str, arguments: Any, value: Any) -> Any:
        return hinted(value, hints.of_step(run, owner, name, arguments, value))

    def found_in_context(run: Rendering, path: str, value: Any) -> Any:
        return hinted(value, hints.of_context(run, path, value))

    def calculated(operator: str, left: Any, right: Any, value: Any) -> Any:
        return hinted(value, hints.of_calculation(operator, left, right, value))

    def looped(items: Any) -> Any:
        return hinted(items, hints.of_loop(items))

    named = (found, found_in_context, calculated, looped)
    return {"trace": trace, **{one.__name__: one for one in named}}


def _evaluator(aws: bool, trace: Trace | None) -> Callable[[Rendering, Any, Any, list[str]], None]:
    def evaluate(run: Rendering, value: Any, variables: Any, out: list[str]) -> None:
        """`#evaluate(value)`: the text of `value` is a template, rendered with the variables of this one."""
        if value is None:
            return
        text = text_of(run, value)
        run.spend(500 + 16 * len(text))
        run.enter()
        try:
            compiled = _kept_evaluated if len(text) <= KEPT_LENGTH else _evaluated
            compiled(text, aws, trace)(run, variables, out)
        except TemplateError as error:
            raise EvaluationError(str(error)) from None
        except Broken as broken:
            if broken.scope != "evaluate":
                raise
        finally:
            run.leave()

    return evaluate


def _evaluated(text: str, aws: bool, trace: Trace | None) -> Callable[..., None]:
    return _compiled(text, "#evaluate", aws=aws, trace=trace, evaluated=True)[1].function()


_kept_evaluated = lru_cache(maxsize=128)(_evaluated)
"""Of short texts: what requests bring must not fill a worker."""


def _line_of(traceback: TracebackType | None) -> int:
    """The line of the generated source that is deepest in the traceback."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _list_of(run: Rendering, items: tuple[Any, ...]) -> Any:
    run.spend(1)
    return run.keep(ArrayList([None if item is NOTHING else item for item in items]), len(items))


def _map_of(run: Rendering, pairs: tuple[tuple[Any, Any], ...]) -> Any:
    run.spend(1)
    entries = [(key_of(key), None if value is NOTHING else value) for key, value in pairs]
    return run.keep(dict(entries), len(pairs))


def _not_given(variables: Any, name: str) -> Argument:
    """A parameter that the call has no argument for: the variable of that name."""

    def put(value: Any) -> None:
        variables[name] = value

    return Argument(lambda: variables.get(name), put, f"${name}")


def _add_macro(run: Rendering, name: str, macro: Callable[..., None]) -> None:
    if run.macros is None:
        run.macros = {}
    run.macros.setdefault(name, macro)


def _call_macro(run: Rendering, name: str, literal: str, out: list[str], body: Any, *given: Any) -> None:
    """A macro that was defined while the template was rendered; what is none prints as it is written."""
    macro = None if run.macros is None else run.macros.get(name)
    if macro is None:
        out.append(literal)
    else:
        macro(out, body, *given)


_ROOTS = {
    "input": "input_of(run)",
    "context": "run.whole_context()",
    "stageVariables": "run.env.stage_variables",
    "util": "UTIL",
}
NAMESPACE: dict[str, Any] = {
    "LOOP_LIMIT": LOOP_LIMIT,
    "NOTHING": NOTHING,
    "PARTS": PARTS,
    "UTIL": _UTIL,
    "Argument": Argument,
    "Arguments": Arguments,
    "Broken": Broken,
    "Defined": Defined,
    "ForeachScope": ForeachScope,
    "Stopped": Stopped,
    "add_macro": _add_macro,
    "call": methods.call,
    "call_macro": _call_macro,
    "double": double,
    "index_of": methods.index_of,
    "input_of": Input,
    "list_of": _list_of,
    "map_of": _map_of,
    "not_given": _not_given,
    "property_of": methods.property_of,
    "set_index": methods.set_index,
    "set_property": methods.set_property,
    **{f"util_{name}": convert for name, convert in utilities.UTILITIES.items()},
    **{
        name: getattr(operators, name)
        for name in (
            *("equal", "less", "less_or_equal", "greater", "greater_or_equal"),
            *("add", "subtract", "multiply", "divide", "modulo", "range_of"),
        )
    },
}
"""What the generated source may name."""
