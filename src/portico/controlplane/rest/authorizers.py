"""Authorizers: who may call a method. Definitions only; the data plane enforces them or refuses the method."""

from typing import Any

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, text
from portico.controlplane.rest.authorizerrules import DEFAULT_AUTH_TYPES, check_authorizer
from portico.controlplane.rest.lookups import method_where, require, require_api
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, ConflictException

DEFAULT_TTL = 300
"""Seconds that a Lambda authorizer's answer is kept where nothing is said (API reference, CreateAuthorizer)."""

_TEXTS = ("authorizerUri", "authorizerCredentials", "identitySource", "identityValidationExpression")


@operation("CreateAuthorizer")
def create_authorizer(call: Call) -> Document:
    api_id = call.params["restApiId"]
    if call.unit.get("restapi", "", api_id) is None:
        # AWS's answer for an API that is not there (recorded fact 12).
        raise ConflictException("Unable to complete operation due to concurrent modification. Please try again later.")
    document = new_authorizer(call.realm.new_id(6), call.params)
    _save(call, document)
    return document


@operation("GetAuthorizer")
def get_authorizer(call: Call) -> Document:
    return _require_authorizer(call)


@operation("GetAuthorizers")
def get_authorizers(call: Call) -> Document:
    """In the order of the names, as in the recordings."""
    found = call.unit.find("authorizer", require_api(call)["id"])
    return page(((authorizer["name"], authorizer) for _, authorizer in found), call.params)


@operation("UpdateAuthorizer")
def update_authorizer(call: Call) -> Document:
    document = _require_authorizer(call)
    _PATCH.apply(document, call.params.get("patchOperations"))
    check_authorizer(document)
    _save(call, document)
    return document


@operation("DeleteAuthorizer")
def delete_authorizer(call: Call) -> Document:
    document = _require_authorizer(call)
    api_id = call.params["restApiId"]
    # Without its authorizer a method would let everybody in.
    if user := method_where(call.unit, api_id, "authorizerId", document["id"]):
        # AWS writes the verb first here: "GET//pets".
        raise ConflictException(
            f"Cannot delete authorizer '{document['name']}', is referenced in method: {'/'.join(user)}"
        )
    call.unit.delete("authorizer", api_id, document["id"])
    return {}


def new_authorizer(authorizer_id: str, params: dict[str, Any]) -> Document:
    """The document of a new authorizer with AWS's defaults. `params` are CreateAuthorizer's.

    Raises BadRequestException where the members do not make an authorizer of its type.
    """
    kind = params["type"]
    document: Document = {"id": authorizer_id, "name": params["name"], "type": kind}
    if params.get("providerARNs"):
        document["providerARNs"] = list(params["providerARNs"])
    document["authType"] = params.get("authType") or DEFAULT_AUTH_TYPES.get(kind, "custom")
    document.update({member: params[member] for member in _TEXTS if params.get(member)})
    ttl = params.get("authorizerResultTtlInSeconds")
    if ttl is not None:
        document["authorizerResultTtlInSeconds"] = ttl
    elif kind != "COGNITO_USER_POOLS":
        document["authorizerResultTtlInSeconds"] = DEFAULT_TTL
    check_authorizer(document)
    return document


def _save(call: Call, document: Document) -> None:
    api_id = call.params["restApiId"]
    for key, other in call.unit.find("authorizer", api_id):
        if other["name"] == document["name"] and key != document["id"]:
            raise BadRequestException(
                f"Authorizer name must be unique. Authorizer {document['name']} already exists in this RestApi."
            )
    call.unit.put("authorizer", api_id, document["id"], document)


def _require_authorizer(call: Call) -> Document:
    return require(call, "authorizer", call.params["authorizerId"], "Invalid Authorizer identifier specified")


# Patching


def _replace_ttl(document: Document, edit: Edit) -> None:
    try:
        document["authorizerResultTtlInSeconds"] = int(edit.value or "")
    except ValueError as error:
        raise BadRequestException("Invalid authorizerResultTtlInSeconds specified") from error


def _add_source(document: Document, edit: Edit) -> None:
    sources = [document["identitySource"]] if document.get("identitySource") else []
    document["identitySource"] = ",".join([*sources, edit.value or ""])


def _remove_source(document: Document, edit: Edit) -> None:
    sources = [source.strip() for source in document.pop("identitySource", "").split(",")]
    left = [source for source in sources if edit.value and source != edit.value]
    if left:
        document["identitySource"] = ",".join(left)


def _add_provider(document: Document, edit: Edit) -> None:
    providers = document.setdefault("providerARNs", [])
    if edit.value not in providers:
        providers.append(edit.value)


def _remove_provider(document: Document, edit: Edit) -> None:
    document["providerARNs"] = [arn for arn in document.get("providerARNs", []) if arn != edit.value]


def _replace_rule(member: str) -> Rule:
    return Rule(f"/{member}", {"replace": text(member)})


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    *(_replace_rule(member) for member in ("authorizerUri", "authorizerCredentials", "authType", "name", "type")),
    _replace_rule("identityValidationExpression"),
    Rule("/authorizerResultTtlInSeconds", {"replace": _replace_ttl}),
    Rule("/identitySource", {"add": _add_source, "replace": text("identitySource"), "remove": _remove_source}),
    Rule("/providerARNs", {"add": _add_provider, "remove": _remove_provider}),
)
