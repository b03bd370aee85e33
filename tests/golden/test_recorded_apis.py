"""RestApis, their models, validators and gateway responses, call by call against what AWS answered."""

import json
from typing import Any

import pytest

from recorded_calls import scenario
from rest_play import patch

APIS = "TestApiGatewayApiRestApi::test_"
MODELS = "TestApiGatewayApiModels::test_"
VALIDATORS = "TestApiGatewayApiRequestValidator::test_"
GATEWAY_RESPONSES = "TestApiGatewayGatewayResponse::test_"


def test_an_api_with_optional_members() -> None:
    with scenario("api.json", f"{APIS}create_rest_api_with_optional_params") as replay:
        replay.hold("create-only-name", "create_rest_api", name="optional-1")
        replay.hold("create-empty-desc", "create_rest_api", name="optional-2", description="")
        replay.hold("create-with-version", "create_rest_api", name="optional-3", version="v1")
        replay.hold("create-with-empty-binary-media", "create_rest_api", name="optional-4", binaryMediaTypes=[])
        replay.hold("string-compression-size", "create_rest_api", name="optional-5", minimumCompressionSize=-1)


def test_binary_media_types_of_a_new_api() -> None:
    with scenario("api.json", f"{APIS}create_rest_api_with_binary_media_types") as replay:
        replay.hold("create-with-binary-media", "create_rest_api", name="b", binaryMediaTypes=["image/png"])


def test_the_id_of_an_api_in_another_case_is_another_id() -> None:
    # What the recorded API was created with is from a time when no address type was told.
    with scenario("api.json", f"{APIS}get_api_case_insensitive", "create-rest-api") as replay:
        upper = replay.api.upper()
        replay.known({"<upper-id>": upper})
        replay.hold("get-api-upper-case", "get_rest_api", restApiId=upper)


def test_a_private_api_with_its_vpc_endpoints() -> None:
    # "endpoint-details" is an answer of EC2.
    with scenario("integrations.json", "test_create_execute_api_vpc_endpoint", "endpoint-details") as replay:
        replay.known({"<partition>": "aws", "<region>": "us-east-1"})
        statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        key = replay.call(
            "create_rest_api",
            name="private",
            endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]},
            policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )["id"]
        answer = replay.call("get_rest_api", restApiId=key)
        # The recording has the policy parsed; what was answered is the inside of a JSON string.
        plain = {**answer, "policy": json.loads(f'"{answer["policy"]}"')}
        replay.hold_answer("api-details", plain)


def test_compression() -> None:
    path = "/minimumCompressionSize"
    with scenario("api.json", f"{APIS}update_rest_api_compression") as replay:
        replay.patch("enable-compression", "update_rest_api", patch("replace", path, "10"))
        replay.patch("disable-compression", "update_rest_api", patch("replace", path, ""))
        replay.patch("set-compression-zero", "update_rest_api", patch("replace", path, "0"))
        replay.patch("set-negative-compression", "update_rest_api", patch("replace", path, "-1"))
        replay.patch("set-string-compression", "update_rest_api", patch("replace", path, "test"))
        replay.patch("unsupported-operation", "update_rest_api", patch("add", path, "10"))


def test_patched_binary_media_types() -> None:
    path = "/binaryMediaTypes"
    with scenario("api.json", f"{APIS}update_rest_api_behaviour") as replay:
        replay.patch("update-rest-api-array", "update_rest_api", patch("add", f"{path}/-", "image/png"))
        replay.patch("update-rest-api-add-base-path", "update_rest_api", patch("add", path, "image/png"))
        replay.patch("update-rest-api-replace-base-path", "update_rest_api", patch("replace", path, "image/png"))
        replay.patch("update-rest-api-remove-base-path", "update_rest_api", patch("remove", path))


def test_an_unknown_api() -> None:
    with scenario("api.json", f"{APIS}update_rest_api_invalid_api_id") as replay:
        edit = patch("replace", "/apiKeySource", "AUTHORIZER")
        replay.patch("not-found-update-rest-api", "update_rest_api", edit, restApiId="api_id")


def test_endpoint_configurations() -> None:
    calls: dict[str, dict[str, Any]] = {
        "create-with-empty-types": {"types": []},
        "create-with-invalid-ip-address-type": {"ipAddressType": "wrong"},
        "create-with-invalid-types": {"types": ["wrong"]},
        "create-with-invalid-ip-address-type-and-types": {"ipAddressType": "wrong", "types": ["wrong"]},
        "create-with-invalid-types-and-ip-address-type": {"types": ["wrong"], "ipAddressType": "wrong"},
        "create-with-two-types": {"types": ["EDGE", "REGIONAL"]},
        "create-with-endpoint-config-dualstack": {"types": ["EDGE"], "ipAddressType": "dualstack"},
        "create-with-endpoint-config-regional": {"types": ["REGIONAL"]},
    }
    with scenario("api.json", f"{APIS}create_rest_api_with_endpoint_configuration") as replay:
        for name, configuration in calls.items():
            replay.hold(name, "create_rest_api", name=name, endpointConfiguration=configuration)
        wrong = {"types": ["wrong"], "ipAddressType": "wrong"}
        several = "create-with-multiple-errors"
        replay.hold(f"{several}-1", "create_rest_api", name="m", description="", endpointConfiguration=wrong)
        replay.hold(f"{several}-2", "create_rest_api", name="m", description="", endpointConfiguration={"types": []})


def test_defaults_of_endpoint_configurations() -> None:
    calls: dict[str, dict[str, Any]] = {
        "create-with-edge-default": {"types": ["EDGE"]},
        "create-with-regional-default": {"types": ["REGIONAL"]},
        "create-with-private-default": {"types": ["PRIVATE"]},
        "create-with-empty-default": {},
        "create-with-empty-ip-address-type-and-wrong-type": {"types": ["wrong"], "ipAddressType": ""},
    }
    with scenario("api.json", f"{APIS}create_rest_api_verify_defaults") as replay:
        for name, configuration in calls.items():
            replay.hold(name, "create_rest_api", name=name, endpointConfiguration=configuration)


def test_ip_address_types() -> None:
    kind, address = "/endpointConfiguration/types/EDGE", "/endpointConfiguration/ipAddressType"
    with scenario("api.json", f"{APIS}update_rest_api_ip_address_type") as replay:
        replay.api = replay.client.create_rest_api(name="edge")["id"]
        calls = {
            "update-rest-api-replace-type": patch("replace", kind, "PRIVATE"),
            "update-rest-api-replace-to-ipv4-within-private-type": patch("replace", address, "ipv4"),
            "update-rest-api-wrong-ipAddressType": patch("replace", address, "wrong"),
            "update-rest-api-wrong-type": patch("replace", kind, "wrong"),
            "update-rest-api-invalid-operation-on-ipAddressType": patch("add", address, "ipv4"),
            "update-rest-api-invalid-operation-on-type": patch("test", kind, "PRIVATE"),
            "update-rest-api-replace-ip-address-type": patch("replace", address, "dualstack"),
        }
        for name, edit in calls.items():
            replay.patch(name, "update_rest_api", edit)


def test_unknown_operations_are_listed_together() -> None:
    kind = patch("wrong", "/endpointConfiguration/types/EDGE", "PRIVATE")
    address = patch("wrong", "/endpointConfiguration/ipAddressType", "ipv4")
    wrong = "update-rest-api-wrong-operations-on"
    with scenario("api.json", f"{APIS}update_rest_api_concatenation_of_errors") as replay:
        replay.patch(f"{wrong}-ipAddressType", "update_rest_api", address, address)
        replay.patch(f"{wrong}-type", "update_rest_api", kind, kind)
        replay.patch(f"{wrong}-type-and-on-ip-address-type", "update_rest_api", kind, address, address)


def schema(title: str) -> str:
    return json.dumps({"title": title, "type": "object"})


def test_the_life_of_a_model() -> None:
    number = {"type": "number"}
    operand = {"type": "string", "description": "operation of +, -, * or /"}
    calculation = {
        "title": "Calc output",
        "type": "object",
        "properties": {"a": number, "b": number, "op": operand, "c": number},
        "required": ["a", "b", "op"],
    }
    with scenario("api.json", f"{MODELS}model_lifecycle") as replay:
        made = {"contentType": "application/json", "schema": json.dumps(calculation)}
        # AWS lists by name: the recorded one sorts before the defaults.
        replay.hold("create-model", "create_model", name="Calc", description="Calc output model", **made)
        replay.hold("get-models", "get_models")
        replay.hold("get-model", "get_model", modelName="Calc")
        replay.hold("del-model", "delete_model", modelName="Calc")


def test_models_that_cannot_be() -> None:
    model = {"name": "MySchema", "contentType": "application/json"}
    with scenario("api.json", f"{MODELS}model_validation") as replay:
        text = schema("MySchema")
        replay.hold("create-model-wrong-id", "create_model", restApiId="abcde0", **model, schema=text)
        replay.hold("get-models-wrong-id", "get_models", restApiId="abcde0")
        replay.hold("get-model-wrong-id", "get_model", restApiId="abcde0", modelName="MySchema")
        replay.hold("del-model-wrong-id", "delete_model", restApiId="abcde0", modelName="MySchema")
        replay.call("create_model", **model, schema=text)
        replay.hold("create-model-already-exists", "create_model", **model, schema=text)
        replay.hold("create-model-empty-name", "create_model", **{**model, "name": ""}, schema=text)
        other = {**model, "name": "Other"}
        replay.hold("create-model-empty-schema", "create_model", **other, schema="")
        replay.hold("create-model-no-schema-json", "create_model", **other)
        replay.hold("create-model-no-schema-xml", "create_model", **{**other, "contentType": "application/xml"})


def test_patches_of_models() -> None:
    with scenario("api.json", f"{MODELS}update_model") as replay:
        edit = patch("replace", "/schema", schema("Updated schema"))
        replay.patch("update-model-wrong-id", "update_model", edit, modelName="mySchema", restApiId="abcde0")
        made = {"contentType": "application/json", "schema": schema("mySchema")}
        replay.hold("create-model", "create_model", name="mySchema", **made)
        calls = {
            "update-model": edit,
            "update-model-invalid-op": patch("add", "/wrong-path", "x"),
            "update-model-invalid-path": patch("replace", "/name", "x"),
            "update-model-empty-schema": patch("replace", "/schema", "{}"),
        }
        for name, sent in calls.items():
            replay.patch(name, "update_model", sent, modelName="mySchema")


def test_the_life_of_a_request_validator() -> None:
    body = "/validateRequestBody"
    with scenario("api.json", f"{VALIDATORS}request_validator_lifecycle") as replay:
        replay.api = replay.hold("create-rest-api", "create_rest_api", name="api", description="my api")["id"]
        key = replay.hold("create-request-validator", "create_request_validator", name="validator")["id"]
        named = {"requestValidatorId": key}
        replay.hold("get-request-validator", "get_request_validator", **named)
        replay.hold("get-request-validators", "get_request_validators")
        update = "update_request_validator"
        replay.patch("update-request-validator-with-value", update, patch("replace", body, "true"), **named)
        replay.patch("update-request-validator-without-value", update, patch("replace", body), **named)
        replay.hold("get-request-validators-after-update-operation", "get_request_validator", **named)
        replay.hold("delete-request-validator", "delete_request_validator", **named)
        replay.hold("get-deleted-request-validator", "get_request_validator", **named)
        replay.hold("get-request-validators-after-delete", "get_request_validators")


@pytest.mark.parametrize(("verb", "noun"), [("get", "get-request-validators"), ("delete", "delete-request-validator")])
def test_unknown_request_validators(verb: str, noun: str) -> None:
    with scenario("api.json", f"{VALIDATORS}invalid_{verb}_request_validator") as replay:
        known = replay.call("create_request_validator", name="v")["id"]
        operation = f"{verb}_request_validator"
        replay.hold(f"{noun}-invalid-api-id", operation, restApiId="api_id", requestValidatorId=known)
        replay.hold(f"{noun}-invalid-validator-id", operation, requestValidatorId="validator_id")


def test_a_request_validator_of_an_unknown_api() -> None:
    with scenario("api.json", f"{VALIDATORS}create_request_validator_invalid_api_id") as replay:
        replay.hold("invalid-create-request-validator", "create_request_validator", restApiId="api_id", name="v")


def test_patches_of_request_validators() -> None:
    body = "/validateRequestBody"
    with scenario("api.json", f"{VALIDATORS}invalid_update_request_validator_operations") as replay:
        replay.api = replay.hold("create-rest-api", "create_rest_api", name="api", description="my api")["id"]
        key = replay.hold("create-request-validator", "create_request_validator", name="validator")["id"]
        calls = {
            "invalid-add-operation": patch("add", body, "true"),
            "invalid-remove-operation": patch("remove", body, "true"),
            "invalid-path": patch("replace", "/invalidPath", "true"),
            "empty-name-value": patch("replace", "/name", ""),
        }
        for name, edit in calls.items():
            full = f"update-request-validator-{name}"
            replay.patch(full, "update_request_validator", edit, requestValidatorId=key)


@pytest.mark.parametrize("verb", ["get", "delete", "update", "put"])
def test_gateway_responses_of_an_unknown_api_or_type(verb: str) -> None:
    others = tuple(
        f"{other}-gateway-response-{end}"
        for other in ("get", "delete", "update", "put")
        for end in ("no-api", "wrong-response-type")
        if other != verb and f"{other}-{end}" != "put-no-api"
    )
    listing = ("get-gateway-responses-no-api", "delete-gateway-response-not-set")
    with scenario("api.json", f"{GATEWAY_RESPONSES}gateway_response_validation", *others, *listing) as replay:
        operation = f"{verb}_gateway_response"
        if verb != "put":
            replay.hold(f"{verb}-gateway-response-no-api", operation, restApiId="fake-api-id", responseType="THROTTLED")
        replay.hold(f"{verb}-gateway-response-wrong-response-type", operation, responseType="FAKE_RESPONSE_TYPE")


def test_gateway_responses_that_are_not_set() -> None:
    with scenario("api.json", f"{GATEWAY_RESPONSES}gateway_response_validation") as replay:
        replay.hold("get-gateway-responses-no-api", "get_gateway_responses", restApiId="fake-api-id")
        replay.hold("delete-gateway-response-not-set", "delete_gateway_response", responseType="DEFAULT_4XX")
        replay.left.clear()


def test_patches_of_gateway_responses() -> None:
    header = "gatewayresponse.header"
    kind = {"responseType": "DEFAULT_4XX"}
    parameters = {
        f"{header}.x-request-path": "method.request.path.petId",
        f"{header}.x-request-query": "method.request.querystring.q",
        f"{header}.Access-Control-Allow-Origin": "'a.b.c'",
        f"{header}.x-request-header": "method.request.header.Accept",
    }
    template = json.dumps({"application/json": '{"message":$context.error.messageString}'})
    xml = (
        "<gatewayResponse><message>$context.error.messageString</message>"
        "<type>$context.error.responseType</type></gatewayResponse>"
    )
    with scenario("api.json", f"{GATEWAY_RESPONSES}update_gateway_response") as replay:
        update = "update_gateway_response"
        replay.patch("update-gateway-response-not-set", update, patch("replace", "/statusCode", "444"), **kind)
        replay.hold("default-get-gateway-response", "get_gateway_response", **kind)
        put = {
            "statusCode": "404",
            "responseParameters": parameters,
            "responseTemplates": {"application/json": template},
        }
        replay.hold("put-gateway-response", "put_gateway_response", **kind, **put)
        edits = (
            patch("replace", "/statusCode", "444"),
            patch("replace", f"/responseParameters/{header}.Access-Control-Allow-Origin", "'example.com'"),
            patch("add", "/responseTemplates/application~1xml", xml),
        )
        replay.patch("update-gateway-response", update, *edits, **kind)
        replay.hold("get-gateway-response", "get_gateway_response", **kind)
        calls = {
            "add-status-code": patch("add", "/statusCode", "444"),
            "remove-status-code": patch("remove", "/statusCode", "444"),
            "replace-invalid-parameter": patch("replace", f"/responseParameters/{header}.X-Unknown", "'x'"),
            "no-path": patch("add", "", "'x'"),
            "wrong-op": patch("wrong-op", "/statusCode", "444"),
            "wrong-path": patch("replace", "/wrongPath", "444"),
            "replace-invalid-parameter-0-none": patch("replace", "/responseTemplates/application~1json"),
            "replace-invalid-parameter-1-none": patch(
                "replace", f"/responseParameters/{header}.Access-Control-Allow-Origin"
            ),
        }
        del calls["no-path"]["path"]
        for name, edit in calls.items():
            replay.patch(f"update-gateway-{name}", update, edit, **kind)


def test_an_authorizer_of_an_unknown_api() -> None:
    made = {"name": "a", "type": "TOKEN"}
    with scenario("api.json", "TestApiGatewayApiAuthorizer::test_authorizer_crud_no_api") as replay:
        fake = "test-fake-rest-id"
        replay.hold("wrong-rest-api-id-create-authorizer", "create_authorizer", restApiId=fake, **made)
        replay.hold("wrong-rest-api-id-get-authorizers", "get_authorizers", restApiId=fake)
