"""Where the two versions of OpenAPI differ in what is written: the head, parameters, bodies, and where things stand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portico.controlplane.openapi.export.order import ordered
from portico.controlplane.openapi.export.schemas import Schemas
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.model.rest import Method

Models = dict[str, str]
"""Media type -> the name of a model that is JSON."""

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version says what both say."""

    schemas: str
    """What stands before a schema's name in a reference to it."""
    info: tuple[str, ...]
    """The order of the members of `info`."""
    verbs: tuple[str, ...]
    """The order of the methods of a path, AWS's libraries' own."""
    paths: Callable[[Iterable[str]], list[str]]
    head: Callable[[Tree, Source, Tree], Tree]
    """(info, source, extensions of the server) -> the members before `paths`."""
    has_servers: bool
    """Whether the endpoint's configuration is an extension of a server, else one of the document (guide)."""
    resource_members: tuple[str, ...]
    """What can be said of a path as a whole."""
    parameter: Callable[[str, str, bool, Tree], Tree]
    """(location, name, required, what is said of it) -> the parameter."""
    header: Callable[[Tree], Tree]
    media_types: Callable[[Method], Tree]
    body: Callable[[Models, Schemas, Tree], Tree]
    """(models, schemas, what is said of it) -> the members of the operation that describe the request's body."""
    answer: Callable[[Models, Schemas, Tree], Tree]
    """(models, schemas, headers) -> the members of a response besides its description."""
    components: Callable[[Tree, Tree], Tree]
    """(schemas, security schemes) -> the members after `paths`."""


# Version 2.0


def _swagger_head(info: Tree, source: Source, server: Tree) -> Tree:
    address = {"host": source.host, "basePath": f"/{source.stage_name}", "schemes": ["https"]}
    return {"swagger": "2.0", "info": info, **address}


def _swagger_parameter(location: str, name: str, required: bool, said: Tree) -> Tree:
    return {"name": name, "in": location, **said, "required": required, "type": "string"}


def _swagger_media_types(method: Method) -> Tree:
    """Of the models and of the templates: recorded, a method with a template for JSON alone `consumes` JSON."""
    integration = method.method_integration
    consumed = {**method.request_models, **(integration.request_templates if integration else {})}
    produced = {kind: None for one in method.method_responses.values() for kind in one.response_models}
    for response in integration.integration_responses.values() if integration else ():
        produced |= dict.fromkeys(response.response_templates)
    written = {"consumes": list(consumed), "produces": list(produced)}
    return {name: kinds for name, kinds in written.items() if kinds}


def _swagger_body(models: Models, schemas: Schemas, said: Tree) -> Tree:
    if not models:
        return {}
    name = _foremost(models)
    body = {"in": "body", "name": name, **said, "required": True, "schema": schemas.reference(name)}
    return {"parameters": [body]}


def _swagger_answer(models: Models, schemas: Schemas, headers: Tree) -> Tree:
    written = {"schema": schemas.reference(_foremost(models)) if models else None, "headers": headers}
    return {name: value for name, value in written.items() if value}


def _foremost(models: Models) -> str:
    """The one model that version 2.0 has room for: JSON's, if there is one."""
    return models.get(_JSON) or models[min(models)]


def _swagger_components(schemas: Tree, schemes: Tree) -> Tree:
    written = {"securityDefinitions": schemes, "definitions": schemas}
    return {name: entries for name, entries in written.items() if entries}


SWAGGER_2 = Dialect(
    schemas="#/definitions/",
    info=("description", "version", "title"),
    verbs=("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "ANY"),
    paths=sorted,
    head=_swagger_head,
    has_servers=False,
    resource_members=(),
    parameter=_swagger_parameter,
    header=lambda said: {"type": "string", **said},
    media_types=_swagger_media_types,
    body=_swagger_body,
    answer=_swagger_answer,
    components=_swagger_components,
)


# Version 3.0


def _openapi_head(info: Tree, source: Source, server: Tree) -> Tree:
    address = {
        "url": f"https://{source.host}/{{basePath}}",
        "variables": {"basePath": {"default": source.stage_name}},
    }
    return {"openapi": "3.0.1", "info": info, "servers": [{**address, **server}]}


def _openapi_parameter(location: str, name: str, required: bool, said: Tree) -> Tree:
    needed = {"required": True} if required else {}
    return {"name": name, "in": location, **said, **needed, "schema": {"type": "string"}}


def _openapi_body(models: Models, schemas: Schemas, said: Tree) -> Tree:
    if not models:
        return {}
    return {"requestBody": {**said, **_openapi_content(models, schemas), "required": True}}


def _openapi_answer(models: Models, schemas: Schemas, headers: Tree) -> Tree:
    """`content` is there even if it is empty (recorded)."""
    return {**({"headers": headers} if headers else {}), **_openapi_content(models, schemas)}


def _openapi_content(models: Models, schemas: Schemas) -> Tree:
    return {"content": {kind: {"schema": schemas.reference(name)} for kind, name in models.items()}}


def _openapi_components(schemas: Tree, schemes: Tree) -> Tree:
    """`components` is there even if it is empty (recorded fact 106)."""
    written = {"schemas": schemas, "securitySchemes": schemes}
    return {"components": {name: entries for name, entries in written.items() if entries}}


OPENAPI_3 = Dialect(
    schemas="#/components/schemas/",
    info=("title", "description", "version"),
    verbs=("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"),
    paths=ordered,
    head=_openapi_head,
    has_servers=True,
    resource_members=("summary", "description"),
    parameter=_openapi_parameter,
    header=lambda said: {**said, "schema": {"type": "string"}},
    media_types=lambda method: {},
    body=_openapi_body,
    answer=_openapi_answer,
    components=_openapi_components,
)

DIALECTS = {"swagger": SWAGGER_2, "oas30": OPENAPI_3}
"""By GetExport's `exportType`."""
