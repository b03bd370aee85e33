"""The APIs that rows deploy, as OpenAPI documents with AWS's extensions, and how they get into a server."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

STAGE: Final = "prod"
PET: Final = '{"id":1,"type":"dog","price":249.99,"name":"Fido","tags":["a","b","c"]}'
_RESPONSES: Final = {"200": {"description": "OK"}}
Operation = Mapping[str, Any]
Paths = Mapping[str, Mapping[str, Operation]]


class Deployed(NamedTuple):
    api: str
    host: str
    """Value of the Host header that leads to it."""


def proxied(backend: int, path: str) -> Operation:
    """HTTP_PROXY to `path` of the backend; its one `{id}` is mapped from the request."""
    integration: dict[str, Any] = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": f"http://127.0.0.1:{backend}{path}",
    }
    operation: dict[str, Any] = {"responses": _RESPONSES, "x-amazon-apigateway-integration": integration}
    if "{id}" in path:
        operation["parameters"] = [{"name": "id", "in": "path", "required": True, "type": "string"}]
        integration["requestParameters"] = {"integration.request.path.id": "method.request.path.id"}
    return operation


def mocked(answer: str = PET) -> Operation:
    """MOCK that answers with the template `answer`."""
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": answer}}},
    }
    return {"responses": _RESPONSES, "x-amazon-apigateway-integration": integration}


def pets(backend: int) -> Paths:
    """What the rows about speed ask of: the same answers that the peers relay, and a mock of the small one."""
    return {
        "/pets/{id}": {"get": proxied(backend, "/pets/{id}")},
        "/pets/large": {"get": proxied(backend, "/pets/large")},
        "/pets/slow": {"get": proxied(backend, "/pets/slow")},
        "/mock": {"get": mocked()},
    }


def document(paths: Paths, title: str = "pets", **members: Any) -> bytes:
    info = {"title": title, "version": "1"}
    return json.dumps({"swagger": "2.0", "info": info, "paths": paths, **members}).encode()


def deploy(client: Any, paths: Paths, title: str = "pets", **members: Any) -> Deployed:
    """Import and deploy as stage `prod`. When it returns, every worker serves it. `members`: more of the document."""
    api = client.import_rest_api(
        body=document(paths, title, **members),
        failOnWarnings=True,
        parameters={"endpointConfigurationTypes": "REGIONAL"},
    )["id"]
    client.create_deployment(restApiId=api, stageName=STAGE)
    return Deployed(api, f"{api}.execute-api.localhost")
