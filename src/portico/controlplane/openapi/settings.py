"""What a document states about the API itself: extensions at its root, as members that CreateRestApi takes."""

import json
from collections.abc import Callable
from typing import Any

from portico.controlplane.openapi.extensions import refuse_unknown_members
from portico.controlplane.openapi.place import Place
from portico.ports.store import Document

_PREFIX = "x-amazon-apigateway-"
_TYPES = ("REGIONAL", "EDGE", "PRIVATE")

_READERS: dict[str, tuple[str, Callable[[Place], Any]]] = {
    "api-key-source": ("apiKeySource", lambda place: place.choice("HEADER", "AUTHORIZER")),
    "binary-media-types": ("binaryMediaTypes", Place.texts),
    "minimum-compression-size": ("minimumCompressionSize", Place.integer),
    "policy": ("policy", lambda place: json.dumps(place.mapping())),
    "security-policy": ("securityPolicy", Place.text),
    "endpoint-access-mode": ("endpointAccessMode", lambda place: place.choice("BASIC", "STRICT")),
}
"""Extension at the root -> member of the REST API, and how it is read."""


def read_settings(root: Place) -> Document:
    """The members of the REST API that the document states; what it does not state is not there."""
    settings: Document = {}
    for extension, (member, read) in _READERS.items():
        if (place := root.get(_PREFIX + extension)) is not None:
            settings[member] = read(place)
    if (endpoint := _endpoint_place(root)) is not None:
        settings.update(_endpoint(endpoint))
    return settings


def _endpoint_place(root: Place) -> Place | None:
    """Version 3.0 has the endpoint's configuration in its servers (guide), and often at the root all the same."""
    servers = root.get("servers")
    owners = [root, *(servers.items() if servers is not None else ())]
    stated = [place for owner in owners if (place := owner.get(f"{_PREFIX}endpoint-configuration")) is not None]
    for other in stated[1:]:
        if other.value != stated[0].value:
            raise other.refuse("the endpoint is configured twice, and not alike")
    return stated[0] if stated else None


def _endpoint(place: Place) -> Document:
    refuse_unknown_members(place, frozenset({"types", "vpcEndpointIds", "disableExecuteApiEndpoint"}))
    settings: Document = {}
    configuration: Document = {}
    if (types := place.get("types")) is not None:
        configuration["types"] = [one.choice(*_TYPES) for one in types.items()]
    if (ids := place.get("vpcEndpointIds")) is not None:
        configuration["vpcEndpointIds"] = ids.texts()
    if configuration:
        settings["endpointConfiguration"] = configuration
    if (disabled := place.get("disableExecuteApiEndpoint")) is not None:
        settings["disableExecuteApiEndpoint"] = disabled.flag()
    return settings


def read_request_validators(root: Place) -> dict[str, Document]:
    """`x-amazon-apigateway-request-validators`: parameters of CreateRequestValidator by name."""
    flags = ("validateRequestBody", "validateRequestParameters")
    validators: dict[str, Document] = {}
    place = root.get(f"{_PREFIX}request-validators")
    for name, validator in place.members() if place is not None else ():
        refuse_unknown_members(validator, frozenset(flags))
        stated = {flag: validator.get(flag) for flag in flags}
        validators[name] = {"name": name} | {flag: at is not None and at.flag() for flag, at in stated.items()}
    return validators


def read_gateway_responses(root: Place) -> dict[str, Document]:
    """`x-amazon-apigateway-gateway-responses`: parameters of PutGatewayResponse by type."""
    responses: dict[str, Document] = {}
    place = root.get(f"{_PREFIX}gateway-responses")
    for kind, response in place.members() if place is not None else ():
        refuse_unknown_members(response, frozenset({"statusCode", "responseParameters", "responseTemplates"}))
        responses[kind] = {"responseType": kind}
        if (status := response.get("statusCode")) is not None:
            responses[kind]["statusCode"] = status.text()
        for member in ("responseParameters", "responseTemplates"):
            if (entries := response.get(member)) is not None:
                responses[kind][member] = {name: entry.text() for name, entry in entries.members()}
    return responses
