"""Methods and method responses as the live service answered them (recorded facts 37 to 49)."""

import pytest

from rest_play import RestPlay, patch, refusal

NO_AUTHORIZER = (
    "400 BadRequestException: Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
    "COGNITO_USER_POOLS requires a valid authorizer."
)
NO_PARAMETER = "404 NotFoundException: Invalid parameter name specified"
NO_CONTENT_TYPE = "404 NotFoundException: Content-Type specified was not found"
NO_STATUS = "404 NotFoundException: Invalid Response status code specified"


@pytest.fixture
def play() -> RestPlay:
    return RestPlay()


@pytest.fixture
def at(play: RestPlay) -> dict[str, str]:
    return {"resourceId": play.root, "httpMethod": "ANY"}


def token_authorizer(play: RestPlay) -> str:
    return play.call(
        "create_authorizer",
        name="door",
        type="TOKEN",
        authorizerUri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:000000000000:function:door/invocations",
        identitySource="method.request.header.Auth",
    )["id"]


def test_a_new_method_answers_its_defaults_and_nothing_empty(play, at):
    answer = play.call("put_method", **at, authorizationType="NONE", requestParameters={}, requestModels={})
    assert answer == {"httpMethod": "ANY", "authorizationType": "NONE", "apiKeyRequired": False}
    assert play.call("get_method", **at) == answer


def test_statuses_of_the_family(play, at):
    assert play.status("put_method", **at, authorizationType="none") == 201
    assert play.status("put_method_response", **at, statusCode="200") == 201
    assert play.status("update_method_response", **at, statusCode="200", patchOperations=[]) == 201
    assert play.status("delete_method_response", **at, statusCode="200") == 204
    assert play.status("delete_method", **at) == 204


def test_an_unknown_api_is_an_unknown_resource(play, at):
    unknown = {**at, "restApiId": "nowhere", "authorizationType": "NONE"}
    assert refusal(play.client.put_method, **unknown) == (
        "404 NotFoundException: Invalid Resource identifier specified"
    )


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        (
            {"httpMethod": "WRONG"},
            (
                "400 BadRequestException: Invalid HttpMethod specified. Valid options are "
                "GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
            ),
        ),
        ({"authorizationType": "CUSTOM"}, NO_AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "abc123"}, NO_AUTHORIZER),
        (
            {"requestValidatorId": "validator"},
            "400 BadRequestException: Invalid Request Validator identifier specified",
        ),
        (
            {"requestModels": {"application/json": "petModel"}},
            "400 BadRequestException: Invalid model identifier specified: petModel",
        ),
        (
            {"requestParameters": {"method.request.header.a": True, "method.request.querystring.a": True}},
            "400 BadRequestException: Parameter names must be unique across querystring, header and path",
        ),
        (
            {"authorizationScopes": ["read"]},
            (
                "400 BadRequestException: Invalid Method authorization type specified. Authorization Scopes are only "
                "valid for COGNITO_USER_POOLS authorization type"
            ),
        ),
        (
            {"requestParameters": {"header.a": True}},
            (
                "400 BadRequestException: Invalid mapping expression specified: Validation Result: warnings : [], "
                "errors : [Invalid mapping expression specified: header.a]"
            ),
        ),
    ],
)
def test_what_a_method_cannot_be(play, at, params, refused):
    assert refusal(play.call, "put_method", **{**at, "authorizationType": "NONE", **params}) == refused


def test_an_authorizer_of_the_other_kind_is_no_valid_authorizer(play, at):
    wrong = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": token_authorizer(play)}
    assert refusal(play.call, "put_method", **at, **wrong) == NO_AUTHORIZER


def test_a_method_is_put_once(play, at):
    play.call("put_method", **at, authorizationType="NONE")
    assert refusal(play.call, "put_method", **at, authorizationType="NONE") == (
        "409 ConflictException: Method already exists for this resource"
    )


def update(play: RestPlay, at: dict[str, str], *operations: dict[str, str]) -> dict:
    return play.call("update_method", **at, patchOperations=list(operations))


def test_the_recorded_life_of_a_method(play, at):
    play.call("put_method", **at, authorizationType="NONE")
    query = "/requestParameters/method.request.querystring.optional"
    answer = update(play, at, patch("add", query, "true"), patch("add", "/requestModels/application~1json", "Empty"))
    assert answer["requestParameters"] == {"method.request.querystring.optional": True}
    assert answer["requestModels"] == {"application/json": "Empty"}

    answer = update(
        play,
        at,
        patch("replace", query, "false"),
        patch("replace", "/authorizationType", "AWS_IAM"),
        patch("replace", "/apiKeyRequired", "true"),
        patch("replace", "/operationName", "ReplacedOperationName"),
    )
    assert answer["requestParameters"] == {"method.request.querystring.optional": False}
    assert (answer["authorizationType"], answer["apiKeyRequired"]) == ("AWS_IAM", True)

    door = token_authorizer(play)
    answer = update(play, at, patch("replace", "/authorizationType", "CUSTOM"), patch("replace", "/authorizerId", door))
    assert (answer["authorizationType"], answer["authorizerId"]) == ("CUSTOM", door)

    answer = update(play, at, patch("remove", query), patch("remove", "/requestModels/application~1json"))
    assert answer == {
        "httpMethod": "ANY",
        "authorizationType": "CUSTOM",
        "authorizerId": door,
        "apiKeyRequired": True,
        "operationName": "ReplacedOperationName",
    }


def test_values_that_aws_corrects_silently(play, at):
    play.call("put_method", **at, authorizationType="NONE", apiKeyRequired=True)
    answer = update(play, at, patch("replace", "/authorizerId", "abc123"), patch("replace", "/apiKeyRequired", "wrong"))
    assert answer == {"httpMethod": "ANY", "authorizationType": "NONE", "apiKeyRequired": False}


def test_leaving_custom_leaves_the_authorizer(play, at):
    play.call("put_method", **at, authorizationType="CUSTOM", authorizerId=token_authorizer(play))
    assert "authorizerId" not in update(play, at, patch("replace", "/authorizationType", "NONE"))


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        (patch("replace", "/httpMethod", "PUT"), "400 BadRequestException: Invalid patch path /httpMethod"),
        (patch("replace", "/requestParameters", "x"), "400 BadRequestException: Invalid patch path /requestParameters"),
        (
            patch("add", "/requestModels/application/json", "Empty"),
            "400 BadRequestException: Invalid patch path /requestModels/application/json",
        ),
        (
            patch("add", "/operationName", "x"),
            "400 BadRequestException: Invalid patch operation specified. Must be one of: [replace]",
        ),
        (patch("replace", "/authorizationType", "CUSTOM"), NO_AUTHORIZER),
        (patch("remove", "/requestParameters/method.request.header.a"), NO_PARAMETER),
        (patch("remove", "/requestModels/text~1xml"), NO_CONTENT_TYPE),
    ],
)
def test_what_a_patch_cannot_do(play, at, operation, refused):
    play.call("put_method", **at, authorizationType="NONE")
    before = play.call("get_method", **at)
    assert refusal(update, play, at, operation) == refused
    assert play.call("get_method", **at) == before


def test_scopes_are_patched_by_value(play, at):
    pool = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"
    source = {"identitySource": "method.request.header.Authorization", "providerARNs": [pool]}
    authorizer = play.call("create_authorizer", name="pool", type="COGNITO_USER_POOLS", **source)["id"]
    play.call("put_method", **at, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    scope = "/authorizationScopes"
    assert update(play, at, patch("add", scope, "a"), patch("add", scope, "b"))["authorizationScopes"] == ["a", "b"]
    assert update(play, at, patch("remove", scope, "a"))["authorizationScopes"] == ["b"]
    assert "authorizationScopes" not in update(play, at, patch("remove", scope, "b"))


def test_method_responses_echo_what_was_sent_empty(play, at):
    play.call("put_method", **at, authorizationType="NONE")
    assert play.call("put_method_response", **at, statusCode="200") == {"statusCode": "200"}
    empty = {"responseModels": {}, "responseParameters": {}}
    assert play.call("put_method_response", **at, statusCode="201", **empty) == {"statusCode": "201", **empty}
    assert refusal(play.call, "put_method_response", **at, statusCode="201") == (
        "409 ConflictException: Response already exists for this resource"
    )


def test_the_recorded_life_of_a_method_response(play, at):
    play.call("put_method", **at, authorizationType="NONE")
    play.call("put_method_response", **at, statusCode="200")
    header, model = "/responseParameters/method.response.header.my-header", "/responseModels/application~1json"

    def patched(*operations):
        return play.call("update_method_response", **at, statusCode="200", patchOperations=list(operations))

    assert patched(patch("add", header, "true"), patch("add", model, "Empty")) == {
        "statusCode": "200",
        "responseParameters": {"method.response.header.my-header": True},
        "responseModels": {"application/json": "Empty"},
    }
    assert patched(patch("remove", header), patch("remove", model)) == {"statusCode": "200"}
    assert refusal(patched, patch("replace", header, "true")) == NO_PARAMETER
    assert refusal(patched, patch("remove", model)) == NO_CONTENT_TYPE
    assert refusal(patched, patch("add", "/wrong/method.response.header.my-header", "true")) == (
        "400 BadRequestException: Invalid patch path /wrong/method.response.header.my-header"
    )


def test_what_is_gone_is_unknown(play, at):
    assert refusal(play.call, "get_method", **at) == "404 NotFoundException: Invalid Method identifier specified"
    play.call("put_method", **at, authorizationType="NONE")
    assert refusal(play.call, "get_method_response", **at, statusCode="200") == NO_STATUS
    play.call("put_method_response", **at, statusCode="200")
    play.call("delete_method_response", **at, statusCode="200")
    assert "methodResponses" not in play.call("get_method", **at)
    play.call("delete_method", **at)
    assert "resourceMethods" not in play.call("get_resource", resourceId=play.root)
