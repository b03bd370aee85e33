"""A value of the imported document together with where it stands: whoever reads it wrongly can say where.

The place is a JSON pointer in a URI fragment, as OpenAPI's own references write it: `#/paths/~1pets/get/security`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portico.controlplane.openapi.reading import MAX_NODES, shown
from portico.wire.aws.faults import BadRequestException

_MAX_REFERENCES = 32
"""Longer chains of references are circles."""
_MAX_FETCHED = 10 * MAX_NODES
"""What all references together may fetch, in values: a small document could come to any size by them."""
_LETTERS = 64
"""So many characters of a text count as one value more."""


class RefusedPlace(BadRequestException):
    """Something in the document that cannot be. Whoever has the document's text can add the line."""

    def __init__(self, why: str, pointer: str, line: int | None = None) -> None:
        where = pointer if line is None else f"{pointer}, line {line}"
        super().__init__(f"Unable to import the API definition: {why} (at {where})")
        self.why = why
        self.pointer = pointer

    def on_line(self, line: int) -> RefusedPlace:
        return RefusedPlace(self.why, self.pointer, line)


class _Document:
    """What references lead into, and how much they have fetched."""

    __slots__ = ("_fetched", "_sizes", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self._sizes: dict[str, int] = {}
        self._fetched = 0

    def fetch(self, target: str) -> Any:
        """The value that the reference `#/…` leads to; None where nothing is."""
        value = self.root
        for segment in target[2:].split("/"):
            name = segment.replace("~1", "/").replace("~0", "~")
            value = value.get(name) if isinstance(value, dict) else None
        if target not in self._sizes:
            self._sizes[target] = _size(value)
        self._fetched += self._sizes[target]
        return value

    @property
    def exhausted(self) -> bool:
        return self._fetched > _MAX_FETCHED


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value)) + sum(map(_size, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    return 1 + len(value) // _LETTERS if isinstance(value, str) else 1


class Place:
    """One value of the document. Members that are null count as absent."""

    __slots__ = ("_document", "pointer", "value")

    def __init__(self, value: Any, pointer: str = "#", document: _Document | None = None) -> None:
        """`value` is a whole document, unless it is told of which it is a part."""
        self.value = value
        self.pointer = pointer
        self._document = document or _Document(value)

    def refuse(self, why: str) -> BadRequestException:
        """The error that names this place."""
        return RefusedPlace(why, self.pointer)

    def child(self, name: str, value: Any) -> Place:
        return Place(value, f"{self.pointer}/{escape(name)}", self._document)

    def get(self, name: str) -> Place | None:
        """The member of that name, with its reference followed; None where it is absent or null."""
        value = self.mapping().get(name)
        return None if value is None else self.child(name, value).resolved()

    def raw(self, name: str) -> Place | None:
        """The member of that name as it stands, a reference being a reference."""
        value = self.mapping().get(name)
        return None if value is None else self.child(name, value)

    def dig(self, *names: str) -> Place | None:
        """The place below several names, or None."""
        place: Place | None = self
        for name in names:
            place = place.get(name) if place is not None else None
        return place

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.refuse("an object is expected here")
        return self.value

    def members(self) -> Iterator[tuple[str, Place]]:
        """(name, place) of every member that is not null, with references followed."""
        for name, value in self.mapping().items():
            if value is not None:
                yield name, self.child(name, value).resolved()

    def items(self) -> list[Place]:
        return [self.child(str(index), value).resolved() for index, value in enumerate(self.sequence())]

    def sequence(self) -> list[Any]:
        if not isinstance(self.value, list):
            raise self.refuse("an array is expected here")
        return self.value

    def text(self) -> str:
        """A string; a number or boolean counts as what it looks like, since YAML makes them of unquoted words."""
        if isinstance(self.value, dict | list) or self.value is None:
            raise self.refuse("a string is expected here")
        return shown(self.value)

    def texts(self) -> list[str]:
        return [item.text() for item in self.items()]

    def choice(self, *options: str) -> str:
        """One of `options`, which AWS reads in either case."""
        chosen = self.text().upper()
        if chosen not in options:
            raise self.refuse(f"'{self.text()}' is none of {', '.join(options)}")
        return chosen

    def flag(self) -> bool:
        """A boolean, or the word for one."""
        words = {"true": True, "false": False}
        if self.text().lower() not in words:
            raise self.refuse("true or false is expected here")
        return words[self.text().lower()]

    def integer(self) -> int:
        if self.text().isdecimal() and len(self.text()) < 16:
            return int(self.text())
        raise self.refuse("a whole number is expected here")

    def reference(self) -> str | None:
        """The `$ref` that stands here, if any."""
        if isinstance(self.value, dict) and isinstance(self.value.get("$ref"), str):
            return str(self.value["$ref"])
        return None

    def resolved(self) -> Place:
        """Where the references that begin here end. References into other files are refused, as circles are."""
        place = self
        for _ in range(_MAX_REFERENCES):
            target = place.reference()
            if target is None or _names_a_model(target):
                return place
            place = self._follow(target)
        raise self.refuse("the references that begin here never end")

    def _follow(self, target: str) -> Place:
        if not target.startswith("#/"):
            raise self.refuse(f"the reference '{target}' does not point into this document")
        value = self._document.fetch(target)
        if value is None:
            raise self.refuse(f"nothing stands where the reference '{target}' points")
        if self._document.exhausted:
            raise self.refuse("the document's references make it too large")
        return Place(value, target, self._document)


def escape(name: str) -> str:
    """A name as one segment of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


MODEL_PREFIXES = ("#/definitions/", "#/components/schemas/")


def _names_a_model(target: str) -> bool:
    """References to schemas stay references: they become the names of models."""
    return target.startswith(MODEL_PREFIXES)
