"""What a document says of its entities: `x-amazon-apigateway-documentation`, and the descriptions that stand in it.

The descriptions become documentation parts as well: AWS's exports lose them unless a documentation version is
published, for they live in the parts alone. A description that the extension's parts say already makes no part, so that
an export, whose descriptions come from its parts, imports as it was.
"""

from collections.abc import Iterable
from typing import Any

from portico.controlplane.openapi.locations import Documentation, Location, Properties, fault_of, spot_of
from portico.controlplane.openapi.place import Place

Part = tuple[Location, Properties]

_EXTENSION = "x-amazon-apigateway-documentation"


def read_documentation(root: Place, prefix: str, warnings: list[str]) -> list[Part]:
    """The parts of the extension, under the import's path prefix. One that cannot be is left out with a warning."""
    listed = root.dig(_EXTENSION, "documentationParts")
    parts: list[Part] = []
    for index, value in enumerate(listed.sequence() if listed is not None else ()):
        place = listed.child(str(index), value) if listed is not None else root
        if (fault := _fault(value)) is not None:
            warnings.append(f"Unable to import documentation part at {place.pointer}: {fault}. Ignoring.")
        else:
            parts.append((_under(prefix, value["location"]), value["properties"]))
    return parts


def _fault(part: Any) -> str | None:
    location, properties = (part.get(name) for name in ("location", "properties")) if isinstance(part, dict) else (0, 0)
    if not isinstance(location, dict) or not all(isinstance(value, str | None) for value in location.values()):
        return "its location is no object of texts"
    if not isinstance(properties, dict):
        return "its properties are no object"
    return fault_of(location)


def _under(prefix: str, location: Location) -> Location:
    """The location as the imported API has it. A path that is not given goes on standing for every path."""
    stated = {field: value for field, value in location.items() if value}
    if prefix and "path" in stated:
        stated["path"] = prefix + stated["path"].rstrip("/")
    return stated


class Descriptions:
    """Collects, while a document is read, what its own members say of its entities."""

    def __init__(self, written: Iterable[Part]) -> None:
        self._written = Documentation(written)
        self.parts: list[Part] = []

    def say(self, properties: Properties, kind: str, **location: str) -> None:
        """An entity's properties, as the document states them. Empty ones say nothing."""
        at = {"type": kind, **location}
        spot = spot_of(at)
        own, known = self._written.own(spot), self._written.of(spot)
        said = {name: value for name, value in properties.items() if value}
        new = {name: value for name, value in said.items() if (name not in own if own else known.get(name) != value)}
        if new:
            self.parts.append((at, new))
