"""RestApis: the APIs themselves. Their stored document is what GetRestApi answers, but for the policy's escapes.

`tags` is stored where there are any; whether an answer shows an empty one depends on the operation (recorded fact 18).
"""

from typing import Any

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import (
    Edit,
    PatchTable,
    Refusal,
    Rule,
    boolean,
    list_add,
    list_remove,
    list_replace,
    text,
)
from portico.controlplane.rest import cloning, endpoints
from portico.controlplane.rest.lookups import require_api
from portico.controlplane.rest.models import add_default_models
from portico.controlplane.rest.policydocument import accept_policy, show_policy
from portico.controlplane.rest.securitypolicies import (
    ACCESS_MODES,
    SECURITY_POLICIES,
    check_access_mode,
    default_security_policy,
)
from portico.controlplane.rest.tagging import check_tags
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

MAX_COMPRESSION_SIZE = 10_485_760
_API_KEY_SOURCES = ("HEADER", "AUTHORIZER")
_OPTIONAL = ("description", "version", "binaryMediaTypes", "tags", "securityPolicy", "endpointAccessMode")
"""Left out of the document where they are absent or empty (recorded fact 18)."""


@operation("CreateRestApi")
def create_rest_api(call: Call) -> Document:
    if call.params.get("cloneFrom"):
        return show_api(_clone(call))
    document = new_api(call, call.params)
    add_default_models(call, document["id"])
    return show_api(document)


def _clone(call: Call) -> Document:
    source = cloning.source_of(call)
    document = new_api(call, cloning.inherited(call, source))
    cloning.copy_definition(call, source, document)
    return document


@operation("GetRestApi")
def get_rest_api(call: Call) -> Document:
    return _read_api(require_api(call), empty_tags=True)


@operation("GetRestApis")
def get_rest_apis(call: Call) -> Document:
    apis = [(f"{api['createdDate']:017.6f}{key}", _read_api(api)) for key, api in call.unit.find("restapi", "")]
    return page(apis, call.params)


@operation("UpdateRestApi")
def update_rest_api(call: Call) -> Document:
    document = require_api(call)
    before = document.get("policy")
    _PATCH.apply(document, call.params.get("patchOperations"))
    endpoints.check_endpoint(document["endpointConfiguration"])
    check_access_mode(document)
    if document.get("policy") != before and "policy" in document:
        document["policy"] = accept_policy(document["policy"], call.realm, document["id"])
    call.unit.put("restapi", "", document["id"], document)
    return show_api(document, empty_tags=True)


@operation("DeleteRestApi")
def delete_rest_api(call: Call) -> Document:
    api_id = require_api(call)["id"]
    for stage, _ in call.unit.find("stage", api_id):
        call.unit.stand("stage", f"{api_id}/{stage}", None)
    call.unit.delete_scope(api_id)
    call.unit.delete("restapi", "", api_id)
    return {}


def new_api(call: Call, params: dict[str, Any]) -> Document:
    """Store a new API with its root resource and without models, and return its document.

    `params` are CreateRestApi's; an import makes them from the document that it reads. Raises BadRequestException, a
    wrong description before a wrong endpoint (recorded fact 23).
    """
    _check_texts(params)
    api_id, root_id = call.realm.new_id(10), call.realm.new_id(10)
    document: Document = {
        "id": api_id,
        "name": params["name"],
        "createdDate": call.realm.clock.now(),
        "apiKeySource": params.get("apiKeySource") or "HEADER",
        "endpointConfiguration": endpoints.endpoint_configuration(params.get("endpointConfiguration")),
        "disableExecuteApiEndpoint": bool(params.get("disableExecuteApiEndpoint")),
        "rootResourceId": root_id,
        **{member: params[member] for member in _OPTIONAL if params.get(member)},
    }
    if params.get("minimumCompressionSize") is not None:
        document["minimumCompressionSize"] = compression_size(params["minimumCompressionSize"])
    if params.get("policy"):
        document["policy"] = accept_policy(params["policy"], call.realm, api_id)
    check_access_mode(document)
    check_tags(document.get("tags", {}))
    call.unit.put("restapi", "", api_id, document)
    call.unit.put("resource", api_id, root_id, {"id": root_id, "path": "/"})
    return document


def show_api(document: Document, *, empty_tags: bool = False) -> Document:
    """The stored document as an answer: the policy escaped, an empty `tags` only where the operation shows one."""
    answer = dict(document)
    if "policy" in answer:
        answer["policy"] = show_policy(answer["policy"])
    if empty_tags:
        answer.setdefault("tags", {})
    return answer


def _read_api(document: Document, *, empty_tags: bool = False) -> Document:
    """As the reading operations answer it, whose answers since November 2025 have two members more; of the changing
    ones no answer with them is known (docs/decisions/0049). The status is AVAILABLE, because every change acts at once;
    terraform waits for that."""
    policy = default_security_policy(document["endpointConfiguration"]["types"])
    return {"securityPolicy": policy, **show_api(document, empty_tags=empty_tags), "apiStatus": "AVAILABLE"}


def compression_size(value: Any) -> int:
    """A minimumCompressionSize from a number or its text. 0 is one; raises BadRequestException (recorded fact 24)."""
    try:
        size = int(value)
    except (TypeError, ValueError):
        size = -1
    if not 0 <= size <= MAX_COMPRESSION_SIZE:
        raise BadRequestException(f"Invalid minimum compression size, must be between 0 and {MAX_COMPRESSION_SIZE}")
    return size


def _check_texts(params: dict[str, Any]) -> None:
    if not params["name"].strip():
        raise BadRequestException("Name cannot be empty")
    if params.get("description") == "":
        raise BadRequestException("Description cannot be an empty string")


# Patching


def _replace_name(document: Document, edit: Edit) -> None:
    if not (edit.value or "").strip():
        raise BadRequestException("Name cannot be empty")
    document["name"] = edit.value


def _replace_compression_size(document: Document, edit: Edit) -> None:
    if edit.value:
        document["minimumCompressionSize"] = compression_size(edit.value)
    else:
        document.pop("minimumCompressionSize", None)


def _one_of(member: str, allowed: tuple[str, ...], *, may_be_empty: bool = False) -> Rule:
    assign = text(member)

    def act(document: Document, edit: Edit) -> None:
        if edit.value not in allowed and (edit.value or not may_be_empty):
            raise BadRequestException(f"Invalid {member} specified. Valid options are {','.join(allowed)}")
        assign(document, edit)

    return Rule(f"/{member}", {"replace": act})


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/name", {"replace": _replace_name}),
    Rule("/description", {"add": text("description"), "replace": text("description"), "remove": text("description")}),
    Rule(
        "/binaryMediaTypes/{type}",
        {
            "add": list_add("binaryMediaTypes"),
            "replace": list_replace("binaryMediaTypes"),
            "remove": list_remove("binaryMediaTypes"),
        },
    ),
    Rule("/minimumCompressionSize", {"replace": _replace_compression_size}),
    Rule("/disableExecuteApiEndpoint", {"replace": boolean("disableExecuteApiEndpoint")}),
    Rule("/policy", {"replace": text("policy")}),
    _one_of("apiKeySource", _API_KEY_SOURCES),
    _one_of("securityPolicy", SECURITY_POLICIES),
    # Empty takes it away: so the guide goes back to a legacy policy ("How to change a security policy").
    _one_of("endpointAccessMode", ACCESS_MODES, may_be_empty=True),
    Rule(
        "/endpointConfiguration/types/{type}",
        {"add": endpoints.add_type, "remove": endpoints.remove_type, "replace": endpoints.replace_type},
        wrong_op="Invalid patch operation specified. Must be 'add'|'remove'|'replace'",  # recorded fact 21
    ),
    Rule("/endpointConfiguration/ipAddressType", {"replace": endpoints.replace_ip_address_type}),
    Rule(
        "/endpointConfiguration/vpcEndpointIds",
        {"add": endpoints.add_vpc_endpoint, "remove": endpoints.remove_vpc_endpoint},
    ),
)
