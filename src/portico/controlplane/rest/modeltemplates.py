"""GetModelTemplate: a mapping template that prints a sample of what a model describes.

Its form is that of AWS's two published answers, `#set($inputRoot = $input.path('$'))\\n{ }` for the model Empty and an
object of numbers and a text in the API reference, and for arrays that of templates which people had generated and then
edited. What is in no sample (the integer, the boolean) is ours.
"""

import json
from collections.abc import Callable
from typing import Any

from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.modelreferences import referred_model
from portico.controlplane.rest.models import is_json, require_model
from portico.lang.errors import SourceError
from portico.lang.jsonschema.references import Location, References
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_HEAD = "#set($inputRoot = $input.path('$'))\n"
_LOOP = "##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n"
_SAMPLES = {"string": '"foo"', "number": "3.1415", "integer": "42", "boolean": "true", "null": "null"}
_DEEPEST = 10
"""Levels that a sample goes down to: models may be circular."""
_LONGEST = 300 * 1024
"""Characters of a template: AWS's quota for one."""


@operation("GetModelTemplate")
def get_model_template(call: Call) -> Document:
    document = require_model(call)
    if not is_json(document["contentType"]):
        raise BadRequestException(f"Model {document['name']} is no JSON schema: there is no template for it")

    def load(name: str) -> Any:
        other = call.unit.get("model", call.params["restApiId"], name)
        return None if other is None else json.loads(other["schema"])

    try:
        return {"value": _HEAD + _Sample(json.loads(document["schema"]), load).text()}
    except (SourceError, ValueError, RecursionError) as error:
        raise BadRequestException(f"Model {document['name']} cannot be made a template of: {error}") from error


class _Sample:
    """What a schema describes, written out."""

    def __init__(self, schema: Any, load: Callable[[str], Any]) -> None:
        self._documents = {"": References({"": schema})}
        self._load = load
        self._length = 0

    def text(self) -> str:
        return self._value(Location("", "", ""), 0)

    def _value(self, place: Location, depth: int) -> str:
        place, schema = self._resolved(place)
        if depth == _DEEPEST:
            return "{ }"
        kind = _kind(schema)
        text = _SAMPLES.get(kind) or (self._array if kind == "array" else self._object)(place, schema, depth)
        self._length += len(text)
        if self._length > _LONGEST:
            raise SourceError("", f"it would have more than {_LONGEST} characters")
        return text

    def _resolved(self, place: Location) -> tuple[Location, Any]:
        """The schema at a place, references followed, into other models too."""
        for _ in range(_DEEPEST):
            references = self._documents[place.uri]
            schema = references.at(Location("", place.pointer, ""))
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                return place, schema
            place = self._followed(reference, place)
        raise SourceError("", "its references lead around in circles")

    def _followed(self, reference: str, place: Location) -> Location:
        if (other := referred_model(reference)) is None:
            target = self._documents[place.uri].resolve(reference, Location("", place.pointer, ""))
            return place._replace(pointer=target.pointer)
        name, pointer = other
        if name not in self._documents:
            schema = self._load(name)
            if schema is None:
                raise SourceError("", f"there is no model {name}")
            self._documents[name] = References({"": schema})
        return Location(name, pointer, "")

    def _object(self, place: Location, schema: Any, depth: int) -> str:
        members = schema.get("properties") or {}
        if not members:
            return "{ }"
        indent = "  " * (depth + 1)
        lines = [
            f"{indent}{json.dumps(name)} : {self._value(_below(place, 'properties', name), depth + 1)}"
            for name in members
        ]
        return "{\n" + ",\n".join(lines) + f"\n{'  ' * depth}}}"

    def _array(self, place: Location, schema: Any, depth: int) -> str:
        item = self._value(_below(place, "items"), depth) if isinstance(schema.get("items"), dict) else "{ }"
        return f"[\n{_LOOP} {item} \n#if($foreach.hasNext),#end\n#end\n{'  ' * depth}]"


def _below(place: Location, *steps: str) -> Location:
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return place._replace(pointer=place.pointer + pointer)


def _kind(schema: Any) -> str:
    kind = schema.get("type", "object")
    return str(kind[0] if isinstance(kind, list) and kind else kind)
