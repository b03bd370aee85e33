"""The tree of a template. Nodes are immutable and know where in the source they stand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Printed as it is."""

    text: str


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
    at: int
    quiet: bool = False
    backslashes: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, boolean, or string without references."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A double-quoted string with references in it."""

    body: tuple["Node", ...]


Expression = Reference | Literal | Interpolation
Node = Text | Reference
