"""Compiled paths: steps from a value to those below it.

A path is definite if it can name one value at most. A definite path that leads nowhere has no value (MISSING); an
indefinite one answers a list, empty where nothing matched. A step that cannot be taken ends the search if all steps
before it were definite, and is passed over after that.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from portico.lang.errors import BudgetExceeded, SourceError

MAX_NODES = 200_000
"""Values that one reading may visit."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""What a definite path answers where nothing is."""


class PathError(SourceError):
    """Not a JSONPath."""


class Lost(Exception):
    """A step of the definite beginning could not be taken."""


class Search:
    """One reading: the whole document, for filters that refer to it, and how many values it may still visit."""

    __slots__ = ("left", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.left = MAX_NODES

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BudgetExceeded(f"a JSONPath visits more than {MAX_NODES} values")


class Step(NamedTuple):
    """One step: `pick` gives what a node leads to, and raises LookupError where the node is of the wrong kind."""

    pick: Callable[[Any, Search], list[Any]]
    definite: bool
    deep: bool = False
    """Taken from every value below the node as well."""
    key: str | int | None = None
    """Of a step to one member."""
    gathers: bool = False
    """A function behind a deep step: it is called once, with all that was found."""


class Path:
    """A compiled path."""

    __slots__ = ("_steps", "definite", "keys", "source")

    def __init__(self, source: str, steps: tuple[Step, ...]) -> None:
        self.source = source
        gathered = bool(steps) and steps[-1].gathers
        self.definite = gathered or all(step.definite for step in steps)
        self._steps = steps
        singles = all(step.key is not None and not step.deep for step in steps)
        self.keys: tuple[Any, ...] | None = tuple(step.key for step in steps) if singles else None
        """The names and indices of a path that has nothing else."""

    def read(self, document: Any) -> Any:
        """The value, or MISSING; a list where the path is indefinite. Raises BudgetExceeded."""
        if self.keys is not None:
            return follow(document, self.keys)
        return self.within(document, Search(document))

    def visit(self, document: Any) -> tuple[Any, int]:
        """The same, and how many values were looked at."""
        if self.keys is not None:
            return follow(document, self.keys), 1
        search = Search(document)
        found = self.within(document, search)
        return found, MAX_NODES - search.left

    def within(self, node: Any, search: Search) -> Any:
        """What the path finds from `node` on, as a part of a larger search."""
        try:
            found = self._search(node, search)
        except Lost:
            return MISSING
        if not self.definite:
            return found
        return found[0] if found else MISSING

    def _search(self, node: Any, search: Search) -> list[Any]:
        nodes, strict = [node], True
        for step in self._steps:
            strict = strict and not step.deep
            if step.gathers:
                nodes = [nodes]
            nodes = _take(step, _below(nodes, search) if step.deep else iter(nodes), search, strict)
            strict = strict and step.definite
        return nodes


def _take(step: Step, nodes: Iterator[Any], search: Search, strict: bool) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        try:
            picked = step.pick(node, search)
        except LookupError:
            if strict:
                raise Lost from None
            search.spend(1)
            continue
        search.spend(1 + len(picked))
        found += picked
    return found


def _below(nodes: list[Any], search: Search) -> Iterator[Any]:
    """Every container among and below `nodes`, parents first."""
    waiting = nodes[::-1]
    while waiting:
        node = waiting.pop()
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else None
        if children is not None:
            search.spend(1 + len(children))
            yield node
            waiting += children[::-1]


def follow(node: Any, keys: tuple[Any, ...]) -> Any:
    """Follow names and indices, the commonest kind of path, without lists of nodes."""
    for key in keys:
        if not isinstance(node, dict if type(key) is str else list):
            return MISSING
        try:
            node = node[key]
        except LookupError:
            return MISSING
    return node


# The kinds of steps


def name(key: str) -> Step:
    return Step(lambda node, _: [_mapping(node)[key]], True, key=key)


def names(keys: list[str], last: bool, deep: bool) -> Step:
    """Several names: at the end of a path one object of those that are there, before that each of them.

    A deep search takes only objects that have all of them.
    """

    def pick(node: Any, _search: Search) -> list[Any]:
        present = {key: node[key] for key in keys if key in _mapping(node)}
        if deep and len(present) < len(set(keys)):
            raise LookupError
        return [present] if last else list(present.values())

    return Step(pick, last)


def index(at: int) -> Step:
    def pick(node: Any, _search: Search) -> list[Any]:
        items = _sequence(node)
        return [items[at]] if -len(items) <= at < len(items) else []

    return Step(pick, True, key=at)


def indices(places: list[int]) -> Step:
    def pick(node: Any, _search: Search) -> list[Any]:
        items = _sequence(node)
        return [items[at] for at in places if -len(items) <= at < len(items)]

    return Step(pick, False)


def between(start: int | None, stop: int | None) -> Step:
    """A slice. Where both ends are given Jayway counts from one to the other without regard to their signs.

    So `[0:-1]` is empty, and `[-1:1]` is the last and then the first.
    """

    def pick(node: Any, _search: Search) -> list[Any]:
        items = _sequence(node)
        if start is None or stop is None:
            return items[start:stop]
        return [items[at] for at in range(max(start, -len(items)), min(stop, len(items)))]

    return Step(pick, False)


def children() -> Step:
    return Step(_children, False)


def accepted(accepts: Callable[[Any, Search], bool], deep: bool) -> Step:
    """A filter: of a list those elements that it accepts, an object where it accepts that itself."""

    def pick(node: Any, search: Search) -> list[Any]:
        if isinstance(node, dict):
            return [node] if accepts(node, search) else []
        if deep and not accepts(_sequence(node), search):
            return []
        return [item for item in _sequence(node) if accepts(item, search)]

    return Step(pick, False)


def computed(compute: Callable[[Any, Search], Any], gathers: bool) -> Step:
    """A function at the end of a path. What it cannot calculate has no value."""

    def pick(node: Any, search: Search) -> list[Any]:
        found = compute(node, search)
        return [] if found is MISSING else [found]

    return Step(pick, True, gathers=gathers)


def _children(node: Any, _search: Search) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return list(node) if isinstance(node, list) else []


def _mapping(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise LookupError
    return node


def _sequence(node: Any) -> list[Any]:
    if not isinstance(node, list):
        raise LookupError
    return node
