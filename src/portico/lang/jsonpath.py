"""JSONPath as Jayway's library reads it, which is what API Gateway's mappings and templates use.

Built: `$`, `.name`, `['name']`, `['a','b']`, `[0]`, `[-1]`, `[0,2]`, `[1:3]`, `[*]`, `.*` and `..`. Filters and
functions are refused when they are compiled.

A path is definite if it can name one value at most. A definite path that leads nowhere has no value (MISSING); an
indefinite one answers a list, empty where nothing matched. A step that cannot be taken ends the search if all steps
before it were definite, and is passed over after that.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from portico.lang.errors import BudgetExceeded, NotBuilt, SourceError

MAX_STEPS = 100
"""Steps of one path."""
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


class _Lost(Exception):
    """A step of the definite beginning could not be taken."""


class _Budget:
    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_NODES

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BudgetExceeded(f"a JSONPath visits more than {MAX_NODES} values")


class Step(NamedTuple):
    """One step: `pick` yields what a node leads to, and raises LookupError where the node is of the wrong kind."""

    pick: Callable[[Any], list[Any]]
    definite: bool
    deep: bool = False
    """Taken from every value below the node as well."""
    key: str | int | None = None
    """Of a step to one member."""


class Path:
    """A compiled path."""

    __slots__ = ("_keys", "_steps", "definite", "source")

    def __init__(self, source: str, steps: tuple[Step, ...]) -> None:
        self.source = source
        self.definite = all(step.definite for step in steps)
        self._steps = steps
        singles = all(step.key is not None and not step.deep for step in steps)
        self._keys = tuple(step.key for step in steps) if singles else None

    def read(self, document: Any) -> Any:
        """The value, or MISSING; a list where the path is indefinite. Raises BudgetExceeded."""
        if self._keys is not None:
            return _member(document, self._keys)
        try:
            found = self._search(document)
        except _Lost:
            return MISSING
        if not self.definite:
            return found
        return found[0] if found else MISSING

    def _search(self, document: Any) -> list[Any]:
        nodes, budget, strict = [document], _Budget(), True
        for step in self._steps:
            strict = strict and not step.deep
            nodes = _take(step, _below(nodes, budget) if step.deep else iter(nodes), budget, strict)
            strict = strict and step.definite
        return nodes


def _take(step: Step, nodes: Iterator[Any], budget: _Budget, strict: bool) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        try:
            picked = step.pick(node)
        except LookupError:
            if strict:
                raise _Lost from None
            continue
        budget.spend(1 + len(picked))
        found += picked
    return found


def _below(nodes: list[Any], budget: _Budget) -> Iterator[Any]:
    """Every container among and below `nodes`, parents first."""
    waiting = nodes[::-1]
    while waiting:
        node = waiting.pop()
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else None
        if children is not None:
            budget.spend(1 + len(children))
            yield node
            waiting += children[::-1]


def _member(node: Any, keys: tuple[Any, ...]) -> Any:
    """Follow names and indices, the commonest kind of path, without lists of nodes."""
    for key in keys:
        if type(node) is not (dict if type(key) is str else list):
            return MISSING
        try:
            node = node[key]
        except LookupError:
            return MISSING
    return node


def _name(key: str) -> Step:
    return Step(lambda node: [_mapping(node)[key]], True, key=key)


def _names(keys: list[str], last: bool) -> Step:
    """Several names: at the end of a path one object of those that are there, before that each of them."""

    def pick(node: Any) -> list[Any]:
        present = {key: node[key] for key in keys if key in _mapping(node)}
        return [present] if last else list(present.values())

    return Step(pick, last)


def _index(at: int) -> Step:
    def pick(node: Any) -> list[Any]:
        items = _sequence(node)
        return [items[at]] if -len(items) <= at < len(items) else []

    return Step(pick, True, key=at)


def _indices(places: list[int]) -> Step:
    def pick(node: Any) -> list[Any]:
        items = _sequence(node)
        return [items[at] for at in places if -len(items) <= at < len(items)]

    return Step(pick, False)


def _slice(start: int | None, stop: int | None) -> Step:
    return Step(lambda node: _sequence(node)[start:stop], False)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _mapping(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise LookupError
    return node


def _sequence(node: Any) -> list[Any]:
    if not isinstance(node, list):
        raise LookupError
    return node


_NAME = re.compile(r"[^.\[\]()\s,'\"?*]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r"\s*")
_INTEGER = re.compile(r"-?\d{1,9}")
_SLICE = re.compile(r"(-?\d{1,9})?\s*:\s*(-?\d{1,9})?")


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source.strip()
        if not self.source.startswith("$"):
            self.source = "$." + self.source
        self.at = 1

    def parse(self) -> Path:
        steps: list[Step] = []
        while self.at < len(self.source):
            if len(steps) == MAX_STEPS:
                self.fail(f"more than {MAX_STEPS} steps")
            steps.append(self.step())
        return Path(self.source, tuple(steps))

    def step(self) -> Step:
        deep = self.skip("..")
        if self.skip("["):
            step = self.bracket()
        elif deep or self.skip("."):
            step = self.skip_wildcard() or self.dotted()
        else:
            self.fail("expected '.' or '['")
        return step._replace(deep=True, definite=False) if deep else step

    def dotted(self) -> Step:
        match = _NAME.match(self.source, self.at)
        if match is None:
            self.fail("expected a name")
        self.at = match.end()
        if self.source.startswith("(", self.at):
            self.refuse(f"the function {match[0]}()")
        return _name(match[0])

    def bracket(self) -> Step:
        self.space()
        for opening, what in (("?", "a filter"), ("(", "a script")):
            if self.source.startswith(opening, self.at):
                self.refuse(what)
        keys = self.quoted()
        step = None if keys else self.skip_wildcard() or self.sliced() or self.numbered()
        self.close()
        return step or self.named(keys)

    def named(self, keys: list[str]) -> Step:
        return _name(keys[0]) if len(keys) == 1 else _names(keys, last=self.at == len(self.source))

    def quoted(self) -> list[str]:
        keys: list[str] = []
        while match := _QUOTED.match(self.source, self.at):
            self.at = match.end()
            keys.append(_ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2]))
            if not self.comma():
                break
        return keys

    def sliced(self) -> Step | None:
        match = _SLICE.match(self.source, self.at)
        if match is None:
            return None
        self.at = match.end()
        return _slice(*(None if bound is None else int(bound) for bound in match.groups()))

    def numbered(self) -> Step:
        places: list[int] = []
        while match := _INTEGER.match(self.source, self.at):
            self.at = match.end()
            places.append(int(match[0]))
            if not self.comma():
                break
        if not places:
            self.fail("expected a name, an index, a slice or '*'")
        return _index(places[0]) if len(places) == 1 else _indices(places)

    def skip_wildcard(self) -> Step | None:
        return Step(_children, False) if self.skip("*") else None

    def skip(self, text: str) -> bool:
        if not self.source.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def space(self) -> None:
        match = _SPACE.match(self.source, self.at)
        self.at = match.end() if match else self.at

    def comma(self) -> bool:
        self.space()
        if not self.skip(","):
            return False
        self.space()
        return True

    def close(self) -> None:
        self.space()
        if not self.skip("]"):
            self.fail("expected ']'")

    def fail(self, reason: str) -> NoReturn:
        raise PathError(f"JSONPath {self.source!r}, column {self.at + 1}", reason)

    def refuse(self, what: str) -> NoReturn:
        raise NotBuilt(f"JSONPath {self.source!r}, column {self.at + 1}", f"{what} in a JSONPath is not built yet")


@lru_cache(maxsize=1024)
def compile_path(source: str) -> Path:
    """Compile a path. One that does not begin with `$` is read as if it began with `$.`, as Jayway does.

    Raises PathError, and NotBuilt for a filter or function.
    """
    return _Parser(source).parse()
