"""What goes back to the client."""

import json

from portico.wire.aws.faults import ConflictException
from portico.wire.aws.model import OperationModel, ServiceModel, load
from portico.wire.aws.rest_json.response import fail, succeed

APIGATEWAY = load("apigateway")
IDENTITY = (("x-amzn-RequestId", "r1"),)


def odd_service() -> OperationModel:
    """Members where the REST API model has none."""
    members = {
        "code": {"shape": "Number", "location": "statusCode"},
        "when": {"shape": "When", "location": "header", "locationName": "X-When"},
        "flag": {"shape": "Flag", "location": "header", "locationName": "X-Flag"},
        "context": {"shape": "Text", "location": "header", "locationName": "X-Context", "jsonvalue": True},
        "extra": {"shape": "Texts", "location": "headers", "locationName": "X-Extra-"},
        "octets": {"shape": "Octets"},
        "made": {"shape": "Iso"},
        "embedded": {"shape": "Text", "jsonvalue": True},
    }
    raw = {
        "metadata": {"endpointPrefix": "odd"},
        "operations": {"Do": {"http": {"method": "POST", "requestUri": "/"}, "output": {"shape": "Done"}}},
        "shapes": {
            "Done": {"type": "structure", "members": members},
            "Number": {"type": "integer"},
            "When": {"type": "timestamp"},
            "Iso": {"type": "timestamp", "timestampFormat": "iso8601"},
            "Flag": {"type": "boolean"},
            "Text": {"type": "string"},
            "Octets": {"type": "blob"},
            "Texts": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
        },
    }
    return ServiceModel("odd", raw).operation("Do")


def test_wire_names_whole_seconds_and_the_models_status() -> None:
    document = {"id": "a", "createdDate": 1.9, "version": None, "internal": "kept inside", "tags": {}}
    answer = succeed(APIGATEWAY.operation("CreateRestApi"), document, IDENTITY)

    assert answer.status == 201
    assert answer.headers == (*IDENTITY, ("Content-Type", "application/json"))
    assert json.loads(answer.body) == {"id": "a", "createdDate": 1, "tags": {}}


def test_a_list_of_things_travels_as_item() -> None:
    answer = succeed(APIGATEWAY.operation("GetRestApis"), {"items": [{"id": "a"}], "position": "p"}, ())
    assert json.loads(answer.body) == {"item": [{"id": "a"}], "position": "p"}


def test_fact_60_a_maps_null_travels() -> None:
    answer = succeed(
        APIGATEWAY.operation("PutIntegrationResponse"), {"responseTemplates": {"application/json": None}}, ()
    )
    assert json.loads(answer.body) == {"responseTemplates": {"application/json": None}}


def test_a_payload_is_the_body_and_brings_its_own_type() -> None:
    document = {"body": b"openapi", "contentType": "application/yaml", "contentDisposition": "attachment"}
    answer = succeed(APIGATEWAY.operation("GetExport"), document, ())

    assert answer.body == b"openapi"
    assert answer.headers == (("Content-Type", "application/yaml"), ("Content-Disposition", "attachment"))


def test_an_operation_without_output_answers_nothing() -> None:
    answer = succeed(APIGATEWAY.operation("DeleteMethod"), {"ignored": 1}, IDENTITY)
    assert (answer.status, answer.body) == (204, b"")


def test_members_of_the_head() -> None:
    document = {
        "code": 207,
        "when": 0.0,
        "flag": True,
        "context": {"a": 1},
        "extra": {"One": "1"},
        "octets": b"hi",
        "made": 0.0,
        "embedded": [1],
    }
    answer = succeed(odd_service(), document, ())

    assert answer.status == 207
    assert dict(answer.headers) == {
        "Content-Type": "application/json",
        "X-When": "Thu, 01 Jan 1970 00:00:00 GMT",
        "X-Flag": "true",
        "X-Context": "eyJhIjoxfQ==",
        "X-Extra-One": "1",
    }
    assert json.loads(answer.body) == {"octets": "aGk=", "made": "1970-01-01T00:00:00Z", "embedded": "[1]"}


def test_an_error_names_itself_in_a_header() -> None:
    answer = fail(ConflictException("busy"), IDENTITY)

    assert answer.status == 409
    assert ("x-amzn-ErrorType", "ConflictException") in answer.headers
    assert json.loads(answer.body) == {"message": "busy"}
