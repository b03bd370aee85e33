"""Functions at the end of a path: `$.prices.sum()`, `$..name.length()`.

What they cannot be calculated of has no value.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any

from portico.lang.jsonpath.filters import Value
from portico.lang.jsonpath.paths import MISSING, Search
from portico.lang.jsontext import double, to_text

Compute = Callable[[Any, Search], Any]


def bind(name: str, arguments: list[Value]) -> Compute:
    """The function with its arguments, each a path or a constant."""
    compute = FUNCTIONS[name]

    def call(node: Any, search: Search) -> Any:
        search.spend(len(node) if isinstance(node, list) else 1)
        return compute(node, [argument.read(node, search) for argument in arguments])

    return call


def _length(node: Any, given: list[Any]) -> Any:
    node = given[0] if given else node
    return len(node) if isinstance(node, list | dict) else None


def _numbers(node: Any, given: list[Any]) -> list[float]:
    values = [*node, *given] if isinstance(node, list) else given
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [float(value) for value in flat if isinstance(value, int | float) and not isinstance(value, bool)]


def _aggregate(calculate: Callable[[list[float]], float]) -> Callable[[Any, list[Any]], Any]:
    def compute(node: Any, given: list[Any]) -> Any:
        try:
            numbers = _numbers(node, given)
            return double(calculate(numbers)) if numbers else MISSING
        except OverflowError:
            return MISSING

    return compute


def _deviation(numbers: list[float]) -> float:
    """Multiplied out in Jayway's order, so that the last digits are the same."""
    count, total = len(numbers), sum(numbers)
    return sqrt(sum(number * number for number in numbers) / count - total * total / count / count)


def _keys(node: Any, _given: list[Any]) -> Any:
    return list(node) if isinstance(node, dict) else None


def _item(node: Any, at: Any) -> Any:
    if not isinstance(node, list) or type(at) is not int or not -len(node) <= at < len(node):
        return MISSING
    return node[at]


def _concat(node: Any, given: list[Any]) -> Any:
    items = node if isinstance(node, list) else []
    texts = [item for item in items if isinstance(item, str)]
    return "".join(texts + [to_text(value) for value in given if value is not MISSING])


def _append(node: Any, given: list[Any]) -> Any:
    return [*node, *(value for value in given if value is not MISSING)] if isinstance(node, list) else node


FUNCTIONS: dict[str, Callable[[Any, list[Any]], Any]] = {
    "length": _length,
    "size": _length,
    "min": _aggregate(min),
    "max": _aggregate(max),
    "sum": _aggregate(sum),
    "avg": _aggregate(lambda numbers: sum(numbers) / len(numbers)),
    "stddev": _aggregate(_deviation),
    "keys": _keys,
    "first": lambda node, _: _item(node, 0),
    "last": lambda node, _: _item(node, -1),
    "index": lambda node, given: _item(node, given[0] if given else None),
    "concat": _concat,
    "append": _append,
}
