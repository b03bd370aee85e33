"""Documentation parts: what an API's author says of its entities, one part a location.

A part is stored as it is answered, its `properties` the text that was given; what is documented is decided by the Spot
of its location, of which there is one part at most.
"""

import json
from collections.abc import Iterable
from typing import Any

from portico.controlplane.openapi.locations import ENTITIES, Location, Properties, Spot, fault_of, spot_of
from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.undocumented import undocumented
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, ConflictException

KIND = "documentationpart"
_NO_PART = "Invalid Documentation part identifier specified"
_FIELDS = ("type", "path", "method", "statusCode", "name")


@operation("CreateDocumentationPart")
def create_documentation_part(call: Call) -> Document:
    api_id = require_api(call)["id"]
    location = _checked_location(call.params["location"])
    properties_of(call.params["properties"])
    if spot_of(location) in _by_spot(call.unit, api_id):
        raise ConflictException(_already_exists(location))
    return _new_part(call, api_id, location, call.params["properties"])


@operation("GetDocumentationPart")
def get_documentation_part(call: Call) -> Document:
    return _require_part(call)


@operation("GetDocumentationParts")
def get_documentation_parts(call: Call) -> Document:
    """By type, path, method, status code and name; `UNDOCUMENTED` are the places that have no part."""
    api_id = require_api(call)["id"]
    parts = {spot_of(row["location"]): row for _, row in call.unit.find(KIND, api_id)}
    if call.params.get("locationStatus") == "UNDOCUMENTED":
        parts = {spot: {"location": at} for spot, at in undocumented(call.unit, api_id) if spot not in parts}
    found = ((spot, part) for spot, part in parts.items() if _is_asked_for(spot, call.params))
    return page((("\0".join(spot), part) for spot, part in found), call.params)


@operation("UpdateDocumentationPart")
def update_documentation_part(call: Call) -> Document:
    part = _require_part(call)
    _PATCH.apply(part, call.params.get("patchOperations"))
    call.unit.put(KIND, call.params["restApiId"], part["id"], part)
    return part


@operation("DeleteDocumentationPart")
def delete_documentation_part(call: Call) -> Document:
    api_id = require_api(call)["id"]
    call.unit.delete(KIND, api_id, _require_part(call)["id"])
    return {}


def put_parts(call: Call, api_id: str, parts: Iterable[tuple[Location, Properties]], *, overwrite: bool) -> list[str]:
    """Store imported parts and return their ids. Merging, the members of a part that is there already are replaced by
    the imported ones and its others stay; overwriting, no part stays (guide: "Import API documentation").
    """
    if overwrite:
        delete_parts(call, api_id)
    known = _by_spot(call.unit, api_id)
    ids: dict[str, None] = {}
    for location, properties in parts:
        part = known.get(spot_of(location))
        if part is None:
            known[spot_of(location)] = part = _new_part(call, api_id, _filled(location), json.dumps(properties))
        else:
            part["properties"] = json.dumps({**properties_of(part["properties"]), **properties})
            call.unit.put(KIND, api_id, part["id"], part)
        ids[part["id"]] = None
    return list(ids)


def delete_parts(call: Call, api_id: str) -> None:
    for key, _ in call.unit.find(KIND, api_id):
        call.unit.delete(KIND, api_id, key)


def all_parts(unit: Unit, api_id: str) -> list[Document]:
    """Every part as documents and versions hold it, in the order of their making: {location, properties}."""
    return [
        {"location": _shortened(row["location"]), "properties": properties_of(row["properties"])}
        for _, row in unit.find(KIND, api_id)
    ]


def properties_of(text: str | None) -> Properties:
    """The content map that `properties` is the JSON of. Raises BadRequestException for anything else."""
    try:
        properties = json.loads(text or "")
    except (ValueError, RecursionError):
        properties = None
    if not isinstance(properties, dict):
        raise BadRequestException("Invalid documentation part properties specified. They must be a JSON object")
    return properties


def _new_part(call: Call, api_id: str, location: Document, properties: str) -> Document:
    part: Document = {"id": call.realm.new_id(6), "location": location, "properties": properties}
    call.unit.put(KIND, api_id, part["id"], part)
    return part


def _checked_location(location: dict[str, Any]) -> Document:
    foreign = [field for field in _FIELDS[1:] if field not in ENTITIES[location["type"]].fields]
    if any(location.get(field) for field in foreign):
        # AWS's words for the type API (observed: github.com/badmintoncryer/cdk-preflight); of others by analogy.
        listed = " or ".join(filter(None, (", ".join(foreign[:-1]), foreign[-1])))
        raise BadRequestException(f"[Location type: {location['type']} cannot have {listed} defined.]")
    if fault := fault_of(location):
        raise BadRequestException(f"Invalid documentation part location specified: {fault}")
    return _filled(location)


def _filled(location: Location) -> Document:
    """The location as AWS answers it: the path written out where the type has one (guide: RESOURCE entities)."""
    filled = {field: value for field, value in location.items() if value}
    if "path" in ENTITIES[location["type"]].fields:
        filled.setdefault("path", "/")
    return filled


def _shortened(location: Location) -> Document:
    """The location as AWS exports it: without the path of the root."""
    return {field: value for field, value in location.items() if (field, value) != ("path", "/")}


def _by_spot(unit: Unit, api_id: str) -> dict[Spot, Document]:
    return {spot_of(row["location"]): row for _, row in unit.find(KIND, api_id)}


def _already_exists(location: Document) -> str:
    """Guide, "Document the API entity": `… for the specified location: type 'API'.`"""
    fields = ", ".join(f"{field} '{location[field]}'" for field in _FIELDS if field in location)
    return f"Documentation part already exists for the specified location: {fields}."


def _is_asked_for(spot: Spot, params: dict[str, Any]) -> bool:
    asked = {"type": spot.type, "path": spot.path, "nameQuery": spot.name}
    return all(params.get(member) in (None, "", value) for member, value in asked.items())


def _require_part(call: Call) -> Document:
    return require(call, KIND, call.params["documentationPartId"], _NO_PART)


def _replace_properties(part: Document, edit: Edit) -> None:
    properties_of(edit.value)
    part["properties"] = edit.value


_PATCH = PatchTable(Refusal.PATH_LIST, Rule("/properties", {"replace": _replace_properties}))
