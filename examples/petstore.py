"""The sample API, put on a Portico with nothing but boto3. What is here would work on AWS too."""

import json
import os
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3

from portico_process import Place

DOCUMENT = Path(__file__).with_name("petstore.yaml")
NAME = "Pet Store"
"""The title in the document."""
STAGE = "prod"
REGION = "us-east-1"
_IN_THE_WAY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_API_GATEWAY",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
"""Variables that AWS's tools believe before the ones that the lines to paste set."""


class Route(NamedTuple):
    verb: str
    path: str
    integration: str
    backend: str
    """Where the integration calls, as the stage's variables have it now; "" of a mock."""


def set_aside() -> list[str]:
    """Take what leads to somebody's account at AWS out of this process's environment; the names of what was there."""
    return [name for name in _IN_THE_WAY if os.environ.pop(name, None) is not None]


def apigateway(place: Place) -> Any:
    key, secret = place.access_key()
    session = boto3.Session(key, secret, region_name=REGION)
    return session.client("apigateway", endpoint_url=place.control)


def deploy(place: Place, backend: str) -> str:
    """Import the document, or put it over what was imported before, and deploy it. The id of the API."""
    aws = apigateway(place)
    api_id = _existing(aws)
    if api_id is None:
        api_id = aws.import_rest_api(
            body=DOCUMENT.read_bytes(), failOnWarnings=True, parameters={"endpointConfigurationTypes": "REGIONAL"}
        )["id"]
    else:
        aws.put_rest_api(restApiId=api_id, mode="overwrite", failOnWarnings=True, body=DOCUMENT.read_bytes())
    if any(stage["stageName"] == STAGE for stage in aws.get_stages(restApiId=api_id)["item"]):
        moved = {"op": "replace", "path": "/variables/backend", "value": backend}
        aws.update_stage(restApiId=api_id, stageName=STAGE, patchOperations=[moved])
        aws.create_deployment(restApiId=api_id, stageName=STAGE)
    else:
        variables = {"backend": backend, "greeting": "Hello"}
        aws.create_deployment(restApiId=api_id, stageName=STAGE, variables=variables)
    return str(api_id)


def _existing(aws: Any) -> str | None:
    pages = aws.get_paginator("get_rest_apis").paginate()
    return next((api["id"] for page in pages for api in page["items"] if api["name"] == NAME), None)


def routes(place: Place, api_id: str) -> list[Route]:
    """What the API serves, in the order of its paths."""
    aws = apigateway(place)
    backend = aws.get_stage(restApiId=api_id, stageName=STAGE)["variables"]["backend"]
    resources = aws.get_resources(restApiId=api_id, limit=500, embed=["methods"])["items"]
    return [
        Route(verb, resource["path"], integration["type"], _uri(integration, backend))
        for resource in sorted(resources, key=lambda one: one["path"])
        for verb, integration in _integrations(resource)
    ]


def _integrations(resource: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    methods = resource.get("resourceMethods", {})
    return [(verb, method["methodIntegration"]) for verb, method in sorted(methods.items())]


def _uri(integration: dict[str, Any], backend: str) -> str:
    return str(integration.get("uri", "")).replace("${stageVariables.backend}", backend)


def pets(place: Place, api_id: str) -> tuple[int, Any]:
    """Status and document of the first call: GET /pets, through the gateway."""
    address = urlsplit(place.gateway)
    assert address.hostname is not None
    connection = HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request("GET", f"/{STAGE}/pets", headers={"Host": f"{api_id}.execute-api.localhost"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
