"""AWS services behind type AWS: what is sent and how it is signed, and what becomes of the answer."""

from typing import Any

import pytest

from playbook.stage import (
    NOON,
    ROLE,
    SIGNED_AS,
    Message,
    Play,
    api,
    aws_service,
    on_path,
    responds,
)
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.services import GATEWAY_PRINCIPAL
from portico.ports.upstream import FailureKind, Origin
from portico.wire.http1 import Request
from portico.wire.sigv4 import Rules, read_claim, verify

INTERNAL = '{"message": "Internal server error"}'
AS_S3 = Rules(normalise_path=False, double_encode_path=False, unsigned_payload=True)
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


def play_of(service_api: str, *responses: dict[str, Any], path: str = "/{id}", verb: str = "POST", **more: Any) -> Play:
    """An API with one method, of any verb."""
    settings = more.pop("settings", {})
    elsewhere = more.pop("elsewhere", {})
    play = Play()
    play.services.elsewhere = elsewhere
    play.deploy(api({path: {"ANY": aws_service(service_api, *responses, verb=verb, **more)}}, **settings))
    return play


def hold_signed(heard: Message, service: str, region: str = "us-east-1", rules: Rules | None = None) -> None:
    """That the request on the wire is signed by the play's credentials, for that place."""
    method, target, _ = heard.first.split(" ")
    request = Request(method, target, tuple(heard.headers), heard.content)
    claim = read_claim(request)
    verify(claim, request, SIGNED_AS.secret_access_key, NOON, rules or Rules())
    assert (claim.access_key_id, claim.session_token) == (SIGNED_AS.access_key_id, SIGNED_AS.session_token)
    assert claim.scope[1:] == (region, service)


# What is sent


def test_an_action_is_a_query_string_on_the_root() -> None:
    play = play_of("sns:action/Publish", requestParameters={"integration.request.querystring.Message": "'a b&c'"})
    play.asks("POST /7")
    heard = play.backend.hears
    assert heard.first == "POST /?Action=Publish&Message=a%20b%26c HTTP/1.1"
    assert play.backend.last.origin == Origin(True, "sns.us-east-1.amazonaws.com", 443)
    hold_signed(heard, "sns")


def test_the_headers_are_those_of_awss_own_calls() -> None:
    play = play_of("sns:action/Publish")
    play.asks("POST /7", "X-Mine: not mapped", "Content-Type: text/plain", body=b"x")
    heard = play.backend.hears
    assert {name.lower() for name in heard.names} == {
        "host",
        "content-type",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "authorization",
        "x-amzn-apigateway-api-id",
        "accept",
        "user-agent",
        "x-amzn-trace-id",
        "content-length",
    }
    assert (heard["host"], heard["accept"]) == ("sns.us-east-1.amazonaws.com", "application/json")
    assert (heard["user-agent"], heard["x-amzn-apigateway-api-id"]) == ("AmazonAPIGateway_api1", "api1")
    assert heard["content-type"] == "application/json", "only a mapping hands the client's on"
    assert heard["x-amz-date"] == "20231114T221320Z"


def test_an_actions_parameters_follow_its_name() -> None:
    play = play_of("sns:action/Publish&Version=2010-03-31&Message={text}", **on_path("id"))
    assert play.asks("POST /7").hears.status == 500
    assert "{text}" in play.causes[0], "a placeholder needs a mapping"
    mapping = {"requestParameters": {"integration.request.path.text": "method.request.path.id"}}
    play = play_of("sns:action/Publish&Version=2010-03-31&Message={text}", **mapping)
    play.asks("POST /a%26b")
    assert play.backend.hears.target == "/?Action=Publish&Version=2010-03-31&Message=a%26b"
    hold_signed(play.backend.hears, "sns")


@pytest.mark.parametrize(
    ("service_api", "target", "content_type"),
    [
        ("dynamodb:action/GetItem", "DynamoDB_20120810.GetItem", "application/x-amz-json-1.0"),
        ("kinesis:action/PutRecord", "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1"),
        ("states:action/StartExecution", "AWSStepFunctions.StartExecution", "application/x-amz-json-1.0"),
    ],
)
def test_an_action_of_a_json_service_says_its_target(service_api: str, target: str, content_type: str) -> None:
    play = play_of(service_api)
    play.asks("POST /7", body=b"{}")
    heard = play.backend.hears
    assert (heard["x-amz-target"], heard["content-type"]) == (target, content_type)
    hold_signed(heard, service_api.partition(":")[0])


def test_a_mapping_has_the_last_word_about_target_and_type() -> None:
    mapped = {
        "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'",
        "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
        "integration.request.header.X-Note": "method.request.header.Note",
        "integration.request.header.User-Agent": "'mine'",
    }
    play = play_of("sqs:path//", requestParameters=mapped)
    play.asks("POST /7", "Note: hello  there", body=b"{}")
    heard = play.backend.hears
    assert heard.target == "/"
    assert (heard["X-Amz-Target"], heard["Content-Type"]) == ("AmazonSQS.SendMessage", "application/x-amz-json-1.0")
    assert (heard["X-Note"], heard["User-Agent"]) == ("hello  there", "mine")
    hold_signed(heard, "sqs")


def test_a_form_is_rendered_by_a_template() -> None:
    template = {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"}
    play = play_of("sqs:path/000000000000/queue", requestParameters=FORM, requestTemplates=template)
    play.asks("POST /7", "Content-Type: application/json", body=b'{"a": 1}')
    heard = play.backend.hears
    assert heard.first == "POST /000000000000/queue HTTP/1.1"
    assert heard.body == "Action=SendMessage&MessageBody=%7B%22a%22%3A+1%7D"
    assert heard["Content-Type"] == "application/x-www-form-urlencoded"
    hold_signed(heard, "sqs")


def test_stage_variables_may_stand_anywhere() -> None:
    play = Play()
    method = aws_service(
        "${stageVariables.service}:path/${stageVariables.account}/queue", region="${stageVariables.at}"
    )
    variables = {"service": "sqs", "account": "111122223333", "at": "eu-west-1"}
    play.deploy(api({"/": {"POST": method}}), variables=variables)
    play.asks("POST /")
    assert play.backend.last.origin.host == "sqs.eu-west-1.amazonaws.com"
    assert play.backend.hears.target == "/111122223333/queue"
    hold_signed(play.backend.hears, "sqs", "eu-west-1")


def test_nothing_has_no_type() -> None:
    play = play_of("sns:action/Publish")
    play.asks("POST /7", "Content-Type: text/plain")
    assert (play.backend.hears["content-type"], play.backend.hears["content-length"]) == (None, "0")


@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS"])
def test_verbs_without_a_body_have_no_type(verb: str) -> None:
    play = play_of("s3:path/bucket", verb=verb)
    play.asks("POST /7", body=b"x")
    assert play.backend.hears.first.startswith(f"{verb} /bucket ")
    assert play.backend.hears["content-type"] is None


def test_verb_any_is_the_clients() -> None:
    play = play_of("s3:path/bucket", verb="ANY")
    play.asks("DELETE /7")
    assert play.backend.last.method == b"DELETE"


def test_the_trace_goes_on() -> None:
    play = play_of("sns:action/Publish")
    client = play.asks("POST /7", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793")
    play.backend.answers()
    trace = client.hears["X-Amzn-Trace-Id"]
    assert trace is not None and trace.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=")
    assert play.backend.hears["X-Amzn-Trace-Id"] == trace


# S3


def s3(uri: str = "s3:path/bucket/{key}", path: str = "/{key}", **more: Any) -> Play:
    return play_of(uri, path=path, verb="ANY", **{**on_path("key"), **more})


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/photo.png", "/bucket/photo.png"),
        ("/a%2Fb.txt", "/bucket/a/b.txt"),
        ("/caf%C3%A9%20(1)!.txt", "/bucket/caf%C3%A9%20%281%29%21.txt"),
        ("/a+b", "/bucket/a%2Bb"),
        ("/100%25", "/bucket/100%25"),
    ],
)
def test_a_key_is_sent_as_it_is_signed(asked: str, sent: str) -> None:
    play = s3()
    play.asks(f"GET {asked}")
    assert play.backend.hears.target == sent
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


def test_a_greedy_parameter_is_a_key_with_its_slashes() -> None:
    play = s3("s3:path/bucket/{proxy}", "/{proxy+}", **on_path("proxy"))
    play.asks("PUT /photos/2024/a%20b.png", "Content-Type: image/png", body=b"abc")
    assert play.backend.hears.target == "/bucket/photos/2024/a%20b.png"
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


@pytest.mark.parametrize("key", ["..%2Fother%2Fsecret", "%2E%2E", "a%2F..%2F..%2Fother"])
def test_a_key_never_leaves_its_bucket(key: str) -> None:
    play = s3()
    assert play.asks(f"GET /{key}").hears.status in (400, 500)
    assert not play.backend.calls


def test_a_query_string_in_the_uri_and_mapped_ones() -> None:
    mapping = {"integration.request.querystring.prefix": "method.request.path.key"}
    play = s3("s3:path/bucket?list-type=2", requestParameters=mapping)
    play.asks("GET /2024%2F")
    assert play.backend.hears.target == "/bucket?list-type=2&prefix=2024%252F"
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


def test_the_root_lists_buckets() -> None:
    play = s3("s3:path//", requestParameters={})
    play.asks("GET /7")
    assert play.backend.hears.target == "/"


def test_a_bucket_may_be_the_subdomain() -> None:
    play = s3("photos.s3:path/{key}")
    play.asks("GET /a.png")
    assert play.backend.last.origin.host == "photos.s3.us-east-1.amazonaws.com"
    assert play.backend.hears.target == "/a.png"


def test_at_an_endpoint_of_the_operator_the_bucket_is_in_the_path() -> None:
    play = s3("photos.s3:path/{key}", elsewhere={"S3": "http://minio:9000/store"})
    play.asks("GET /a.png")
    assert play.backend.last.origin == Origin(False, "minio", 9000)
    assert (play.backend.hears.target, play.backend.hears["Host"]) == ("/store/photos/a.png", "minio:9000")
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


def test_a_payload_may_go_unsigned_to_s3_and_nowhere_else() -> None:
    mapping = {"integration.request.header.x-amz-content-sha256": "'UNSIGNED-PAYLOAD'"}
    for service_api, rules, hashed in (("s3:path/b/k", AS_S3, False), ("sns:action/Publish", Rules(), True)):
        play = play_of(service_api, requestParameters=mapping)
        play.asks("PUT /7", body=b"abc")
        sent = play.backend.hears["x-amz-content-sha256"]
        assert sent is not None
        assert (sent != "UNSIGNED-PAYLOAD") is hashed
        hold_signed(play.backend.hears, service_api.partition(":")[0], rules=rules)


def test_a_hash_that_a_client_invents_is_not_sent() -> None:
    mapping = {"integration.request.header.x-amz-content-sha256": "method.request.header.Hash"}
    play = play_of("s3:path/b/k", requestParameters=mapping)
    play.asks("PUT /7", "Hash: " + "0" * 64, body=b"abc")
    assert play.backend.hears["x-amz-content-sha256"] != "0" * 64
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


# What no mapping may change


@pytest.mark.parametrize("name", ["Authorization", "Content-Length", "Transfer-Encoding", "TE", "X-Amzn-Trace-Id"])
def test_headers_that_poison_an_integration(name: str) -> None:
    play = play_of("sns:action/Publish", requestParameters={f"integration.request.header.{name}": "'x'"})
    assert play.asks("POST /7").hears.body == INTERNAL
    assert not play.backend.calls


@pytest.mark.parametrize("name", ["Host", "X-Amz-Date", "x-amz-security-token"])
def test_headers_of_the_signature_are_its_own(name: str) -> None:
    mapping = {f"integration.request.header.{name}": "method.request.header.Mine"}
    play = play_of("s3:path/b/k", requestParameters=mapping)
    play.asks("GET /7", "Mine: other.s3.us-east-1.amazonaws.com")
    assert "other" not in play.backend.heard
    hold_signed(play.backend.hears, "s3", rules=AS_S3)


@pytest.mark.parametrize(
    ("uri", "variables", "reason"),
    [
        ("${stageVariables.s}:path/x", {"s": "evil.example/sqs"}, "is not a service"),
        ("${stageVariables.s}:path/x", {"s": "sqs.us-east-1.amazonaws.com@evil"}, "is not a service"),
        ("s3.evil.example#:path/x", {}, "is not a service"),
        ("{host}.s3:path/x", {}, "is not a service"),
        ("execute-api:path/x", {}, "integration of type HTTP"),
        ("abc123.execute-api:path/x", {}, "integration of type HTTP"),
        ("s3:action/GetObject&Bucket=b&Key=k", {}, "called by path"),
        ("sns:action/ Publish", {}, "not of the form"),
        ("sns:action/Pub/lish", {}, "not the name of an action"),
        ("sqs:path/${stageVariables.none}", {}, "no variable 'none'"),
    ],
)
def test_what_is_not_called_and_why(uri: str, variables: dict[str, str], reason: str) -> None:
    play = Play()
    play.deploy(api({"/": {"GET": aws_service(uri)}}), variables=variables)
    assert play.asks("GET /").hears.body == INTERNAL
    assert reason in play.causes[0]
    assert not play.backend.calls


@pytest.mark.parametrize("region", ["nowhere", "us-east-1.evil.example", "", "US-EAST-1", "{region}"])
def test_a_region_is_one_of_awss(region: str) -> None:
    play = Play(api({"/": {"GET": aws_service("sqs:path/x", region=region)}}))
    assert play.asks("GET /").hears.body == INTERNAL
    assert "is not a region" in play.causes[0]


def test_a_subdomain_that_an_endpoint_cannot_be_told_is_refused() -> None:
    play = play_of("abc.appsync-api:path/graphql", elsewhere={"APPSYNC": "http://appsync.test"})
    assert play.asks("POST /7").hears.body == INTERNAL
    assert "appsync.test is told of no subdomain" in play.causes[0]


# Credentials


def test_the_integrations_role_signs() -> None:
    play = play_of("sns:action/Publish")
    play.asks("POST /7")
    assert list(play.services.known) == [ROLE]


def test_a_role_may_come_from_a_stage_variable() -> None:
    play = Play()
    method = aws_service("sns:action/Publish", credentials="arn:aws:iam::000000000000:role/${stageVariables.role}")
    play.deploy(api({"/": {"POST": method}}), variables={"role": "publisher"})
    play.asks("POST /")
    assert list(play.services.known) == ["arn:aws:iam::000000000000:role/publisher"]


def test_without_credentials_it_is_the_gateway_that_calls() -> None:
    play = play_of("sns:action/Publish", credentials="")
    play.asks("POST /7")
    assert list(play.services.known) == [GATEWAY_PRINCIPAL]


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        ("arn:aws:iam::*:user/*", "client's own name is not built yet"),
        ("arn:aws:iam::000000000000:user/me", "is not the ARN of a role"),
        ("NONE", "is not the ARN of a role"),
    ],
)
def test_other_credentials_are_refused(credentials: str, reason: str) -> None:
    play = play_of("sns:action/Publish", credentials=credentials)
    assert play.asks("POST /7").hears.body == INTERNAL
    assert reason in play.causes[0]


def test_what_has_no_credentials_is_told_at_the_deployment_and_not_served() -> None:
    play = Play()
    play.services.refusal = "no AWS credentials: say --role"
    definition = api({"/": {"POST": aws_service("sns:action/Publish")}})
    standing = play.standing(definition)
    snapshot = decode_snapshot(play.load(standing.snapshot))
    (unserved,) = Compiler(play.ports).check(snapshot, standing)
    assert (unserved.method, unserved.path) == ("POST", "/")
    assert unserved.reason == "AWS service sns: no AWS credentials: say --role"
    play.stand(standing)
    assert play.asks("POST /").hears.body == INTERNAL
    assert "no AWS credentials" in play.causes[0]


def late(*more: str) -> Play:
    play = Play()
    play.services.late = True
    play.deploy(api({"/": {"POST": aws_service("sns:action/Publish")}}))
    return play


def test_a_request_waits_for_credentials_and_later_ones_do_not() -> None:
    play = late()
    first, second = play.asks("POST /", body=b"1"), play.asks("POST /", body=b"2")
    assert not play.backend.calls
    play.services.known[ROLE].come()
    assert [call.request[-1:] for call in play.backend.calls] == [b"1", b"2"]
    play.backend.answers("HTTP/1.1 200 OK\n\nfine")
    assert second.hears.body == "fine" and not first.over
    play.asks("POST /", body=b"3")
    assert len(play.backend.calls) == 3
    assert len(play.services.known[ROLE].fetches) == 2


def test_who_may_not_assume_the_role_is_a_500_with_awss_words_for_the_operator() -> None:
    play = late()
    client = play.asks("POST /")
    play.services.known[ROLE].fail("403 AccessDenied: no")
    assert (client.hears.status, client.hears.body) == (500, INTERNAL)
    assert play.causes == ["API Gateway does not have permission to assume the provided role: 403 AccessDenied: no"]


def test_a_client_that_leaves_waits_no_longer() -> None:
    play = late()
    client = play.asks("POST /")
    assert client.exchange is not None
    client.exchange.pause()
    client.exchange.resume()
    client.exchange.gone()
    (fetch,) = play.services.known[ROLE].fetches
    assert fetch.cancelled
    assert not play.backend.calls


# Answers


def test_the_answer_is_mapped_by_its_status() -> None:
    play = play_of(
        "sqs:path/000000000000/queue",
        responds("200", responseTemplates={"application/json": "{\"id\": $input.json('$.MessageId')}"}),
        responds(
            "409", r"4\d{2}", responseParameters={"method.response.header.Why": "integration.response.header.x-why"}
        ),
    )
    client = play.asks("POST /7")
    play.backend.answers('HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"MessageId": "m1"}')
    assert (client.hears.status, client.hears.body) == (200, '{"id": "m1"}')
    client = play.asks("POST /7")
    play.backend.answers("HTTP/1.1 403 Forbidden\nX-Why: because\n\n<Error/>")
    assert (client.hears.status, client.hears["Why"], client.hears.body) == (409, "because", "<Error/>")


def test_an_error_without_a_response_of_its_own_is_the_default_ones() -> None:
    """Recorded fact 145."""
    play = s3()
    client = play.asks("GET /none")
    play.backend.answers(
        "HTTP/1.1 404 Not Found\nContent-Type: application/xml\n\n<Error><Code>NoSuchKey</Code></Error>"
    )
    assert (client.hears.status, client.hears.body) == (200, "<Error><Code>NoSuchKey</Code></Error>")
    assert client.hears["Content-Type"] == "application/json"


def test_binary_answers_follow_accept() -> None:
    play = s3(settings={"binaryMediaTypes": ["image/png"]})
    client = play.asks("GET /a.png", "Accept: image/png")
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: image/png\n\n", b"\x89PNG\xff")
    assert client.hears.content == b"\x89PNG\xff"
    client = play.asks("GET /a.png")
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: image/png\n\n", b"\x89PNG\xff")
    assert client.hears.content == b"iVBOR/8="


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FailureKind.TIMEOUT, 504, '{"message": "Endpoint request timed out"}'),
        (FailureKind.CONNECT, 504, '{"message": "Network error communicating with endpoint"}'),
        (FailureKind.RESOLVE, 500, INTERNAL),
    ],
)
def test_failures_are_awss_gateway_responses(kind: FailureKind, status: int, body: str) -> None:
    play = play_of("sns:action/Publish", timeoutInMillis=1234)
    client = play.asks("POST /7")
    assert play.backend.last.plan.timeout == 1.234
    play.backend.fails(kind)
    assert (client.hears.status, client.hears.body) == (status, body)


def test_an_execution_log_tells_of_the_call_and_none_of_its_secrets() -> None:
    play = Play()
    tracing = {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}}
    play.deploy(api({"/": {"POST": aws_service("sns:action/Publish")}}), methodSettings=tracing)
    play.asks("POST /", body=b"hello")
    play.backend.answers()
    told = "\n".join(play.log_lines)
    assert "Endpoint request URI: https://sns.us-east-1.amazonaws.com/?Action=Publish" in told
    signature = play.backend.hears["Authorization"]
    assert signature is not None
    for secret in (SIGNED_AS.secret_access_key, SIGNED_AS.session_token, signature):
        assert secret is not None and secret not in told
