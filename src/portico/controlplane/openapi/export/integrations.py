"""An integration as `x-amazon-apigateway-integration`."""

from typing import Any

from portico.controlplane.openapi.export.order import in_aws_order
from portico.controlplane.openapi.export.writing import Tree
from portico.model.rest import Integration, IntegrationResponse

_DEFAULT_TIMEOUT = 29_000
_PLAIN_CONNECTION = "INTERNET"


def export_integration(integration: Integration, resource_id: str) -> Tree:
    """Without the members that hold AWS's default, as AWS leaves them out; the pass-through behaviour it always writes.

    A cache namespace of the method's own resource is such a default: the importing API has another id for it.
    """
    namespace = integration.cache_namespace
    written: Tree = {
        "type": integration.type.lower(),
        "credentials": integration.credentials,
        "httpMethod": integration.http_method,
        "uri": integration.uri,
        "responses": _responses(integration.integration_responses),
        "requestParameters": in_aws_order(integration.request_parameters),
        "requestTemplates": _templates(integration.request_templates),
        "connectionType": integration.connection_type if integration.connection_type != _PLAIN_CONNECTION else None,
        "connectionId": integration.connection_id,
        "passthroughBehavior": integration.passthrough_behavior.lower(),
        "contentHandling": integration.content_handling,
        "timeoutInMillis": integration.timeout_in_millis if integration.timeout_in_millis != _DEFAULT_TIMEOUT else None,
        "cacheNamespace": namespace if namespace != resource_id else None,
        "cacheKeyParameters": list(integration.cache_key_parameters),
        "tlsConfig": _tls(integration),
        "responseTransferMode": integration.response_transfer_mode,
        "integrationTarget": integration.integration_target,
    }
    return {name: value for name, value in written.items() if value not in (None, {}, [])}


def _tls(integration: Integration) -> Tree | None:
    tls = integration.tls_config
    return None if tls is None else {"insecureSkipVerification": tls.insecure_skip_verification}


def _responses(responses: dict[str, IntegrationResponse]) -> Tree:
    """By selection pattern, `default` for none. Of several with one pattern the first status stands, as it serves."""
    by_pattern: dict[str, Any] = {}
    for _, response in sorted(responses.items()):
        by_pattern.setdefault(response.selection_pattern or "default", _response(response))
    return in_aws_order(by_pattern)


def _response(response: IntegrationResponse) -> Tree:
    written: Tree = {
        "statusCode": response.status_code,
        "responseParameters": in_aws_order(response.response_parameters),
        "responseTemplates": _templates(response.response_templates),
        "contentHandling": response.content_handling,
    }
    return {name: value for name, value in written.items() if value not in (None, {})}


def _templates(templates: dict[str, str | None]) -> Tree:
    """An empty template, which AWS answers as null (recorded fact 60), is an empty text in a document."""
    return in_aws_order({media_type: template or "" for media_type, template in templates.items()})
