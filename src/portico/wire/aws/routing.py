"""From an HTTP method and a target to the operation of a service model, and its URI labels.

Templates share one tree of path segments. A literal segment wins over a label, a label over a greedy label (`{x+}`);
where the better branch leads nowhere the next one is tried. Operations on one path are told apart by the method and by
literals in the template's query (`/restapis?mode=import`), the one with the most literals first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl

T = TypeVar("T")

Query = Mapping[str, list[str]]


class Template(NamedTuple, Generic[T]):
    """One operation's `requestUri`, taken apart."""

    labels: tuple[str, ...]
    literals: tuple[tuple[str, str], ...]
    target: T

    def asks(self, query: Query) -> bool:
        return all(value in query.get(name, ()) for name, value in self.literals)


@dataclass(slots=True)
class _Node(Generic[T]):
    literal: "dict[str, _Node[T]]" = field(default_factory=dict)
    label: "_Node[T] | None" = None
    greedy: "_Node[T] | None" = None
    templates: dict[str, list[Template[T]]] = field(default_factory=dict)


class Match(NamedTuple, Generic[T]):
    target: T
    labels: dict[str, str]
    """Still percent-encoded, by the names in the template."""
    literals: tuple[tuple[str, str], ...]
    """The query parameters that chose this operation: they are no parameters of it."""


class Router(Generic[T]):
    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, request_uri: str, target: T) -> None:
        path, _, query = request_uri.partition("?")
        segments = _segments(path)
        node = self._root
        for segment in segments:
            node = _descend(node, segment)
        labels = tuple(segment.strip("{}+") for segment in segments if segment.startswith("{"))
        templates = node.templates.setdefault(method, [])
        templates.append(Template(labels, tuple(parse_qsl(query, keep_blank_values=True)), target))
        templates.sort(key=lambda template: -len(template.literals))

    def match(self, method: str, path: str, query: Query) -> Match[T] | None:
        """None where no operation has this path, method and query literals. `path` is still percent-encoded."""

        def fits(node: _Node[T]) -> Template[T] | None:
            return next((t for t in node.templates.get(method, ()) if t.asks(query)), None)

        found = _walk(self._root, _segments(path), [], fits)
        if found is None:
            return None
        template, values = found
        return Match(template.target, dict(zip(template.labels, values, strict=True)), template.literals)


def _segments(path: str) -> list[str]:
    """The path cut at its slashes; one trailing slash does not count."""
    return path.removeprefix("/").removesuffix("/").split("/")


def _descend(node: _Node[T], segment: str) -> _Node[T]:
    if not segment.startswith("{"):
        return node.literal.setdefault(segment, _Node())
    if segment.endswith("+}"):
        node.greedy = node.greedy or _Node()
        return node.greedy
    node.label = node.label or _Node()
    return node.label


def _walk(
    node: _Node[T], rest: list[str], values: list[str], fits: Callable[[_Node[T]], Template[T] | None]
) -> tuple[Template[T], list[str]] | None:
    """The first template under `node` that takes all of `rest`. Depth is bounded by the deepest template."""
    if not rest:
        template = fits(node)
        return None if template is None else (template, values)
    for child, captured, remaining in _branches(node, rest):
        found = _walk(child, remaining, values + captured, fits)
        if found is not None:
            return found
    return None


def _branches(node: _Node[T], rest: list[str]) -> Iterable[tuple[_Node[T], list[str], list[str]]]:
    """The children that can take the head of `rest`, best first, each with what it captures and what it leaves.

    An empty or a dot segment is no label's value: a signature is checked over the normalised path, so that one signed
    for `/restapis/a` also signs `/restapis/a/models/..`, which therefore must not be another operation.
    """
    head, tail = rest[0], rest[1:]
    if head in node.literal:
        yield node.literal[head], [], tail
    if head in ("", ".", ".."):
        return
    if node.label is not None:
        yield node.label, [head], tail
    if node.greedy is not None:
        yield from ((node.greedy, ["/".join(rest[:end])], rest[end:]) for end in range(len(rest), 0, -1))
