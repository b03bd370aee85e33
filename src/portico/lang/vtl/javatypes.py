"""The Java objects that a template can hold and that Python has no type for.

Strings, Integers and Longs, Doubles and Booleans are `str`, `int`, `float` and `bool`. What JSON was parsed to is
`dict` and `list`; AWS prints such a list as JSON. What a template makes itself are the types below.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from portico.lang.javaset import string_hash
from portico.lang.jsontext import Double
from portico.lang.vtl.budget import Budget


class ArrayList(list[Any]):
    """A list that the template made: prints as `[a, b]`."""

    __slots__ = ()


class View(tuple[Any, ...]):
    """A set, collection or array: what `keySet`, `values`, `entrySet` and `split` answer. Prints as `[a, b]`."""

    __slots__ = ()


class HashMap(dict[Any, Any]):
    """A map that the template made with `{ }`. Java's HashMap is not in the order of insertion."""

    __slots__ = ()

    def ordered(self) -> list[Any]:
        """The keys as Java goes through them: by the bucket that their hash puts them into."""
        buckets = _BUCKETS
        while len(self) * 4 > buckets * 3:
            buckets *= 2
        return sorted(self, key=lambda key: _bucket(key, buckets))


def _bucket(key: Any, buckets: int) -> int:
    value = string_hash(key) if type(key) is str else _HASHES[type(key)](key) & 0xFFFFFFFF
    return (value ^ value >> 16) & (buckets - 1)


_BUCKETS: Final = 16
"""Of a new HashMap; it doubles them when it has more than three quarters as many keys."""
_HASHES: Final[dict[type, Callable[[Any], int]]] = {
    type(None): lambda _: 0,
    bool: lambda key: 1231 if key else 1237,
    int: lambda key: key if abs(key) < 1 << 31 else key ^ key >> 32,
    float: hash,
    Double: hash,
}


class Entry:
    """A Map.Entry."""

    __slots__ = ("key", "value")

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value


class JavaIterator:
    """What `.iterator()` answers."""

    __slots__ = ("_items", "_next", "more")

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self.more = True
        self._next: Any = None
        self._advance()

    def _advance(self) -> None:
        try:
            self._next = next(self._items)
        except StopIteration:
            self.more = False

    def next(self) -> Any:
        """Raises StopIteration where nothing is left."""
        if not self.more:
            raise StopIteration
        found = self._next
        self._advance()
        return found

    def rest(self) -> Iterator[Any]:
        while self.more:
            yield self.next()


class _Nothing:
    """What a reference into API Gateway's objects is where its chain leads nowhere: see decision 0042."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        return False


NOTHING: Final = _Nothing()


def keys_of(budget: Budget, entries: Any) -> list[Any]:
    """A map's keys in the order in which it goes through them."""
    if type(entries) is not HashMap:
        return list(entries)
    budget.spend(len(entries) + (sum(len(key) for key in entries if type(key) is str) >> 3))
    return entries.ordered()
