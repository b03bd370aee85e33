"""The operators of `#set` and `#if`, as Velocity 1.7 defines them over Java's types.

Whole numbers stay whole and grow as they must (Velocity goes from Integer to Long to BigInteger). What cannot be
calculated, a division by zero among it, has no value.
"""

from collections.abc import Callable, Mapping
from math import fmod
from operator import add as plus
from operator import ge, gt, le, lt, mul, sub
from typing import TYPE_CHECKING, Any

from portico.lang.errors import BudgetExceeded
from portico.lang.jsontext import Double, double
from portico.lang.vtl.javatypes import NOTHING, ArrayList, Entry
from portico.lang.vtl.printing import text_of

if TYPE_CHECKING:
    from portico.lang.vtl.runtime import Rendering

NUMBERS = frozenset({int, float, Double})
BIT_LIMIT = 1024
"""Of a whole number: about three hundred digits."""
RANGE_LIMIT = 10_000
"""Numbers of a range that is made a list at once; a longer one cannot be changed."""


def equal(run: "Rendering", left: Any, right: Any) -> bool:
    """`==` as AWS has it: nothing is equal to nothing and to the empty text (recorded fact 132)."""
    if left is None or left is NOTHING or left == "":
        return right is None or right is NOTHING or (type(right) is str and right == "")
    if right is None or right is NOTHING:
        return False
    return equal_values(run, left, right)


def equal_strictly(run: "Rendering", left: Any, right: Any) -> bool:
    """`==` as Velocity has it: null is equal to null only."""
    if left is None or right is None:
        return left is right
    return equal_values(run, left, right)


def equal_values(run: "Rendering", left: Any, right: Any) -> bool:
    """Numbers by value, objects of one class by `equals`, all else by what it prints."""
    kinds = type(left), type(right)
    if kinds == (str, str):
        return same_text(run, left, right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return bool(left == right)
    if _family(left) is _family(right):
        return same(run, left, right)
    return text_of(run, left) == text_of(run, right)


def same(run: "Rendering", left: Any, right: Any, depth: int = 0) -> bool:
    """Java's `equals`."""
    run.spend(3)
    if depth > 100:
        raise BudgetExceeded("values that are nested too deeply are compared")
    family = _family(left)
    if family is not _family(right):
        return False
    if family is dict:
        return len(left) == len(right) and all(
            key in right and same(run, value, right[key], depth + 1) for key, value in left.items()
        )
    if family is list:
        return len(left) == len(right) and all(same(run, a, b, depth + 1) for a, b in zip(left, right, strict=True))
    if family is str:
        return same_text(run, left, right)
    if family is Entry:
        return same(run, left.key, right.key, depth + 1) and same(run, left.value, right.value, depth + 1)
    return bool(left == right)


def same_text(run: "Rendering", left: str, right: str) -> bool:
    if len(left) != len(right):
        return False
    run.spend(len(left) >> 10)
    return left == right


def _family(value: Any) -> type:
    kind = type(value)
    if isinstance(value, Mapping):
        return dict
    return float if kind is Double else list if issubclass(kind, list | tuple | range) else kind


def add(run: "Rendering", left: Any, right: Any, literals: tuple[str, str] = ("", "")) -> Any:
    """A sum, or two texts joined where either is one; a side without a value is then printed as it is written."""
    if type(left) is str or type(right) is str:
        texts = [
            text_of(run, value) if value is not None else literal
            for value, literal in zip((left, right), literals, strict=True)
        ]
        run.admit(len(texts[0]) + len(texts[1]))
        return run.made(texts[0] + texts[1])
    return _calculated(left, right, plus)


def subtract(_run: "Rendering", left: Any, right: Any, _literals: tuple[str, str] = ("", "")) -> Any:
    return _calculated(left, right, sub)


def multiply(_run: "Rendering", left: Any, right: Any, _literals: tuple[str, str] = ("", "")) -> Any:
    return _calculated(left, right, mul)


def divide(_run: "Rendering", left: Any, right: Any, _literals: tuple[str, str] = ("", "")) -> Any:
    return _calculated(left, right, _quotient) if right else None


def modulo(_run: "Rendering", left: Any, right: Any, _literals: tuple[str, str] = ("", "")) -> Any:
    return _calculated(left, right, _remainder) if right else None


def _quotient(left: Any, right: Any) -> Any:
    """Java's division of whole numbers cuts towards zero."""
    if type(left) is int and type(right) is int:
        found = abs(left) // abs(right)
        return found if (left < 0) is (right < 0) else -found
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    """Java's remainder has the sign of the dividend."""
    if type(left) is int and type(right) is int:
        return left - right * _quotient(left, right)
    return fmod(left, right)


def _calculated(left: Any, right: Any, operation: Callable[[Any, Any], Any]) -> Any:
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        return None
    try:
        found = operation(left, right)
    except (OverflowError, ValueError):
        return None
    if type(found) is not int:
        return double(float(found))
    if found.bit_length() > BIT_LIMIT:
        raise BudgetExceeded("the number has too many digits")
    return found


def _comparison(operation: Callable[[Any, Any], Any]) -> Callable[["Rendering", Any, Any], bool]:
    def compare(_run: "Rendering", left: Any, right: Any) -> bool:
        """Only numbers can be compared; for all else the answer is no."""
        return type(left) in NUMBERS and type(right) in NUMBERS and bool(operation(left, right))

    return compare


less, less_or_equal, greater, greater_or_equal = map(_comparison, (lt, le, gt, ge))


def range_of(run: "Rendering", first: Any, last: Any) -> Any:
    """`[first..last]`, in either direction, both ends included. None where an end is no number."""
    start, stop = _whole(first), _whole(last)
    if start is None or stop is None:
        return None
    found = range(start, stop + 1) if start <= stop else range(start, stop - 1, -1)
    if abs(stop - start) >= RANGE_LIMIT:
        return found
    return run.keep(ArrayList(found), len(found) >> 3)


def _whole(value: Any) -> int | None:
    if type(value) is str and value.lstrip("-").isdecimal() and len(value) < 12:
        return int(value)
    if type(value) in NUMBERS and abs(value) < 2**31:
        return int(value)
    return None
