"""GetExport: what a stage serves, as an OpenAPI document."""

import re
from collections.abc import Callable

from portico.controlplane.openapi.export.dialects import DIALECTS
from portico.controlplane.openapi.export.document import export_document, version_of
from portico.controlplane.openapi.export.source import BY_DEFAULT, EXTENSIONS
from portico.controlplane.openapi.export.writing import Tree, as_json, as_yaml
from portico.controlplane.operation import Call, operation
from portico.controlplane.rest.deployed import deployed
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_FORMS = {
    "application/json": ("json", as_json),
    "*/*": ("json", as_json),
    "application/yaml": ("yaml", as_yaml),
}
"""Media type that is accepted -> the end of the file's name, and who writes it."""

_CONTENT_TYPE = "application/octet-stream"
"""Of either form (recorded fact 105)."""


@operation("GetExport")
def get_export(call: Call) -> Document:
    source = deployed(call)
    kind = call.params["exportType"]
    dialect = DIALECTS.get(kind)
    if dialect is None:
        raise BadRequestException(f"Invalid export type specified. Valid options are {', '.join(DIALECTS)}")
    form, write = _form(call.params.get("accepts"))
    document = export_document(source, dialect, _extensions(call))
    name = f"{kind}_{version_of(source)}.{form}"
    return {
        "contentType": _CONTENT_TYPE,
        "contentDisposition": f'attachment; filename="{_in_quotes(name)}"',
        "body": write(document),
    }


def _extensions(call: Call) -> frozenset[str]:
    """What `extensions`, a list with commas, asks for. Raises BadRequestException for what would add nothing."""
    parameters = dict(call.params.get("parameters") or {})
    asked = parameters.pop("extensions", "")
    if parameters:
        raise BadRequestException(f"The export parameter '{min(parameters)}' is not supported")
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in EXTENSIONS:
            raise BadRequestException(f"Invalid extensions specified. Valid options are {', '.join(EXTENSIONS)}")
    return frozenset().union(*(EXTENSIONS[name] for name in names)) if names else BY_DEFAULT


def _form(accepts: str | None) -> tuple[str, Callable[[Tree], bytes]]:
    """The first form that the Accept header takes; JSON where it says nothing."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in (accepts or "*/*").split(",")]
    found = next((_FORMS[kind] for kind in kinds if kind in _FORMS), None)
    if found is None:
        raise BadRequestException(f"Invalid accepts specified. Valid options are {', '.join(_FORMS)}")
    return found


def _in_quotes(name: str) -> str:
    """The name as it may stand in a quoted string of a header."""
    return re.sub(r"[^ !#-\[\]-~]", "_", name)
