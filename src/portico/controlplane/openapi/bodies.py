"""Where the two versions of OpenAPI differ about one method: parameters, and the bodies that go in and come out."""

from collections.abc import Callable
from dataclasses import dataclass

from portico.controlplane.openapi.basepath import server_base_path, swagger_base_path
from portico.controlplane.openapi.place import Place

_JSON = ("application/json",)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version says what both say."""

    schemas: tuple[str, ...]
    """Where the named schemas stand."""
    security_schemes: tuple[str, ...]
    base_path: Callable[[Place], str]
    request_bodies: Callable[[Place, Place, list[Place]], dict[str, Place]]
    """(document, operation, parameters) -> media type -> schema of the request body."""
    response_bodies: Callable[[Place, Place, Place], dict[str, Place]]
    """(document, operation, response) -> media type -> schema of that response's body."""


def _media_types(root: Place, operation: Place, member: str) -> list[str]:
    stated = operation.get(member) or root.get(member)
    return list(_JSON) if stated is None else stated.texts()


def _swagger_request(root: Place, operation: Place, parameters: list[Place]) -> dict[str, Place]:
    for parameter in parameters:
        if parameter.mapping().get("in") == "body" and (schema := parameter.raw("schema")) is not None:
            return dict.fromkeys(_media_types(root, operation, "consumes"), schema)
    return {}


def _swagger_response(root: Place, operation: Place, response: Place) -> dict[str, Place]:
    schema = response.raw("schema")
    return {} if schema is None else dict.fromkeys(_media_types(root, operation, "produces"), schema)


def _content(owner: Place | None) -> dict[str, Place]:
    content = owner.get("content") if owner is not None else None
    if content is None:
        return {}
    schemas = {kind: media.raw("schema") for kind, media in content.members()}
    return {kind: schema for kind, schema in schemas.items() if schema is not None}


SWAGGER_2 = Dialect(
    schemas=("definitions",),
    security_schemes=("securityDefinitions",),
    base_path=swagger_base_path,
    request_bodies=_swagger_request,
    response_bodies=_swagger_response,
)
OPENAPI_3 = Dialect(
    schemas=("components", "schemas"),
    security_schemes=("components", "securitySchemes"),
    base_path=server_base_path,
    request_bodies=lambda root, operation, parameters: _content(operation.get("requestBody")),
    response_bodies=lambda root, operation, response: _content(response),
)
