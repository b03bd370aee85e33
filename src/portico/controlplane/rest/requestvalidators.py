"""Request validators: named pairs of switches that methods point to."""

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, boolean
from portico.controlplane.rest.lookups import method_where, require, require_api
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, ConflictException


@operation("CreateRequestValidator")
def create_request_validator(call: Call) -> Document:
    api_id = call.params["restApiId"]
    if call.unit.get("restapi", "", api_id) is None:
        raise BadRequestException("Invalid REST API identifier specified")  # a 400, recorded fact 12
    document: Document = {"id": call.realm.new_id(6)}
    if "name" in call.params:
        document["name"] = _named(call.params["name"])
    for switch in ("validateRequestBody", "validateRequestParameters"):
        document[switch] = bool(call.params.get(switch))
    _save(call, document)
    return document


@operation("GetRequestValidator")
def get_request_validator(call: Call) -> Document:
    return _require_validator(call)


@operation("GetRequestValidators")
def get_request_validators(call: Call) -> Document:
    found = call.unit.find("requestvalidator", require_api(call)["id"])
    return page(((validator.get("name", "") + "\0" + key, validator) for key, validator in found), call.params)


@operation("UpdateRequestValidator")
def update_request_validator(call: Call) -> Document:
    document = _require_validator(call)
    _PATCH.apply(document, call.params.get("patchOperations"))
    _save(call, document)
    return document


@operation("DeleteRequestValidator")
def delete_request_validator(call: Call) -> Document:
    document = _require_validator(call)
    api_id = call.params["restApiId"]
    # Without its validator a method would let every request through.
    if user := method_where(call.unit, api_id, "requestValidatorId", document["id"]):
        raise ConflictException(
            f"Cannot delete request validator '{document['id']}', is referenced in method: {'/'.join(user)}"
        )
    call.unit.delete("requestvalidator", api_id, document["id"])
    return {}


def _save(call: Call, document: Document) -> None:
    api_id = call.params["restApiId"]
    for key, other in call.unit.find("requestvalidator", api_id):
        if key != document["id"] and "name" in document and other.get("name") == document["name"]:
            raise BadRequestException(
                f"Request Validator name must be unique. Request Validator {document['name']} already exists in this "
                "RestApi."
            )
    call.unit.put("requestvalidator", api_id, document["id"], document)


def _require_validator(call: Call) -> Document:
    key = call.params["requestValidatorId"]
    return require(call, "requestvalidator", key, "Invalid Request Validator identifier specified")


def _named(name: str | None) -> str:
    if not (name or "").strip():
        raise BadRequestException("Request Validator name cannot be blank")
    return str(name)


def _replace_name(document: Document, edit: Edit) -> None:
    document["name"] = _named(edit.value)


_PATCH = PatchTable(
    Refusal.PATH_LIST,
    Rule("/name", {"replace": _replace_name}),
    Rule("/validateRequestParameters", {"replace": boolean("validateRequestParameters")}),
    Rule("/validateRequestBody", {"replace": boolean("validateRequestBody")}),
)
