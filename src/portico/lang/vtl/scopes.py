"""What directives leave for others to see: loops, definitions, the arguments of macros, and how they are left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from portico.lang.vtl.budget import DEFINE_LIMIT

if TYPE_CHECKING:
    from portico.lang.vtl.runtime import Rendering


class Stopped(Exception):
    """`#stop` inside something that is rendered on its own."""


class ForeachScope:
    """`$foreach`: `items` of how many are behind us. Templates may put values of their own into it."""

    __slots__ = ("count", "parent", "size", "values")

    def __init__(self, size: int, parent: Any) -> None:
        self.size = size
        self.parent = parent
        self.count = 0
        self.values: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        read = _SCOPE.get(name)
        return self.values.get(name) if read is None else read(self)

    def topmost(self) -> ForeachScope:
        scope = self
        while isinstance(scope.parent, ForeachScope):
            scope = scope.parent
        return scope


class Broken(Exception):
    """`#break` out of something that is not the nearest loop. `scope` is a ForeachScope or a name."""

    def __init__(self, scope: Any) -> None:
        super().__init__()
        self.scope = scope


_SCOPE: dict[str, Callable[[ForeachScope], Any]] = {
    "count": lambda scope: scope.count,
    "index": lambda scope: scope.count - 1,
    "hasNext": lambda scope: scope.count < scope.size,
    "first": lambda scope: scope.count == 1,
    "last": lambda scope: scope.count == scope.size,
    "parent": lambda scope: scope.parent,
    "topmost": ForeachScope.topmost,
    "depth": lambda scope: 1 + (scope.parent.get("depth") if isinstance(scope.parent, ForeachScope) else 0),
}


class Defined:
    """What `#define` makes, and a macro's `$bodyContent`: rendered anew whenever it is printed."""

    __slots__ = ("_body", "_depth")

    def __init__(self, body: Callable[[list[str]], None]) -> None:
        self._body = body
        self._depth = 0

    def print(self, run: Rendering) -> str:
        if self._depth == DEFINE_LIMIT:
            return ""
        self._depth += 1
        run.spend(30)
        out: list[str] = []
        try:
            self._body(out)
        finally:
            self._depth -= 1
        return run.joined(out)


class Argument:
    """A macro's argument, passed by name: read where the macro uses it, and set where its caller can see it.

    What is no reference cannot be set there: then the macro's own value counts from then on, and as in Velocity the
    variable of that name gets it too.
    """

    __slots__ = ("_own", "_put", "_read", "literal")

    def __init__(self, read: Callable[[], Any], put: Callable[[Any], None] | None, literal: str) -> None:
        self._read = read
        self._put = put
        self._own: Any = None
        self.literal = literal

    def get(self) -> Any:
        return self._read() if self._own is None else self._own

    def put(self, value: Any) -> bool:
        """Whether the variable of the macro's parameter is to be set too."""
        if self._put is not None:
            self._put(value)
            return False
        self._own = value
        return True


class Arguments:
    """The variables as `#evaluate` in a macro sees them: the macro's arguments before all others."""

    __slots__ = ("_arguments", "_variables")

    def __init__(self, variables: Any, arguments: dict[str, Argument]) -> None:
        self._variables = variables
        self._arguments = arguments

    def get(self, name: str) -> Any:
        argument = self._arguments.get(name)
        return self._variables.get(name) if argument is None else argument.get()

    def __setitem__(self, name: str, value: Any) -> None:
        argument = self._arguments.get(name)
        if argument is None or argument.put(value):
            self._variables[name] = value

    def pop(self, name: str, default: Any) -> Any:
        return self._variables.pop(name, default)
