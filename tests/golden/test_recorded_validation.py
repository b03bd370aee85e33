"""Request validation as AWS did it: the recorded scenarios, through the control plane and what it deployed."""

import json
from pathlib import Path
from typing import Any

import pytest

from playbook.stage import Client
from portico.adapters.memory import MemoryStore
from recorded_answers import Masks, recorded_scenario
from recorded_calls import ACCOUNT, Replay, scenario
from rest_play import patch
from served_scene import Served
from wire_client import client_for, control_plane

COMMON = "TestApiGatewayCommon::test_api_gateway_"
STAGE = "dev"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:echo"
INVOCATIONS = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
NUMBERS = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "testSchema",
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    "required": ["a", "b"],
}
URL = "https://apigateway.amazonaws.com/restapis/{}/models/{}"
DOCUMENTS = Path(__file__).parent / "imports"


def hold(replay: Replay, recorded: str, client: Client) -> None:
    """A refusal's body, and what is the same of all of them (recorded fact 50)."""
    assert client.hears.json == replay.left.pop(recorded)
    assert (client.hears.status, client.hears["x-amzn-ErrorType"]) == (400, "BadRequestException")


def validated_method(replay: Replay, at: dict[str, str], validator: str, **method: Any) -> None:
    replay.call("put_method", **at, authorizationType="NONE", requestValidatorId=validator, **method)
    replay.call("put_method_response", **at, statusCode="200")


def test_facts_50_51_52_and_152_a_request_validator_does_what_it_says_from_the_next_deployment_on() -> None:
    with scenario("common.json", f"{COMMON}request_validator", "register-lambda") as replay:
        replay.left = json.loads(json.dumps(replay.left).replace("<fn_name:1>", "echo"))
        replay.known({"<partition>": "aws", "<region>": "us-east-1"})
        resource = replay.resource("{test}", replay.resource("path"))
        validator = replay.call(
            "create_request_validator",
            name="test-validator",
            validateRequestBody=True,
            validateRequestParameters=True,
        )["id"]
        replay.call("create_model", name="testSchema", contentType="application/json", schema=json.dumps(NUMBERS))
        required = ("path.test", "querystring.qs1", "header.x-header-param")
        for verb in ("GET", "POST"):
            at = {"resourceId": resource, "httpMethod": verb}
            validated_method(
                replay,
                at,
                validator,
                requestParameters={f"method.request.{name}": True for name in required},
                requestModels={"application/json": "testSchema"},
            )
            replay.call("put_integration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=INVOCATIONS)
            replay.call("put_integration_response", **at, statusCode="200")
        replay.hold("deploy-1", "create_deployment", stageName=STAGE)

        served, good, header = Served(replay.store, replay.api), {"a": 1, "b": 2}, "x-header-param: test"

        def deploy() -> None:
            replay.call("create_deployment", stageName=STAGE)

        def posts(body: Any) -> Client:
            return served.asks("POST /path/test?qs1=test", header, body=body)

        def taken(client: Client) -> bool:
            if not client.over:
                served.play.functions.answers({"statusCode": 200})
            return client.hears.status == 200

        assert taken(posts(good))

        post = {"resourceId": resource, "httpMethod": "POST"}
        by_path = "/requestParameters/method.request.path."
        renamed = (patch("remove", f"{by_path}test"), patch("add", f"{by_path}issuer", "true"))
        replay.patch("change-request-path-names", "update_method", *renamed, **post)
        assert taken(posts(good)), "what is deployed is a snapshot"
        deploy()
        hold(replay, "missing-all-required-request-params-post", served.asks("POST /path/test", body=good))
        hold(replay, "missing-required-headers-request-params-get", served.asks("GET /path/test?qs1=test"))
        hold(replay, "missing-required-qs-request-params-get", served.asks("GET /path/test", header))

        reverted = (patch("remove", f"{by_path}issuer"), patch("add", f"{by_path}test", "true"))
        replay.patch("revert-request-path-names", "update_method", *reverted, **post)
        deploy()
        hold(replay, "invalid-request-body", posts({"test": "test"}))
        assert served.asks("GET /path/test?qs1=test", header).hears.status == 400, "an empty body is not valid"

        off = [patch("replace", f"/validateRequest{what}", "false") for what in ("Parameters", "Body")]
        replay.patch("disable-request-validator", "update_request_validator", *off, requestValidatorId=validator)
        assert posts({"test": "test"}).hears.status == 400
        deploy()
        assert taken(posts({"test": "test"}))
        assert taken(served.asks("GET /path/test"))


def with_models(replay: Replay, method: str, **schemas: Any) -> Served:
    """A MOCK method at /path whose bodies are held to the model `method`."""
    for name, schema in schemas.items():
        replay.call("create_model", name=name, contentType="application/json", schema=json.dumps(schema))
    validator = replay.call("create_request_validator", name="body", validateRequestBody=True)["id"]
    at = {"resourceId": replay.resource("path"), "httpMethod": "POST"}
    validated_method(replay, at, validator, requestModels={"application/json": method})
    template = {"application/json": '{"statusCode": 200}'}
    replay.call("put_integration", **at, type="MOCK", requestTemplates=template)
    shown = {"application/json": '{"data": "ok"}'}
    replay.call("put_integration_response", **at, statusCode="200", responseTemplates=shown)
    replay.call("create_deployment", stageName=STAGE)
    return Served(replay.store, replay.api)


def test_fact_52_models_refer_to_other_models_by_awss_address() -> None:
    with scenario("common.json", f"{COMMON}request_validator_with_ref_models") as replay:
        replay.known({"<api-id>": replay.api})
        listed = {"type": "array", "items": {"$ref": URL.format(replay.api, "testSchema")}}
        served = with_models(replay, "testSchemaList", testSchema=NUMBERS, testSchemaList=listed)
        replay.hold("get-models-with-ref", "get_models")
        taken = served.asks("POST /path", body=[{"a": 1, "b": 2}]).hears
        assert (taken.status, taken.json) == (200, replay.left.pop("successful"))
        hold(replay, "failed-validation", served.asks("POST /path", body=[{"a": 1}]))
        assert served.asks("POST /path", body=[{"a": 1, "b": 2}, {"a": 1, "b": "2"}]).hears.status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [({"a": 1, "b": 2}, 200), ({"c": 1, "d": 2}, 200), ({"a": 1, "d": 2}, 400), ({}, 400), (None, 400)],
)
def test_fact_52_one_of_several_models(body: Any, status: int) -> None:
    replay = Replay({})
    other = {"type": "object", "properties": {"c": {"type": "number"}}, "required": ["c", "d"]}
    either = {"oneOf": [{"$ref": URL.format(replay.api, name)} for name in ("Numbers", "Other")]}
    served = with_models(replay, "Either", Numbers=NUMBERS, Other=other, Either=either)
    assert served.asks("POST /path", body=body).hears.status == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "ann", "b": 1}, 200),
        ({"name": "ann", "b": 1, "house": {"contains": [{"name": "bob", "b": 2, "house": {}}]}}, 200),
        ({"name": "ann", "b": 1, "house": {"contains": []}}, 400),
        ({"name": "ann", "b": 1, "house": {"contains": [{"name": "bob"}]}}, 400),
        ({"name": "ann", "b": "1"}, 400),
        ({"name": "ann"}, 400),
        (None, 400),
    ],
)
def test_fact_52_imported_models_in_a_circle_judge_bodies_as_deep_as_they_go(body: Any, status: int) -> None:
    store = MemoryStore()
    client = client_for(control_plane(store))
    api = client.import_rest_api(body=(DOCUMENTS / "circular-models.yaml").read_bytes())["id"]
    client.create_deployment(restApiId=api, stageName=STAGE)
    assert Served(store, api).asks("POST /person", body=body).hears.status == status


def test_the_imported_validator_and_models_are_those_that_are_enforced() -> None:
    """The recording's own answers, from the API whose bodies the test above judges."""
    name = "TestApiGatewayImportRestApi::test_import_with_circular_models_and_request_validation"
    recorded = recorded_scenario("import.json", name)
    client = client_for(control_plane())
    imported = client.import_rest_api(body=(DOCUMENTS / "circular-models.yaml").read_bytes())
    masks = Masks()
    masks.match("import-api", recorded["import-api"], imported)
    masks.match("get-models", recorded["get-models"], client.get_models(restApiId=imported["id"]))
    validators = client.get_request_validators(restApiId=imported["id"])
    masks.match("request-validators", recorded["request-validators"], validators)
