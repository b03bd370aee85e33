"""Integration responses: PutIntegrationResponse, GetIntegrationResponse, UpdateIntegrationResponse,
DeleteIntegrationResponse.
"""

from portico.controlplane.operation import Call, operation
from portico.controlplane.patch import Edit, PatchTable, Refusal, Rule, as_text, map_rule
from portico.controlplane.rest.integrations import CONTENT_HANDLING, choice, template, templates
from portico.controlplane.rest.mappings import check_content_types, check_response_mapping
from portico.controlplane.rest.methodplace import NO_INTEGRATION, MethodPlace, remove_response
from portico.lang.javaregex import PatternError, UnsupportedPattern, compile_java
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException


@operation("PutIntegrationResponse")
def put_integration_response(call: Call) -> Document:
    """Replaces an earlier response for the status wholly (recorded fact 63).

    The method need not declare the status, unless headers are mapped (recorded: TestApigatewayIntegrationResponse,
    test_lifecycle_integration_response). Who is answered with it gets a 500, which the execution log explains as AWS's
    does: "Output mapping refers to an invalid method response".
    """
    place = MethodPlace(call)
    integration = place.integration()
    status = call.params["statusCode"]
    response = {"statusCode": status}
    # What was sent empty is answered empty: recorded facts 60 and 61.
    response.update({name: call.params[name] for name in _TAKEN_OVER if call.params.get(name) is not None})
    if "responseTemplates" in response:
        response["responseTemplates"] = templates(call.params["responseTemplates"])
    _check(response, place)
    integration.setdefault("integrationResponses", {})[status] = response
    place.save()
    return response


@operation("GetIntegrationResponse")
def get_integration_response(call: Call) -> Document:
    return MethodPlace(call).integration_response()


@operation("UpdateIntegrationResponse")
def update_integration_response(call: Call) -> Document:
    place = MethodPlace(call)
    response = place.integration_response()
    _PATCH.apply(response, call.params.get("patchOperations"))
    _check(response, place)
    place.save()
    return response


@operation("DeleteIntegrationResponse")
def delete_integration_response(call: Call) -> Document:
    place = MethodPlace(call)
    place.integration_response(missing_method=NO_INTEGRATION)  # its own wording: recorded fact 59
    remove_response(place.integration(), "integrationResponses", call.params["statusCode"])
    place.save()
    return {}


_TAKEN_OVER = ("selectionPattern", "responseParameters", "responseTemplates", "contentHandling")


def _check(response: Document, place: MethodPlace) -> None:
    declared = (place.method().get("methodResponses") or {}).get(response["statusCode"])
    check_response_mapping(response.get("responseParameters") or {}, declared)
    check_content_types(response.get("responseTemplates") or {})
    _check_pattern(response.get("selectionPattern") or "")


def _check_pattern(pattern: str) -> None:
    try:
        compile_java(pattern)
    except UnsupportedPattern as error:
        raise BadRequestException(f"Portico cannot select by this pattern: {error}") from None
    except PatternError:  # observed: github.com/badmintoncryer/cdk-preflight, rules/apigateway
        raise BadRequestException("Invalid regex pattern specified") from None


def _select(response: Document, edit: Edit) -> None:
    response["selectionPattern"] = edit.value or ""


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/selectionPattern", {"replace": _select}),
    Rule("/contentHandling", {"replace": choice("contentHandling", CONTENT_HANDLING)}),
    map_rule("responseParameters", as_text, "Invalid parameter name specified"),
    map_rule("responseTemplates", template, "Content-Type specified was not found"),
)
