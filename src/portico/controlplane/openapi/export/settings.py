"""The extensions at the root of a document: what an API is besides its methods, models and authorizers."""

import json
from typing import Any

from portico.controlplane.openapi.export.order import in_aws_order
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.model.rest import GatewayResponse, RequestValidator

_PREFIX = "x-amazon-apigateway-"


def endpoint_configuration(source: Source) -> Tree:
    """`x-amazon-apigateway-endpoint-configuration`, {} where there is nothing to say.

    The type of the endpoint is no part of it: it is a parameter of the import (API reference: ImportRestApi).
    """
    written: Tree = {}
    if source.api.get("disableExecuteApiEndpoint"):
        written["disableExecuteApiEndpoint"] = True
    if ids := source.snapshot.endpoint_configuration.vpc_endpoint_ids:
        written["vpcEndpointIds"] = list(ids)
    return {f"{_PREFIX}endpoint-configuration": written} if written else {}


def settings(source: Source) -> Tree:
    """How the API treats bodies, keys and callers; what has AWS's default is left out."""
    snapshot = source.snapshot
    written: dict[str, Any] = {
        "policy": json.loads(source.policy) if source.policy else None,
        "api-key-source": snapshot.api_key_source if snapshot.api_key_source != "HEADER" else None,
        "minimum-compression-size": snapshot.minimum_compression_size,
        "binary-media-types": list(snapshot.binary_media_types) or None,
        "security-policy": snapshot.security_policy,
        "endpoint-access-mode": snapshot.endpoint_access_mode,
    }
    return {f"{_PREFIX}{name}": value for name, value in written.items() if value is not None}


def gateway_responses(source: Source) -> Tree:
    """Those that the API customised."""
    written = {one.response_type: _gateway_response(one) for one in source.snapshot.gateway_responses}
    return {f"{_PREFIX}gateway-responses": in_aws_order(written)} if written else {}


def _gateway_response(response: GatewayResponse) -> Tree:
    """The status is a number in a document, a text everywhere else (guide: x-amazon-apigateway-gateway-responses)."""
    written: Tree = {
        "statusCode": int(response.status_code) if response.status_code else None,
        "responseParameters": in_aws_order(response.response_parameters),
        "responseTemplates": in_aws_order(response.response_templates),
    }
    return {name: value for name, value in written.items() if value not in (None, {})}


def request_validators(source: Source) -> Tree:
    written = {validator_name(one): _validator(one) for one in source.snapshot.request_validators}
    return {f"{_PREFIX}request-validators": in_aws_order(written)} if written else {}


def validator_name(validator: RequestValidator) -> str:
    """A document knows validators by name; the id stands in for one that has none."""
    return validator.name or validator.id


def _validator(validator: RequestValidator) -> Tree:
    return {
        "validateRequestParameters": validator.validate_request_parameters,
        "validateRequestBody": validator.validate_request_body,
    }
