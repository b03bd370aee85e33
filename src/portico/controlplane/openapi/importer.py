"""A document of OpenAPI 2.0, 3.0 or (an extension of ours) 3.1 as an ImportedApi. Nothing is stored here.

    api = read_api(settled(parse(body), variables), base_path="prepend", new_id=realm.new_id)

Raises BadRequestException for what is no OpenAPI document and, naming the place, for what Portico could not obey.
"""

from collections.abc import Callable
from typing import Any

from portico.controlplane.openapi.basepath import prefix_of
from portico.controlplane.openapi.bodies import OPENAPI_3, SWAGGER_2, Dialect
from portico.controlplane.openapi.descriptions import EntityDescriptions
from portico.controlplane.openapi.documentation import Descriptions, read_documentation
from portico.controlplane.openapi.extensions import refuse_misplaced
from portico.controlplane.openapi.form import ImportedApi, ImportedMethod
from portico.controlplane.openapi.operations import OperationReader
from portico.controlplane.openapi.place import Place
from portico.controlplane.openapi.reading import invalid, shown
from portico.controlplane.openapi.schemas import Models
from portico.controlplane.openapi.security import read_authorizers
from portico.controlplane.openapi.settings import read_gateway_responses, read_request_validators, read_settings

_MODERN = "3.1"
_MAX_PATH = 10_240
"""AWS's limit of a URL, in bytes. A path of any length would be as many resources, each with its own path."""


def read_api(document: dict[str, Any], *, base_path: str, new_id: Callable[[int], str]) -> ImportedApi:
    """The whole document. `base_path` is one of basepath.MODES; `new_id` names the models of unnamed schemas."""
    dialect = _dialect(document)
    root = Place(document)
    prefix = prefix_of(dialect.base_path(root), base_path)
    api = _about(root)
    api.notes.extend(refuse_misplaced(root))
    api.settings = read_settings(root)
    api.request_validators = read_request_validators(root)
    api.gateway_responses = read_gateway_responses(root)
    api.authorizers = read_authorizers(root.dig(*dialect.security_schemes))
    modern = _is_modern(root, api.warnings)
    models = Models(root.dig(*dialect.schemas), new_id, api.warnings, modern=modern)
    written = read_documentation(root, prefix, api.warnings)
    descriptions = EntityDescriptions(root, Descriptions(written))
    reader = OperationReader(root, dialect, models, api.request_validators, api.warnings, descriptions)
    api.resources = _resources(root, prefix, reader)
    api.documentation = [*written, *descriptions.finish(root.dig(*dialect.security_schemes))]
    models.check_references()
    api.models = models.documents
    return api


def _dialect(document: dict[str, Any]) -> Dialect:
    """Raises BadRequestException in AWS's words for a document without a version (recorded fact 94)."""
    if shown(document.get("swagger", "")) in ("2.0", "2"):
        return SWAGGER_2
    version = shown(document.get("openapi", ""))
    if version.startswith(("3.0", _MODERN)):
        return OPENAPI_3
    raise invalid(f"OpenAPI {version} is not supported, 2.0, 3.0 and 3.1 are." if version[:1].isdigit() else "")


def _is_modern(root: Place, warnings: list[str]) -> bool:
    """Whether the document is of version 3.1, which AWS does not import."""
    version = root.get("openapi")
    if version is None or not version.text().startswith(_MODERN):
        return False
    warnings.append(
        f"OpenAPI {version.text()} is an extension of Portico: AWS imports versions 2.0 and 3.0. Schemas are kept as "
        "JSON Schema draft 4."
    )
    if root.get("webhooks") is not None:
        warnings.append("Webhooks are not supported. Ignoring.")
    return True


def _about(root: Place) -> ImportedApi:
    title = root.dig("info", "title")
    if title is None:
        raise root.refuse("the document has no info.title to name the API by")
    api = ImportedApi(title.text())
    if (description := root.dig("info", "description")) is not None:
        api.description = description.text() or None
    if (version := root.dig("info", "version")) is not None:
        api.version = version.text() or None
    return api


def _resources(root: Place, prefix: str, reader: OperationReader) -> dict[str, dict[str, ImportedMethod]]:
    """Every path with its methods, under the prefix. Paths that differ only in slashes at the end are one resource."""
    resources: dict[str, dict[str, ImportedMethod]] = {}
    paths = root.get("paths")
    for path, item in paths.members() if paths is not None else ():
        if path.startswith("x-"):
            continue
        if not path.startswith("/"):
            raise item.refuse(f"the path '{path}' does not start with /")
        whole = prefix + path.rstrip("/") or "/"
        if len(whole) > _MAX_PATH:
            raise item.refuse(f"the path has more than {_MAX_PATH} characters, which no request has")
        methods = reader.read_path(whole, item)
        if resources.get(whole, {}).keys() & methods.keys():
            raise item.refuse(f"the path '{path}' is given twice")
        resources.setdefault(whole, {}).update(methods)
    return resources
