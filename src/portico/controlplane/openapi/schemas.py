"""Schemas become models: the named ones under their names, the others under names that are made up, as AWS does.

Inside a schema a reference to another becomes the address of its model (recorded fact 104).
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from portico.controlplane.openapi.drafts import to_draft_4
from portico.controlplane.openapi.place import MODEL_PREFIXES, Place
from portico.ports.store import Document

MODELS_URL = "https://apigateway.amazonaws.com/restapis/{api_id}/models/"

_PRIMITIVES = ("string", "number", "integer", "boolean", "null", "file")


class Models:
    """The models of one document, and how its methods refer to them."""

    def __init__(
        self, schemas: Place | None, new_id: Callable[[int], str], warnings: list[str], *, modern: bool = False
    ) -> None:
        """`modern` schemas are those of version 3.1."""
        self._modern = modern
        self.documents: dict[str, Document] = {}
        self._made: dict[str, str] = {}
        self._new_id = new_id
        self._warnings = warnings
        if schemas is not None:
            for name in sorted(schemas.mapping()):
                self.documents[name] = self._model(name, schemas.child(name, schemas.mapping()[name]))

    def of_request(self, schema: Place) -> str | None:
        """The model's name for a request body. A missing one is a warning, in AWS's words; `{}` needs none."""
        if not schema.mapping():
            return None
        target = referred(schema) if schema.reference() else None
        return self._named(target.name) if target and not target.inside else self._made_up(schema)

    def of_response(self, schema: Place) -> str | None:
        """The same for a response body; AWS keeps no model of a primitive one (guide: known issues)."""
        if schema.reference() is None and schema.mapping().get("type") in _PRIMITIVES:
            return None
        return self.of_request(schema)

    def _named(self, name: str) -> str | None:
        if name in self.documents:
            return name
        self._warnings.append(f"Reference to model '{name}' not found. Ignoring.")
        return None

    def _made_up(self, schema: Place) -> str:
        """One model for each place that a schema stands at, however many media types it is for."""
        if schema.pointer not in self._made:
            name = self._made[schema.pointer] = f"MODEL{self._new_id(6)}"
            self.documents[name] = self._model(name, schema)
        return self._made[schema.pointer]

    def _model(self, name: str, schema: Place) -> Document:
        schema = Place(to_draft_4(schema), schema.pointer) if self._modern else schema
        model: Document = {"name": name, "contentType": "application/json", "schema": schema}
        description = schema.mapping().get("description")
        if isinstance(description, str) and description:
            model["description"] = description
        return model

    def check_references(self) -> None:
        """Every model that a model refers to must be there: else its validation would be something else."""
        for document in self.documents.values():
            place: Place = document["schema"]
            _visit(place, self._check_reference)

    def _check_reference(self, place: Place) -> None:
        target = referred(place)
        if target is None:
            return
        if target.name not in self.documents:
            raise place.refuse(f"there is no model '{target.name}'")
        if not _reaches(self.documents[target.name]["schema"].value, target.inside):
            raise place.refuse(f"the model '{target.name}' has nothing at '{target.inside}'")


class Target(NamedTuple):
    """What a reference leads to: a model, and the place inside it (`/properties/id`, or "" for all of it)."""

    name: str
    inside: str


def referred(place: Place) -> Target | None:
    """What the reference at `place` leads to; None where it means a model by its address."""
    target = place.reference() or ""
    if target.startswith(MODELS_URL.partition("{")[0]):
        return None
    prefix = next((prefix for prefix in MODEL_PREFIXES if target.startswith(prefix)), None)
    if prefix is None:
        raise place.refuse(f"the reference '{target}' is not to a schema of this document's own")
    name, slash, inside = target.removeprefix(prefix).partition("/")
    return Target(_unescaped(name), slash + inside)


def _reaches(schema: Any, inside: str) -> bool:
    for segment in inside.split("/")[1:]:
        name = _unescaped(segment)
        if isinstance(schema, list):
            schema = schema[int(name)] if name.isdecimal() and int(name) < len(schema) else None
        else:
            schema = schema.get(name) if isinstance(schema, dict) else None
    return schema is not None


def _unescaped(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")


def _visit(place: Place, see: Callable[[Place], None]) -> None:
    if place.reference() is not None:
        see(place)
    elif isinstance(place.value, dict):
        for name, value in place.value.items():
            _visit(place.child(name, value), see)
    elif isinstance(place.value, list):
        for index, value in enumerate(place.value):
            _visit(place.child(str(index), value), see)


def schema_text(schema: Place, api_id: str) -> str:
    """The schema as a model of the API `api_id` keeps it: JSON, references rewritten."""
    rewritten = _rewrite(schema, MODELS_URL.format(api_id=api_id))
    return json.dumps(rewritten, indent=2, separators=(",", " : "), ensure_ascii=False)


def _rewrite(place: Place, url: str) -> Any:
    if place.reference() is not None:
        target = referred(place)
        if target is None:
            return place.value
        inside = f"#{target.inside}" if target.inside else ""
        return {**place.value, "$ref": f"{url}{target.name}{inside}"}
    if isinstance(place.value, dict):
        return {name: _rewrite(place.child(name, value), url) for name, value in place.value.items()}
    if isinstance(place.value, list):
        return [_rewrite(place.child(str(index), value), url) for index, value in enumerate(place.value)]
    return place.value
