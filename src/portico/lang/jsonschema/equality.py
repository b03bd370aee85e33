"""When two JSON values are the same: numbers by their value, so that 1 is 1.0; true is not 1; objects in any order."""

from typing import Any


def key(value: Any) -> Any:
    """Something hashable that two values share if they are the same. Raises RecursionError for what is too deep."""
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is bool:
        return (bool, value)
    if kind is dict:
        return (dict, frozenset((name, key(item)) for name, item in value.items()))
    if kind is list:
        return (list, tuple(map(key, value)))
    return (int, value)


def size(value: Any) -> int:
    """How many values there are in a value, itself among them."""
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        count += 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return count


def same_twice(values: list[Any]) -> bool:
    """Whether any value of a list comes twice."""
    seen = set()
    for value in values:
        mark = key(value)
        if mark in seen:
            return True
        seen.add(mark)
    return False
