"""ImportDocumentationParts: the documentation of a document, and nothing else of it."""

from portico.controlplane.openapi.documentation import Part, read_documentation
from portico.controlplane.openapi.place import Place
from portico.controlplane.openapi.reading import aws_variables, settled
from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.documentationparts import put_parts
from portico.controlplane.rest.importbody import parsed
from portico.controlplane.rest.lookups import require_api
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException


@operation("ImportDocumentationParts", prepare=parsed)
def import_documentation_parts(call: Call) -> Document:
    api_id = require_api(call)["id"]
    warnings: list[str] = []
    parts = _read(call, warnings)
    if warnings and call.params.get("failOnWarnings"):
        raise BadRequestException("\n\t".join(["Warnings found during import:", *warnings]))
    answer: Document = {"ids": put_parts(call, api_id, parts, overwrite=call.params.get("mode") == "overwrite")}
    return {**answer, "warnings": warnings} if warnings else answer


def _read(call: Call, warnings: list[str]) -> list[Part]:
    """Raises BadRequestException in AWS's words for what is no OpenAPI document (recorded fact 89)."""
    raw = call.params["parsed"]
    try:
        document = {} if isinstance(raw, BadRequestException) else settled(raw, aws_variables(call.realm))
    except BadRequestException:
        document = {}
    if not document.keys() & {"swagger", "openapi"}:
        raise BadRequestException("Unable to build importer with provided input.")
    return read_documentation(Place(document), "", warnings)
