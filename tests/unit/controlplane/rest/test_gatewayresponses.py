"""Gateway responses, as recorded in TestApiGatewayGatewayResponse and re-expressed."""

import pytest

from refusing import bare, refused, status
from wire_client import ACCOUNT

TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
PARAMETERS = {
    ORIGIN: "'a.b.c'",
    "gatewayresponse.header.x-request-header": "method.request.header.Accept",
    "gatewayresponse.header.x-request-path": "method.request.path.petId",
    "gatewayresponse.header.x-request-query": "method.request.querystring.q",
}


class Responses:
    """The gateway responses of one API."""

    def __init__(self, client):
        self.client = client
        self.api = client.create_rest_api(name="pets")["id"]

    def put(self, kind, **said):
        return self.client.put_gateway_response(restApiId=self.api, responseType=kind, **said)

    def get(self, kind):
        return bare(self.client.get_gateway_response(restApiId=self.api, responseType=kind))

    def all(self):
        items = self.client.get_gateway_responses(restApiId=self.api)["items"]
        return {item["responseType"]: item for item in items}

    def patch(self, kind, *operations):
        edits = [
            {name: value for name, value in zip(("op", "path", "value"), one, strict=False) if value is not None}
            for one in operations
        ]
        return bare(self.client.update_gateway_response(restApiId=self.api, responseType=kind, patchOperations=edits))

    def delete(self, kind):
        return self.client.delete_gateway_response(restApiId=self.api, responseType=kind)


@pytest.fixture
def responses(client):
    return Responses(client)


def built_in(kind, code=None):
    answer = {"responseType": kind, "responseParameters": {}, "responseTemplates": TEMPLATES, "defaultResponse": True}
    return answer | ({"statusCode": code} if code else {})


def test_all_types_are_there_from_the_start(responses):
    listed = responses.all()
    assert len(listed) == 21
    assert list(listed) == sorted(listed)
    assert listed["DEFAULT_4XX"] == built_in("DEFAULT_4XX")
    assert listed["DEFAULT_5XX"] == built_in("DEFAULT_5XX")
    assert listed["MISSING_AUTHENTICATION_TOKEN"] == built_in("MISSING_AUTHENTICATION_TOKEN", "403")
    assert listed["INTEGRATION_TIMEOUT"] == built_in("INTEGRATION_TIMEOUT", "504")
    assert {kind: responses.get(kind) for kind in listed} == listed


def test_put_keeps_what_is_not_said(responses):
    answer = responses.put("INVALID_API_KEY", responseParameters={ORIGIN: "'*'"})
    assert status(answer) == 201
    assert bare(answer) == {
        **built_in("INVALID_API_KEY", "403"),
        "responseParameters": {ORIGIN: "'*'"},
        "defaultResponse": False,
    }
    assert responses.get("INVALID_API_KEY") == bare(answer)


def test_put_replaces_an_earlier_put(responses):
    responses.put("UNAUTHORIZED", statusCode="444", responseParameters={ORIGIN: "'*'"})
    assert bare(responses.put("UNAUTHORIZED", statusCode="401")) == {
        **built_in("UNAUTHORIZED", "401"),
        "defaultResponse": False,
    }


def test_a_family_overlays_its_unset_types(responses):
    responses.put("INTEGRATION_FAILURE", statusCode="599")
    family = bare(responses.put("DEFAULT_5XX", statusCode="501", responseParameters={ORIGIN: "'*'"}))
    assert family["defaultResponse"] is False
    overlaid = {**built_in("INTEGRATION_TIMEOUT", "501"), "responseParameters": {ORIGIN: "'*'"}}
    assert responses.all()["INTEGRATION_TIMEOUT"] == overlaid
    assert responses.get("INTEGRATION_TIMEOUT") == overlaid
    assert responses.get("INTEGRATION_FAILURE") == {
        **built_in("INTEGRATION_FAILURE", "599"),
        "defaultResponse": False,
    }
    assert responses.get("UNAUTHORIZED") == built_in("UNAUTHORIZED", "401")


def test_a_family_without_a_status_leaves_the_statuses(responses):
    responses.put("DEFAULT_4XX", responseParameters={ORIGIN: "'*'"})
    overlaid = {**built_in("THROTTLED", "429"), "responseParameters": {ORIGIN: "'*'"}}
    assert responses.get("THROTTLED") == overlaid


def test_delete(responses):
    with refused("NotFoundException", "Gateway response type not defined on api"):
        responses.delete("DEFAULT_4XX")
    responses.put("DEFAULT_4XX", statusCode="404")
    assert status(responses.delete("DEFAULT_4XX")) == 202
    assert responses.get("DEFAULT_4XX") == built_in("DEFAULT_4XX")


def test_update_of_an_unset_type_sets_it(responses):
    answer = responses.patch("DEFAULT_4XX", ("replace", "/statusCode", "444"))
    assert answer == {**built_in("DEFAULT_4XX", "444"), "defaultResponse": False}
    assert responses.get("DEFAULT_4XX") == answer


def test_update(responses):
    responses.put("DEFAULT_4XX", statusCode="404", responseParameters=PARAMETERS, responseTemplates=TEMPLATES)
    xml = "<gatewayResponse><message>$context.error.messageString</message></gatewayResponse>"
    answer = responses.patch(
        "DEFAULT_4XX",
        ("replace", "/statusCode", "444"),
        ("replace", f"/responseParameters/{ORIGIN}", "'example.com'"),
        ("add", "/responseTemplates/application~1xml", xml),
        ("remove", "/responseParameters/gatewayresponse.header.x-request-path"),
    )
    parameters = {**PARAMETERS, ORIGIN: "'example.com'"}
    del parameters["gatewayresponse.header.x-request-path"]
    assert answer == {
        "responseType": "DEFAULT_4XX",
        "statusCode": "444",
        "responseParameters": parameters,
        "responseTemplates": {**TEMPLATES, "application/xml": xml},
        "defaultResponse": False,
    }


def test_emptied_parameters_are_still_shown(responses):
    responses.put("DEFAULT_4XX", responseParameters={ORIGIN: "'*'"})
    assert responses.patch("DEFAULT_4XX", ("remove", f"/responseParameters/{ORIGIN}"))["responseParameters"] == {}


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (("add", "/statusCode", "444"), "BadRequestException", "Invalid patch path /statusCode"),
        (("remove", "/statusCode"), "BadRequestException", "Invalid patch path /statusCode"),
        (("replace", "/statusCode", "999"), "BadRequestException", "Invalid status code specified: 999"),
        (("add", None, "x"), "BadRequestException", "Invalid patch path null"),
        (("replace", "/wrongPath", "x"), "BadRequestException", "Invalid patch path /wrongPath"),
        (("add", "/responseParameters", "x"), "BadRequestException", "Invalid patch path /responseParameters"),
        (
            ("replace", "/responseParameters/gatewayresponse.header.other", "'x'"),
            "NotFoundException",
            "Invalid parameter name specified",
        ),
        (
            ("remove", "/responseTemplates/text~1plain"),
            "NotFoundException",
            "Content-Type specified was not found",
        ),
        (
            ("replace", "/responseTemplates/application~1json"),
            "BadRequestException",
            "Invalid null or empty value in responseTemplates",
        ),
        (
            ("replace", f"/responseParameters/{ORIGIN}"),
            "BadRequestException",
            "Invalid null or empty value in responseParameters",
        ),
    ],
)
def test_what_update_refuses(responses, operation, code, message):
    responses.put("DEFAULT_4XX", responseParameters={ORIGIN: "'*'"})
    with refused(code, message):
        responses.patch("DEFAULT_4XX", operation)


MAPPING = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gatewayresponse.header.x", "", "Invalid null or empty value in responseParameters"),
        ("gatewayresponse.header.x", "unquoted", f"{MAPPING} specified: unquoted]"),
        ("gatewayresponse.header.x", "'a\r\nset-cookie: b'", f"{MAPPING} specified: 'a\r\nset-cookie: b']"),
        ("gatewayresponse.header.x", "method.request.body", f"{MAPPING} specified: method.request.body]"),
        ("gatewayresponse.body", "'x'", f"{MAPPING} parameter specified: gatewayresponse.body]"),
        ("gatewayresponse.header.x:y", "'x'", f"{MAPPING} parameter specified: gatewayresponse.header.x:y]"),
    ],
)
def test_what_no_parameter_is(responses, name, value, message):
    with refused("BadRequestException", message):
        responses.put("DEFAULT_4XX", responseParameters={name: value})
    assert responses.get("DEFAULT_4XX")["defaultResponse"] is True


def test_an_unset_parameter_may_be_added_but_is_checked_too(responses):
    with refused("BadRequestException", f"{MAPPING} parameter specified: anything]"):
        responses.patch("DEFAULT_4XX", ("add", "/responseParameters/anything", "'x'"))


def test_a_put_template_is_not_empty(responses):
    with refused("BadRequestException", "Invalid null or empty value in responseTemplates"):
        responses.put("DEFAULT_4XX", responseTemplates={"application/json": ""})


def test_an_unknown_api(responses):
    client, named = responses.client, {"restApiId": "fake-api-id", "responseType": "DEFAULT_4XX"}
    unknown = ("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:fake-api-id")
    for name in ("get", "delete", "update", "put"):
        with refused(*unknown):
            getattr(client, f"{name}_gateway_response")(**named)
    with refused(*unknown):
        client.get_gateway_responses(restApiId="fake-api-id")


def test_only_customised_types_are_stored(responses, store):
    responses.put("DEFAULT_4XX", statusCode="404")
    with store.read() as unit:
        assert [key for key, _ in unit.find("gatewayresponse", responses.api)] == ["DEFAULT_4XX"]


def test_a_template_is_for_a_media_type(responses):
    """It is what the answer's Content-Type will say."""
    said = "Validation Result: warnings : [], errors : [Invalid content type specified: json]"
    with refused("BadRequestException", said):
        responses.put("DEFAULT_4XX", responseTemplates={"json": "{}"})
    with refused("BadRequestException", said):
        responses.patch("DEFAULT_4XX", ("add", "/responseTemplates/json", "{}"))
