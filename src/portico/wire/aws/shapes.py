"""The shapes of a service model: what its operations take and answer, resolved from botocore's JSON when first asked.

A model has hundreds of shapes and a request needs a handful, so nothing is built before something asks for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from portico.wire.aws.patterns import compile_pattern

Raw = Mapping[str, Any]

BODY: Final = "body"
"""Where a member without a `location` travels; the others are uri, querystring, header, headers and statusCode."""


@dataclass(frozen=True, eq=False)
class Member:
    """One member of a structure: its AWS name, and where and under what name it travels."""

    name: str
    wire_name: str
    location: str
    shape: "Shape"
    required: bool
    jsonvalue: bool
    timestamp_format: str | None
    names_itself: bool
    """False for a map in the query string that takes every parameter nobody else claims."""


@dataclass(eq=False)
class Shape:
    """A type of the model."""

    name: str
    _raw: Raw = field(repr=False)
    _shapes: "Shapes" = field(repr=False)

    @cached_property
    def kind(self) -> str:
        """structure, list, map, string, integer, long, float, double, boolean, timestamp or blob."""
        return str(self._raw["type"])

    @cached_property
    def members(self) -> dict[str, Member]:
        """A structure's members by AWS name, in the model's order."""
        required = frozenset(self._raw.get("required", ()))
        return {name: self._member(name, raw, name in required) for name, raw in self._raw.get("members", {}).items()}

    def _member(self, name: str, raw: Raw, required: bool) -> Member:
        return Member(
            name=name,
            wire_name=raw.get("locationName", name),
            location=raw.get("location", BODY),
            shape=self._shapes.named(raw["shape"]),
            required=required,
            jsonvalue=bool(raw.get("jsonvalue")),
            timestamp_format=raw.get("timestampFormat"),
            names_itself="locationName" in raw or raw.get("location") != "querystring",
        )

    @cached_property
    def payload(self) -> Member | None:
        """The member that is the whole body, where the model says so."""
        name = self._raw.get("payload")
        return None if name is None else self.members[name]

    @cached_property
    def element(self) -> "Shape":
        """What a list holds, or a map's values."""
        return self._shapes.named(self._raw["member" if self.kind == "list" else "value"]["shape"])

    @cached_property
    def key(self) -> "Shape":
        """A map's keys."""
        return self._shapes.named(self._raw["key"]["shape"])

    @cached_property
    def enum(self) -> tuple[str, ...]:
        return tuple(self._raw.get("enum", ()))

    @cached_property
    def pattern(self) -> "re.Pattern[str] | None":
        return None if self.pattern_text is None else compile_pattern(self.pattern_text)

    @property
    def pattern_text(self) -> str | None:
        """As the model has it."""
        return self._raw.get("pattern")

    @property
    def minimum(self) -> float | None:
        return self._raw.get("min")

    @property
    def maximum(self) -> float | None:
        return self._raw.get("max")

    @property
    def timestamp_format(self) -> str | None:
        return self._raw.get("timestampFormat")


class Shapes:
    """A model's shapes by name."""

    def __init__(self, raw: Mapping[str, Raw]) -> None:
        self._raw = raw
        self._built: dict[str, Shape] = {}

    def named(self, name: str) -> Shape:
        shape = self._built.get(name)
        if shape is None:
            shape = self._built[name] = Shape(name, self._raw[name], self)
        return shape

    def empty(self) -> Shape:
        """What an operation without input or output takes or answers."""
        return Shape("Unit", {"type": "structure", "members": {}}, self)
