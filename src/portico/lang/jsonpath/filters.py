"""What stands in `[?( )]`: comparisons of an element's members with each other and with constants.

A member that is not there compares with nothing: all is false of it but `!=` and `nin`. Numbers compare with texts of
numbers by value where the number stands on the left, as in Jayway.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from portico.lang.errors import SourceError
from portico.lang.javaregex import JavaPattern, compile_java
from portico.lang.jsonpath.paths import MISSING, Path, PathError, Search
from portico.lang.jsontext import to_text

Test = Callable[[Any, Search], bool]
"""Whether an element is accepted."""

_FLAGS = frozenset("ismdxuU")


class Value(NamedTuple):
    """One side of a comparison: a path, a regular expression or a constant."""

    path: Path | None = None
    from_root: bool = False
    pattern: JavaPattern | None = None
    constant: Any = None

    def read(self, node: Any, search: Search) -> Any:
        if self.path is not None:
            return self.path.within(search.root if self.from_root else node, search)
        return self.constant if self.pattern is None else self.pattern


def pattern(source: str, flags: str) -> JavaPattern:
    """`/source/flags`. Raises PathError."""
    if not set(flags) <= _FLAGS:
        raise PathError("", f"unknown flags {flags!r} of a regular expression")
    try:
        return compile_java(f"(?{flags}){source}" if flags else source)
    except SourceError as error:
        raise PathError("", str(error)) from None


def any_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda node, search: any(test(node, search) for test in tests)


def all_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda node, search: all(test(node, search) for test in tests)


def negated(test: Test) -> Test:
    return lambda node, search: not test(node, search)


def exists(value: Value) -> Test | None:
    """Whether a path leads anywhere; also to null. None where `value` is no path."""
    if value.path is None:
        return None
    return lambda node, search: value.read(node, search) is not MISSING


def compare(name: str, left: Value, right: Value) -> Test:
    operation = OPERATORS[name]

    def test(node: Any, search: Search) -> bool:
        search.spend(1)
        one, two = left.read(node, search), right.read(node, search)
        if one is MISSING or two is MISSING:
            return name in ("!=", "nin") and one is not two
        search.spend(_weight(one, two) + _weight(two, one))
        return operation(one, two)

    return test


def _weight(value: Any, other: Any) -> int:
    if isinstance(value, JavaPattern):
        return value.match_cost(other) if isinstance(other, str) else 1
    return len(value) >> 4 if isinstance(value, str | list | dict) else 0


def _equal(one: Any, two: Any) -> bool:
    if _is_number(one):
        number = two if _is_number(two) else _number_of(two)
        return number is not None and bool(one == number)
    if isinstance(one, str):
        return one == (to_text(two) if _is_number(two) else two)
    return type(one) is type(two) and bool(one == two)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_of(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, str) and len(value) < 400 else None
    except ValueError:
        return None


def _ordered(compared: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(one: Any, two: Any) -> bool:
        if (_is_number(one) and _is_number(two)) or (isinstance(one, str) and isinstance(two, str)):
            return compared(one, two)
        return False

    return test


def _matches(one: Any, two: Any) -> bool:
    regex, text = (one, two) if isinstance(one, JavaPattern) else (two, one)
    if not isinstance(regex, JavaPattern) or not isinstance(text, str | int | float):
        return False
    return regex.matches(to_text(text))


def _in(one: Any, two: Any) -> bool:
    return isinstance(two, list) and any(_equal(one, item) for item in two)


def _contains(one: Any, two: Any) -> bool:
    if isinstance(one, str):
        return isinstance(two, str) and two in one
    return isinstance(one, list) and any(_equal(item, two) for item in one)


def _size(one: Any, two: Any) -> bool:
    return isinstance(one, str | list) and _is_number(two) and len(one) == two


def _empty(one: Any, two: Any) -> bool:
    return isinstance(one, str | list | dict) and isinstance(two, bool) and (not one) is two


def _subset(one: Any, two: Any) -> bool:
    return isinstance(one, list) and isinstance(two, list) and all(_in(item, two) for item in one)


def _common(one: Any, two: Any) -> bool:
    return isinstance(one, list) and isinstance(two, list) and any(_in(item, two) for item in one)


def _none(one: Any, two: Any) -> bool:
    return isinstance(one, list) and isinstance(two, list) and not _common(one, two)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda one, two: not _equal(one, two),
    "<": _ordered(lambda one, two: one < two),
    "<=": _ordered(lambda one, two: one <= two),
    ">": _ordered(lambda one, two: one > two),
    ">=": _ordered(lambda one, two: one >= two),
    "=~": _matches,
    "in": _in,
    "nin": lambda one, two: isinstance(two, list) and not _in(one, two),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
    "subsetof": _subset,
    "all": lambda one, two: _subset(two, one),
    "anyof": _common,
    "noneof": _none,
}
