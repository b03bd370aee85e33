"""TestInvokeMethod as AWS answered it (recorded facts 146 to 150), line by line."""

import json
import re
from typing import Any

from playbook.stage import Play
from portico.ports.upstream import FailureKind
from recorded_answers import Masks, recorded_scenario
from rest_play import refusal
from trial_scene import MOCK, TrialScene, function, http

ACCOUNT = "111111111111"
_DATE = re.compile(r"(?m)^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : ")
_OWN_HEADERS = {
    "line08": ["x-amzn-lambda-integration-tag", "X-Amz-Date", "x-amzn-apigateway-api-id", "Accept", "User-Agent"],
    "line12": ["Content-Type", "Content-Length", "X-Amz-Executed-Version", "X-Amzn-Trace-Id"],
}
"""What Portico's lines of headers have of AWS's: no signature is made on the way to a function of this host, and its
answer comes without the head of an HTTP answer."""


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Our answer in the form of the recording."""
    log = _DATE.sub("DDD MMM dd hh:mm:ss UTC yyyy : ", answer["log"])
    lines = {f"line{number:02}": line for number, line in enumerate(log.split("\n"))}
    return {**answer, "log": lines, "latency": str(answer["latency"])}


def expected(recorded: dict[str, Any]) -> dict[str, Any]:
    """The recorded answer, its masks in the form of the other recordings."""
    text = re.sub(r"<request-id-(\d)>", r"<request-id:\1>", json.dumps(recorded))
    return dict(json.loads(text.replace("<endpoint_url>", "<endpoint-url>")))


def answering(play: Play) -> None:
    """The function of the recording: it tells what it was called with."""
    sent = json.dumps(play.functions.event, separators=(",", ":"))
    body = json.dumps(f"response from localstack lambda: {sent}")
    play.functions.answers({"statusCode": 200, "body": body, "isBase64Encoded": False, "headers": {}})


def test_apigw_test_invoke_method_api() -> None:
    recorded = recorded_scenario("basic.json", "TestAPIGateway::test_apigw_test_invoke_method_api")
    trials, masks = TrialScene(answering, ACCOUNT), Masks()
    trials.method("/foo", "GET", function("AWS", ACCOUNT))
    requests: dict[str, dict[str, Any]] = {
        "test_invoke_method_response": {},
        "test_invoke_method_response_with_body": {
            "pathWithQueryString": "/foo?queryTest=value",
            "body": '{"test": "val123"}',
            "headers": {"content-type": "application/json"},
        },
    }
    for name, request in requests.items():
        theirs, ours = expected(recorded.pop(name)), told(trials.tries("/foo", **request))
        theirs.pop("ResponseMetadata")
        assert ours["log"].keys() == theirs["log"].keys()
        for line, headers in _OWN_HEADERS.items():
            hold_headers(theirs["log"].pop(line), ours["log"].pop(line), headers)
        masks.match(name, theirs, ours)
    assert not recorded


def hold_headers(theirs: str, ours: str, names: list[str]) -> None:
    """Both have these headers, in AWS's order."""
    for line in (theirs, ours):
        found = re.findall(r"[{ ]([\w-]+)=", line)
        assert [name for name in found if name in names] == names
    assert ours.partition("{")[0] == theirs.partition("{")[0]


def test_146_the_lines_of_a_mock() -> None:
    trials = TrialScene()
    trials.method("/pets/{petId}", "GET", MOCK)
    answer = trials.tries("/pets/{petId}", pathWithQueryString="/pets/7", headers={"X-Color": "red"})
    log = answer["log"]
    request_id = re.match(r"Execution log for request (\S+)\n", log)[1]  # type: ignore[index]
    assert log.endswith("\n") and not log.endswith("\n\n")
    assert _DATE.sub("", log).splitlines()[1:] == [
        f"Starting execution for request: {request_id}",
        "HTTP Method: GET, Resource Path: /pets/7",
        "Method request path: {petId=7}",
        "Method request query string: {}",
        "Method request headers: {X-Color=red}",
        "Method request body before transformations: ",
        "Method response body after transformations: ",
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]


def test_147_what_a_backend_is_sent_and_answers_is_told() -> None:
    trials = TrialScene(lambda play: play.backend.answers("HTTP/1.1 200 OK\nX: y\n\nmiau"))
    trials.method("/foo", "GET", http("http://pets.example.com/a"))
    lines = trials.log("/foo")
    assert [line.partition(":")[0].partition(" to ")[0] for line in lines[6:12]] == [
        "Endpoint request URI",
        "Endpoint request headers",
        "Endpoint request body after transformations",
        "Sending request",
        "Received response. Status",
        "Endpoint response headers",
    ]
    assert "Sending request to http://pets.example.com/a" in lines
    assert "Endpoint response headers: {X=y}" in lines


def test_148_an_address_that_does_not_resolve() -> None:
    trials = TrialScene(lambda play: play.backend.fails(FailureKind.RESOLVE))
    trials.method("/foo", "GET", http("http://unknown.example.com/"))
    answer = trials.tries("/foo")
    assert answer["status"] == 500
    assert answer["headers"] == {"x-amzn-ErrorType": "InternalServerErrorException"}
    assert answer["multiValueHeaders"] == {"x-amzn-ErrorType": ["InternalServerErrorException"]}
    assert _DATE.sub("", answer["log"]).splitlines()[-2:] == [
        "Execution failed due to configuration error: Invalid endpoint address",
        "Method completed with status: 500",
    ]


def test_149_the_path_that_is_sent_is_told_as_it_is_and_its_parameters_where_it_is_the_resources() -> None:
    template = '{"statusCode": 200, "id": "$input.params(\'petId\')"}'
    shown = {"statusCode": "200", "responseTemplates": {"application/json": "$input.params('petId')"}}
    trials = TrialScene()
    trials.method(
        "/pets/{petId}", "GET", {**MOCK, "requestTemplates": {"application/json": template}, "responses": [shown]}
    )
    for request, path, parameters, value in (
        ({"pathWithQueryString": "/pets/123"}, "/pets/123", "{petId=123}", "123"),
        ({"pathWithQueryString": "/somewhere/else"}, "/somewhere/else", "{}", ""),
        ({}, "/pets/{petId}", "{petId={petId}}", "{petId}"),
    ):
        answer = trials.tries("/pets/{petId}", **request)
        lines = _DATE.sub("", answer["log"]).splitlines()
        assert lines[2] == f"HTTP Method: GET, Resource Path: {path}"
        assert lines[3] == f"Method request path: {parameters}"
        assert answer["body"] == value


def test_150_a_mock_has_no_trace_and_others_have_it_before_the_content_type() -> None:
    trials = TrialScene(lambda play: play.backend.answers())
    trials.method("/mock", "GET", MOCK)
    trials.method("/http", "GET", http("http://pets.example.com/"))
    assert trials.tries("/mock")["headers"] == {"Content-Type": "application/json"}
    answer = trials.tries("/http")
    assert answer["headers"].keys() == {"X-Amzn-Trace-Id", "Content-Type"}
    trace = answer["headers"]["X-Amzn-Trace-Id"]
    assert f"Method response headers: {{X-Amzn-Trace-Id={trace}, Content-Type=application/json}}" in answer["log"]


def test_9_an_unknown_api_is_an_unknown_resource() -> None:
    trials = TrialScene()
    for unknown in ({"restApiId": "unknown"}, {"resourceId": "unknown"}):
        request = {"restApiId": trials.api, "resourceId": trials.root, "httpMethod": "GET", **unknown}
        assert refusal(trials.client.test_invoke_method, **request) == (
            "404 NotFoundException: Invalid Resource identifier specified"
        )
