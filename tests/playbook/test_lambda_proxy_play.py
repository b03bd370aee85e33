"""AWS_PROXY: a request becomes a function's event, and the function's value the answer."""

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from playbook.stage import (
    EXTENDED_ID,
    FUNCTION,
    NOON,
    REQUEST_ID,
    Client,
    Play,
    api,
    http_proxy,
    invocation,
    lambda_proxy,
)
from portico.dataplane.compile.rest import Compiler
from portico.dataplane.front import Gateway
from portico.model.rest import decode_snapshot
from portico.ports.compilation import Unserved
from portico.ports.functions import Caller, FailureKind, FunctionFailure, InvocationType

INTERNAL = '{"message": "Internal server error"}'


def pets(**settings: Any) -> Play:
    return Play(api({"/pets/{id}": {"ANY": lambda_proxy()}, "/": {"ANY": lambda_proxy()}}, **settings))


# The event


def test_a_whole_event() -> None:
    play = pets()
    client = Client(source_ip="203.0.113.7", port=443, secure=True)
    play.asks("POST /pets/7?a=1&a=2", "accept: */*", "User-Agent: x", body=b'{"a":1}', client=client)
    event = play.functions.event
    trace = event["headers"]["X-Amzn-Trace-Id"]
    assert event == {
        "resource": "/pets/{id}",
        "path": "/pets/7",
        "httpMethod": "POST",
        "headers": {
            "Host": "api1.execute-api.localhost",
            "accept": "*/*",
            "User-Agent": "x",
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
            "X-Amzn-Trace-Id": trace,
        },
        "multiValueHeaders": {
            "Host": ["api1.execute-api.localhost"],
            "accept": ["*/*"],
            "User-Agent": ["x"],
            "X-Forwarded-For": ["203.0.113.7"],
            "X-Forwarded-Port": ["443"],
            "X-Forwarded-Proto": ["https"],
            "X-Amzn-Trace-Id": [trace],
        },
        "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
        "pathParameters": {"id": "7"},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "res1",
            "resourcePath": "/pets/{id}",
            "httpMethod": "POST",
            "extendedRequestId": EXTENDED_ID,
            "requestTime": "14/Nov/2023:22:13:20 +0000",
            "path": "/dev/pets/7",
            "accountId": "000000000000",
            "protocol": "HTTP/1.1",
            "stage": "dev",
            "domainPrefix": "api1",
            "requestTimeEpoch": int(NOON * 1000),
            "requestId": REQUEST_ID,
            "identity": {
                "cognitoIdentityPoolId": None,
                "accountId": None,
                "cognitoIdentityId": None,
                "caller": None,
                "sourceIp": "203.0.113.7",
                "principalOrgId": None,
                "accessKey": None,
                "cognitoAuthenticationType": None,
                "cognitoAuthenticationProvider": None,
                "userArn": None,
                "userAgent": "x",
                "user": None,
            },
            "domainName": "api1.execute-api.localhost",
            "deploymentId": "dep1",
            "apiId": "api1",
        },
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }
    assert play.functions.last.trace_id == trace
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", trace)


def test_fact_112_what_is_empty_is_null() -> None:
    play = pets()
    play.asks("GET /")
    event = play.functions.event
    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert {name: event[name] for name in empty} == dict.fromkeys(empty)
    assert event["requestContext"]["identity"]["userAgent"] is None


def test_fact_111_path_parameters_stay_encoded_and_queries_are_decoded() -> None:
    play = pets()
    play.asks("GET /pets/test%2Balias@x?q=a+b%2B&r&q=")
    event = play.functions.event
    assert event["pathParameters"] == {"id": "test%2Balias@x"}
    assert event["path"] == "/pets/test%2Balias@x"
    assert event["multiValueQueryStringParameters"] == {"q": ["a b+", ""], "r": [""]}
    assert event["queryStringParameters"] == {"q": "", "r": ""}


@pytest.mark.parametrize(
    ("asked", "path", "proxy"),
    [
        ("/proxy-value/", "/proxy-value/", "proxy-value"),
        ("/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash"),
        ("//proxy-value", "/proxy-value", "proxy-value"),
    ],
)
def test_fact_110_slashes(asked: str, path: str, proxy: str) -> None:
    play = Play(api({"/{proxy+}": {"GET": lambda_proxy()}}))
    play.asks(f"GET {asked}")
    event = play.functions.event
    assert (event["path"], event["pathParameters"]) == (path, {"proxy": proxy})
    assert event["requestContext"]["path"] == f"/dev{asked}"


def test_facts_113_and_121_headers_of_an_event() -> None:
    play = pets()
    play.asks(
        "GET /",
        "authorization: Bearer x",
        "user-agent: curl/8",
        "x-Mixed: 1",
        "X-mixed: 2",
        "Via: 1.1 somebody",
        "Content-MD5: x",
        "TE: trailers",
        "X-Forwarded-For: 198.51.100.1",
        "X-Forwarded-Proto: gopher",
        'X-Quote: say "hi" \\ é',
    )
    headers, multiple = play.functions.event["headers"], play.functions.event["multiValueHeaders"]
    assert headers.keys() == multiple.keys()
    assert headers["Authorization"] == "Bearer x"
    assert headers["User-Agent"] == "curl/8"
    assert (headers["x-Mixed"], multiple["x-Mixed"]) == ("2", ["1", "2"])
    assert headers["Via"] == "1.1 somebody"
    assert headers["X-Forwarded-For"] == "198.51.100.1, 192.0.2.7"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Quote"] == 'say "hi" \\ é'
    assert not {"Content-MD5", "TE", "Content-Length", "Connection"} & headers.keys()


def test_a_signature_is_not_sent_on() -> None:
    play = pets()
    play.asks("GET /", "Authorization: AWS4-HMAC-SHA256 Credential=x")
    assert "Authorization" not in play.functions.event["headers"]


def test_the_same_headers_again_are_told_of_the_request_that_has_them() -> None:
    play = pets()
    for number in (1, 2):
        play.asks(f"GET /pets/{number}", "X-Same: 1")
    events = [json.loads(call.payload) for call in play.functions.calls]
    assert [event["pathParameters"]["id"] for event in events] == ["1", "2"]
    assert events[0]["headers"]["X-Amzn-Trace-Id"] != events[1]["headers"]["X-Amzn-Trace-Id"]
    assert events[0]["headers"]["X-Same"] == events[1]["headers"]["X-Same"] == "1"


def test_the_same_request_again_is_told_with_its_own_body_and_by_the_deployment_of_now() -> None:
    play = pets()
    play.asks("POST /?a=1", "X-Same: 1", body=b"one")
    play.asks("POST /?a=1", "X-Same: 1", body=b"two")
    play.deploy(api({"/": {"ANY": {**lambda_proxy(), "operationName": "New"}}}))
    play.asks("POST /?a=1", "X-Same: 1", body=b"six")
    events = [json.loads(call.payload) for call in play.functions.calls]
    assert [event["body"] for event in events] == ["one", "two", "six"]
    assert [event["requestContext"].get("operationName") for event in events] == [None, None, "New"]
    assert [event["queryStringParameters"] for event in events] == [{"a": "1"}] * 3
    assert len({event["requestContext"]["requestId"] for event in events}) == 3


def test_stage_variables_and_the_operations_name_are_told() -> None:
    play = Play(api({"/": {"GET": {**lambda_proxy(), "operationName": "ListPets"}}}), variables={"size": "small"})
    play.asks("GET /")
    assert play.functions.event["stageVariables"] == {"size": "small"}
    assert play.functions.event["requestContext"]["operationName"] == "ListPets"


@pytest.mark.parametrize(
    ("content_type", "body", "told", "encoded"),
    [
        ("text/plain", b"\xff\x00a", "�\x00a", False),
        ("image/png", b"\xff\x00a", base64.b64encode(b"\xff\x00a").decode(), True),
        ("image/png; q=1", b"text", base64.b64encode(b"text").decode(), True),
    ],
)
def test_fact_140_a_body_of_a_binary_media_type_is_base64(
    content_type: str, body: bytes, told: str, encoded: bool
) -> None:
    play = pets(binaryMediaTypes=["image/*"])
    play.asks("POST /", f"Content-Type: {content_type}", body=body)
    event = play.functions.event
    assert (event["body"], event["isBase64Encoded"]) == (told, encoded)


# Who is called, by whom


def test_a_call_is_made_in_the_name_of_the_api_with_the_requests_verb_and_the_resources_path() -> None:
    play = pets()
    play.asks("DELETE /pets/7")
    function = play.functions.last.function
    assert function.invocable.arn == FUNCTION
    assert function.invocable.caller == Caller(
        service="apigateway.amazonaws.com",
        source_arn="arn:aws:execute-api:us-east-1:000000000000:api1/dev/DELETE/pets/{id}",
        source_account="000000000000",
    )
    assert not function.invocable.streams and not function.invocable.tail
    assert function.invocable.written, "its event is not somebody else's text"
    assert function.timeout == 29.0
    assert play.functions.last.kind is InvocationType.REQUEST_RESPONSE


def test_with_credentials_the_role_counts() -> None:
    play = Play(api({"/": {"GET": lambda_proxy(credentials="arn:aws:iam::000000000000:role/${stageVariables.r}")}}))
    assert play.asks("GET /").hears.status == 500
    play.update(variables={"r": "caller"})
    play.asks("GET /")
    assert play.functions.last.function.invocable.caller == Caller(role="arn:aws:iam::000000000000:role/caller")


@pytest.mark.parametrize(
    ("part", "variables", "arn"),
    [
        ("pets:7", {}, "pets:7"),
        ("pets:$LATEST", {}, "pets:$LATEST"),
        ("pets:${stageVariables.alias}", {"alias": "live"}, "pets:live"),
        ("${stageVariables.name}", {"name": "pets"}, "pets"),
    ],
)
def test_versions_aliases_and_stage_variables(part: str, variables: dict[str, str], arn: str) -> None:
    uri = invocation(FUNCTION.replace("pets", part))
    play = Play(api({"/": {"GET": lambda_proxy(uri)}}), variables=variables)
    play.asks("GET /")
    assert play.functions.last.function.invocable.arn == FUNCTION.replace("pets", arn)


ELSEWHERE = [
    (invocation().replace("us-east-1", "eu-west-1"), "region 'eu-west-1'"),
    (invocation(FUNCTION.replace("us-east-1", "eu-west-1")), "region 'eu-west-1'"),
    (invocation(FUNCTION.replace("000000000000", "111122223333")), "account '111122223333'"),
    (invocation("pets"), "not the ARN of a function"),
    (invocation(FUNCTION + ":"), "not the ARN of a function"),
    (invocation(FUNCTION.replace("pets", "${stageVariables.none}")), "no variable 'none'"),
    ("arn:aws:apigateway:us-east-1:firehose:action/PutRecord", "only Lambda functions are integrations"),
    ("arn:aws:apigateway:us-east-1:lambda:path/2014-11-13/functions/x/invoke-async", "not of the form"),
]


@pytest.mark.parametrize(("uri", "reason"), ELSEWHERE)
def test_what_is_no_function_of_ours_is_not_served_and_warned_of(uri: str, reason: str) -> None:
    hold_unserved(lambda_proxy(uri), reason)


def test_behind_another_lambda_its_own_accounts_and_regions_count() -> None:
    arn = FUNCTION.replace("000000000000", "111122223333").replace("us-east-1", "eu-west-1")
    play = Play()
    play.gateway = Gateway(replace(play.ports, functions_elsewhere=True), play.load)
    play.deploy(api({"/": {"GET": lambda_proxy(invocation(arn))}}))
    play.asks("GET /")
    assert play.functions.last.function.invocable.arn == arn


def test_a_call_in_the_clients_own_name_is_not_served_and_warned_of() -> None:
    hold_unserved(lambda_proxy(credentials="arn:aws:iam::*:user/*"), "client's own name is not built yet")
    hold_unserved(lambda_proxy(credentials="me"), "not the ARN of a role")


def hold_unserved(method: dict[str, Any], reason: str) -> None:
    play = Play(api({"/": {"GET": method}}))
    assert play.asks("GET /").hears.body == INTERNAL
    assert reason in play.causes[0]
    assert not play.functions.calls
    stage = play.stages["api1", "dev"]
    (told,) = Compiler(play.ports).check(decode_snapshot(play.load(stage.snapshot)), stage)
    assert isinstance(told, Unserved) and reason in told.reason


def test_fact_114_a_verb_other_than_post_is_a_500() -> None:
    play = Play(api({"/": {"GET": lambda_proxy(verb="GET")}}))
    hears = play.asks("GET /").hears
    assert (hears.status, hears.body) == (500, INTERNAL)
    assert not play.functions.calls
    assert "POST" in play.causes[0]


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Authorization", "TE"])
def test_fact_124_a_poisonous_mapping_is_a_500(name: str) -> None:
    play = Play(api({"/": {"GET": lambda_proxy(requestParameters={f"integration.request.header.{name}": "'x'"})}}))
    hears = play.asks("GET /").hears
    assert (hears.status, hears.body) == (500, INTERNAL)
    assert not play.functions.calls


def test_fact_119_mappings_have_no_part_in_an_event() -> None:
    mapping = {"integration.request.header.X-New": "'x'", "integration.request.querystring.q": "'x'"}
    play = Play(api({"/": {"GET": lambda_proxy(requestParameters=mapping)}}))
    play.asks("GET /")
    assert "X-New" not in play.functions.event["headers"]
    assert play.functions.event["queryStringParameters"] is None


# The answer


def test_a_whole_answer() -> None:
    play = pets()
    client = play.asks("GET /")
    trace = play.functions.event["headers"]["X-Amzn-Trace-Id"]
    play.functions.answers({"statusCode": 201, "headers": {"X-A": "1"}, "body": '{"a":"é"}'})
    hears = client.hears
    assert hears.first == "HTTP/1.1 201 Created"
    assert hears["Content-Type"] == "application/json"
    assert hears["X-Amzn-Trace-Id"] == trace
    assert hears["X-A"] == "1"
    assert hears.body == '{"a":"é"}'
    assert hears["Content-Length"] == str(len(hears.content))


def answer(value: Any, *headers: str, method: str = "GET", **settings: Any) -> tuple[Client, Play]:
    play = pets(**settings)
    client = play.asks(f"{method} /", *headers)
    play.functions.answers(value)
    return client, play


def test_fact_125_headers_of_the_gateways_own_are_remapped_or_dropped() -> None:
    sent = {
        "Connection": "close",
        "Content-Length": "3",
        "Date": "now",
        "Server": "me",
        "WWW-Authenticate": "Basic",
        "x-amzn-RequestId": "7",
        "X-Amzn-Trace-Id": "mine",
        "Transfer-Encoding": "chunked",
        "Via": "1.1 me",
    }
    hears = answer({"headers": sent, "body": "hello"})[0].hears
    for name in ("Connection", "Content-Length", "Date", "Server", "WWW-Authenticate", "x-amzn-RequestId"):
        assert hears[f"x-amzn-Remapped-{name}"] == sent[name]
    assert hears["x-amzn-Remapped-X-Amzn-Trace-Id"] == "mine"
    assert hears["Content-Length"] == "5"
    assert hears["Connection"] == "keep-alive"
    assert not {"Transfer-Encoding", "Via"} & set(hears.names)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 304])
def test_answers_without_a_body_send_none(method: str, status: int) -> None:
    client, _ = answer({"statusCode": status, "body": "hello"}, method=method)
    assert client.hears.content == (b"hello" if (method, status) == ("GET", 200) else b"")
    assert client.hears["Content-Length"] == ("5" if status == 200 else None)


def test_cookies_are_lines_of_their_own() -> None:
    hears = answer({"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "headers": {"set-cookie": "c=3"}})[0].hears
    assert hears.all("Set-Cookie") == ["a=1", "b=2", "c=3"]


@pytest.mark.parametrize(
    ("accept", "types", "body"),
    [
        ("image/png", ["image/*"], b"\xff\x00"),
        ("image/png, text/html", ["image/png"], b"\xff\x00"),
        ("text/html, image/png", ["image/png"], b"/wA="),
        ("*/*", ["*/*"], b"\xff\x00"),
        (None, ["image/png"], b"/wA="),
        ("image/png", [], b"/wA="),
        ("a/test", ["*/test"], b"/wA="),
    ],
)
def test_fact_118_base64_is_decoded_where_the_client_asks_for_a_binary_type(
    accept: str | None, types: list[str], body: bytes
) -> None:
    headers = [f"Accept: {accept}"] if accept else []
    value = {"body": "/wA=", "isBase64Encoded": True, "headers": {"Content-Type": "image/png"}}
    assert answer(value, *headers, binaryMediaTypes=types)[0].hears.content == body


def test_fact_118_base64_that_is_none_is_a_500() -> None:
    client, play = answer({"body": "?", "isBase64Encoded": True}, "Accept: image/png", binaryMediaTypes=["image/png"])
    assert (client.hears.status, client.hears.body) == (500, INTERNAL)
    assert "base64" in play.causes[0]


def test_half_an_emoji_in_an_answer_leaves_as_a_question_mark() -> None:
    client, _ = answer(b'{"body":"a\\ud800b"}')
    assert (client.hears.status, client.hears.content) == (200, b"a?b")


MALFORMED: list[Any] = [
    None,
    "text",
    7,
    True,
    [],
    [{"statusCode": 200}],
    b"",
    b"{",
    b"\xff",
    {"wrong": "format"},
    {"statusCode": 200, "Body": "x"},
    {"cookies": ["a=b"]},
    *({"statusCode": status} for status in (None, True, "abc", "", 0, 99, 100, 199, 600, 1000, 200.5, "20", [200])),
    *({"body": body} for body in ({}, [], 7, True)),
    *({"headers": headers} for headers in ("x", [], 7, {"a": {}}, {"a": ["x"]}, {"a": [1]})),
    *({"multiValueHeaders": headers} for headers in ("x", [], {"a": "x"}, {"a": [{}]}, {"a": {"b": "c"}})),
    *({"isBase64Encoded": flag} for flag in ("yes", 1, {})),
    *({"headers": {name: "x"}} for name in ("", "a b", "a\r\nb", "a\0", "a:b", ":", "é", "a\n", " a", "a ")),
    *({"headers": {"a": value}} for value in ("x\r\ny: z", "x\ny", "x\ry", "x\0", "\x7f", "\x0b")),
    *({"multiValueHeaders": {"a": ["fine", value]}} for value in ("x\r\nSet-Cookie: y", "\0")),
    {"headers": {"Content-Length": "many"}},
]


@pytest.mark.parametrize("value", MALFORMED, ids=lambda value: repr(value)[:40])
def test_a_malformed_answer_is_a_502_and_its_reason_the_operators(value: Any) -> None:
    client, play = answer(value)
    assert (client.hears.status, client.hears.body) == (502, INTERNAL)
    assert client.hears["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert "X-Amzn-Trace-Id" not in client.hears.names
    assert play.causes[0].startswith("Malformed Lambda proxy response: ")


@pytest.mark.parametrize(
    ("value", "status", "headers", "body"),
    [
        ({}, 200, {}, ""),
        ({"statusCode": "201"}, 201, {}, ""),
        ({"statusCode": 202.0}, 202, {}, ""),
        ({"statusCode": 599}, 599, {}, ""),
        ({"headers": None, "multiValueHeaders": None, "body": None, "isBase64Encoded": None}, 200, {}, ""),
        ({"headers": {"A": True, "B": False, "C": 7, "D": 1.5, "E": None, "F": ""}}, 200, {"A": "true"}, ""),
        ({"headers": {"A": " padded\t"}}, 200, {"A": "padded"}, ""),
        ({"multiValueHeaders": {"A": [], "B": None, "C": [None, 1]}}, 200, {"C": "1"}, ""),
        ({"headers": {"A": "é"}}, 200, {"A": "é"}, ""),
        ({"headers": {"content-type": "text/plain"}, "body": "x"}, 200, {"Content-Type": "text/plain"}, "x"),
    ],
)
def test_answers_that_are_odd_and_well_formed(value: Any, status: int, headers: dict[str, str], body: str) -> None:
    hears = answer(value)[0].hears
    assert (hears.status, hears.body) == (status, body)
    assert {name: hears[name] for name in headers} == headers
    assert len(hears.all("Content-Type")) == 1


# Failures


def test_a_function_that_raises_is_a_502_and_says_why_to_the_operator_alone() -> None:
    play = pets()
    client = play.asks("GET /")
    play.functions.raises("the cat is out")
    assert (client.hears.status, client.hears.body) == (502, INTERNAL)
    assert play.causes == ["the function failed (Unhandled): the cat is out"]


def test_a_function_without_a_message_is_a_502_too() -> None:
    for payload in (b"", b"null", b'{"errorMessage": 7}', b"\xff"):
        play = pets()
        client = play.asks("GET /")
        play.functions.answers(payload, error="Unhandled")
        assert client.hears.status == 502
        assert play.causes == ["the function failed (Unhandled): no errorMessage"]


def test_correction_5_integration_failures_customisations_apply_to_a_function_error() -> None:
    responses = [{"responseType": "INTEGRATION_FAILURE", "responseParameters": {"gatewayresponse.header.X-A": "'1'"}}]
    for also, status in (({}, 502), ({"statusCode": "503"}, 503)):
        play = pets(gatewayResponses=[{**responses[0], **also}])
        client = play.asks("GET /")
        play.functions.raises("no")
        assert (client.hears.status, client.hears["X-A"]) == (status, "1")


FAILURES = [
    (FailureKind.TIMEOUT, 504, '{"message": "Endpoint request timed out"}'),
    (FailureKind.NOT_FOUND, 500, INTERNAL),
    (FailureKind.ACCESS_DENIED, 500, INTERNAL),
    (FailureKind.THROTTLED, 500, INTERNAL),
    (FailureKind.TOO_LARGE, 413, '{"message":"Request Too Long"}'),
    (FailureKind.INVALID, 500, INTERNAL),
    (FailureKind.UNAVAILABLE, 500, INTERNAL),
]


def test_every_kind_of_failure_is_in_the_table() -> None:
    assert {kind for kind, _, _ in FAILURES} == set(FailureKind)


@pytest.mark.parametrize(("kind", "status", "body"), FAILURES)
def test_a_function_that_cannot_be_called(kind: FailureKind, status: int, body: str) -> None:
    play = pets()
    client = play.asks("GET /")
    play.functions.fails(kind, "aws lambda add-permission …")
    assert (client.hears.status, client.hears.body) == (status, body)
    assert play.causes == [f"{kind.value}: aws lambda add-permission …"]


def test_a_refusal_that_comes_at_once_is_answered_once() -> None:
    play = pets()
    play.functions.refusal = FunctionFailure(FailureKind.UNAVAILABLE, "it is being replaced")
    client = play.asks("GET /")
    assert client.over and client.hears.status == 500
    assert client.exchange is not None and client.exchange.call is None


def test_a_client_that_leaves_is_not_waited_for() -> None:
    play = pets()
    client = play.asks("GET /")
    assert client.exchange is not None
    client.exchange.gone()
    assert play.functions.last.cancelled


# What is logged of it


def test_the_status_of_lambda_and_that_of_the_functions_code_are_two() -> None:
    names = ("integration.status", "integration.integrationStatus", "integrationStatus", "requestId")
    format = " ".join(f"$context.{name}" for name in names)
    play = Play(api({"/": {"GET": lambda_proxy()}}), accessLogSettings={"format": format})
    play.asks("GET /")
    play.clock.passes(0.25)
    play.functions.answers({"statusCode": 418})
    play.asks("GET /")
    play.functions.raises("no")
    lines = [line.rpartition(" ")[0] for line in play.log_lines]
    assert lines == ["418 200 200", "- 200 200"]


def test_the_time_of_the_function_and_its_error_are_logged() -> None:
    format = "$context.integrationLatency $context.integration.latency $context.integration.error $context.requestId"
    play = Play(api({"/": {"GET": lambda_proxy()}}), accessLogSettings={"format": format})
    play.asks("GET /")
    play.clock.passes(0.25)
    play.functions.raises("no")
    assert play.log_lines[0].startswith("250 250 the function failed (Unhandled): no ")


@pytest.mark.parametrize("name", ["integration.requestId", "awsEndpointRequestId"])
def test_the_request_id_of_the_invocation_is_logged_where_the_format_names_it(name: str) -> None:
    format = f"$context.{name} $context.requestId"
    play = Play(api({"/": {"GET": lambda_proxy()}}), accessLogSettings={"format": format})
    for answer in ({"statusCode": 200}, "malformed"):
        play.asks("GET /")
        assert play.functions.last.function.invocable.named
        play.functions.answers(answer, request_id="id-1")
    play.asks("GET /")
    play.functions.raises("no", request_id="id-2")
    play.asks("GET /")
    play.functions.fails(FailureKind.THROTTLED)
    assert [line.split(" ")[0] for line in play.log_lines] == ["id-1", "id-1", "id-2", "-"]


def test_nobody_is_told_a_request_id_that_nobody_reads() -> None:
    play = pets()
    play.asks("GET /")
    assert not play.functions.last.function.invocable.named


def test_a_gateway_response_can_tell_the_request_id_of_the_invocation() -> None:
    told = {"gatewayresponse.header.X-Function": "context.awsEndpointRequestId"}
    play = pets(gatewayResponses=[{"responseType": "DEFAULT_5XX", "responseParameters": told}])
    client = play.asks("GET /")
    play.functions.raises("no", request_id="id-1")
    assert client.hears.all("X-Function") == ["id-1"]


def test_http_proxy_beside_a_function_is_served_as_ever() -> None:
    play = Play(api({"/f": {"GET": lambda_proxy()}, "/h": {"GET": http_proxy("http://backend/")}}))
    client = play.asks("GET /h")
    play.backend.answers("HTTP/1.1 200 OK\n\nhi")
    assert client.hears.body == "hi"
