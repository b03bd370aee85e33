"""The Java objects that a template can hold and that Python has no type for.

Strings, Integers and Longs, Doubles and Booleans are `str`, `int`, `float` and `bool`. What JSON was parsed to is
`dict` and `list`; AWS prints such a list as JSON. A map that a template writes is a `dict` too: it keeps its order,
like Velocity's LinkedHashMap. What else a template makes itself are the types below.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final


class ArrayList(list[Any]):
    """A list that the template made: prints as `[a, b]`."""

    __slots__ = ()


class View(tuple[Any, ...]):
    """An array: what `split` and the like answer. Prints as `[a, b]`."""

    __slots__ = ()


class Collection(View):
    """A set, or a collection that is no list: what `keySet`, `values` and `entrySet` answer. Prints as `[a, b]`."""

    __slots__ = ()


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
