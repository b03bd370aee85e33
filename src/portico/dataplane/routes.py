"""The tree of a REST API's paths: literal before `{param}` before `{proxy+}`, over path and method jointly.

AWS matches the pair: a resource that has the path but not the method is passed over, and the search goes on at its
siblings and ancestors (recorded facts 108 and 109). The tree is as deep as the definition, whatever the request.
"""

from typing import Generic, TypeVar

T = TypeVar("T")

_VERBS = (b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT")
"""What ANY stands for (semantics section 3). No other method ever has a route."""
_NO_CAPTURES: tuple[bytes, ...] = ()


class Node(Generic[T]):
    """One path part. `methods` are what ends here, by verb; `greedy` is what a `{name+}` child holds by verb."""

    __slots__ = ("greedy", "literals", "methods", "parameter")

    def __init__(self) -> None:
        self.literals: dict[bytes, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.methods: dict[bytes, T] = {}
        self.greedy: dict[bytes, T] = {}


class Tree(Generic[T]):
    """All routes of one API."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: Node[T] = Node()

    def add(self, path: str, method: str, target: T) -> None:
        """`path` is a resource's whole path, "/pets/{petId}"; "/" is the root."""
        node = self._root
        parts = [part for part in path.split("/") if part]
        for part in parts:
            if part.startswith("{") and part.endswith("+}"):
                _hang(node.greedy, method, target)
                return
            if part.startswith("{") and part.endswith("}"):
                if node.parameter is None:
                    node.parameter = Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(part.encode(), Node())
        _hang(node.methods, method, target)

    def match(self, method: bytes, segments: list[bytes]) -> tuple[T, tuple[bytes, ...]] | None:
        """The target for a path cut at its slashes, with the values of its parameters in the path's order.

        By literals where there are some; what is passed by is tried from the last on, where the way ends.
        """
        node, at, captures = self._root, 0, _NO_CAPTURES
        passed: list[tuple[Node[T], int, tuple[bytes, ...]]] = []
        while True:
            child: Node[T] | None = None
            if at == len(segments):
                found = node.methods.get(method)
                if found is not None:
                    return found, captures
            else:
                segment = segments[at]
                child, parameter = node.literals.get(segment), node.parameter
                if node.greedy and method in node.greedy:
                    passed.append((node, ~at, captures))  # below zero: its greedy child
                if parameter is not None and segment:
                    if child is None:
                        child, captures = parameter, (*captures, segment)
                    else:
                        passed.append((parameter, at + 1, (*captures, segment)))
            if child is not None:
                node, at = child, at + 1
                continue
            if not passed:
                return None
            node, at, captures = passed.pop()
            if at < 0:
                return node.greedy[method], (*captures, b"/".join(segments[~at:]))


def _hang(methods: dict[bytes, T], method: str, target: T) -> None:
    """A verb of its own goes before ANY, whichever was added first."""
    if method != "ANY":
        methods[method.encode()] = target
        return
    for verb in _VERBS:
        methods.setdefault(verb, target)


def parameter_names(path: str) -> tuple[str, ...]:
    """The names in a resource's path, in order: ("petId",) of "/pets/{petId}"."""
    return tuple(part[1:-1].rstrip("+") for part in path.split("/") if part.startswith("{"))


def greedy_name(path: str) -> str | None:
    """The name of a path's greedy parameter: "proxy" of "/files/{proxy+}"."""
    return path.rpartition("{")[2].removesuffix("+}") if path.endswith("+}") else None
