"""How Java's HashSet orders strings: AWS prints such sets, so their order is part of its answers."""

from collections.abc import Iterable
from typing import Final

_SMALLEST: Final = 16
"""Buckets of a new HashSet; it doubles them when more than three quarters as many strings are in it."""


def string_hash(text: str) -> int:
    """Java's String.hashCode over the UTF-16 units of `text`, as an unsigned number of 32 bits."""
    units = text.encode("utf-16-be", "surrogatepass")
    value = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (value * 31 + (high << 8 | low)) & 0xFFFFFFFF
    return value


def set_order(texts: Iterable[str]) -> list[str]:
    """The texts, each once, as a HashSet lists them that they were added to in this order."""
    distinct = list(dict.fromkeys(texts))
    buckets = _SMALLEST
    while len(distinct) * 4 > buckets * 3:
        buckets *= 2
    return sorted(distinct, key=lambda text: _spread(string_hash(text)) & (buckets - 1))


def _spread(value: int) -> int:
    return value ^ value >> 16
