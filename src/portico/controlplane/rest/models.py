"""Models: the JSON schemas of an API, found by name."""

import json
import re
from itertools import islice
from typing import Any

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, text
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.mappings import check_content_types
from portico.controlplane.rest.modelreferences import are_canonical, flatten, method_using
from portico.lang.jsonschema.syntax import INVALID, syntax_errors
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, ConflictException

_NAME = re.compile(r"[A-Za-z0-9]+")
_JSON_CONTENT = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)

_MOST_ERRORS = 50
"""That one answer lists."""

_EMPTY_SCHEMA = """\
{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title" : "Empty Schema",
  "type" : "object"
}"""
_ERROR_SCHEMA = """\
{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Error Schema",
  "type" : "object",
  "properties" : {
    "message" : { "type" : "string" }
  }
}"""
_DEFAULTS = {
    "Empty": ("This is a default empty schema model", _EMPTY_SCHEMA),
    "Error": ("This is a default error schema model", _ERROR_SCHEMA),
}
"""What every API owns that was not imported (recorded facts 26 and 27)."""


@operation("CreateModel")
def create_model(call: Call) -> Document:
    api_id = require_api(call)["id"]
    name = call.params["name"]
    _check_name(name)
    check_content_types((call.params["contentType"],))
    if call.unit.get("model", api_id, name) is not None:
        raise ConflictException("Model name already exists for this REST API")
    check_schema(call.params.get("schema"), call.params["contentType"])
    return new_model(call, api_id, call.params)


@operation("GetModel")
def get_model(call: Call) -> Document:
    document = require_model(call)
    if call.params.get("flatten") and is_json(document["contentType"]):
        document["schema"] = flatten(call.unit, call.params["restApiId"], document["schema"])
    return document


@operation("GetModels")
def get_models(call: Call) -> Document:
    return page(call.unit.find("model", require_api(call)["id"]), call.params)


@operation("UpdateModel")
def update_model(call: Call) -> Document:
    document = require_model(call)
    _PATCH.apply(document, call.params.get("patchOperations"))
    call.unit.put("model", call.params["restApiId"], document["name"], document)
    return document


@operation("DeleteModel")
def delete_model(call: Call) -> Document:
    api_id, name = call.params["restApiId"], require_model(call)["name"]
    if user := method_using(call.unit, api_id, name):
        raise ConflictException(f"Cannot delete model '{name}', is referenced in {user}")
    call.unit.delete("model", api_id, name)
    return {}


def add_default_models(call: Call, api_id: str) -> None:
    """Store the models Empty and Error of a new API."""
    for name, (description, schema) in _DEFAULTS.items():
        content = {"name": name, "description": description, "schema": schema, "contentType": "application/json"}
        new_model(call, api_id, content)


def is_default(name: str, schema: str | None) -> bool:
    """Whether it is one of the two models that AWS makes, as AWS made it."""
    return name in _DEFAULTS and schema == _DEFAULTS[name][1]


def new_model(call: Call, api_id: str, params: dict[str, Any]) -> Document:
    """Store a model that was checked, and return its document. `params` are CreateModel's."""
    document: Document = {"id": call.realm.new_id(6), "name": params["name"], "contentType": params["contentType"]}
    for member in ("description", "schema"):
        if params.get(member):
            document[member] = params[member]
    call.unit.put("model", api_id, document["name"], document)
    return document


def check_schema(schema: str | None, content_type: str) -> None:
    """Raises BadRequestException for a schema that is empty (recorded fact 45) or, of JSON content, no schema."""
    if schema and not is_json(content_type):
        return
    try:
        parsed = json.loads(schema or "{}")
    except (ValueError, RecursionError) as error:
        raise _invalid_schema() from error
    if not parsed:
        raise BadRequestException("Model schema must have at least 1 property or array items defined")
    if errors := list(islice(syntax_errors(parsed), _MOST_ERRORS)):
        raise _invalid_schema(*errors)
    if not are_canonical(parsed):
        raise _invalid_schema(INVALID, "Model reference must be in canonical form")


def is_json(content_type: str) -> bool:
    """Whether a model of this content has a schema that is JSON; others are kept as they come."""
    return _JSON_CONTENT.match(content_type) is not None


def _invalid_schema(*errors: str) -> BadRequestException:
    listed = ", ".join(errors or [INVALID])
    return BadRequestException(f"Invalid model specified: Validation Result: warnings : [], errors : [{listed}]")


def _check_name(name: str) -> None:
    if not name:
        raise BadRequestException("Model name must be non-empty")
    if not _NAME.fullmatch(name):
        raise BadRequestException(f"Model name must be alphanumeric: {name}")


def require_model(call: Call) -> Document:
    """The model that a call names. Raises NotFoundException in AWS's words (recorded fact 45)."""
    name = call.params["modelName"]
    return require(call, "model", name, f"Invalid model name specified: {name}")


def _replace_schema(document: Document, edit: Edit) -> None:
    check_schema(edit.value, document["contentType"])
    document["schema"] = edit.value


_PATCH = PatchTable(
    Refusal.PATH_LIST,
    Rule("/description", {"replace": text("description")}),
    Rule("/schema", {"replace": _replace_schema}),
)
