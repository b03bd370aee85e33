"""Resources, methods, integrations and their responses, call by call against what AWS answered."""

import json
from typing import Any

import pytest

from recorded_calls import ACCOUNT, Replay, scenario
from rest_play import patch

RESOURCES = "TestApiGatewayApiResource::test_"
METHODS = "TestApiGatewayApiMethod::test_"
EMPTY = {"application/json": "Empty"}

METHOD_RESPONSES = "TestApigatewayMethodResponse::test_"
INTEGRATIONS = "TestApigatewayIntegration::test_"
RESPONSES = "TestApigatewayIntegrationResponse::test_"


def test_the_life_of_a_resource() -> None:
    with scenario("api.json", f"{RESOURCES}resource_lifecycle") as replay:
        replay.hold("rest-api-root-resource", "get_resources")
        pets = replay.hold("create-resource", "create_resource", parentId=replay.root, pathPart="pets")["id"]
        replay.hold("rest-api-resources-after-create", "get_resources")
        replay.hold("create-subresource", "create_resource", parentId=pets, pathPart="subpets")
        replay.hold("rest-api-resources-after-create-sub", "get_resources")
        replay.patch("update-path-part", "update_resource", patch("replace", "/pathPart", "dogs"), resourceId=pets)
        replay.hold("get-resp-after-update-path-part", "get_resource", resourceId=pets)
        replay.hold("del-resource", "delete_resource", resourceId=pets)
        replay.hold("rest-api-resources-after-delete", "get_resources")


def test_patches_of_resources() -> None:
    with scenario("api.json", f"{RESOURCES}update_resource_behaviour") as replay:
        pets = replay.resource("pets")
        update = "update_resource"
        replay.patch("nonexistent-resource", update, patch("replace", "/pathPart", "dogs"), resourceId="fake")
        replay.patch("invalid-path-part", update, patch("replace", "/invalid", "dogs"), resourceId=pets)
        replay.patch("invalid-parent-id", update, patch("replace", "/parentId", "fake"), resourceId=pets)
        below = replay.hold("create-subresource", "create_resource", parentId=pets, pathPart="subpets")["id"]
        deepest = replay.hold("create-subresource-child", "create_resource", parentId=below, pathPart="pets")["id"]
        to_root = patch("replace", "/parentId", replay.root)
        replay.patch("existing-future-sibling-path", update, to_root, resourceId=deepest)
        cyclic = patch("replace", "/parentId", below)
        replay.patch("update-parent-id-to-subresource-id", update, cyclic, resourceId=pets)
        replay.patch("update-parent-id-to-root-id", update, to_root, resourceId=below)
        rename = patch("replace", "/pathPart", "pets")
        replay.patch("update-path-already-exists", update, rename, resourceId=below)
        replay.call("delete_resource", resourceId=deepest)
        replay.call("delete_resource", resourceId=pets)
        replay.hold("resources-after-deletion", "get_resources")
        replay.patch("remove-unsupported", update, patch("remove", "/pathPart", "dogs"), resourceId=below)
        replay.patch("add-unsupported", update, patch("add", "/pathPart", "dogs"), resourceId=below)


def test_a_deleted_resource_takes_what_is_below_it_along() -> None:
    with scenario("api.json", f"{RESOURCES}delete_resource") as replay:
        pets = replay.resource("pets")
        below = replay.resource("subpets", pets)
        replay.hold("delete-resource", "delete_resource", resourceId=pets)
        replay.hold("get-resources", "get_resources")
        replay.hold("delete-subresource", "delete_resource", resourceId=below)


def test_variable_and_greedy_resources() -> None:
    proxy, text = {"pathPart": "{proxy+}"}, "create-proxy-sibling-proxy-resource"
    with scenario("api.json", f"{RESOURCES}create_proxy_resource", "create-proxy-sibling-resource") as replay:
        create = "create_resource"
        replay.hold("create-base-proxy-resource", create, parentId=replay.root, **proxy)
        parent = replay.resource("parent")
        replay.hold(text.replace("proxy-resource", "proxy-child-resource"), create, parentId=parent, **proxy)
        static = replay.hold("create-proxy-sibling-static-child-resource", create, parentId=parent, pathPart="child")
        replay.hold("create-static-child-proxy-resource", create, parentId=static["id"], **proxy)
        greedy = replay.hold("all-resources", "get_resources")["items"][-2]["id"]
        replay.call("delete_resource", resourceId=greedy)
        name = "create-proxy-sibling-dynamic-child-resource"
        dynamic = replay.hold(name, create, parentId=parent, pathPart="{child}")["id"]
        replay.hold("create-dynamic-child-proxy-resource", create, parentId=dynamic, **proxy)
        replay.hold("all-resources-2", "get_resources")


def test_the_root_stays() -> None:
    with scenario("api.json", f"{RESOURCES}update_resource_on_root") as replay:
        root = {"resourceId": replay.root}
        replay.patch("update-root-path-part", "update_resource", patch("replace", "/pathPart", "pets"), **root)
        replay.patch("update-root-parent", "update_resource", patch("replace", "/parentId", replay.root), **root)


def test_request_parameters_of_a_method() -> None:
    declared = {
        "method.request.querystring.q_optional": False,
        "method.request.querystring.q_required": True,
        "method.request.header.h_optional": False,
        "method.request.header.h_required": True,
    }
    with scenario("api.json", f"{METHODS}method_request_parameters") as replay:
        at = {"resourceId": replay.root, "httpMethod": "ANY", "authorizationType": "NONE"}
        replay.hold("put-method-request-params-response", "put_method", **at, requestParameters=declared)
        named = {"resourceId": replay.root, "httpMethod": "ANY"}
        replay.hold("get-method-request-params-response", "get_method", **named)
        twice = {"method.request.querystring.one": True, "method.request.header.one": True}
        at["httpMethod"] = "GET"
        replay.hold("req-params-same-name", "put_method", **at, requestParameters=twice)


def test_models_of_methods() -> None:
    media = "/requestModels/application~1json"
    with scenario("api.json", f"{METHODS}put_method_model") as replay:
        for recorded, name in (("create-model", "pets"), ("create-model-2", "petsTwo")):
            text = json.dumps({"title": name, "type": "object"})
            replay.hold(recorded, "create_model", name=name, contentType="application/json", schema=text)
        first = {"resourceId": replay.root, "httpMethod": "ANY"}
        put = {"authorizationType": "NONE", "requestModels": {"application/json": "pets"}}
        replay.hold("put-method-request-models", "put_method", **first, **put)
        replay.hold("delete-model-used", "delete_model", modelName="pets")
        replay.patch("update-method-model", "update_method", patch("replace", media, "petsTwo"), **first)
        replay.hold("delete-model-unused", "delete_model", modelName="pets")
        replay.hold("delete-model-used-2", "delete_model", modelName="petsTwo")
        second = {**first, "resourceId": replay.resource("test")}
        put["requestModels"] = {"application/json": "petsTwo"}
        replay.hold("put-method-2-request-models", "put_method", **second, **put)
        replay.hold("delete-model-used-by-2-method", "delete_model", modelName="petsTwo")
        replay.patch("update-method-model-2", "update_method", patch("remove", media), **second)
        replay.hold("delete-model-used-by-method-1", "delete_model", modelName="petsTwo")
        replay.hold("delete-method-using-model-2", "delete_method", **first)
        replay.hold("delete-model-unused-2", "delete_model", modelName="petsTwo")


def test_methods_that_cannot_be() -> None:
    with scenario("api.json", f"{METHODS}put_method_validation") as replay:
        good = {"resourceId": replay.root, "httpMethod": "ANY", "authorizationType": "NONE"}
        calls: dict[str, dict[str, Any]] = {
            "wrong-api": {"restApiId": "fake-api"},
            "wrong-resource": {"resourceId": "fake-resource"},
            "wrong-method": {"httpMethod": "wrong"},
            "missing-authorizer-id": {"authorizationType": "CUSTOM"},
            "invalid-request-validator": {"requestValidatorId": "fake-validator"},
            "invalid-model-name": {"requestModels": {"application/json": "petModel"}},
        }
        for name, changed in calls.items():
            replay.hold(name, "put_method", **{**good, **changed})


def test_patches_of_a_method() -> None:
    parameter, model = "/requestParameters/method.request.querystring.optional", "/requestModels/application~1json"
    with scenario("api.json", f"{METHODS}update_method") as replay:
        at = {"resourceId": replay.root, "httpMethod": "ANY"}
        replay.hold("put-method-response", "put_method", **at, authorizationType="none")
        added = (patch("add", parameter, "true"), patch("add", model, "Empty"))
        replay.patch("update-method-add", "update_method", *added, **at)
        replaced = (
            patch("replace", "/operationName", "ReplacedOperationName"),
            patch("replace", "/apiKeyRequired", "true"),
            patch("replace", "/authorizationType", "AWS_IAM"),
            patch("replace", parameter, "false"),
        )
        replay.patch("update-method-replace", "update_method", *replaced, **at)
        function = "arn:aws:lambda:us-east-1:111111111111:function:auth"
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
        source = {"identitySource": "method.request.header.Authorization"}
        made = replay.call("create_authorizer", name="a", type="TOKEN", authorizerUri=uri, **source)
        authorized = (
            patch("replace", "/authorizationType", "CUSTOM"),
            patch("replace", "/authorizerId", made["id"]),
        )
        replay.patch("update-method-replace-authorizer", "update_method", *authorized, **at)
        removed = (patch("remove", parameter), patch("remove", model))
        replay.patch("update-method-remove", "update_method", *removed, **at)


def method(replay: Replay, *, integration: bool = True, **params: Any) -> dict[str, str]:
    """GET of the root with a MOCK integration, and what names it."""
    at = {"resourceId": replay.root, "httpMethod": "GET"}
    replay.call("put_method", **at, authorizationType="NONE", **params)
    if integration:
        replay.call("put_integration", **at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    return at


def test_patches_of_a_method_response() -> None:
    with scenario("api.json", f"{METHOD_RESPONSES}update_method_response") as replay:
        at = {**method(replay), "statusCode": "200"}
        header, model = "/responseParameters/method.response.header.my-header", "/responseModels/application~1json"
        declared = {"method.response.header.my-header": False}
        replay.call(
            "put_method_response", **at, responseParameters=declared, responseModels={"application/json": "Empty"}
        )
        update = "update_method_response"
        replay.patch("remove-update-method-response", update, patch("remove", header), patch("remove", model), **at)
        added = (patch("add", header, "true"), patch("add", model, "Empty"))
        replay.patch("add-update-method-response", update, *added, **at)


def test_unknown_operations_on_a_method_response() -> None:
    wrong, right = patch("wrong_op", "/responseParameters/x", "true"), patch("add", "/responseParameters/x", "true")
    lists = ((wrong,), (wrong, right), (wrong, wrong), (wrong,) * 4, (wrong, right, wrong))
    with scenario("api.json", f"{METHOD_RESPONSES}update_method_response_wrong_operations") as replay:
        at = {**method(replay), "statusCode": "200"}
        replay.call("put_method_response", **at)
        for index, edits in enumerate(lists, 1):
            name = f"update-method-response-wrong-operation-{index}"
            replay.patch(name, "update_method_response", *edits, **at)


def test_what_a_method_response_does_not_hold() -> None:
    header = "method.response.header.my-header"
    name, update = "update-method-response-operation-with", "update_method_response"
    with scenario("api.json", f"{METHOD_RESPONSES}update_method_lack_response_parameters_and_models") as replay:
        at = {**method(replay), "statusCode": "200"}
        replay.call("put_method_response", **at)
        replay.patch(
            f"{name}out-response-parameters", update, patch("replace", f"/responseParameters/{header}", "true"), **at
        )
        replay.patch(
            f"{name}out-response-models", update, patch("replace", "/responseModels/application~1json", "Empty"), **at
        )
        replay.patch(f"{name}-wrong-path", update, patch("replace", f"/wrong/{header}", "true"), **at)


def test_what_a_method_response_holds_under_other_names() -> None:
    declared = {"method.response.header.my-header": False}
    edits = (
        patch("replace", "/responseParameters/method.response.header.wrong", "true"),
        patch("remove", "/responseParameters/method.response.header.wrong"),
        patch("replace", "/responseModels/application~1wrong", "Empty"),
        patch("remove", "/responseModels/application~1wrong"),
    )
    with scenario("api.json", f"{METHOD_RESPONSES}update_method_wrong_param_names") as replay:
        at = {**method(replay), "statusCode": "200"}
        replay.call(
            "put_method_response", **at, responseParameters=declared, responseModels={"application/json": "Empty"}
        )
        for index, edit in enumerate(edits, 1):
            name = f"update-method-response-operation-with-wrong-param-name-{index}"
            replay.patch(name, "update_method_response", edit, **at)


FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:MyLambda"
ARN = "arn:aws:apigateway:us-east-1"


def test_integrations_that_can_and_cannot_be() -> None:
    role = "arn:aws:iam::111111111111:role/service-role/testfunction-role-oe783psq"
    call = f"{ARN}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
    post: dict[str, Any] = {"integrationHttpMethod": "POST"}
    with scenario("integrations.json", "test_put_integration_validation") as replay:
        at = {**method(replay, integration=False)}
        put = "put_integration"
        for kind in ("HTTP", "HTTP_PROXY", "AWS"):
            replay.hold(f"required-integration-method-{kind}", put, **at, type=kind)
        replay.hold("not-required-integration-method-MOCK", put, **at, type="MOCK")
        for kind in ("HTTP", "HTTP_PROXY"):
            replay.hold(f"http-method-{kind}", put, **at, **post, type=kind, uri="http://example.com")
            replay.hold(f"invalid-uri-{kind}", put, **at, **post, type=kind, uri="non-http")
        bucket = f"{ARN}:s3:path/b/k"
        masked = {"<partition>": "aws", "<region>": "us-east-1"}
        replay.known(masked)
        replay.hold("aws-integration-AWS", put, **at, **post, type="AWS", uri=bucket, credentials=role)
        for kind in ("AWS", "AWS_PROXY"):
            replay.hold(f"aws-integration-type-{kind}", put, **at, **post, type=kind, uri=call)
        replay.hold("no-s3-support-AWS_PROXY", put, **at, **post, type="AWS_PROXY", uri=bucket)
        replay.hold("invalid-uri-not-an-arn", put, **at, **post, type="AWS", uri="non-arn")
        replay.hold("invalid-uri-invalid-arn", put, **at, **post, type="AWS", uri=f"{ARN}:s3:bucket/k")


def test_integrations_and_their_responses() -> None:
    success = {"statusCode": "200", "selectionPattern": "2\\d{2}"}
    with scenario("integrations.json", "test_put_integration_responses") as replay:
        for verb in ("get", "put"):
            at = {"resourceId": replay.root, "httpMethod": verb.upper()}
            extra: dict[str, Any] = {"responseTemplates": {}} if verb == "get" else {}
            extra |= {"contentHandling": "CONVERT_TO_BINARY"} if verb == "put" else {}
            replay.hold(f"put-method-{verb}", "put_method", **at, authorizationType="NONE")
            replay.hold(f"put-method-response-{verb}", "put_method_response", **at, statusCode="200")
            address = {"integrationHttpMethod": "POST", "uri": "https://example.com"}
            replay.hold(f"put-integration-{verb}", "put_integration", **at, type="HTTP", **address)
            replay.hold(f"put-integration-response-{verb}", "put_integration_response", **at, **success, **extra)
            replay.hold(f"get-integration-response-{verb}", "get_integration_response", **at, statusCode="200")
            if verb == "get":
                replay.hold("get-method-get", "get_method", **at)
                replay.hold("delete-integration-response-get", "delete_integration_response", **at, statusCode="200")
                replay.hold("get-method-get-after-int-resp-delete", "get_method", **at)
        replay.hold("deploy", "create_deployment", stageName="local")


def test_a_function_behind_aws_and_a_mock_with_a_path_parameter() -> None:
    with scenario("lambda.json", "test_lambda_aws_integration", "lambda-aws-integration") as replay:
        at = {"resourceId": replay.root, "httpMethod": "POST"}
        replay.hold("put-method", "put_method", **at, authorizationType="NONE")
        uri = f"{ARN}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
        called = {"integrationHttpMethod": "POST", "uri": uri, "credentials": f"arn:aws:iam::{ACCOUNT}:role/caller"}
        replay.hold("put-integration", "put_integration", **at, type="AWS", **called)
        replay.hold("put-integration-response", "put_integration_response", **at, statusCode="200")
        replay.hold("put-method-response", "put_method_response", **at, statusCode="200")
    with scenario("integrations.json", "test_integration_mock_with_path_param") as replay:
        at = {"resourceId": replay.resource("{testPath}"), "httpMethod": "GET"}
        replay.call(
            "put_method", **at, authorizationType="NONE", requestParameters={"method.request.path.testPath": True}
        )
        mapped = {"integration.request.path.integrationPath": "method.request.path.testPath"}
        lax = {"application/json": "{statusCode: 200}"}
        replay.hold("integration", "put_integration", **at, type="MOCK", requestParameters=mapped, requestTemplates=lax)


def test_an_unknown_type_of_integration() -> None:
    with scenario("api.json", f"{INTEGRATIONS}put_integration_wrong_type") as replay:
        at = method(replay, integration=False)
        address = {"integrationHttpMethod": "POST", "uri": "https://example.com"}
        replay.hold("put-integration-wrong-type", "put_integration", **at, type="HTTPS_PROXY", **address)


def test_integrations_of_what_is_not_there() -> None:
    with scenario("api.json", f"{INTEGRATIONS}put_integration_response_validation") as replay:
        at = method(replay)
        for operation, more in (
            ("put_integration", {"type": "MOCK"}),
            ("put_integration_response", {"statusCode": "200"}),
        ):
            name = operation.replace("_", "-")
            replay.hold(f"{name}-wrong-method", operation, **{**at, "httpMethod": "POST"}, **more)
            replay.hold(f"{name}-wrong-resource", operation, **{**at, "resourceId": "badresource"}, **more)


def test_integrations_that_are_not_there() -> None:
    with scenario("api.json", f"{INTEGRATIONS}get_integration_non_existent") as replay:
        at = method(replay, integration=False)
        calls = {"api": {"restApiId": "none"}, "resource": {"resourceId": "none"}, "method": {"httpMethod": "POST"}}
        for name, changed in calls.items():
            replay.hold(f"get-integration-no-{name}", "get_integration", **{**at, **changed})
        replay.hold("get-integration-no-integration", "get_integration", **at)


def test_request_parameters_that_are_no_texts() -> None:
    target = "integration.request.path.testPath"
    with scenario("api.json", f"{INTEGRATIONS}put_integration_request_parameter_bool_type") as replay:
        at = {"resourceId": replay.root, "httpMethod": "GET"}
        declared = {"method.request.path.testPath": True}
        replay.hold("bool-method", "put_method", **at, authorizationType="NONE", requestParameters=declared)
        address = {"type": "HTTP", "integrationHttpMethod": "GET", "uri": "https://example.com"}
        put = "put_integration"
        replay.hold("put-method-request-param-wrong-type", put, **at, **address, requestParameters={target: "true"})
        replay.hold("put-integration-request-param-wrong-type", put, **at, **address, requestParameters={target: True})
        replay.hold("put-integration-request-param-bool-value", put, **at, **address, requestParameters={target: False})


def test_the_life_of_an_integration_response() -> None:
    with scenario("api.json", f"{RESPONSES}lifecycle_integration_response") as replay:
        at = {**method(replay), "statusCode": "200"}
        template = {"responseTemplates": {"application/json": '"created"'}}
        put = "put_integration_response"
        replay.hold("put-integration-response", put, **at, selectionPattern="", **template)
        replay.hold("get-integration-response", "get_integration_response", **at)
        edit = patch("replace", "/selectionPattern", "updated-pattern")
        replay.patch("update-integration-response", "update_integration_response", edit, **at)
        template = {"responseTemplates": {"application/json": "overwrite"}}
        replay.hold("overwrite-integration-response", put, **at, selectionPattern="overwrite-pattern", **template)
        replay.hold("get-method", "get_method", resourceId=replay.root, httpMethod="GET")
        replay.hold("delete-integration-response", "delete_integration_response", **at)


@pytest.mark.parametrize(
    ("what", "changed"),
    [("api", {"restApiId": "x"}), ("resource", {"resourceId": "x"}), ("method", {"httpMethod": "PUT"})],
)
def test_integration_responses_of_what_is_not_there(what: str, changed: dict[str, str]) -> None:
    with scenario("api.json", f"{RESPONSES}integration_response_wrong_{what}") as replay:
        at = {**method(replay), "statusCode": "200", **changed}
        for verb in ("put", "get"):
            replay.hold(f"{verb}-integration-response-wrong-{what}", f"{verb}_integration_response", **at)


def test_statuses_and_media_types_that_are_none() -> None:
    with scenario("api.json", f"{RESPONSES}integration_response_invalid_statuscode") as replay:
        at = {**method(replay), "statusCode": "wrong"}
        for verb in ("put", "get"):
            name = f"{verb}-integration-response-invalid-statusCode"
            replay.hold(name, f"{verb}_integration_response", **at)
    with scenario("api.json", f"{RESPONSES}integration_response_invalid_responsetemplates") as replay:
        at = {**method(replay), "statusCode": "200"}
        for index, templates in enumerate(({"application/json": 123}, {"123": "{}"}), 1):
            name = f"put-integration-response-invalid-responseTemplates-{index}"
            replay.hold(name, "put_integration_response", **at, responseTemplates=templates)


def test_integration_responses_that_are_not_there() -> None:
    get = "get-integration-response"
    with scenario("api.json", f"{RESPONSES}integration_response_invalid_integration") as replay:
        at = {**method(replay, integration=False), "statusCode": "200"}
        replay.hold(f"{get}-without-integration", "get_integration_response", **at)
    with scenario("api.json", f"{RESPONSES}integration_response_wrong_status_code") as replay:
        at = {**method(replay), "statusCode": "201"}
        replay.hold(f"{get}-wrong-status-code", "get_integration_response", **at)


def test_deleting_integration_responses_that_are_not_there() -> None:
    with scenario("api.json", f"{RESPONSES}delete_integration_response_errors") as replay:
        at = {**method(replay), "statusCode": "200"}
        template = {"responseTemplates": {"application/json": '"created"'}}
        replay.hold("put-integration-response", "put_integration_response", **at, selectionPattern="", **template)
        calls = {
            "non-existent-resource": {"resourceId": "x"},
            "non-existent-api-id": {"restApiId": "x"},
            "non-existent-method": {"httpMethod": "PUT"},
            "non-existent-status-code": {"statusCode": "201"},
            "bad-method": {"httpMethod": "bad"},
        }
        for name, changed in calls.items():
            replay.hold(name, "delete_integration_response", **{**at, **changed})
