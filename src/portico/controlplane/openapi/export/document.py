"""A deployed API as a document of OpenAPI 2.0 or 3.0.

tree = export_document(source, DIALECTS["oas30"], EXTENSIONS["apigateway"])
as_json(tree), as_yaml(tree)
"""

from collections.abc import Collection
from datetime import UTC, datetime

from portico.controlplane.openapi.export.dialects import Dialect
from portico.controlplane.openapi.export.operations import OperationWriter
from portico.controlplane.openapi.export.schemas import Schemas
from portico.controlplane.openapi.export.security import Security
from portico.controlplane.openapi.export.settings import (
    endpoint_configuration,
    gateway_responses,
    request_validators,
    settings,
)
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.controlplane.openapi.locations import Spot
from portico.controlplane.openapi.sayings import API, INFO, custom, standard
from portico.model.rest import Snapshot

_DOCUMENTATION = "x-amazon-apigateway-documentation"


def export_document(source: Source, dialect: Dialect, extensions: Collection[str]) -> Tree:
    """The whole document; `extensions` are among the values of EXTENSIONS.

    Raises BadRequestException for a method whose bodies have models, and none that is JSON.
    """
    schemas = Schemas(source, dialect.schemas)
    security = Security(source, authorizers="authorizers" in extensions)
    writer = OperationWriter(source, dialect, extensions, schemas, security)
    said = source.documentation.of(Spot("API"))
    endpoint = endpoint_configuration(source) if "settings" in extensions else {}
    tree = {
        **dialect.head(_info(source, dialect), source, endpoint),
        **standard(said, API),
        "paths": writer.paths(),
        **dialect.components(schemas.written(_used(source.snapshot)), security.schemes()),
    }
    written = _extensions(source, extensions) | ({} if dialect.has_servers else endpoint)
    return {**tree, **written, **custom(said)}


def version_of(source: Source) -> str:
    """The API's version; where it has none, AWS gives the time of its making (recorded fact 105)."""
    stated = source.api.get("version")
    return stated if isinstance(stated, str) else iso_time(source.api["createdDate"])


def iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _info(source: Source, dialect: Dialect) -> Tree:
    """What a part says of `info` takes the place of the API's own description, not of its version and title."""
    stated = source.documentation.of(Spot("API")).get("info")
    said = stated if isinstance(stated, dict) else {}
    info: Tree = {
        "title": source.snapshot.name,
        "version": version_of(source),
        "description": source.api.get("description"),
        **standard(said, INFO),
    }
    first = {name: info.pop(name) for name in dialect.info}
    return {name: value for name, value in {**first, **info, **custom(said)}.items() if value is not None}


def _used(snapshot: Snapshot) -> list[str]:
    """The names of the models that methods refer to."""
    methods = [method for resource in snapshot.resources for method in resource.resource_methods.values()]
    requests = [name for method in methods for name in method.request_models.values()]
    responses = [one for method in methods for one in method.method_responses.values()]
    return [*requests, *(name for one in responses for name in one.response_models.values())]


def _extensions(source: Source, extensions: Collection[str]) -> Tree:
    written: Tree = {}
    if "documentation" in extensions and source.published is not None:
        written[_DOCUMENTATION] = source.published
    if "settings" in extensions:
        written |= settings(source)
    if "validators" in extensions:
        written |= request_validators(source)
    if "gatewayresponses" in extensions:
        written |= gateway_responses(source)
    return written
