"""Nodes as Python: one function for each schema that must be called, everything else written out in its place.

A document is checked in the time that its parsing takes, so nothing is looked up or walked here that the schema already
decides. A function answers whether the value is valid and stops at the first thing that is not; what was wrong is
`report`'s to tell. Names and numbers of a schema get into the source as Python literals, all other constants as names
of the namespace. Where a schema lists many others, they are called from a table instead: Python takes long, and much
memory, to compile a long function.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from portico.lang.ecmaregex import EcmaPattern
from portico.lang.jsonschema.budget import CHECK, Budget, TooMuch, has_twins, is_multiple, spend
from portico.lang.jsonschema.formats import FORMATS
from portico.lang.jsonschema.nodes import Node
from portico.lang.jsonschema.references import Location

Checker = Callable[[Any, Budget], bool]

_PYTHON: Final = {
    "array": "list",
    "boolean": "bool",
    "integer": "int",
    "null": "none",
    "number": "float",
    "object": "dict",
    "string": "str",
}
"""The Python types of JSON's, as the generated code names them."""
_BUILTINS: Final = "type=type, len=len, str=str, int=int, float=float, bool=bool, list=list, dict=dict"
"""As parameters they are local, and quick to come by."""
_FEW: Final = 8
_FREE: Final = 512
"""Steps of a pattern that are not charged: a value that is looked at has been charged, or a short one is cheap."""
_STRING: Final = frozenset({"string"})
_NUMBER: Final = frozenset({"integer", "number"})
_ARRAY: Final = frozenset({"array"})
_OBJECT: Final = frozenset({"object"})
_DEEPEST: Final = 9
"""Levels of indentation in one function. Python takes 20 blocks inside each other."""
_ROOT: Final = "root"
_LONGEST: Final = 300
"""Lines of a function after which further schemas get functions of their own."""
_MANY: Final = 64
"""Schemas, or names, in one list or object that are still written out one by one."""


class Checkers:
    """The functions of Nodes that may lead to each other: each is compiled once."""

    def __init__(self) -> None:
        self._functions: dict[int, str] = {}
        """The names of those that are there, by the identity of their Node."""
        self._names: dict[str, Any] = {
            "E": TooMuch,
            "multiple": is_multiple,
            "none": type(None),
            "spend": spend,
            "takes": takes_members,
            "twins": has_twins,
        }

    def compile(self, root: Node) -> Checker:
        """The function that tells whether a value is valid, with the steps that it may take.

        It raises TooMuch, and RecursionError for a document that is too deep.
        """
        writer = _Writer(root, self._names, self._functions)
        for source in writer.sources():
            exec(compile(source, "<schema>", "exec"), self._names)  # noqa: S102
        for table, key, function in writer.entries:
            table[key] = self._names[function]
        checker: Checker = self._names[_ROOT]
        return checker


class _Writer:
    def __init__(self, root: Node, names: dict[str, Any], functions: dict[int, str]) -> None:
        self.names = names
        self.entries: list[tuple[dict[Any, Checker], Any, str]] = []
        """Where a function goes into a table once it is there: the table, its key, the name of the function."""
        self._functions = functions
        self._waiting: list[Node] = []
        self._lines: list[str] = []
        self._depth = 0
        self._subscripts = False
        """Whether the function may meet a KeyError."""
        self._variables = 0
        self._root = root

    def sources(self) -> Iterator[str]:
        """The functions that are not there yet, each by itself; that of the root is no other Node's to call."""
        yield self._definition(_ROOT, self._root)
        while self._waiting:
            node = self._waiting.pop()
            yield self._definition(self._functions[id(node)], node)

    # Functions, constants, lines

    def _function(self, node: Node) -> str:
        name = self._functions.get(id(node))
        if name is None:
            name = self._functions[id(node)] = f"f{len(self._functions)}"
            self._waiting.append(node)
        return name

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def _table(self, nodes: Iterable[tuple[Any, Node]]) -> str:
        """The name of a table of functions, which is filled when all of them are there."""
        table: dict[Any, Checker] = {}
        self.entries += [(table, key, self._function(_target(node))) for key, node in nodes]
        return self._constant(table)

    def _literal(self, number: int | float) -> str:
        return str(number) if isinstance(number, int) and abs(number) < 1 << 63 else self._constant(number)

    def _variable(self) -> str:
        self._variables += 1
        return f"x{self._variables}"

    def _line(self, text: str) -> None:
        self._lines.append("\t" * self._depth + text)

    def _refuse_if(self, condition: str) -> None:
        self._line(f"if {condition}: return False")

    def _charge(self, steps: int) -> None:
        self._line(f"b[0] -= {steps}")
        self._line("if b[0] < 0: raise E")

    def _charge_each(self, value: str, steps: int) -> None:
        """Charge for each item or member, before they are looked at; a few are as good as the value that holds them."""
        self._line(f"if len({value}) > {_FEW}: spend(b, len({value}) * {steps})")

    def _taken_from(self, start: int) -> tuple[list[str], int]:
        """Take what was written from line `start` on away, to write something before it, and what a run of it costs."""
        written = self._lines[start:]
        del self._lines[start:]
        return written, (1 + len(written)) * CHECK

    @contextmanager
    def _indented(self, opening: str) -> Iterator[None]:
        self._line(opening)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self._line("pass")
        self._depth -= 1

    def _definition(self, name: str, node: Node) -> str:
        self._lines = []
        self._variables = 0
        self._subscripts = False
        with self._indented(f"def {name}(v, b, {_BUILTINS}):"):
            start = len(self._lines)
            with self._indented("try:"):
                before = len(self._lines)
                self._keywords(node, "v")
                if name != _ROOT:
                    written, steps = self._taken_from(before)
                    self._charge(steps)
                    self._lines += written
            if self._subscripts:
                self._line("except KeyError: return False  # of a required member")
            else:
                self._lines[start:] = [line[1:] for line in self._lines[start + 1 :]]
            self._line("return True")
        return "\n".join(self._lines)

    # Schemas

    def _schema(self, node: Node, value: str) -> None:
        """Refuse `value` unless the schema takes it."""
        node = _target(node)
        if _takes_all(node):
            return
        if node.used == 1 and self._depth < _DEEPEST and len(self._lines) < _LONGEST:
            self._keywords(node, value)
        else:
            self._refuse_if(f"not {self._function(node)}({value}, b)")

    def _keywords(self, node: Node, value: str) -> None:
        node = _target(node)
        self._types(node, value)
        self._enum(node, value)
        self._guarded(node, value, _STRING, self._string)
        self._guarded(node, value, _NUMBER, self._number)
        self._guarded(node, value, _ARRAY, self._array)
        self._guarded(node, value, _OBJECT, self._object)
        self._all_of(node, value)
        if node.any_of:
            self._refuse_if(f"not ({self._calls(node.any_of, value, 'or')})")
        if node.one_of:
            self._refuse_if(f"{self._calls(node.one_of, value, '+')} != 1")
        if node.not_ is not None:
            self._refuse_if(self._call(node.not_, value))

    def _all_of(self, node: Node, value: str) -> None:
        if len(node.all_of) > _MANY:
            self._refuse_if(f"not ({self._calls(node.all_of, value, 'and')})")
        else:
            for other in node.all_of:
                self._schema(other, value)

    def _call(self, node: Node, value: str) -> str:
        return f"{self._function(_target(node))}({value}, b)"

    def _calls(self, nodes: tuple[Node, ...], value: str, operator: str) -> str:
        if len(nodes) <= _MANY:
            return f" {operator} ".join(self._call(node, value) for node in nodes)
        together = {"or": "any", "and": "all", "+": "sum"}[operator]
        return f"{together}(f({value}, b) for f in {self._table(enumerate(nodes))}.values())"

    def _types(self, node: Node, value: str) -> None:
        if not node.types:
            return
        first, *others = (_PYTHON[name] for name in node.types)
        if not others:
            self._refuse_if(f"type({value}) is not {first}")
        else:
            rest = "".join(f" and t is not {other}" for other in others)
            self._refuse_if(f"(t := type({value})) is not {first}{rest}")

    def _enum(self, node: Node, value: str) -> None:
        if node.enum is None:
            return
        if node.enum.texts is not None:
            known = "" if node.types == ("string",) else f"type({value}) is not str or "
            self._refuse_if(f"{known}{value} not in {self._constant(node.enum.texts)}")
        else:
            self._refuse_if(f"not {self._constant(node.enum)}({value}, b)")

    def _guarded(self, node: Node, value: str, kinds: frozenset[str], write: Callable[[Node, str], None]) -> None:
        """Write the keywords of one kind of values, for values of that kind."""
        if node.types and not kinds & set(node.types):
            return
        before = len(self._lines)
        if node.types and kinds >= set(node.types):
            write(node, value)
            return
        types = " or ".join(f"type({value}) is {_PYTHON[kind]}" for kind in sorted(kinds))
        self._line(f"if {types}:")
        self._depth += 1
        write(node, value)
        self._depth -= 1
        if len(self._lines) == before + 1:
            self._lines.pop()

    # The keywords of strings and numbers

    def _string(self, node: Node, value: str) -> None:
        self._length(value, node.min_length, node.max_length)
        if node.pattern is not None:
            self._find(node.pattern, value)
            self._refuse_if(f"{self._constant(node.pattern.find)}({value}) is None")
        form = FORMATS.get(node.format or "")
        if form is not None:
            self._line(f"if len({value}) > 64: spend(b, len({value}))")
            self._refuse_if(f"not {self._constant(form.takes)}({value})")

    def _number(self, node: Node, value: str) -> None:
        least = (
            f"{self._literal(node.minimum)} <{'' if node.exclusive_minimum else '='} "
            if node.minimum is not None
            else ""
        )
        most = (
            f" <{'' if node.exclusive_maximum else '='} {self._literal(node.maximum)}"
            if node.maximum is not None
            else ""
        )
        if least or most:
            self._refuse_if(f"not {least}{value}{most}")
        if node.multiple_of is not None:
            self._refuse_if(f"not multiple({value}, {self._constant(node.multiple_of)}, b)")

    def _length(self, value: str, least: int | None, most: int | None) -> None:
        """Refuse what is shorter or longer: strings, arrays and objects."""
        from_below = f"{least} <= " if least else ""
        from_above = f" <= {most}" if most is not None else ""
        if from_below or from_above:
            self._refuse_if(f"not {from_below}len({value}){from_above}")

    def _find(self, pattern: EcmaPattern, value: str) -> None:
        """Charge for a search, before it is made, where the text is not short."""
        free = next((length for length in range(64, 0, -1) if pattern.steps(length) <= _FREE), 0)
        self._line(f"if len({value}) > {free}: spend(b, {self._constant(pattern.steps)}(len({value})))")

    # The keywords of arrays

    def _array(self, node: Node, value: str) -> None:
        self._length(value, node.min_items, node.max_items)
        if node.unique:
            self._refuse_if(f"len({value}) > 1 and twins({value}, b)")
        if isinstance(node.items, tuple):
            self._tuple(node, node.items, value)
        elif node.items is not None:
            self._each(node.items, value)

    def _tuple(self, node: Node, items: tuple[Node, ...], value: str) -> None:
        if node.additional_items is False:
            self._refuse_if(f"len({value}) > {len(items)}")
        judged = [(index, item) for index, item in enumerate(items) if not _takes_all(_target(item))]
        if len(judged) > _MANY:
            self._refuse_if(f"not takes(enumerate({value}), {self._table(judged)}, len({value}), b)")
            judged = []
        for index, item in judged:
            with self._indented(f"if len({value}) > {index}:"):
                name = self._variable()
                self._line(f"{name} = {value}[{index}]")
                self._schema(item, name)
        if isinstance(node.additional_items, Node):
            self._each(node.additional_items, f"{value}[{len(items)}:]")

    def _each(self, item: Node, values: str) -> None:
        if _takes_all(_target(item)):
            return
        name, before = self._variable(), len(self._lines)
        with self._indented(f"for {name} in {values}:"):
            self._schema(item, name)
        written, steps = self._taken_from(before)
        self._charge_each(values, steps)
        self._lines += written

    # The keywords of objects

    def _object(self, node: Node, value: str) -> None:
        self._length(value, node.min_properties, node.max_properties)
        judged = [(name, member) for name, member in node.properties.items() if not _takes_all(_target(member))]
        if len(judged) > _MANY or len(node.required) > _MANY:
            self._many_members(node, judged, value)
        else:
            self._few_members(node, judged, value)
        for name, need in node.dependencies.items():
            with self._indented(f"if {name!r} in {value}:"):
                self._dependency(need, value)

    def _many_members(self, node: Node, judged: list[tuple[str, Node]], value: str) -> None:
        self._refuse_if(f"not {self._constant(frozenset(node.required))} <= {value}.keys()")
        self._additional(node, value)
        self._refuse_if(f"not takes({value}.items(), {self._table(judged)}, len({value}), b)")

    def _few_members(self, node: Node, judged: list[tuple[str, Node]], value: str) -> None:
        names = {name for name, _ in judged}
        for name in node.required:
            if name not in names:
                self._refuse_if(f"{name!r} not in {value}")
        self._additional(node, value)
        for name, member in judged:
            self._member(name, member, value, required=name in node.required)

    def _member(self, name: str, member: Node, value: str, *, required: bool) -> None:
        variable = self._variable()
        if required:
            self._subscripts = True
            self._line(f"{variable} = {value}[{name!r}]")
            self._schema(member, variable)
            return
        with self._indented(f"if {name!r} in {value}:"):
            self._line(f"{variable} = {value}[{name!r}]")
            self._schema(member, variable)

    def _dependency(self, need: tuple[str, ...] | Node, value: str) -> None:
        if isinstance(need, Node):
            self._schema(need, value)
        else:
            self._refuse_if(f"not {self._constant(frozenset(need))} <= {value}.keys()")

    def _additional(self, node: Node, value: str) -> None:
        """Members that `properties` does not name: patternProperties and additionalProperties."""
        additional = node.additional
        if additional is False and not node.pattern_properties:
            self._charge_each(value, 1)
            self._refuse_if(f"not {value}.keys() <= {self._constant(frozenset(node.properties))}")
        elif additional is not True or node.pattern_properties:
            key, item, before = self._variable(), self._variable(), len(self._lines)
            with self._indented(f"for {key}, {item} in {value}.items():"):
                self._any_member(node, key, item)
            written, steps = self._taken_from(before)
            self._charge_each(value, steps)
            self._lines += written

    def _any_member(self, node: Node, key: str, item: str) -> None:
        met = self._variable()
        self._line(f"{met} = {key} in {self._constant(frozenset(node.properties))}")
        for pattern, member in node.pattern_properties:
            self._find(pattern, key)
            with self._indented(f"if {self._constant(pattern.find)}({key}) is not None:"):
                self._line(f"{met} = True")
                self._schema(member, item)
        if node.additional is False:
            self._refuse_if(f"not {met}")
        elif isinstance(node.additional, Node) and not _takes_all(_target(node.additional)):
            with self._indented(f"if not {met}:"):
                self._schema(node.additional, item)


def takes_members(members: Iterable[tuple[Any, Any]], table: dict[Any, Checker], count: int, budget: Budget) -> bool:
    """Whether each of `count` members is valid by the function that the table has for its name, if any."""
    spend(budget, count * CHECK)
    for name, value in members:
        checker = table.get(name)
        if checker is not None and not checker(value, budget):
            return False
    return True


def _target(node: Node) -> Node:
    while node.ref is not None:
        node = node.ref
    return node


def _takes_all(node: Node) -> bool:
    """Whether a schema without a reference says nothing about any value."""
    return node.format not in FORMATS and all(getattr(node, name) == value for name, value in _SILENT)


_NOTHING: Final = Node(Location("", "", ""))
_SILENT: Final = tuple(
    (name, getattr(_NOTHING, name)) for name in Node.__slots__ if name not in ("place", "used", "weight", "format")
)
