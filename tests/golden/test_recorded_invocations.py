"""APIs that are made, deployed and called, held to what AWS's clients were answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from playbook.stage import Client
from portico.adapters.memory import MemoryStore
from recorded_answers import recorded_file, recorded_scenario
from recorded_calls import ACCOUNT
from rest_play import RestPlay
from served_scene import Served
from wire_client import client_for, control_plane

OURS = Path(__file__).parent / "imports"
STAGE = "dev"
ADDRESSES = {
    "UrlType.HOST_BASED": ("/{stage}", "{api}.execute-api.localhost"),
    "UrlType.PATH_BASED": ("/restapis/{api}/{stage}/_user_request_", "localhost:4566"),
}


class Called(RestPlay):
    """An API that is defined call by call, and what it serves once it is deployed."""

    def __init__(self) -> None:
        super().__init__(account_id=ACCOUNT)
        self.served = Served(self.store, self.api)

    def mock(self, resource: str, verb: str, said: str, **integration: Any) -> None:
        """A method that answers what its response template says."""
        at = {"resourceId": resource, "httpMethod": verb}
        templates = {"application/json": '{"statusCode": 200}'}
        self.call("put_method", **at, authorizationType="NONE")
        self.call("put_method_response", **at, statusCode="200")
        self.call("put_integration", **at, type="MOCK", requestTemplates=templates, **integration)
        self.call("put_integration_response", **at, statusCode="200", responseTemplates={"application/json": said})

    def asks(self, verb: str, path: str, style: str) -> Client:
        base, host = (part.format(api=self.api, stage=STAGE) for part in ADDRESSES[style])
        self.served.follow()
        return self.served.play.says(f"{verb} {base}{path} HTTP/1.1\nHost: {host}\n\n")


@pytest.mark.parametrize("passthrough", ["WHEN_NO_MATCH", "NEVER", "WHEN_NO_TEMPLATES"])
@pytest.mark.parametrize("style", ADDRESSES)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_mock_answers_whatever_passes_through_and_however_it_is_addressed(
    passthrough: str, style: str, verb: str
) -> None:
    scenario = f"TestIntegrations::test_mock_integration_response[{passthrough}-{style}-{verb}]"
    recorded = recorded_scenario("basic.json", scenario)["mock-response"]
    api = Called()
    said = '{"statusCode": 200, "id": $input.params("id")}'
    api.mock(api.resource("{id}"), verb, said, passthroughBehavior=passthrough)
    api.deploy(STAGE)
    assert api.asks(verb, "/42", style).hears.json == recorded


def test_fact_107_what_is_not_routed_is_a_missing_token() -> None:
    recorded = recorded_scenario("common.json", "TestApigatewayRouting::test_routing_not_found")
    api = Called()
    api.mock(api.resource("existing"), "GET", json.dumps(recorded["working-route"]))
    api.deploy(STAGE)
    calls = {"working-route": "GET /existing", "not-found": "GET /random-path", "wrong-method": "POST /existing"}
    hears = {name: api.served.asks(call).hears for name, call in calls.items()}
    assert hears.keys() == recorded.keys()
    assert (hears["working-route"].status, hears["working-route"].json) == (200, recorded["working-route"])
    for name in ("not-found", "wrong-method"):
        assert (hears[name].status, hears[name].json) == (403, recorded[name]["content"])
        assert hears[name]["x-amzn-ErrorType"] == recorded[name]["errorType"]


class Imported:
    """An API made of a document, deployed under variables."""

    def __init__(self, document: bytes, variables: dict[str, str] | None = None) -> None:
        store = MemoryStore()
        client = client_for(control_plane(store, account_id=ACCOUNT))
        self.api = client.import_rest_api(body=document)["id"]
        client.create_deployment(restApiId=self.api, stageName=STAGE, variables=variables or {})
        self.served = Served(store, self.api)


def test_an_imported_mock_echoes_its_path_parameter() -> None:
    recorded = recorded_scenario("basic.json", "TestAPIGateway::test_api_gateway_mock_integration")
    api = Imported((recorded_file("documents") / "openapi-mock.json").read_bytes())
    assert api.served.asks("GET /echo/foobar").hears.json == recorded["mocked-response"]


def test_fact_139_stage_variables_are_host_path_and_query_of_an_imported_uri() -> None:
    scenario = "TestApiGatewayImportRestApi::test_import_with_stage_variables"
    recorded = recorded_scenario("import.json", scenario)
    seen, refused = recorded["get-resp-from-http"], recorded["get-error-resp-from-http"]
    known = {"host": "backend.example", "path": seen["path"].strip("/"), "value": seen["args"]["qs_key"]}
    document = (OURS / "stage-variables.yaml").read_bytes()

    api = Imported(document, known)
    api.served.asks("POST /path")
    heard = api.served.play.backend.hears
    assert heard.first == f"{seen['method']} {seen['path']}?qs_key={seen['args']['qs_key']} HTTP/1.1"
    assert heard["Host"] == "backend.example"
    assert heard.body == seen["data"]

    for missing in known:
        less = {name: value for name, value in known.items() if name != missing}
        hears = Imported(document, less).served.asks("POST /path").hears
        assert (hears.status, hears.json) == (500, refused["body"])
        assert hears["x-amzn-ErrorType"] == refused["errorType"]
