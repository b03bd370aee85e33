"""Which entity of an API a documentation part belongs to, and which part speaks for an entity that has none of its own.

A location names its entity by up to five fields; those left out stand for `/` as path, for any method and for any
status code. Parts of parameters, responses and headers are inherited: a part speaks for what lies below its path too,
unless a more particular one does (guide: "Representation of API documentation").
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Location = Mapping[str, Any]
Properties = dict[str, Any]

ANY = "*"
ROOT = "/"
_STATUS = re.compile(r"[1-5]\d\d|\*|\s*")
_DEFAULTS = {"path": ROOT, "method": ANY, "statusCode": ANY}
"""What a field that is not given stands for."""


class Entity(NamedTuple):
    """What one type of entity is found by."""

    fields: tuple[str, ...]
    """The fields that may be given beside the type."""
    required: tuple[str, ...] = ()
    inherits: bool = False
    """Whether a part speaks for entities below its path (API reference: DocumentationPartLocation)."""


_IN_METHOD = ("path", "method")
_NAMED = Entity((*_IN_METHOD, "name"), ("name",), inherits=True)

ENTITIES = {
    "API": Entity(()),
    "AUTHORIZER": Entity(("name",), ("name",)),
    "MODEL": Entity(("name",), ("name",)),
    "RESOURCE": Entity(("path",)),
    "METHOD": Entity(_IN_METHOD),
    "PATH_PARAMETER": _NAMED,
    "QUERY_PARAMETER": _NAMED,
    "REQUEST_HEADER": _NAMED,
    "REQUEST_BODY": Entity((*_IN_METHOD, "name")),
    "RESPONSE": Entity((*_IN_METHOD, "statusCode"), inherits=True),
    "RESPONSE_HEADER": Entity((*_IN_METHOD, "statusCode", "name"), ("name",), inherits=True),
    "RESPONSE_BODY": Entity((*_IN_METHOD, "statusCode"), inherits=True),
}
"""The twelve types. The API reference demands a name of REQUEST_BODY too; AWS's own PetStore gives none."""


class Spot(NamedTuple):
    """A location with its defaults filled in: two locations are the same if their Spots are."""

    type: str
    path: str = ROOT
    method: str = ANY
    status: str = ANY
    name: str = ""


def spot_of(location: Location) -> Spot:
    """The Spot of a location that was checked."""
    filled = {**_DEFAULTS, **{field: value for field, value in location.items() if value}}
    return Spot(filled["type"], filled["path"], filled["method"], filled["statusCode"], filled.get("name", ""))


def fault_of(location: Location) -> str | None:
    """What is wrong with a location, in a sentence; None where nothing is."""
    entity = ENTITIES.get(location.get("type") or "")
    if entity is None:
        return f"'{location.get('type')}' is not the type of an entity"
    for field, value in location.items():
        if field != "type" and value and field not in entity.fields:
            return f"'{field}' is not a valid field for type '{location['type']}'"
    if not _STATUS.fullmatch(location.get("statusCode") or ANY):
        return f"'{location['statusCode']}' is no status code"
    missing = [field for field in entity.required if not location.get(field)]
    return f"'{missing[0]}' is required for type '{location['type']}'" if missing else None


class Documentation:
    """The documentation parts of an API, as one looks them up."""

    def __init__(self, parts: Iterable[tuple[Location, Properties]] = ()) -> None:
        self._parts: dict[Spot, Properties] = {spot_of(location): properties for location, properties in parts}

    def own(self, spot: Spot) -> Properties | None:
        """What the part at exactly this location says."""
        return self._parts.get(spot)

    def of(self, spot: Spot) -> Properties:
        """What is said of the entity: by its own part, or else by the most particular one that it inherits from."""
        own = self._parts.get(spot)
        if own is not None:
            return own
        speaking = [part for part in self._parts if _speaks_for(part, spot)]
        return self._parts[max(speaking, key=_particularity)] if speaking else {}

    def models(self) -> list[tuple[str, Properties]]:
        """(name, properties) of every part of a model or, after a dot, of a property of one."""
        return [(spot.name, properties) for spot, properties in self._parts.items() if spot.type == "MODEL"]


def _speaks_for(part: Spot, spot: Spot) -> bool:
    if part.type != spot.type or part.name != spot.name or part.method not in (ANY, spot.method):
        return False
    if not ENTITIES[part.type].inherits:
        # Any method of one path is no inheritance: the guide calls the `*` the location of that path's methods.
        return part.path == spot.path and "method" in ENTITIES[part.type].fields
    return part.status in (ANY, spot.status) and _contains(part.path, spot.path)


def _contains(above: str, path: str) -> bool:
    return above == path or path.startswith(above.rstrip("/") + "/")


def _particularity(part: Spot) -> tuple[int, bool, bool]:
    """The guide's precedence: the path before the status code; the method stands between them."""
    return len(part.path), part.method != ANY, part.status != ANY
