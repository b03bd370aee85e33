"""The order in which AWS writes the names of a map.

Its exports come out of Java's HashMap, whose order looks random and is not: it follows from the names alone. The two
recorded exports of AWS's PetStore are in exactly this order, so ours are too.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

_Value = TypeVar("_Value")

_SMALLEST_TABLE = 16
_LOAD_FACTOR = 0.75


def in_aws_order(entries: Mapping[str, _Value]) -> dict[str, _Value]:
    return {name: entries[name] for name in ordered(entries)}


def ordered(names: Iterable[str]) -> list[str]:
    """The names as a java.util.HashMap that was filled one by one lists its keys."""
    listed = sorted(names)
    size = _SMALLEST_TABLE
    while len(listed) > size * _LOAD_FACTOR:
        size *= 2
    return sorted(listed, key=lambda name: _spread(_string_hash(name)) % size)


def _string_hash(text: str) -> int:
    """java.lang.String.hashCode, over UTF-16 code units."""
    units = text.encode("utf-16-be", "surrogatepass")
    value = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) & 0xFFFFFFFF
    return value


def _spread(value: int) -> int:
    """What HashMap makes of a hash before it takes the lower bits."""
    return value ^ value >> 16
