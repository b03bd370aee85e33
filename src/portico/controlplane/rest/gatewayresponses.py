"""Gateway responses: how the errors of an API look. Only the types that an API customised are stored."""

import re
from typing import Any

from portico.controlplane.operation import Call, operation
from portico.controlplane.paging import page
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, map_rule
from portico.controlplane.rest.lookups import require_api
from portico.controlplane.rest.mappings import check_content_types
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException, NotFoundException

DEFAULT_STATUS: dict[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""Every type with the status that AWS gives it (guide: supported-gateway-response-types)."""

_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
_STATUS = re.compile(r"[1-5]\d\d")
_PARAMETER = re.compile(r"gatewayresponse\.header\.[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_EXPRESSION = re.compile(
    r"'[^\r\n\0]*'"
    r"|method\.request\.(?:header|path|querystring|multivalueheader|multivaluequerystring)\.\S+"
    r"|(?:context|stageVariables)\.\S+"
)


@operation("PutGatewayResponse")
def put_gateway_response(call: Call) -> Document:
    require_api(call)
    document = customised(call.params["responseType"], call.params)
    return _save(call, document)


@operation("GetGatewayResponse")
def get_gateway_response(call: Call) -> Document:
    api_id, kind = require_api(call)["id"], call.params["responseType"]
    return _all_types(dict(call.unit.find("gatewayresponse", api_id)))[kind]


@operation("GetGatewayResponses")
def get_gateway_responses(call: Call) -> Document:
    """All types, customised or not, in the order of their names (recorded fact 90)."""
    stored = dict(call.unit.find("gatewayresponse", require_api(call)["id"]))
    return page(_all_types(stored).items(), call.params)


@operation("UpdateGatewayResponse")
def update_gateway_response(call: Call) -> Document:
    """A type that was not customised becomes so, from AWS's own values (recorded fact 92)."""
    api_id, kind = require_api(call)["id"], call.params["responseType"]
    document = call.unit.get("gatewayresponse", api_id, kind) or customised(kind, {})
    _PATCH.apply(document, call.params.get("patchOperations"))
    _check_parameters(document["responseParameters"])
    check_content_types(document["responseTemplates"])
    return _save(call, document)


@operation("DeleteGatewayResponse")
def delete_gateway_response(call: Call) -> Document:
    if not call.unit.delete("gatewayresponse", require_api(call)["id"], call.params["responseType"]):
        raise NotFoundException("Gateway response type not defined on api")
    return {}


def customised(kind: str, params: dict[str, Any]) -> Document:
    """The document of a type that an API sets: what is not set keeps AWS's own value (recorded fact 91).

    `params` are PutGatewayResponse's. Raises BadRequestException for a parameter or template that cannot be.
    """
    document = _default(kind)
    document["defaultResponse"] = False
    if params.get("statusCode"):
        document["statusCode"] = _checked_status(params["statusCode"])
    if params.get("responseParameters"):
        document["responseParameters"] = dict(params["responseParameters"])
    if params.get("responseTemplates"):
        document["responseTemplates"] = dict(params["responseTemplates"])
    _check_parameters(document["responseParameters"])
    check_content_types(document["responseTemplates"])
    for template in document["responseTemplates"].values():
        _filled_template(template)
    return document


def _default(kind: str) -> Document:
    document: Document = {
        "responseType": kind,
        "responseParameters": {},
        "responseTemplates": dict(_TEMPLATES),
        "defaultResponse": True,
    }
    if status := DEFAULT_STATUS[kind]:
        document["statusCode"] = status
    return document


def _all_types(stored: dict[str, Document]) -> dict[str, Document]:
    """Every type: customised, or AWS's own values overlaid by a customised DEFAULT_4XX or DEFAULT_5XX (fact 91)."""
    return {kind: stored.get(kind) or _overlaid(kind, stored) for kind in DEFAULT_STATUS}


def _overlaid(kind: str, stored: dict[str, Document]) -> Document:
    document = _default(kind)
    family = stored.get(f"DEFAULT_{document.get('statusCode', ' ')[0]}XX", {})
    overlay = ("statusCode", "responseParameters", "responseTemplates")
    return document | {member: family[member] for member in overlay if member in family}


def _save(call: Call, document: Document) -> Document:
    call.unit.put("gatewayresponse", call.params["restApiId"], document["responseType"], document)
    return document


# Patching


def _replace_status(document: Document, edit: Edit) -> None:
    document["statusCode"] = _checked_status(edit.value or "")


def _checked_status(status: str) -> str:
    if not _STATUS.fullmatch(status):
        raise BadRequestException(f"Invalid status code specified: {status}")
    return status


def _check_parameters(parameters: dict[str, str]) -> None:
    for name, expression in parameters.items():
        if not _PARAMETER.fullmatch(name):
            raise _invalid_mapping(f"Invalid mapping expression parameter specified: {name}")
        _filled_parameter(expression)


def _filled_parameter(expression: str | None) -> str:
    if not expression:
        raise BadRequestException("Invalid null or empty value in responseParameters")
    if not _EXPRESSION.fullmatch(expression):
        raise _invalid_mapping(f"Invalid mapping expression specified: {expression}")
    return expression


def _filled_template(template: str | None) -> str:
    if not template:
        raise BadRequestException("Invalid null or empty value in responseTemplates")
    return template


def _invalid_mapping(what: str) -> BadRequestException:
    return BadRequestException(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{what}]"
    )


_PATCH = PatchTable(
    Refusal.BY_PATH,
    Rule("/statusCode", {"replace": _replace_status}),
    map_rule("responseParameters", _filled_parameter, "Invalid parameter name specified", keep_empty=True),
    map_rule("responseTemplates", _filled_template, "Content-Type specified was not found", keep_empty=True),
)
