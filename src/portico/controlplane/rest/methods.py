"""Methods: PutMethod, GetMethod, UpdateMethod, DeleteMethod."""

from portico.controlplane.operation import Call, operation
from portico.controlplane.patch import (
    Edit,
    PatchTable,
    Refusal,
    Rule,
    as_boolean,
    as_text,
    boolean,
    map_rule,
    text,
)
from portico.controlplane.rest.mappings import check_content_types, check_method_parameters
from portico.controlplane.rest.methodplace import MethodPlace
from portico.ports.store import Document, Unit
from portico.wire.aws.faults import BadRequestException, ConflictException

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
"""In the order in which AWS lists them (recorded fact 38)."""

AUTHORIZER_TYPES = {"CUSTOM": ("TOKEN", "REQUEST"), "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",)}
"""Authorization types that need an authorizer, and the types of authorizer that each can use."""
_AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", *AUTHORIZER_TYPES)

_OMITTED_WHEN_EMPTY = (
    "authorizerId",
    "authorizationScopes",
    "requestValidatorId",
    "operationName",
    "requestParameters",
    "requestModels",
)


@operation("PutMethod")
def put_method(call: Call) -> Document:
    place = MethodPlace(call)
    check_verb(place.verb)
    if place.verb in place.methods:
        raise ConflictException("Method already exists for this resource")
    method = {
        "httpMethod": place.verb,
        "authorizationType": call.params["authorizationType"],
        "apiKeyRequired": call.params.get("apiKeyRequired") or False,
    }
    method.update({name: call.params[name] for name in _OMITTED_WHEN_EMPTY if call.params.get(name)})
    _check(method, call.unit, call.params["restApiId"])
    place.methods[place.verb] = method
    place.save()
    return method


@operation("GetMethod")
def get_method(call: Call) -> Document:
    return MethodPlace(call).method()


@operation("UpdateMethod")
def update_method(call: Call) -> Document:
    place = MethodPlace(call)
    method = place.method()
    _PATCH.apply(method, call.params.get("patchOperations"))
    _check(method, call.unit, call.params["restApiId"])
    place.save()
    return method


@operation("DeleteMethod")
def delete_method(call: Call) -> Document:
    place = MethodPlace(call)
    place.method()
    del place.methods[place.verb]
    place.save()
    return {}


def check_verb(verb: str) -> None:
    """Raises BadRequestException for what is not a method's verb (recorded fact 38)."""
    if verb not in VERBS:
        raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}")


def _check(method: Document, unit: Unit, api_id: str) -> None:
    """A whole method, put or patched. Raises BadRequestException; corrects what AWS corrects silently."""
    _check_authorization(method, unit, api_id)
    validator = method.get("requestValidatorId")
    if validator and unit.get("requestvalidator", api_id, validator) is None:
        raise BadRequestException("Invalid Request Validator identifier specified")
    check_models(method.get("requestModels") or {}, unit, api_id)
    check_method_parameters(method.get("requestParameters") or {})


def _check_authorization(method: Document, unit: Unit, api_id: str) -> None:
    kind = method["authorizationType"] = method["authorizationType"].upper()  # any case is taken: recorded fact 38
    if kind not in _AUTHORIZATION_TYPES:
        raise BadRequestException(
            f"Invalid authorization type specified. Valid options are {', '.join(_AUTHORIZATION_TYPES)}"
        )
    if method.get("authorizationScopes") and kind != "COGNITO_USER_POOLS":  # observed: cdk-preflight, rules/apigateway
        raise BadRequestException(
            "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS "
            "authorization type"
        )
    usable = AUTHORIZER_TYPES.get(kind)
    if usable is None:
        method.pop("authorizerId", None)  # silently: recorded fact 40
        return
    authorizer = unit.get("authorizer", api_id, method.get("authorizerId") or "")
    if authorizer is None or authorizer.get("type") not in usable:
        raise BadRequestException(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
            "requires a valid authorizer."
        )


def check_models(models: Document, unit: Unit, api_id: str) -> None:
    """A map from media type to model name. Raises BadRequestException (recorded facts 43 and 62)."""
    check_content_types(models)
    for name in models.values():
        if unit.get("model", api_id, name or "") is None:
            raise BadRequestException(f"Invalid model identifier specified: {name}")


def _replace_type(method: Document, edit: Edit) -> None:
    method["authorizationType"] = edit.value or ""


def _add_scope(method: Document, edit: Edit) -> None:
    scopes = method.setdefault("authorizationScopes", [])
    if edit.value and edit.value not in scopes:
        scopes.append(edit.value)


def _remove_scope(method: Document, edit: Edit) -> None:
    scopes = [scope for scope in method.pop("authorizationScopes", []) if scope != edit.value]
    if scopes:
        method["authorizationScopes"] = scopes


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/authorizationType", {"replace": _replace_type}),
    Rule("/authorizerId", {"replace": text("authorizerId")}),
    # The list is patched by value, not by an entry's path: so the guide has it and so terraform sends it.
    Rule("/authorizationScopes", {"add": _add_scope, "remove": _remove_scope}),
    Rule("/apiKeyRequired", {"replace": boolean("apiKeyRequired")}),
    Rule("/operationName", {"replace": text("operationName")}),
    Rule("/requestValidatorId", {"replace": text("requestValidatorId")}),
    map_rule("requestParameters", as_boolean, "Invalid parameter name specified"),
    map_rule("requestModels", as_text, "Content-Type specified was not found"),
)
