"""AWS with a function's URI: templates before it, selection by its error message behind it."""

import base64
from typing import Any

import pytest

from playbook.stage import Play, api, invocation, lambda_custom, responds
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.functions import FailureKind, InvocationType

INTERNAL = '{"message": "Internal server error"}'
EVENT = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}


def play_of(*responses: dict[str, Any], settings: dict[str, Any] | None = None, **integration: Any) -> Play:
    return Play(api({"/{id}": {"POST": lambda_custom(*responses, **integration)}}, **(settings or {})))


# What the function is called with


def test_the_function_is_called_with_the_body_and_its_value_is_the_answer() -> None:
    play = play_of()
    client = play.asks("POST /7", "Content-Type: application/json", body=b'{"a":1}')
    assert play.functions.event == {"a": 1}
    assert play.functions.last.kind is InvocationType.REQUEST_RESPONSE
    play.functions.answers({"message": "hello world"})
    hears = client.hears
    assert (hears.status, hears.json) == (200, {"message": "hello world"})
    assert hears["Content-Type"] == "application/json"
    assert hears["X-Amzn-Trace-Id"] == play.functions.last.trace_id


def test_without_a_body_the_event_is_an_empty_object() -> None:
    play = play_of()
    play.asks("POST /7")
    assert play.functions.last.payload == b"{}"


def test_a_request_template_renders_the_event() -> None:
    play = play_of(requestTemplates={"application/json": '{"id": "$input.params(\'id\')", "body": $input.json(\'$\')}'})
    play.asks("POST /7", body=b"[1]")
    assert play.functions.event == {"id": "7", "body": [1]}
    assert not play.functions.last.function.invocable.written, "a template may make anything of it"


def test_passthrough_refuses_what_no_template_is_for() -> None:
    play = play_of(passthroughBehavior="NEVER")
    assert play.asks("POST /7", "Content-Type: text/plain", body=b"x").hears.status == 415
    assert not play.functions.calls


def test_a_binary_body_is_base64_for_a_template_where_it_is_to_be_text() -> None:
    play = play_of(
        settings={"binaryMediaTypes": ["image/*"]},
        requestTemplates={"image/png": '{"image": "$input.body"}'},
        contentHandling="CONVERT_TO_TEXT",
    )
    play.asks("POST /7", "Content-Type: image/png", body=b"\xff")
    assert play.functions.event == {"image": "/w=="}


def test_an_asynchronous_call_is_answered_at_once_with_nothing() -> None:
    play = play_of(requestParameters=EVENT)
    client = play.asks("POST /7", body=b"{}")
    assert play.functions.last.kind is InvocationType.EVENT
    play.functions.answers(b"", status=202)
    assert (client.hears.status, client.hears.body) == (200, "")


@pytest.mark.parametrize(("asked", "kind"), [("Event", "Event"), ("DryRun", "DryRun"), ("", "RequestResponse")])
def test_the_client_may_choose_how_it_is_called_where_a_mapping_lets_it(asked: str, kind: str) -> None:
    mapping = {"integration.request.header.X-Amz-Invocation-Type": "method.request.header.How"}
    play = play_of(requestParameters=mapping)
    play.asks("POST /7", f"How: {asked}", body=b"{}")
    assert play.functions.last.kind.value == kind


def test_an_invocation_type_that_lambda_has_not_is_a_500() -> None:
    play = play_of(requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Telepathy'"})
    assert play.asks("POST /7").hears.body == INTERNAL
    assert play.causes == ["Lambda knows no invocation type 'Telepathy'"]


def test_the_tail_of_the_log_can_be_asked_for_and_mapped() -> None:
    log = responds(responseParameters={"method.response.header.X-Log": "integration.response.header.X-Amz-Log-Result"})
    play = play_of(log, requestParameters={"integration.request.header.X-Amz-Log-Type": "'Tail'"})
    client = play.asks("POST /7")
    assert play.functions.last.function.invocable.tail
    play.functions.answers(1, log=b"START")
    assert client.hears["X-Log"] == base64.b64encode(b"START").decode()


def test_headers_of_invoke_can_be_mapped() -> None:
    names = {"X-Version": "X-Amz-Executed-Version", "X-Error": "X-Amz-Function-Error"}
    mapping = {f"method.response.header.{n}": f"integration.response.header.{source}" for n, source in names.items()}
    play = play_of(responds(responseParameters=mapping))
    client = play.asks("POST /7")
    play.functions.raises("no", version="7")
    assert (client.hears["X-Version"], client.hears["X-Error"]) == ("7", "Unhandled")


@pytest.mark.parametrize("verb", ["GET", "PUT"])
def test_fact_114_a_verb_other_than_post_is_a_500(verb: str) -> None:
    play = play_of(verb=verb)
    assert play.asks("POST /7").hears.body == INTERNAL
    assert not play.functions.calls


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "Authorization", "Expect", "TE"])
def test_fact_124_a_poisonous_mapping_is_a_500(name: str) -> None:
    play = play_of(requestParameters={f"integration.request.header.{name}": "'5'"})
    assert play.asks("POST /7").hears.body == INTERNAL
    assert not play.functions.calls


UNSERVED: list[tuple[dict[str, Any], str]] = [
    ({"uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"}, "is not of the form"),
    ({"uri": "arn:aws:apigateway:us-east-1:lambda:action/Invoke"}, "is not of the form"),
    ({"uri": invocation(action="response-streaming-invocations")}, "only integrations of type AWS_PROXY stream"),
    ({"requestParameters": {"integration.request.header.X-Amz-Client-Context": "'x'"}}, "client contexts"),
    ({"requestParameters": {"integration.request.querystring.Qualifier": "'x'"}}, "in the URI"),
    ({"credentials": "arn:aws:iam::*:user/*"}, "client's own name"),
]


@pytest.mark.parametrize(("integration", "reason"), UNSERVED)
def test_what_is_not_built_is_not_served_and_warned_of(integration: dict[str, Any], reason: str) -> None:
    play = play_of(**integration)
    assert play.asks("POST /7").hears.body == INTERNAL
    assert reason in play.causes[0] and not play.functions.calls
    stage = play.stages["api1", "dev"]
    (told,) = Compiler(play.ports).check(decode_snapshot(play.load(stage.snapshot)), stage)
    assert reason in told.reason


# Which response


ROWS = (
    responds("200"),
    responds("404", "Not found.*"),
    responds("500", ".+"),
)


@pytest.mark.parametrize(
    ("message", "status"),
    [("Not found: 7", 404), ("It was Not found", 500), ("400", 500), ("", 200), ("a\nb", 200)],
)
def test_fact_138_the_error_message_selects_and_the_error_passes(message: str, status: int) -> None:
    play = play_of(*ROWS)
    client = play.asks("POST /7")
    play.functions.raises(message)
    assert client.hears.status == status
    assert client.hears.json == {"errorMessage": message, "errorType": "Error"}


def test_fact_138_a_success_takes_the_default_whatever_it_says() -> None:
    play = play_of(*ROWS)
    client = play.asks("POST /7")
    play.functions.answers({"errorMessage": "Not found: it is the value of a function that did well"})
    assert client.hears.status == 200


def test_a_pattern_that_matches_nothing_said_takes_the_place_of_the_default() -> None:
    play = play_of(responds("404", ".*"))
    client = play.asks("POST /7")
    play.functions.answers(1)
    assert client.hears.status == 404


def test_without_a_response_for_it_an_answer_is_a_500() -> None:
    play = play_of(responds("404", "Not found"))
    for tell, told in ((play.functions.answers, "a success"), (lambda: play.functions.raises("Oh"), "'Oh'")):
        client = play.asks("POST /7")
        tell()
        assert client.hears.body == INTERNAL
        assert play.causes[-1] == f"no integration response of a declared status for {told}"


def test_a_function_that_died_without_a_message_takes_the_default() -> None:
    play = play_of(*ROWS)
    client = play.asks("POST /7")
    play.functions.answers(b"null", error="Unhandled")
    assert client.hears.status == 200


def test_a_pattern_that_could_take_for_ever_is_refused_at_deployment() -> None:
    play = play_of(responds("404", "(a+)+b"))
    assert play.asks("POST /7").hears.body == INTERNAL
    assert "takes too long" in play.causes[0]


def test_a_response_template_reads_the_functions_value() -> None:
    template = {"application/json": "$input.path('$.id')|$input.params('id')"}
    play = play_of(responds(responseTemplates=template))
    client = play.asks("POST /7")
    play.functions.answers({"id": "x"})
    assert client.hears.body == "x|7"


def test_a_value_of_base64_becomes_binary_where_it_is_to_be() -> None:
    play = play_of(responds(contentHandling="CONVERT_TO_BINARY"))
    client = play.asks("POST /7")
    play.functions.answers("/wA=")
    assert client.hears.content == b"\xff\x00"


# Failures


def test_a_function_that_cannot_be_called_is_no_integration_response() -> None:
    for kind, status in ((FailureKind.TIMEOUT, 504), (FailureKind.ACCESS_DENIED, 500), (FailureKind.INVALID, 500)):
        play = play_of(responds("404", ".*"))
        client = play.asks("POST /7")
        play.functions.fails(kind)
        assert client.hears.status == status
        assert play.causes == [f"{kind.value}: in the play"]


@pytest.mark.parametrize(
    "told",
    [
        {"responseParameters": {"method.response.header.X-Id": "integration.response.header.X-Amzn-RequestId"}},
        {"responseParameters": {"method.response.header.X-Id": "context.awsEndpointRequestId"}},
    ],
)
def test_the_request_id_of_the_invocation_can_be_mapped(told: dict[str, Any]) -> None:
    play = play_of(responds("200", **told))
    client = play.asks("POST /7")
    assert play.functions.last.function.invocable.named
    play.functions.answers({}, request_id="id-1")
    assert client.hears.all("X-Id") == ["id-1"]


def test_a_template_that_reads_the_context_is_told_the_request_id() -> None:
    play = play_of(responds("200", responseTemplates={"application/json": "$context.awsEndpointRequestId"}))
    client = play.asks("POST /7")
    play.functions.answers({}, request_id="id-1")
    assert client.hears.body == "id-1"
    play = play_of(responds("200", responseTemplates={"application/json": "$input.body"}))
    play.asks("POST /7")
    assert not play.functions.last.function.invocable.named


def test_statuses_are_logged() -> None:
    names = ("integration.status", "integration.integrationStatus", "integrationStatus", "status")
    format = " ".join(f"$context.{name}" for name in names) + " $context.requestId"
    definition = api({"/": {"GET": lambda_custom(requestParameters=EVENT)}})
    play = Play(definition, accessLogSettings={"format": format})
    play.asks("GET /")
    play.functions.answers(b"", status=202)
    assert play.log_lines[0].startswith("202 202 202 200 ")
