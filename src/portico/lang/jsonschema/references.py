"""What a `$ref` means: a place in one of the documents that were handed in. Nothing is ever fetched."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from portico.lang.errors import SourceError

SCHEMA_MAPS = ("properties", "patternProperties", "definitions", "dependencies")
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf")
SCHEMAS = ("not", "additionalProperties", "additionalItems", "items")
"""The keywords whose values are schemas: by name, in lists, and single ones (`items` can also be a list)."""

_INDEX = re.compile("0|[1-9][0-9]{0,8}")


class Location(NamedTuple):
    """A place in a document: the document's URI, a JSON pointer, the base that references there are relative to."""

    uri: str
    pointer: str
    base: str


class References:
    """Documents by URI. Schemas inside them that have an `id` are also found by it."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = dict(documents)
        self._by_id: dict[str, Location] = {}
        for uri, document in documents.items():
            self._index(uri, document)

    def __contains__(self, uri: str) -> bool:
        return uri in self._documents

    def _index(self, uri: str, document: Any) -> None:
        waiting: list[tuple[Any, Location]] = [(document, Location(uri, "", uri))]
        while waiting:
            schema, place = waiting.pop()
            if not isinstance(schema, dict):
                continue
            before, place = place, self.enter(schema, place)
            if place is not before:
                self._by_id.setdefault(place.base, place)
            if "$ref" not in schema:
                waiting += [(child, place._replace(pointer=place.pointer + step)) for step, child in children(schema)]

    def enter(self, schema: Mapping[str, Any], place: Location) -> Location:
        """The place of a schema, with the base that its own `id` sets. Beside a `$ref` an `id` means nothing."""
        own = schema.get("id")
        if not isinstance(own, str) or "$ref" in schema:
            return place
        return place._replace(base=_normal(_join(place.base, own)))

    def at(self, place: Location) -> Any:
        """What is at a place. Raises SourceError where there is nothing."""
        value = self._documents[place.uri]
        for step in place.pointer.split("/")[1:]:
            value = _member(value, step.replace("~1", "/").replace("~0", "~"), place)
        return value

    def resolve(self, reference: str, place: Location) -> Location:
        """Where a `$ref` at a place leads. Raises SourceError where it leads to none of the documents."""
        target = _join(place.base, reference)
        uri, fragment = urldefrag(target)
        if not fragment or fragment.startswith("/"):
            start = self._document(uri)
            if start is not None:
                return self._descend(start, unquote(fragment))
        found = self._by_id.get(_normal(target))
        if found is None:
            raise SourceError(name_of(place), f"the reference {reference!r} leads to no model of this API")
        return found

    def _document(self, uri: str) -> Location | None:
        """A document that was handed in, or a schema in one by its `id`: no `id` hides a document."""
        if uri in self._documents:
            document = self._documents[uri]
            place = Location(uri, "", uri)
            return self.enter(document, place) if isinstance(document, dict) else place
        return self._by_id.get(_normal(uri))

    def _descend(self, start: Location, pointer: str) -> Location:
        """The place at a pointer, with the base that the schemas on the way set."""
        place, value = start, self.at(start)
        for raw in pointer.split("/")[1:]:
            step = raw.replace("~1", "/").replace("~0", "~")
            value = _member(value, step, place._replace(pointer=f"{place.pointer}/{raw}"))
            place = place._replace(pointer=f"{place.pointer}/{raw}")
            if isinstance(value, dict):
                place = self.enter(value, place)
        return place


def children(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas directly below a schema, each with the piece of the pointer that leads to it."""
    for keyword in SCHEMA_MAPS:
        if isinstance(members := schema.get(keyword), dict):
            yield from ((f"/{keyword}/{escape(name)}", child) for name, child in members.items())
    for keyword in SCHEMA_LISTS:
        if isinstance(members := schema.get(keyword), list):
            yield from ((f"/{keyword}/{index}", child) for index, child in enumerate(members))
    for keyword in SCHEMAS:
        child = schema.get(keyword)
        if isinstance(child, list):
            yield from ((f"/{keyword}/{index}", item) for index, item in enumerate(child))
        elif isinstance(child, dict):
            yield f"/{keyword}", child


def escape(name: str) -> str:
    """A member's name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def name_of(place: Location) -> str:
    """A place for people: "model Pet, /properties/name"."""
    model = place.uri.rpartition("/models/")[2] or place.uri
    return f"model {model}, {place.pointer}" if place.pointer else f"model {model}"


def _member(value: Any, step: str, place: Location) -> Any:
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
        return value[int(step)]
    raise SourceError(name_of(place), "a reference leads here, where nothing is")


def _join(base: str, reference: str) -> str:
    if reference.startswith("#"):  # urljoin would lose it for a base that is a URN
        return urldefrag(base)[0] + reference
    try:
        return urljoin(base, reference)
    except ValueError as error:
        raise SourceError(f"reference {reference!r}", f"it is no URI: {error}") from None


def _normal(uri: str) -> str:
    return uri.removesuffix("#")
