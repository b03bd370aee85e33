"""Validation in AWS's form; the sentences are recorded answers where a fact is named."""

from typing import Any

import pytest

from portico.wire.aws import constraints
from portico.wire.aws.constraints import ValidationException
from portico.wire.aws.model import ServiceModel, load
from portico.wire.aws.recorded import ENUM_ORDERS

APIGATEWAY = load("apigateway")


def refusal(service: ServiceModel, operation: str, **params: Any) -> str:
    with pytest.raises(ValidationException) as raised:
        constraints.check(service.operation(operation), params)
    assert (raised.value.code, raised.value.status) == ("ValidationException", 400)
    return raised.value.message


OPS = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
TYPES = "Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"
FAILED = "failed to satisfy constraint:"


def test_facts_2_and_3_enums_in_a_list_and_beside_it() -> None:
    endpoints = {"types": ["wrong"], "ipAddressType": "wrong"}
    assert refusal(APIGATEWAY, "CreateRestApi", name="a", endpointConfiguration=endpoints) == (
        "2 validation errors detected: "
        f"Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' {FAILED} {TYPES}; "
        f"Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' {FAILED} "
        "Member must satisfy enum value set: [ipv4, dualstack]"
    )


def test_fact_4_only_the_patch_operations_at_fault_are_named() -> None:
    ops = [{"op": op} for op in ("wrong_op", "add", "wrong_op")]
    labels = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "statusCode": "200"}
    assert refusal(APIGATEWAY, "UpdateMethodResponse", **labels, patchOperations=ops) == (
        "2 validation errors detected: "
        f"Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' {FAILED} {OPS}; "
        f"Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.3.member.op' {FAILED} {OPS}"
    )


def test_fact_5_a_label_is_named_bare_and_after_the_patch_operations() -> None:
    labels = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "statusCode": "wrong"}
    assert refusal(APIGATEWAY, "UpdateMethodResponse", **labels, patchOperations=[{"op": "x"}]) == (
        "2 validation errors detected: "
        f"Value 'x' at 'updateMethodResponseInput.patchOperations.1.member.op' {FAILED} {OPS}; "
        f"Value 'wrong' at 'statusCode' {FAILED} Member must satisfy regular expression pattern: [1-5]\\d\\d"
    )


def test_fact_6_gateway_response_types_in_awss_order() -> None:
    message = refusal(APIGATEWAY, "GetGatewayResponse", restApiId="a", responseType="FAKE_RESPONSE_TYPE")
    assert message.startswith(
        "1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, "
    )
    assert message.endswith(", INTEGRATION_FAILURE, EXPIRED_TOKEN]")


def test_recorded_integration_type() -> None:
    labels = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET"}
    assert refusal(APIGATEWAY, "PutIntegration", **labels, type="HTTPS_PROXY") == (
        "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
    )


def test_a_required_member_that_is_missing() -> None:
    assert refusal(APIGATEWAY, "CreateRestApi") == (
        "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_required_parameter_of_the_query_is_named_bare() -> None:
    message = refusal(APIGATEWAY, "GetUsage", usagePlanId="a", startDate="2026-01-01")
    assert "Value null at 'endDate'" in message


@pytest.mark.parametrize("status", ["200", "599", "100"])
def test_what_fits_passes(status: str) -> None:
    labels = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET"}
    constraints.check(APIGATEWAY.operation("GetMethodResponse"), {**labels, "statusCode": status})


@pytest.mark.parametrize("status", ["600", "20", "2000", "200\n", "٢٠٠"])
def test_a_pattern_holds_for_the_whole_value(status: str) -> None:
    labels = {"restApiId": "a", "resourceId": "b", "httpMethod": "GET"}
    assert refusal(APIGATEWAY, "GetMethodResponse", **labels, statusCode=status)


def test_every_recorded_order_is_an_enum_of_the_model() -> None:
    raw = APIGATEWAY._raw["shapes"].values()
    assert set(ENUM_ORDERS) <= {frozenset(shape["enum"]) for shape in raw if "enum" in shape}


BOUNDED = ServiceModel(
    "bounded",
    {
        "metadata": {"endpointPrefix": "bounded"},
        "operations": {"Ask": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Asked"}}},
        "shapes": {
            "Asked": {
                "type": "structure",
                "members": {"name": {"shape": "Name"}, "count": {"shape": "Count"}, "tags": {"shape": "Tags"}},
            },
            "Name": {"type": "string", "min": 2, "max": 3},
            "Count": {"type": "integer", "min": 1, "max": 9},
            "Tags": {"type": "map", "max": 1, "key": {"shape": "Name"}, "value": {"shape": "Name"}},
        },
    },
)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"name": "a"}, "Value 'a' at 'askInput.name' {} Member must have length greater than or equal to 2"),
        ({"name": "abcd"}, "Value 'abcd' at 'askInput.name' {} Member must have length less than or equal to 3"),
        ({"count": 0}, "Value '0' at 'askInput.count' {} Member must have value greater than or equal to 1"),
        ({"count": 10}, "Value '10' at 'askInput.count' {} Member must have value less than or equal to 9"),
        (
            {"tags": {"aa": "x"}},
            "Value 'x' at 'askInput.tags.aa.member' {} Member must have length greater than or equal to 2",
        ),
        (
            {"tags": {"aa": "bb", "cc": "dd"}},
            "Value '{{aa=bb, cc=dd}}' at 'askInput.tags' {} Member must have length less than or equal to 1",
        ),
    ],
)
def test_lengths_and_ranges(params: dict[str, Any], sentence: str) -> None:
    assert refusal(BOUNDED, "Ask", **params) == f"1 validation error detected: {sentence.format(FAILED)}"


LAMBDA = load("lambda")


def test_lambda_names_every_member_bare_and_in_camel_case() -> None:
    weights = {"AdditionalVersionWeights": {"x": 2.0}}
    message = refusal(LAMBDA, "UpdateAlias", FunctionName="f", Name="1", RoutingConfig=weights)
    assert message == (
        "3 validation errors detected: "
        f"Value '{{x=2.0}}' at 'routingConfig.additionalVersionWeights' {FAILED} Map keys must satisfy constraint: "
        "[Member must satisfy regular expression pattern: [0-9]+]; "
        f"Value '2.0' at 'routingConfig.additionalVersionWeights.x.member' {FAILED} "
        "Member must have value less than or equal to 1.0; "
        f"Value '1' at 'name' {FAILED} Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
    )


def test_a_runtime_is_judged_by_the_operation() -> None:
    given = {"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/x", "Code": {}, "Runtime": "cobol"}
    constraints.check(LAMBDA.operation("CreateFunction"), given)
