"""Which entity of an API a documentation part belongs to, and which part speaks for an entity that has none of its own.

A location names its entity by up to five fields; those left out stand for `/` as path, for any method and for any
status code. Parts of parameters, responses and headers are inherited: a part speaks for what lies below its path too,
unless a more particular one does (guide: "Representation of API documentation").
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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
    path = filled["path"].rstrip("/") or ROOT
    return Spot(filled["type"], path, filled["method"], filled["statusCode"], filled.get("name", ""))


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
        return next((self._parts[part] for part in _speakers(spot) if part in self._parts), {})

    def models(self) -> list[tuple[str, Properties]]:
        """(name, properties) of every part of a model or, after a dot, of a property of one."""
        return [(spot.name, properties) for spot, properties in self._parts.items() if spot.type == "MODEL"]


def _speakers(spot: Spot) -> Iterator[Spot]:
    """The places whose parts speak for the entity, the most particular first: the path counts before the status code
    (guide: the table of precedence), the method stands between them.
    """
    entity = ENTITIES[spot.type]
    statuses = dict.fromkeys((spot.status, ANY))
    # Any method of one path is no inheritance: the guide calls the `*` the location of that path's methods.
    methods = dict.fromkeys((spot.method, ANY)) if "method" in entity.fields else (spot.method,)
    for path in _upwards(spot.path) if entity.inherits else (spot.path,):
        for method in methods:
            for status in statuses:
                yield spot._replace(path=path, method=method, status=status)


def _upwards(path: str) -> Iterator[str]:
    """The path and those above it, up to the root."""
    while path != ROOT:
        yield path
        path = path.rpartition("/")[0] or ROOT
    yield ROOT
