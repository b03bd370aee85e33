"""How values print: as Java's String.valueOf, with AWS's JSON lists (recorded fact 131), and never without an end.

A template can put a list into itself, or a thousand times into another. What it made itself is therefore measured
while it is printed; what JSON was parsed to, and nobody changed, is not.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from portico.lang.errors import BudgetExceeded
from portico.lang.jsontext import DEPTH_LIMIT, Double, double_text, encode, integer_text
from portico.lang.vtl.budget import OUTPUT_LIMIT
from portico.lang.vtl.javatypes import NOTHING, ArrayList, Entry, JavaIterator, View

if TYPE_CHECKING:
    from portico.lang.vtl.runtime import Rendering


def text_of(run: "Rendering", value: Any) -> str:
    """What `value` prints as; nothing prints nothing. Raises BudgetExceeded."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return scalar(value)
    if kind is list:
        return json_of(run, value)
    printer = _Printer(run)
    printer.value(value, 0)
    return run.made("".join(printer.parts))


def json_of(run: "Rendering", value: Any) -> str:
    """Compact JSON."""
    if run.mutated:
        _measure(run, value)
    text = encode(value)
    run.spend(len(text) >> 7)
    return run.made(text)


def _measure(run: "Rendering", value: Any) -> None:
    """Raise BudgetExceeded where `value`'s JSON would be too large: it may be a list that is in itself."""
    waiting, size, count = [value], 0, 0
    while waiting:
        node = waiting.pop()
        count += 1
        size += len(node) + 2 if type(node) is str else 2
        if size > OUTPUT_LIMIT or len(waiting) > OUTPUT_LIMIT // 16:
            raise BudgetExceeded("the value is too large to print")
        if count & 1023 == 0:
            run.spend(2048)
        if isinstance(node, Mapping):
            size += sum(len(key) if type(key) is str else 20 for key in node)
            waiting += node.values()
        elif isinstance(node, list | tuple):
            waiting += node


class _Printer:
    __slots__ = ("_run", "parts", "size")

    def __init__(self, run: "Rendering") -> None:
        self._run = run
        self.parts: list[str] = []
        self.size = 0

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)
        if self.size > OUTPUT_LIMIT:
            raise BudgetExceeded("the value is too large to print")

    def value(self, value: Any, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise BudgetExceeded("the value is nested too deeply")
        self._run.spend(6)
        kind = type(value)
        if value is None or value is NOTHING:
            self.write("null" if depth else "")
        elif kind is list:
            self.write(json_of(self._run, value))
        elif (scalar := _SCALARS.get(kind)) is not None:
            self.write(scalar(value))
        elif isinstance(value, Mapping):
            self.entries(value, depth)
        elif kind is Entry:
            self.pair(value.key, value.value, depth)
        elif isinstance(value, ArrayList | View | range):
            self.items(value, depth)
        else:
            self.write(value.print(self._run) if hasattr(value, "print") else _OBJECTS.get(kind, ""))

    def entries(self, value: Mapping[Any, Any], depth: int) -> None:
        opening = "{"
        for key, item in value.items():
            self.write(opening)
            self.pair(key, item, depth)
            opening = ", "
        self.write("{}" if opening == "{" else "}")

    def pair(self, key: Any, value: Any, depth: int) -> None:
        self.value(key, depth + 1)
        self.write("=")
        self.value(value, depth + 1)

    def items(self, value: "ArrayList | View | range", depth: int) -> None:
        self.write("[")
        for at, item in enumerate(value):
            if at:
                self.write(", ")
            self.value(item, depth + 1)
        self.write("]")


_SCALARS: dict[type, Callable[[Any], str]] = {
    str: str,
    type(None): lambda _: "",
    type(NOTHING): lambda _: "",
    bool: lambda value: "true" if value else "false",
    int: integer_text,
    float: double_text,
    Double: double_text,
}
_OBJECTS: dict[type, str] = {JavaIterator: "java.util.ArrayList$Itr"}
"""What has no text of its own worth printing."""
