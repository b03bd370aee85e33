"""The tree of a template. Nodes are immutable and know where in the source they stand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


# Expressions


@dataclass(frozen=True, slots=True)
class Property:
    """`.name`"""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[key]`"""

    key: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """`.name(arguments)`"""

    name: str
    arguments: tuple["Expression", ...]


Step = Property | Index | Call


@dataclass(frozen=True, slots=True)
class Reference:
    """`$root.step…`. `literal` is its source from the dollar on; `backslashes` are those that stand before it."""

    root: str
    steps: tuple[Step, ...]
    literal: str
    at: Place
    quiet: bool = False
    backslashes: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, boolean, or string without references. A bare word is None: only unknown macros have such arguments."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A double-quoted string with references or directives in it."""

    body: "Block"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, b]`"""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{a : b}`"""

    pairs: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[first..last]`"""

    first: "Expression"
    last: "Expression"


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`"""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`, for one of parser.LEVELS's operators. `literals` are both sides as they are written."""

    operator: str
    left: "Expression"
    right: "Expression"
    literals: tuple[str, str] = ("", "")


Expression = Reference | Literal | Interpolation | ListLiteral | MapLiteral | Range | Not | Binary


# What stands in the text


@dataclass(frozen=True, slots=True)
class Text:
    """Printed as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Set:
    """`#set(target = value)`"""

    target: Reference
    value: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Branch:
    """One condition of an `#if` with what it guards."""

    directive: str
    condition: Expression
    body: "Block"
    at: Place


@dataclass(frozen=True, slots=True)
class If:
    branches: tuple[Branch, ...]
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Foreach:
    """`#foreach($name in items)`"""

    name: str
    items: Expression
    body: "Block"
    at: Place


@dataclass(frozen=True, slots=True)
class Macro:
    """`#macro(name $parameter …)`. It prints nothing; the template's macros are in Tree.macros too."""

    name: str
    parameters: tuple[str, ...]
    body: "Block"
    at: Place


@dataclass(frozen=True, slots=True)
class MacroCall:
    """`#name(argument …)`, or `#@name(…) body #end`. `literal` is what is printed where there is no such macro."""

    name: str
    arguments: tuple[tuple[Expression, str], ...]
    """Each with its source."""
    body: "Block | None"
    literal: str
    at: Place


@dataclass(frozen=True, slots=True)
class Define:
    """`#define($name)`"""

    name: str
    body: "Block"
    at: Place


@dataclass(frozen=True, slots=True)
class Evaluate:
    """`#evaluate(value)`"""

    value: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Break:
    """`#break`, or `#break($scope)`."""

    scope: Expression | None
    at: Place


@dataclass(frozen=True, slots=True)
class Stop:
    at: Place


Node = Text | Reference | Set | If | Foreach | Macro | MacroCall | Define | Evaluate | Break | Stop
Block = tuple[Node, ...]


class Tree(NamedTuple):
    """A parsed template. Of macros with the same name the first counts, as in Velocity."""

    body: Block
    macros: dict[str, Macro]
    size: int
    """How many nodes it has."""


def walk(nodes: Iterable[object]) -> Iterator[object]:
    """Every node among and below `nodes`, in no particular order."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple) and not isinstance(node, Place):
            waiting += node
        elif isinstance(node, _NODES):
            yield node
            waiting += [getattr(node, field.name) for field in fields(node)]


_NODES = (
    *(Property, Index, Call, Reference, Literal, Interpolation, ListLiteral, MapLiteral, Range, Not, Binary),
    *(Text, Set, Branch, If, Foreach, Macro, MacroCall, Define, Evaluate, Break, Stop),
)
