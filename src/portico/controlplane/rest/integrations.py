"""Integrations: PutIntegration, GetIntegration, UpdateIntegration, DeleteIntegration."""

from collections.abc import Collection

from portico.controlplane.operation import Call, operation
from portico.controlplane.patch import (
    Action,
    Edit,
    PatchTable,
    Refusal,
    Rule,
    as_boolean,
    as_text,
    list_add,
    list_remove,
    list_replace,
    map_rule,
    text,
)
from portico.controlplane.rest.integrationrules import complete
from portico.controlplane.rest.methodplace import MethodPlace
from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

_TAKEN_OVER = (
    "type",
    "uri",
    "connectionType",
    "connectionId",
    "credentials",
    "requestParameters",
    "requestTemplates",
    "passthroughBehavior",
    "contentHandling",
    "timeoutInMillis",
    "cacheNamespace",
    "cacheKeyParameters",
    "tlsConfig",
    "responseTransferMode",
    "integrationTarget",
)


@operation("PutIntegration")
def put_integration(call: Call) -> Document:
    """A whole new integration: the responses of the one it replaces go with it."""
    place = MethodPlace(call)
    method = place.method()
    integration = {name: call.params[name] for name in _TAKEN_OVER if call.params.get(name) not in (None, "", {})}
    if call.params.get("integrationHttpMethod"):
        integration["httpMethod"] = call.params["integrationHttpMethod"]
    if "requestTemplates" in integration:
        integration["requestTemplates"] = templates(integration["requestTemplates"])
    complete(integration, method, place.resource["id"], call.realm.max_integration_timeout)
    method["methodIntegration"] = integration
    place.save()
    return integration


@operation("GetIntegration")
def get_integration(call: Call) -> Document:
    return MethodPlace(call).integration()


@operation("UpdateIntegration")
def update_integration(call: Call) -> Document:
    place = MethodPlace(call)
    integration = place.integration()
    _PATCH.apply(integration, call.params.get("patchOperations"))
    complete(integration, place.method(), place.resource["id"], call.realm.max_integration_timeout)
    place.save()
    return integration


@operation("DeleteIntegration")
def delete_integration(call: Call) -> Document:
    place = MethodPlace(call)
    place.integration()
    del place.method()["methodIntegration"]
    place.save()
    return {}


def templates(given: Document) -> Document:
    """Templates by media type, an empty one as null: so AWS answers it (recorded fact 60)."""
    return {content_type: template or None for content_type, template in given.items()}


def template(value: str | None) -> str | None:
    return value or None


def choice(member: str, options: Collection[str]) -> Action:
    """Set `member` to one of `options`; an empty value takes it away."""
    assign = text(member)

    def act(document: Document, edit: Edit) -> None:
        if edit.value and edit.value not in options:
            raise BadRequestException(f"Invalid {member} specified. Valid options are {', '.join(options)}")
        assign(document, edit)

    return act


CONTENT_HANDLING = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")


def _timeout(integration: Document, edit: Edit) -> None:
    try:
        integration["timeoutInMillis"] = int(edit.value or "")
    except ValueError:
        raise BadRequestException("Invalid timeoutInMillis specified. It must be a whole number") from None


def _verify(integration: Document, edit: Edit) -> None:
    integration["tlsConfig"] = {"insecureSkipVerification": as_boolean(edit.value)}


def _set_outside_mock(member: str) -> Action:
    """The guide's exception: a MOCK integration has no verb and no address to replace."""
    assign = text(member)

    def act(integration: Document, edit: Edit) -> None:
        if integration["type"] == "MOCK":
            raise BadRequestException(f"Invalid patch path {edit.path}")
        assign(integration, edit)

    return act


_CACHE_KEYS = {
    "add": list_add("cacheKeyParameters"),
    "replace": list_replace("cacheKeyParameters"),
    "remove": list_remove("cacheKeyParameters"),
}

_PATCH = PatchTable(
    Refusal.BY_OPERATION,
    Rule("/httpMethod", {"replace": _set_outside_mock("httpMethod")}),
    Rule("/uri", {"replace": _set_outside_mock("uri")}),
    Rule("/connectionType", {"replace": choice("connectionType", ("INTERNET", "VPC_LINK"))}),
    Rule("/connectionId", {"replace": text("connectionId")}),
    Rule("/credentials", {"replace": text("credentials")}),  # not in the guide's table; terraform sends it
    Rule("/passthroughBehavior", {"replace": text("passthroughBehavior")}),
    Rule("/contentHandling", {"replace": choice("contentHandling", CONTENT_HANDLING)}),
    Rule("/timeoutInMillis", {"replace": _timeout}),
    Rule("/cacheNamespace", {"replace": text("cacheNamespace")}),
    Rule("/cacheKeyParameters/{name}", _CACHE_KEYS),
    Rule("/tlsConfig/insecureSkipVerification", {"replace": _verify}),
    Rule("/responseTransferMode", {"replace": choice("responseTransferMode", ("BUFFERED", "STREAM"))}),
    Rule("/integrationTarget", {"replace": text("integrationTarget")}),
    map_rule("requestParameters", as_text, "Invalid parameter name specified"),
    map_rule("requestTemplates", template, "Content-Type specified was not found"),
)
