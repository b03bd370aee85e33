"""Python source as it is written: lines with their indentation, and which line came from which place in a template.

Nothing of a template gets into the source but as a constant: a number, or a text as `repr` writes it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from portico.lang.vtl.nodes import Place


class Source:
    """Lines of Python in the making."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = ""
        self._starts: list[int] = []
        self._places: list[Place] = []

    def line(self, text: str, at: Place | None = None) -> None:
        """One line. `at`: what stands there and behind it, up to the next place, was in the template."""
        if at is not None:
            self._starts.append(len(self._lines) + 1)
            self._places.append(at)
        self._lines.append(self._indent + text)

    @contextmanager
    def block(self, head: str, at: Place | None = None) -> Iterator[None]:
        self.line(head, at)
        outer, self._indent = self._indent, self._indent + " "
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._indent = outer

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def place_table(self) -> "PlaceTable":
        return PlaceTable(tuple(self._starts), tuple(self._places))


class PlaceTable:
    """From lines of the source to places in the template."""

    __slots__ = ("_places", "_starts")

    def __init__(self, starts: tuple[int, ...], places: tuple[Place, ...]) -> None:
        self._starts = starts
        self._places = places

    def find(self, line: int) -> Place:
        at = bisect_right(self._starts, line)
        return self._places[at - 1] if at else Place(1, 1)


def constant(value: str | int | float | bool | None) -> str:
    """A constant as source."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{float(value)}")'
    return repr(float(value)) if isinstance(value, float) else repr(value)
