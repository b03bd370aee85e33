"""Request validators, as recorded in TestApiGatewayApiRequestValidator and re-expressed."""

import pytest

from refusing import bare, refused, status
from wire_client import ACCOUNT

MISSING = ("NotFoundException", "Invalid Request Validator identifier specified")


@pytest.fixture
def api(client):
    return client.create_rest_api(name="pets", description="my api")


@pytest.fixture
def validator(client, api):
    return bare(client.create_request_validator(restApiId=api["id"], name="all"))


@pytest.fixture
def patch(client, api, validator):
    def patch(op, path, *value):
        edit = dict(zip(("op", "path", "value"), (op, path, *value), strict=False))
        answer = client.update_request_validator(
            restApiId=api["id"], requestValidatorId=validator["id"], patchOperations=[edit]
        )
        return bare(answer)

    return patch


def test_lifecycle(client, api, validator, patch):
    named = {"restApiId": api["id"], "requestValidatorId": validator["id"]}
    fresh = {"id": validator["id"], "name": "all", "validateRequestBody": False, "validateRequestParameters": False}
    assert validator == fresh
    assert bare(client.get_request_validator(**named)) == fresh
    assert client.get_request_validators(restApiId=api["id"])["items"] == [fresh]
    assert patch("replace", "/validateRequestBody", "true") == {**fresh, "validateRequestBody": True}
    assert patch("replace", "/validateRequestBody") == fresh
    assert patch("replace", "/name", "some") == {**fresh, "name": "some"}
    assert status(client.delete_request_validator(**named)) == 202
    with refused(*MISSING):
        client.get_request_validator(**named)
    assert client.get_request_validators(restApiId=api["id"])["items"] == []


def test_an_unknown_api_or_validator_is_the_same(client, api, validator):
    for name in ("get_request_validator", "delete_request_validator", "update_request_validator"):
        for api_id, validator_id in (("api_id", validator["id"]), (api["id"], "validator_id")):
            with refused(*MISSING):
                getattr(client, name)(restApiId=api_id, requestValidatorId=validator_id)


def test_but_not_to_create_and_list(client):
    with refused("BadRequestException", "Invalid REST API identifier specified"):
        client.create_request_validator(restApiId="api_id", name="x")
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:api_id"):
        client.get_request_validators(restApiId="api_id")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (
            ("add", "/validateRequestBody", "true"),
            "Invalid patch path  '/validateRequestBody' specified for op 'add'. Please choose supported operations",
        ),
        (
            ("remove", "/validateRequestBody", "true"),
            "Invalid patch path  '/validateRequestBody' specified for op 'remove'. Please choose supported operations",
        ),
        (
            ("replace", "/invalidPath", "true"),
            (
                "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, "
                "/validateRequestParameters, /validateRequestBody]"
            ),
        ),
        (("replace", "/name", ""), "Request Validator name cannot be blank"),
        (("replace", "/name"), "Request Validator name cannot be blank"),
    ],
)
def test_what_update_refuses(patch, operation, message):
    with refused("BadRequestException", message):
        patch(*operation)


def test_names_are_unique(client, api, validator):
    message = "Request Validator name must be unique. Request Validator all already exists in this RestApi."
    with refused("BadRequestException", message):
        client.create_request_validator(restApiId=api["id"], name="all")


def test_a_validator_needs_no_name(client, api):
    answer = bare(client.create_request_validator(restApiId=api["id"], validateRequestBody=True))
    assert answer == {"id": answer["id"], "validateRequestBody": True, "validateRequestParameters": False}


def test_a_validator_in_use_is_not_deleted(client, store, api, validator):
    root = api["rootResourceId"]
    method = {"httpMethod": "GET", "requestValidatorId": validator["id"]}
    with store.write() as unit:
        unit.put("resource", api["id"], root, {"id": root, "path": "/", "resourceMethods": {"GET": method}})
    message = f"Cannot delete request validator '{validator['id']}', is referenced in method: GET//"
    with refused("ConflictException", message):
        client.delete_request_validator(restApiId=api["id"], requestValidatorId=validator["id"])
