"""Documentation versions: an API's documentation parts as they were at one moment, under a name.

A stage shows the version that it names (`documentationVersion`); its export speaks with that version's parts.
"""

from portico.controlplane.openapi.export.document import iso_time
from portico.controlplane.openapi.locations import Documentation
from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import PatchTable, Refusal, Rule, text
from portico.controlplane.rest.documentationparts import all_parts
from portico.controlplane.rest.lookups import require, require_api
from portico.controlplane.rest.stages import NO_DOCUMENTATION, NO_STAGE, save_stage
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, ConflictException

_KIND = "documentationversion"
_IN_USE = "Cannot delete documentation version because there are API Stages associated with it."


@operation("CreateDocumentationVersion")
def create_documentation_version(call: Call) -> Document:
    api = require_api(call)
    name = call.params["documentationVersion"]
    if not name.strip():
        raise BadRequestException("Documentation version must be non-empty")
    if call.unit.get(_KIND, api["id"], name) is not None:
        raise ConflictException("Documentation version already exists")
    version: Document = {
        "version": name,
        "createdDate": call.realm.clock.now(),
        "parts": all_parts(call.unit, api["id"]),
    }
    if call.params.get("description"):
        version["description"] = call.params["description"]
    call.unit.put(_KIND, api["id"], name, version)
    if call.params.get("stageName"):
        _show_on_stage(call, api, name)
    return _answer(version)


@operation("GetDocumentationVersion")
def get_documentation_version(call: Call) -> Document:
    return _answer(_require_version(call))


@operation("GetDocumentationVersions")
def get_documentation_versions(call: Call) -> Document:
    """In the order in which they were made."""
    found = call.unit.find(_KIND, require_api(call)["id"])
    return page(((f"{row['createdDate']:017.6f}{key}", _answer(row)) for key, row in found), call.params)


@operation("UpdateDocumentationVersion")
def update_documentation_version(call: Call) -> Document:
    version = _require_version(call)
    _PATCH.apply(version, call.params.get("patchOperations"))
    call.unit.put(_KIND, call.params["restApiId"], version["version"], version)
    return _answer(version)


@operation("DeleteDocumentationVersion")
def delete_documentation_version(call: Call) -> Document:
    """Refused while a stage shows it, in AWS's words: github.com/hashicorp/terraform-provider-aws issue 11550."""
    api_id, name = require_api(call)["id"], _require_version(call)["version"]
    if any(stage.get("documentationVersion") == name for _, stage in call.unit.find("stage", api_id)):
        raise BadRequestException(_IN_USE)
    call.unit.delete(_KIND, api_id, name)
    return {}


_PATCH = PatchTable(Refusal.PATH_LIST, Rule("/description", {"replace": text("description")}))


def published(unit: Unit, api_id: str, name: str | None) -> tuple[Documentation, Document | None]:
    """What a version says, and `x-amazon-apigateway-documentation` of it; nothing where no version is named."""
    version = unit.get(_KIND, api_id, name) if name else None
    if version is None:
        return Documentation(), None
    extension = {
        "version": version["version"],
        "createdDate": iso_time(version["createdDate"]),
        "documentationParts": version["parts"],
    }
    return Documentation((part["location"], part["properties"]) for part in version["parts"]), extension


def _show_on_stage(call: Call, api: Document, version: str) -> None:
    stage = require(call, "stage", call.params["stageName"], NO_STAGE)
    stage["documentationVersion"] = version
    stage["lastUpdatedDate"] = call.realm.clock.now()
    save_stage(call, api, stage)


def _require_version(call: Call) -> Document:
    return require(call, _KIND, call.params["documentationVersion"], NO_DOCUMENTATION)


def _answer(version: Document) -> Document:
    return {member: value for member, value in version.items() if member != "parts"}
