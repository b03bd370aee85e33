"""What CreateRestApi's `cloneFrom` copies: an API's definition, under ids of its own.

Copied is all that a document could define: resources with their methods, models, request validators, authorizers,
gateway responses and documentation parts, and the settings that say how bodies and callers are treated. Deployments,
stages, documentation versions and tags are not part of a definition and stay behind.
"""

from typing import Any

from portico.controlplane.operation import Call
from portico.controlplane.rest.lookups import require_api
from portico.controlplane.rest.policydocument import shorten_policy
from portico.ports.store import Document

_SETTINGS = (
    "apiKeySource",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "policy",
    "endpointConfiguration",
    "disableExecuteApiEndpoint",
    "securityPolicy",
    "endpointAccessMode",
)
"""What a clone has of its source where the call does not say otherwise: a copy is no way around what protects an API.

That AWS copies these is not known (decision 0050); the names of the parts that it does copy are the console's ("Clone
from API").
"""

_NAMED = ("model", "gatewayresponse")
_NUMBERED = ("requestvalidator", "authorizer", "resource", "documentationpart")
_REFERENCES = ("id", "parentId", "requestValidatorId", "authorizerId", "cacheNamespace")
"""The members that name a part of the API by its id, wherever they stand in a document."""


def source_of(call: Call) -> Document:
    """The API that `cloneFrom` names. Raises NotFoundException in the words of every unknown API."""
    return require_api(Call({"restApiId": call.params["cloneFrom"]}, call.unit, call.realm))


def inherited(call: Call, source: Document) -> dict[str, Any]:
    """CreateRestApi's parameters, completed by the settings of the API that is cloned."""
    settings = {member: source[member] for member in _SETTINGS if member in source}
    if "securityPolicy" in call.params:
        settings.pop("endpointAccessMode", None)  # it belongs to the policy that the call replaces
    if "policy" in settings:
        settings["policy"] = shorten_policy(settings["policy"], call.realm, source["id"])
    return settings | call.params


def copy_definition(call: Call, source: Document, clone: Document) -> None:
    """Give a new API, which has nothing but its root resource, all parts of the `source`."""
    parts = [(kind, key, row) for kind in _NUMBERED for key, row in call.unit.find(kind, source["id"])]
    ids = {key: call.realm.new_id(len(key)) for _, key, _ in parts}
    ids[source["rootResourceId"]] = clone["rootResourceId"]
    for kind, key, row in parts:
        call.unit.put(kind, clone["id"], ids[key], _renamed(row, ids))
    for kind in _NAMED:
        for key, row in call.unit.find(kind, source["id"]):
            call.unit.put(kind, clone["id"], key, _own(row, call, source["id"], clone["id"]))


def _renamed(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, ids) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        member: ids.get(item, item) if member in _REFERENCES and isinstance(item, str) else _renamed(item, ids)
        for member, item in value.items()
    }


def _own(row: Document, call: Call, source_id: str, clone_id: str) -> Document:
    """A model or a gateway response of the clone: a new id where it has one, references to the clone's own models."""
    own = dict(row)
    if "id" in own:
        own["id"] = call.realm.new_id(len(own["id"]))
    if "schema" in own:
        own["schema"] = own["schema"].replace(f"/restapis/{source_id}/models/", f"/restapis/{clone_id}/models/")
    return own
