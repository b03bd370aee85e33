"""Integrations and their responses as the live service answered them (recorded facts 53 to 63)."""

import pytest

from rest_play import RestPlay, patch, refusal

MAPPING = "400 BadRequestException: Invalid mapping expression specified: Validation Result: warnings : [], errors : "
NO_INTEGRATION = "404 NotFoundException: Invalid Integration identifier specified"
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:MyLambda/invocations"
)
STREAMING = FUNCTION.replace("2015-03-31", "2021-11-15").replace("/invocations", "/response-streaming-invocations")
ONLY_LAMBDA = (
    "400 BadRequestException: Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose "
    "stream invocations."
)
NO_VERB = "400 BadRequestException: Enumeration value for HttpMethod must be non-empty"
NO_ADDRESS = "400 BadRequestException: Invalid HTTP endpoint specified for URI"


@pytest.fixture
def play() -> RestPlay:
    return RestPlay()


@pytest.fixture
def at(play: RestPlay) -> dict[str, str]:
    at = {"resourceId": play.root, "httpMethod": "GET"}
    declared = {"method.request.header.a": False, "method.request.querystring.q": True, "method.request.path.id": True}
    play.call("put_method", **at, authorizationType="NONE", requestParameters=declared)
    return at


def put(play: RestPlay, at: dict[str, str], **params) -> dict:
    return play.call("put_integration", **at, **params)


def http(play: RestPlay, at: dict[str, str], **params) -> dict:
    asked = {"type": "HTTP", "integrationHttpMethod": "POST", "uri": "http://example.com", **params}
    return put(play, at, **asked)


def defaults(play: RestPlay, **more) -> dict:
    return {
        "cacheKeyParameters": [],
        "cacheNamespace": play.root,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        **more,
    }


def test_defaults_of_each_type(play, at):
    assert put(play, at, type="MOCK") == defaults(play, type="MOCK")
    for kind in ("HTTP", "HTTP_PROXY"):
        assert http(play, at, type=kind) == defaults(
            play, type=kind, connectionType="INTERNET", httpMethod="POST", uri="http://example.com"
        )
    for kind in ("AWS", "AWS_PROXY"):
        assert http(play, at, type=kind, uri=FUNCTION) == defaults(play, type=kind, httpMethod="POST", uri=FUNCTION)


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        ({"type": "HTTP"}, NO_VERB),
        ({"type": "HTTP_PROXY"}, NO_VERB),
        ({"type": "AWS"}, NO_VERB),
        ({"uri": "wrong"}, NO_ADDRESS),
        ({"type": "HTTP_PROXY", "uri": ""}, NO_ADDRESS),
        ({"uri": "http://"}, NO_ADDRESS),
        ({"uri": "http://host:99999/"}, NO_ADDRESS),
        ({"uri": "http://user@host/"}, NO_ADDRESS),
        ({"uri": "ftp://example.com"}, NO_ADDRESS),
        ({"type": "AWS", "uri": "lambda"}, "400 BadRequestException: Invalid ARN specified in the request"),
        (
            {"type": "AWS", "uri": "arn:aws:apigateway:us-eats:sqs:path/q"},
            "400 BadRequestException: Invalid ARN specified in the request",
        ),
        (
            {"type": "AWS", "uri": "arn:aws:lambda:us-east-1:000000000000:function:MyLambda"},
            "400 BadRequestException: AWS ARN for integration must contain path or action",
        ),
        ({"type": "AWS_PROXY", "uri": "arn:aws:apigateway:us-east-1:s3:path/b/k"}, ONLY_LAMBDA),
        ({"type": "AWS_PROXY", "uri": "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"}, ONLY_LAMBDA),
        ({"type": "AWS_PROXY", "uri": "arn:aws:apigateway:us-east-1:lambda:path/bad-lambda-arn"}, ONLY_LAMBDA),
        ({"timeoutInMillis": 49}, "400 BadRequestException: Timeout should be between 50 ms and 29000 ms"),
        ({"timeoutInMillis": 29001}, "400 BadRequestException: Timeout should be between 50 ms and 29000 ms"),
        (
            {"type": "HTTP_PROXY", "responseTransferMode": "STREAM", "timeoutInMillis": 900001},
            "400 BadRequestException: Timeout should be between 50 ms and 900000 ms",
        ),
        (
            {"type": "AWS_PROXY", "uri": FUNCTION, "responseTransferMode": "STREAM"},
            (
                "400 BadRequestException: Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported "
                "for Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations."
            ),
        ),
        (
            {"type": "AWS_PROXY", "uri": STREAMING},
            (
                "400 BadRequestException: Invalid ResponseTransferMode. Lambda functions invoked by "
                "InvokeWithResponseStream need ResponseTransferMode STREAM."
            ),
        ),
        (
            {"responseTransferMode": "STREAM"},
            "400 BadRequestException: Response transfer mode STREAM is only supported for HTTP_PROXY and AWS_PROXY",
        ),
        (
            {"cacheKeyParameters": ["method.request.header.b"]},
            "400 BadRequestException: Invalid cache key parameter specified",
        ),
        (
            {"requestTemplates": {"123": "x"}},
            "400 BadRequestException: Validation Result: warnings : [], errors : [Invalid content type specified: 123]",
        ),
        (
            {"connectionType": "VPC_LINK"},
            (
                "400 BadRequestException: ConnectionId should be set to the vpcLinkId or stage variable on connection "
                "type VPC_LINK"
            ),
        ),
        (
            {"credentials": "role"},
            "400 BadRequestException: Invalid ARN specified in the request",
        ),
    ],
)
def test_what_an_integration_cannot_be(play, at, params, refused):
    asked = params if set(params) == {"type"} else {
        "type": "HTTP", "integrationHttpMethod": "POST", "uri": "http://example.com", **params
    }  # fmt: skip
    assert refusal(put, play, at, **asked) == refused


def test_a_streaming_function_is_put_and_patched_with_its_mode(play, at):
    stream = {"responseTransferMode": "STREAM", "timeoutInMillis": 900000}
    asked = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": STREAMING}
    assert put(play, at, **asked, **stream).items() >= stream.items()
    back = [patch("replace", "/uri", FUNCTION), patch("replace", "/responseTransferMode", "BUFFERED")]
    refused = "400 BadRequestException: Timeout should be between 50 ms and 29000 ms"
    assert refusal(play.call, "update_integration", **at, patchOperations=back) == refused
    back.append(patch("replace", "/timeoutInMillis", "29000"))
    assert play.call("update_integration", **at, patchOperations=back)["uri"] == FUNCTION


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:9000/x?y=1",
        "https://[::1]:8443/",
        "http://backend/{proxy}",
        "http://${stageVariables.host}:${stageVariables.port}/{id}",
    ],
)
def test_addresses_with_placeholders_are_kept_as_they_are(play, at, uri):
    assert http(play, at, uri=uri)["uri"] == uri


@pytest.mark.parametrize(
    "source",
    [
        "method.request.header.a",
        "method.request.multivalueheader.a",
        "method.request.multivaluequerystring.q",
        "method.request.path.id",
        "method.request.body",
        "method.request.body.price",
        "method.request.body[0].price",
        "context.identity.sourceIp",
        "stageVariables.colour",
        "'static text'",
    ],
)
def test_sources_of_a_request_mapping(play, at, source):
    mapping = {"integration.request.header.x": source}
    assert http(play, at, requestParameters=mapping)["requestParameters"] == mapping


@pytest.mark.parametrize(
    ("mapping", "refused"),
    [
        ({"integration.request.path.id": "true"}, "[Invalid mapping expression specified: true]"),
        ({"integration.request.header.x": "'open"}, "[Invalid mapping expression specified: 'open]"),
        ({"integration.request.header.x": "'a\r\nb'"}, "[Invalid mapping expression specified: 'a\r\nb']"),
        (
            {"integration.request.header.x": "method.request.header.b"},
            "[Invalid mapping expression parameter specified: method.request.header.b]",
        ),
        (
            {"method.request.header.x": "'1'"},
            "[Invalid mapping expression parameter specified: method.request.header.x]",
        ),
    ],
)
def test_request_mappings_that_mean_nothing(play, at, mapping, refused):
    assert refusal(http, play, at, requestParameters=mapping) == MAPPING + refused


def test_a_vpc_link_may_be_named_by_a_stage_variable(play, at):
    http(play, at, connectionType="VPC_LINK", connectionId="${stageVariables.vpcLinkId}")
    answer = play.call(
        "update_integration", **at, patchOperations=[patch("replace", "/connectionId", "${stageVariables.vpcLinkId1}")]
    )
    assert answer["connectionId"] == "${stageVariables.vpcLinkId1}"


def test_patches_of_an_integration(play, at):
    http(play, at)

    def patched(*operations):
        return play.call("update_integration", **at, patchOperations=list(operations))

    answer = patched(
        patch("replace", "/uri", "https://example.org"),
        patch("replace", "/timeoutInMillis", "50"),
        patch("replace", "/credentials", "arn:aws:iam::000000000000:role/r"),
        patch("add", "/requestParameters/integration.request.header.x", "'1'"),
        patch("add", "/requestTemplates/application~1json", "{}"),
        patch("add", "/cacheKeyParameters/method.request.header.a", ""),
        patch("replace", "/contentHandling", "CONVERT_TO_TEXT"),
        patch("replace", "/tlsConfig/insecureSkipVerification", "true"),
    )
    assert (answer["uri"], answer["timeoutInMillis"]) == ("https://example.org", 50)
    assert answer["requestParameters"] == {"integration.request.header.x": "'1'"}
    assert answer["requestTemplates"] == {"application/json": "{}"}
    assert answer["cacheKeyParameters"] == ["method.request.header.a"]
    assert answer["tlsConfig"] == {"insecureSkipVerification": True}
    again = patch("replace", "/cacheKeyParameters/method.request.header.a", "integration.request.header.x")
    assert patched(again)["cacheKeyParameters"] == ["integration.request.header.x"]
    answer = patched(
        patch("remove", "/cacheKeyParameters/integration.request.header.x"), patch("replace", "/contentHandling", "")
    )
    assert answer["cacheKeyParameters"] == []
    assert "contentHandling" not in answer
    assert refusal(patched, patch("replace", "/type", "MOCK")) == "400 BadRequestException: Invalid patch path /type"
    assert refusal(patched, patch("replace", "/timeoutInMillis", "30000")).endswith("between 50 ms and 29000 ms")
    assert refusal(patched, patch("remove", "/requestParameters/integration.request.header.y")) == (
        "404 NotFoundException: Invalid parameter name specified"
    )


def test_a_mock_has_no_address_to_replace(play, at):
    put(play, at, type="MOCK")
    operations = [patch("replace", "/uri", "http://example.com")]
    assert refusal(play.call, "update_integration", **at, patchOperations=operations) == (
        "400 BadRequestException: Invalid patch path /uri"
    )


def test_what_is_missing_is_named_by_its_place(play, at):
    nowhere = {**at, "resourceId": "nowhere"}
    elsewhere = {**at, "httpMethod": "POST"}
    assert refusal(play.call, "get_integration", **nowhere).endswith("Invalid Resource identifier specified")
    assert refusal(play.call, "get_integration", **elsewhere).endswith("Invalid Method identifier specified")
    assert refusal(play.call, "get_integration", **at) == NO_INTEGRATION
    assert refusal(put, play, elsewhere, type="MOCK").endswith("Invalid Method identifier specified")
    assert refusal(play.call, "put_integration_response", **at, statusCode="200") == NO_INTEGRATION


def test_putting_and_deleting_an_integration(play, at):
    http(play, at)
    play.call("put_integration_response", **at, statusCode="200")
    assert "integrationResponses" not in put(play, at, type="MOCK")
    assert play.status("delete_integration", **at) == 204
    assert refusal(play.call, "get_integration", **at) == NO_INTEGRATION
    assert "methodIntegration" not in play.call("get_method", **at)


def test_the_recorded_life_of_an_integration_response(play, at):
    put(play, at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    here = {**at, "statusCode": "200"}
    created = {"responseTemplates": {"application/json": '"created"'}, "selectionPattern": "", "statusCode": "200"}
    assert play.call("put_integration_response", **{**here, **created}) == created
    assert play.call("get_integration_response", **here) == created

    operations = [patch("replace", "/selectionPattern", "updated-pattern")]
    assert play.call("update_integration_response", **here, patchOperations=operations) == {
        **created,
        "selectionPattern": "updated-pattern",
    }
    assert play.status("put_integration_response", **here, selectionPattern="overwrite-pattern") == 201
    overwritten = {"selectionPattern": "overwrite-pattern", "statusCode": "200"}
    assert play.call("get_method", **at)["methodIntegration"]["integrationResponses"] == {"200": overwritten}

    assert play.status("delete_integration_response", **here) == 204
    assert "integrationResponses" not in play.call("get_integration", **at)


def test_the_recorded_refusals_to_delete_an_integration_response(play, at):
    put(play, at, type="MOCK")
    play.call("put_integration_response", **at, statusCode="200")

    def refused(**changed) -> str:
        return refusal(play.call, "delete_integration_response", **{**at, "statusCode": "200", **changed})

    assert refused(resourceId="nowhere").endswith("Invalid Resource identifier specified")
    assert refused(httpMethod="PUT") == NO_INTEGRATION
    assert refused(httpMethod="INVALID") == NO_INTEGRATION
    assert refused(statusCode="201").endswith("Invalid Response status code specified")


def test_empty_templates_and_maps_are_echoed_as_aws_echoes_them(play, at):
    put(play, at, type="MOCK")

    def response(**params) -> dict:
        return play.call("put_integration_response", **at, statusCode="200", **params)

    assert response(responseTemplates={}) == {"statusCode": "200", "responseTemplates": {}}
    assert response(responseTemplates={"application/json": ""})["responseTemplates"] == {"application/json": None}
    assert response() == {"statusCode": "200"}
    assert refusal(response, responseTemplates={"123": "x"}) == (
        "400 BadRequestException: Validation Result: warnings : [], errors : [Invalid content type specified: 123]"
    )


def test_a_selection_pattern_is_a_pattern(play, at):
    put(play, at, type="MOCK")

    def response(pattern: str) -> dict:
        return play.call("put_integration_response", **at, statusCode="200", selectionPattern=pattern)

    assert refusal(response, ".*(Not Found.*") == "400 BadRequestException: Invalid regex pattern specified"
    assert refusal(response, r"\p{Lu}").startswith("400 BadRequestException: Portico cannot select by this pattern: ")
    assert response(r"4\d{2}")["selectionPattern"] == r"4\d{2}"
    worse = [patch("replace", "/selectionPattern", "[")]
    assert refusal(play.call, "update_integration_response", **at, statusCode="200", patchOperations=worse) == (
        "400 BadRequestException: Invalid regex pattern specified"
    )


def test_a_mapped_header_is_declared_by_the_method_response(play, at):
    put(play, at, type="MOCK")

    def response(source: str, header: str = "method.response.header.h") -> dict:
        return play.call("put_integration_response", **at, statusCode="200", responseParameters={header: source})

    assert refusal(response, "'*'") == f"{MAPPING}[No method response exists for method.]"
    play.call("put_method_response", **at, statusCode="200", responseParameters={"method.response.header.h": False})
    for source in ("'*'", "integration.response.header.x", "integration.response.body.a.b", "context.requestId"):
        assert response(source)["responseParameters"] == {"method.response.header.h": source}
    assert refusal(response, "*") == f"{MAPPING}[Invalid mapping expression specified: *]"
    assert refusal(response, "method.request.header.a").startswith(MAPPING)
    assert refusal(response, "'*'", "method.response.header.g") == (
        f"{MAPPING}[Invalid mapping expression parameter specified: method.response.header.g]"
    )


def test_a_server_may_allow_longer_timeouts() -> None:
    play = RestPlay(max_integration_timeout=120_000)
    play.call("put_method", resourceId=play.root, httpMethod="GET", authorizationType="NONE")
    at = {"resourceId": play.root, "httpMethod": "GET"}
    slow = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://slow.example/"}
    assert play.call("put_integration", **at, **slow, timeoutInMillis=120_000)["timeoutInMillis"] == 120_000
    assert play.call("put_integration", **at, **slow)["timeoutInMillis"] == 29_000
    edit = patch("replace", "/timeoutInMillis", "120001")
    assert refusal(play.call, "update_integration", **at, patchOperations=[edit]) == (
        "400 BadRequestException: Timeout should be between 50 ms and 120000 ms"
    )
