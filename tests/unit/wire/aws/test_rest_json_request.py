"""What an operation is handed for a request."""

from typing import Any

import pytest

from portico.wire.aws.constraints import ValidationException
from portico.wire.aws.document import SerializationException
from portico.wire.aws.model import load
from portico.wire.aws.rest_json.request import parse, split_target
from portico.wire.http1 import Request

APIGATEWAY = load("apigateway")


def params(method: str, target: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    path, query = split_target(target)
    match = APIGATEWAY.route(method, path, query)
    assert match is not None
    return parse(
        APIGATEWAY.operation(match.target), match, query, Request(method, target, tuple(headers.items()), body)
    )


def test_labels_are_decoded_under_awss_names() -> None:
    assert params("GET", "/restapis/a%2Fb%20c/models/%C3%A9+") == {"restApiId": "a/b c", "modelName": "é+"}


def test_a_query_has_numbers_booleans_and_lists() -> None:
    assert params("GET", "/apikeys?limit=5&includeValues=true&name=x") == {
        "limit": 5,
        "includeValues": True,
        "nameQuery": "x",
    }
    assert params("GET", "/restapis/a/resources?embed=methods&embed=b") == {"restApiId": "a", "embed": ["methods", "b"]}
    assert params("DELETE", "/tags/arn?tagKeys=a&tagKeys=b%26c") == {"resourceArn": "arn", "tagKeys": ["a", "b&c"]}


def test_a_map_takes_the_parameters_that_nobody_claims() -> None:
    target = "/restapis?mode=import&failonwarnings=true&endpointConfigurationTypes=REGIONAL&basepath=prepend"
    assert params("POST", target, b"\x00doc") == {
        "failOnWarnings": True,
        "parameters": {"endpointConfigurationTypes": "REGIONAL", "basepath": "prepend"},
        "body": b"\x00doc",
    }


def test_a_presigned_urls_parameters_are_the_signatures() -> None:
    assert params("POST", "/restapis?mode=import&X-Amz-Signature=a&X-Amz-Date=b", b"{}") == {"body": b"{}"}


def test_a_header_has_any_casing() -> None:
    target = "/restapis/a/stages/s/exports/oas30"
    assert params("GET", target, aCCept=" application/yaml ")["accepts"] == "application/yaml"


def test_a_body_is_json_under_its_wire_names() -> None:
    body = b'{"type":"HTTP","httpMethod":"POST","uri":"http://h","connectionType":null,"x":1}'
    assert params("PUT", "/restapis/a/resources/b/methods/GET/integration", body) == {
        "restApiId": "a",
        "resourceId": "b",
        "httpMethod": "GET",
        "type": "HTTP",
        "integrationHttpMethod": "POST",
        "uri": "http://h",
    }


def test_an_empty_text_is_no_value_of_an_optional_enum() -> None:
    """As recorded of ipAddressType (test_create_rest_api_verify_defaults). One that is required is a wrong one."""
    body = b'{"name":"","apiKeySource":"","endpointConfiguration":{"types":["EDGE"],"ipAddressType":""}}'
    assert params("POST", "/restapis", body) == {"name": "", "endpointConfiguration": {"types": ["EDGE"]}}
    with pytest.raises(ValidationException, match=r"Value '' at 'putIntegrationInput\.type'"):
        params("PUT", "/restapis/a/resources/b/methods/GET/integration", b'{"type":"","contentHandling":""}')


@pytest.mark.parametrize("body", [b"", b" ", b"{}"])
def test_a_body_that_says_nothing_lacks_what_is_required(body: bytes) -> None:
    with pytest.raises(ValidationException, match=r"Value null at 'createRestApiInput\.name'"):
        params("POST", "/restapis", body)


def test_an_operation_without_body_members_does_not_look_at_the_body() -> None:
    assert params("DELETE", "/restapis/a", b"not json") == {"restApiId": "a"}


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("/apikeys?limit=many", "class java.lang.String can not be converted to an Integer"),
        ("/apikeys?includeValues=maybe", "class java.lang.String can not be converted to an Boolean"),
        ("/apikeys?limit=" + "9" * 5000, "class java.lang.String can not be converted to an Integer"),
    ],
)
def test_a_parameter_of_a_wrong_type(target: str, sentence: str) -> None:
    with pytest.raises(SerializationException) as raised:
        params("GET", target)
    assert raised.value.message == sentence


def test_a_target_is_split_and_decoded() -> None:
    assert split_target("/a%2F?b=1&&c&b=2&d=%20+") == ("/a%2F", {"b": ["1", "2"], "c": [""], "d": [" +"]})
    assert split_target("/a") == ("/a", {})
