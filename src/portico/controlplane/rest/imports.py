"""ImportRestApi and PutRestApi: an API from an OpenAPI document, new or into one that is there."""

from dataclasses import dataclass

from portico.controlplane.openapi.basepath import MODES
from portico.controlplane.openapi.form import ImportedApi
from portico.controlplane.openapi.importer import read_api
from portico.controlplane.openapi.lines import naming_the_line
from portico.controlplane.openapi.place import escape
from portico.controlplane.openapi.reading import Unreadable, aws_variables, settled, shown
from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.documentationparts import delete_parts
from portico.controlplane.rest.endpoints import ENDPOINT_TYPES
from portico.controlplane.rest.importbody import parsed
from portico.controlplane.rest.importwriter import erase_definition, write_definition
from portico.controlplane.rest.lookups import require_api
from portico.controlplane.rest.restapis import new_api, show_api, update_rest_api
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_RESET_BY_OVERWRITE = ("description", "version", "binaryMediaTypes", "minimumCompressionSize", "policy")
"""What goes when a document that does not state it overwrites: terraform's provider names these (rest_api.go)."""


@operation("ImportRestApi", prepare=parsed)
def import_rest_api(call: Call) -> Document:
    options = _Options.of(call)
    imported = _read(call, options)
    stated = {"description": imported.description, "version": imported.version, **imported.settings}
    stated["endpointConfiguration"] = options.endpoint(stated.get("endpointConfiguration", {}))
    document = new_api(call, {"name": imported.name, **stated})
    write_definition(call, document, imported)
    return _answer(call, document, imported, empty_tags=False)


@operation("PutRestApi", prepare=parsed)
def put_rest_api(call: Call) -> Document:
    document = require_api(call)
    options = _Options.of(call)
    imported = _read(call, options)
    if call.params.get("mode") == "overwrite":
        erase_definition(call, document)
        if not options.without_documentation:
            delete_parts(call, document["id"])
        _reset(call, document, imported)
    if imported.version is not None:
        document["version"] = imported.version
    call.unit.put("restapi", "", document["id"], document)
    _apply(call, document["id"], imported, options)
    write_definition(call, document, imported)
    return _answer(call, require_api(call), imported, empty_tags=True)


@dataclass(frozen=True, slots=True)
class _Options:
    """The `parameters` of an import (API reference: ImportRestApi)."""

    base_path: str = "ignore"
    endpoint_types: tuple[str, ...] = ()
    without_documentation: bool = False

    @classmethod
    def of(cls, call: Call) -> "_Options":
        """Raises BadRequestException for a parameter or a value that nothing would obey."""
        given = {name.lower(): value for name, value in (call.params.get("parameters") or {}).items()}
        base_path = given.pop("basepath", "ignore")
        types = tuple(one for one in given.pop("endpointconfigurationtypes", "").split(",") if one)
        ignored = given.pop("ignore", "")
        if given:
            raise BadRequestException(f"The import parameter '{next(iter(given))}' is not supported")
        if base_path not in MODES:
            raise BadRequestException(f"Invalid basepath specified. Valid options are {','.join(MODES)}")
        if ignored not in ("", "documentation"):
            raise BadRequestException("Only documentation can be ignored by an import")
        if not set(types) <= set(ENDPOINT_TYPES):
            raise BadRequestException(f"Invalid EndpointTypes specified. Valid options are {','.join(ENDPOINT_TYPES)}")
        return cls(base_path, types, ignored == "documentation")

    def endpoint(self, configuration: Document) -> Document:
        """The configuration with the types that the parameters ask for."""
        return {**configuration, "types": list(self.endpoint_types)} if self.endpoint_types else configuration


def _read(call: Call, options: _Options) -> ImportedApi:
    raw = call.params["parsed"]
    if isinstance(raw, Unreadable):
        call.realm.warn(f"A document for import could not be read: {raw.reason}")
    if isinstance(raw, BadRequestException):
        raise raw
    document = settled(raw, aws_variables(call.realm))
    if options.without_documentation:
        document.pop("x-amazon-apigateway-documentation", None)
    with naming_the_line(call.params["body"]):
        imported = read_api(document, base_path=options.base_path, new_id=call.realm.new_id)
    if options.without_documentation:
        imported.documentation.clear()
    if imported.warnings and call.params.get("failOnWarnings"):
        raise BadRequestException("\n\t".join(["Warnings found during import:", *imported.warnings]))
    return imported


def _reset(call: Call, document: Document, imported: ImportedApi) -> None:
    """What overwriting takes away. The type of the endpoint stays, and so does a disabled endpoint."""
    if "policy" in document and "policy" not in imported.settings:
        call.realm.warn(f"API {document['id']}: overwriting it took its resource policy away")
    for member in _RESET_BY_OVERWRITE:
        document.pop(member, None)
    document["apiKeySource"] = "HEADER"
    document["endpointConfiguration"].pop("vpcEndpointIds", None)


def _apply(call: Call, api_id: str, imported: ImportedApi, options: _Options) -> None:
    """What the document states about the API itself, under UpdateRestApi's rules. Binary media types are added to
    those that are there (recorded fact 98).
    """
    stated = {"name": imported.name, "description": imported.description, **imported.settings}
    endpoint = options.endpoint(stated.pop("endpointConfiguration", {}))
    types = stated.pop("binaryMediaTypes", ())
    edits: list[tuple[str, str, str | None]] = [("add", f"/binaryMediaTypes/{escape(one)}", None) for one in types]
    edits += [("replace", "/endpointConfiguration/types/0", one) for one in endpoint.get("types", ())]
    edits += [("add", "/endpointConfiguration/vpcEndpointIds", one) for one in endpoint.get("vpcEndpointIds", ())]
    edits += [("replace", f"/{member}", shown(value)) for member, value in stated.items() if value is not None]
    operations = [{"op": op, "path": path, "value": value} for op, path, value in edits]
    update_rest_api(Call({"restApiId": api_id, "patchOperations": operations}, call.unit, call.realm))


def _answer(call: Call, document: Document, imported: ImportedApi, *, empty_tags: bool) -> Document:
    for note in imported.notes:
        call.realm.warn(f"API {document['id']}: {note}")
    answer = show_api(document, empty_tags=empty_tags)
    if imported.warnings:
        answer["warnings"] = imported.warnings
    return answer
