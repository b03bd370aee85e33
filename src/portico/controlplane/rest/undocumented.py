"""The entities of an API that a documentation part can be about, each with its location."""

from collections.abc import Iterator

from portico.controlplane.openapi.locations import Spot, spot_of
from portico.ports.store import Document, Unit

_PARAMETERS = {"path": "PATH_PARAMETER", "querystring": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}


def undocumented(unit: Unit, api_id: str) -> Iterator[tuple[Spot, Document]]:
    """(Spot, location) of every entity; whether a part is about it is the caller's question."""
    for location in _locations(unit, api_id):
        yield spot_of(location), location


def _locations(unit: Unit, api_id: str) -> Iterator[Document]:
    yield {"type": "API"}
    yield from ({"type": "AUTHORIZER", "name": row["name"]} for _, row in unit.find("authorizer", api_id))
    yield from ({"type": "MODEL", "name": name} for name, _ in unit.find("model", api_id))
    for _, resource in unit.find("resource", api_id):
        yield {"type": "RESOURCE", "path": resource["path"]}
        for verb, method in resource.get("resourceMethods", {}).items():
            yield from _in_method({"path": resource["path"], "method": "*" if verb == "ANY" else verb}, method)


def _in_method(at: Document, method: Document) -> Iterator[Document]:
    yield {"type": "METHOD", **at}
    for parameter in method.get("requestParameters") or {}:
        _, _, where, name = parameter.split(".", 3)
        yield {"type": _PARAMETERS[where], **at, "name": name}
    if method.get("requestModels"):
        yield {"type": "REQUEST_BODY", **at}
    for status, response in method.get("methodResponses", {}).items():
        yield from _in_response({**at, "statusCode": status}, response)


def _in_response(at: Document, response: Document) -> Iterator[Document]:
    yield {"type": "RESPONSE", **at}
    for parameter in response.get("responseParameters") or {}:
        yield {"type": "RESPONSE_HEADER", **at, "name": parameter.split(".", 3)[3]}
    if response.get("responseModels"):
        yield {"type": "RESPONSE_BODY", **at}
