"""Method responses: PutMethodResponse, GetMethodResponse, UpdateMethodResponse, DeleteMethodResponse."""

from portico.controlplane.operation import Call, operation
from portico.controlplane.patch import PatchTable, Refusal, as_boolean, as_text, map_rule
from portico.controlplane.rest.mappings import check_method_response_parameters
from portico.controlplane.rest.methodplace import MethodPlace, remove_response
from portico.controlplane.rest.methods import check_models
from portico.ports.store import Document
from portico.wire.aws.faults import ConflictException


@operation("PutMethodResponse")
def put_method_response(call: Call) -> Document:
    place = MethodPlace(call)
    responses = place.method().setdefault("methodResponses", {})
    status = call.params["statusCode"]
    if status in responses:
        raise ConflictException("Response already exists for this resource")
    response = {"statusCode": status}
    # A map sent empty is answered empty, one never sent is left out: recorded fact 48.
    response.update({k: call.params[k] for k in ("responseParameters", "responseModels") if k in call.params})
    _check(response, call)
    responses[status] = response
    place.save()
    return response


@operation("GetMethodResponse")
def get_method_response(call: Call) -> Document:
    return MethodPlace(call).method_response()


@operation("UpdateMethodResponse")
def update_method_response(call: Call) -> Document:
    place = MethodPlace(call)
    response = place.method_response()
    _PATCH.apply(response, call.params.get("patchOperations"))
    _check(response, call)
    place.save()
    return response


@operation("DeleteMethodResponse")
def delete_method_response(call: Call) -> Document:
    place = MethodPlace(call)
    place.method_response()
    remove_response(place.method(), "methodResponses", call.params["statusCode"])
    place.save()
    return {}


def _check(response: Document, call: Call) -> None:
    check_method_response_parameters(response.get("responseParameters") or {})
    check_models(response.get("responseModels") or {}, call.unit, call.params["restApiId"])


_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    map_rule("responseParameters", as_boolean, "Invalid parameter name specified"),
    map_rule("responseModels", as_text, "Content-Type specified was not found"),
)
