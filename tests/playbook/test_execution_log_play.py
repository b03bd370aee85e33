"""Execution logs of a deployed stage: what a method's settings ask for, line by line, and nothing where they do not."""

import gc
import weakref
from typing import Any

import pytest

from playbook.stage import (
    EXTENDED_ID,
    REQUEST_ID,
    Play,
    api,
    http,
    http_proxy,
    lambda_custom,
    lambda_proxy,
    method,
    mock,
    responds,
)
from portico.ports.functions import FailureKind as FunctionFailureKind
from portico.ports.upstream import FailureKind

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:API-Gateway-Execution-Logs_api1/dev"
INFO = {"loggingLevel": "INFO"}
ERROR = {"loggingLevel": "ERROR"}
DATA = {"loggingLevel": "INFO", "dataTraceEnabled": True}
STAMP = f"2023-11-14T22:13:20.000Z ({REQUEST_ID}) "
UNLIMITED = "Request will not contribute to throttle or quota limits"
PRELUDE = [
    f"Extended Request Id: {EXTENDED_ID}",
    f"Verifying Usage Plan for request: {REQUEST_ID}. API Key:  API Stage: api1/dev",
    "API Key  authorized because method 'GET /pets' does not require API Key. " + UNLIMITED,
    "Usage Plan check succeeded for API Key  and API Stage api1/dev",
    f"Starting execution for request: {REQUEST_ID}",
    "HTTP Method: GET, Resource Path: /pets",
]


def played(verbs: dict[str, Any], path: str = "/pets", **settings: Any) -> Play:
    """A stage whose settings are `settings` for all methods."""
    return Play(api({path: verbs}), methodSettings={"*/*": settings})


def told(play: Play) -> list[str]:
    """The lines of the stage's log, without time and request id."""
    lines = [line for block in play.log.lines.get(GROUP, []) for line in block.split("\n")]
    assert all(line.startswith("2023-11-14T22:") and ") " in line for line in lines)
    return [line.partition(") ")[2] for line in lines]


def test_a_line_has_its_time_and_the_id_of_its_request() -> None:
    play = played({"GET": mock()}, **INFO)
    play.asks("GET /pets")
    assert play.log.lines[GROUP][0].split("\n")[0] == STAMP + f"Extended Request Id: {EXTENDED_ID}"


def test_at_info_the_course_of_a_request_is_told_and_none_of_its_data() -> None:
    play = played({"GET": mock()}, **INFO)
    play.asks("GET /pets?x=1", "X-Color: red")
    assert told(play) == [*PRELUDE, "Successfully completed execution", "Method completed with status: 200"]


def test_with_data_tracing_everything_is_told_in_the_order_of_the_recording() -> None:
    play = played({"GET": http("http://backend/animals")}, **DATA)
    play.asks("GET /pets?kind=cat&kind=dog", "X-Color: red")
    play.clock.passes(0.25)
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: text/plain\nx-amzn-RequestId: 1-2\n\nmiau")
    trace = play.backend.hears["X-Amzn-Trace-Id"]
    own = "Accept=application/json, User-Agent=AmazonAPIGateway_api1"
    assert told(play) == [
        *PRELUDE,
        "Method request path: {}",
        "Method request query string: {kind=cat, dog}",
        "Method request headers: {Host=api1.execute-api.localhost, X-Color=red}",
        "Method request body before transformations: ",
        "Endpoint request URI: http://backend/animals",
        f"Endpoint request headers: {{{own}, Host=backend, X-Amzn-Trace-Id={trace}, X-Amzn-Apigateway-Api-Id=api1}}",
        "Endpoint request body after transformations: ",
        "Sending request to http://backend/animals",
        "Received response. Status: 200, Integration latency: 250 ms",
        "Endpoint response headers: {Content-Type=text/plain, x-amzn-RequestId=1-2}",
        "Endpoint response body before transformations: miau",
        "Method response body after transformations: miau",
        f"Method response headers: {{X-Amzn-Trace-Id={trace}, Content-Type=application/json}}",
        "Successfully completed execution",
        "Method completed with status: 200",
        "AWS Integration Endpoint RequestId : 1-2",
    ]


def test_a_body_and_the_parameters_of_a_path_are_told() -> None:
    play = played({"POST": http_proxy("http://backend:8081/{id}", requestParameters=_ON_PATH)}, "/pets/{id}", **DATA)
    play.asks("POST /pets/7", "Content-Type: text/plain", body=b"one\r\ntwo")
    play.backend.answers()
    lines = told(play)
    assert "Method request path: {id=7}" in lines
    assert "Method request body before transformations: one\\r\\ntwo" in lines
    assert "Endpoint request URI: http://backend:8081/7" in lines
    assert "Endpoint request body after transformations: one\\r\\ntwo" in lines


_ON_PATH = {"integration.request.path.id": "method.request.path.id"}


def test_nobody_gets_to_write_a_line_of_the_log_by_sending_a_line_break() -> None:
    play = played({"POST": mock()}, **DATA)
    play.asks("POST /pets", body=f"x\n{STAMP}Successfully completed execution\u2028".encode())
    assert sum("Successfully completed" in line for line in told(play)) == 2
    assert len([line for line in told(play) if line == "Successfully completed execution"]) == 1


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Authorization: Bearer abcdefghijkl", "*" * 13 + "ghijkl"),
        ("x-api-key: 0123456789abcdef", "*" * 10 + "abcdef"),
        ("X-Amz-Security-Token: 0123456789abcdef", "*" * 10 + "abcdef"),
        ("Authorization: short", "*****"),
    ],
)
def test_secrets_are_masked_but_for_their_end(header: str, shown: str) -> None:
    play = played({"GET": http_proxy("http://backend/")}, **DATA)
    play.asks("GET /pets", header)
    play.backend.answers()
    name, _, secret = header.partition(": ")
    assert f"{name}={shown}" in _line(play, "Method request headers")
    assert f"{name}={shown}" in _line(play, "Endpoint request headers")
    assert not any(secret in line for line in told(play))


def test_secrets_are_masked_in_the_event_of_a_function_and_in_queries() -> None:
    play = played({"GET": lambda_proxy()}, **DATA)
    play.asks("GET /pets?X-Amz-Signature=0123456789abcdef", "Authorization: Bearer abcdefghijkl")
    play.functions.answers({})
    assert "abcdefghijkl" in play.functions.last.payload.decode()
    assert not any("abcdefghijkl" in line or "0123456789" in line for line in told(play))


def test_a_secret_in_the_uri_of_a_backend_is_masked() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **DATA)
    play.asks("GET /pets?x-api-key=0123456789abcdef&y=1")
    play.backend.answers()
    assert _line(play, "Endpoint request URI").endswith("/?x-api-key=**********abcdef&y=1")


def test_a_line_of_1024_characters_is_whole_and_a_longer_one_is_cut_there() -> None:
    fits = 1024 - len("Method request body before transformations: ")
    for length, ending in ((fits, "x" * fits), (fits + 1, "x" * fits + " [TRUNCATED]")):
        play = played({"POST": mock()}, **DATA)
        play.asks("POST /pets", body=b"x" * length)
        assert _line(play, "Method request body") == f"Method request body before transformations: {ending}"


def test_a_body_that_is_no_text_is_not_shown() -> None:
    play = played({"POST": mock()}, **DATA)
    play.asks("POST /pets", body=b"\x00\xff")
    assert _line(play, "Method request body") == "Method request body before transformations: [Binary Data]"


def test_a_body_cut_within_a_character_is_still_text() -> None:
    play = played({"POST": mock()}, **DATA)
    play.asks("POST /pets", body=b"x" + "é".encode() * 5000)
    assert _line(play, "Method request body").endswith("é [TRUNCATED]")


def test_a_large_answer_is_relayed_past_no_log() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **DATA)
    client = play.asks("GET /pets")
    play.backend.begins("HTTP/1.1 200 OK\nContent-Type: text/plain\n\n", 6000)
    for _ in range(6):
        play.backend.sends(b"x" * 1000)
    play.backend.ends()
    assert client.hears.body == "x" * 6000
    assert _line(play, "Endpoint response body").endswith("x [TRUNCATED]")
    assert _line(play, "Method response body").endswith("x [TRUNCATED]")


def test_a_function_is_told_by_its_address_at_aws() -> None:
    play = played({"GET": lambda_custom()}, **DATA)
    play.asks("GET /pets")
    play.clock.passes(0.25)
    play.functions.answers({"a": 1})
    uri = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/"
    uri += "arn:aws:lambda:us-east-1:000000000000:function:pets/invocations"
    trace = play.functions.last.trace_id
    lines = told(play)
    assert f"Endpoint request URI: {uri}" in lines
    assert f"Sending request to {uri}" in lines
    assert (
        f"Endpoint request headers: {{x-amzn-lambda-integration-tag={REQUEST_ID}, X-Amz-Date=20231114T221320Z, "
        "x-amzn-apigateway-api-id=api1, Accept=application/json, User-Agent=AmazonAPIGateway_api1, "
        f"X-Amzn-Trace-Id={trace}, Content-Type=application/json}}"
    ) in lines
    assert "Received response. Status: 200, Integration latency: 250 ms" in lines
    assert (
        "Endpoint response headers: {Content-Type=application/json, Content-Length=7, "
        f"X-Amz-Executed-Version=$LATEST, X-Amzn-Trace-Id={trace}}}"
    ) in lines


@pytest.mark.parametrize(
    ("kind", "words", "status"),
    [
        (FailureKind.TIMEOUT, "Execution failed due to a timeout error", 504),
        (FailureKind.CONNECT, "Execution failed due to a network error communicating with endpoint", 504),
        (FailureKind.RESOLVE, "Execution failed due to configuration error: Invalid endpoint address", 500),
    ],
)
def test_a_backend_that_does_not_answer_is_told_in_aws_words(kind: FailureKind, words: str, status: int) -> None:
    play = played({"GET": http_proxy("http://backend/")}, **INFO)
    play.asks("GET /pets")
    play.backend.fails(kind)
    assert told(play)[-2:] == [words, f"Method completed with status: {status}"]


def test_a_function_that_may_not_be_called_is_told_in_aws_words() -> None:
    play = played({"GET": lambda_proxy()}, **INFO)
    play.asks("GET /pets")
    play.functions.fails(FunctionFailureKind.ACCESS_DENIED)
    words = "Execution failed due to configuration error: Invalid permissions on Lambda function"
    assert told(play)[-2:] == [words, "Method completed with status: 500"]


def test_a_function_that_raises_and_one_that_answers_nonsense_are_told_in_aws_words() -> None:
    play = played({"GET": lambda_proxy()}, **INFO)
    play.asks("GET /pets")
    play.functions.raises("Task timed out after 3.00 seconds")
    words = "Lambda execution failed with status 200 due to customer function error: Task timed out after 3.00 seconds"
    assert told(play)[-2:] == [words, "Method completed with status: 502"]
    play.asks("GET /pets")
    play.functions.answers(["no object"])
    words = "Execution failed due to configuration error: Malformed Lambda proxy response"
    assert told(play)[-2:] == [words, "Method completed with status: 502"]


def test_an_answer_that_no_integration_response_is_for_is_told_in_aws_words() -> None:
    play = played({"GET": http("http://backend/", responds(pattern="2.."))}, **INFO)
    play.asks("GET /pets")
    play.backend.answers("HTTP/1.1 403 Forbidden\n\n")
    words = "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 403"
    assert told(play)[-2] == f"Execution failed due to configuration error: {words}"


def test_a_status_that_the_method_does_not_declare_is_told_in_aws_words() -> None:
    undeclared = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    play = played({"GET": method({**undeclared, "integrationResponses": {"0": responds("200")}}, ())}, **INFO)
    play.asks("GET /pets")
    words = "Output mapping refers to an invalid method response: 200"
    assert told(play)[-2] == f"Execution failed due to configuration error: {words}"


def test_what_is_not_served_says_why() -> None:
    play = played({"GET": {**mock(), "apiKeyRequired": True}}, **INFO)
    play.asks("GET /pets")
    words = "Execution failed due to configuration error: not served: API keys are not enforced yet"
    assert told(play)[-2:] == [words, "Method completed with status: 500"]


def test_at_error_only_requests_that_fail_are_told() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **ERROR)
    play.asks("GET /pets")
    play.backend.answers()
    assert told(play) == []
    play.asks("GET /pets")
    play.backend.fails(FailureKind.TIMEOUT)
    assert told(play) == ["Execution failed due to a timeout error", "Method completed with status: 504"]


def test_at_error_with_data_tracing_a_request_that_failed_is_told_whole() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **ERROR, dataTraceEnabled=True)
    play.asks("GET /pets")
    play.backend.answers()
    assert told(play) == []
    play.asks("GET /pets")
    play.backend.fails(FailureKind.TIMEOUT)
    lines = told(play)
    assert "Sending request to http://backend/" in lines
    assert lines[-1] == "Method completed with status: 504"


def test_a_client_that_leaves_is_told() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **INFO)
    client = play.asks("GET /pets")
    assert client.exchange is not None
    client.exchange.gone()
    assert told(play)[-1] == "Method completed with status: 499"


def test_a_methods_own_settings_go_before_those_of_all() -> None:
    settings = {"*/*": INFO, "pets/GET": {"loggingLevel": "OFF"}}
    play = Play(api({"/pets": {"GET": mock(), "POST": mock()}, "/": {"GET": mock()}}), methodSettings=settings)
    play.asks("GET /pets")
    assert told(play) == []
    play.asks("POST /pets")
    play.asks("GET /")
    assert [line for line in told(play) if line.startswith("HTTP Method")] == [
        "HTTP Method: POST, Resource Path: /pets",
        "HTTP Method: GET, Resource Path: /",
    ]


def test_a_method_of_any_is_logged_verb_by_verb() -> None:
    play = Play(api({"/pets": {"ANY": mock()}}), methodSettings={"pets/POST": INFO})
    play.asks("GET /pets")
    play.asks("POST /pets")
    assert [line for line in told(play) if line.startswith("HTTP Method")] == [
        "HTTP Method: POST, Resource Path: /pets"
    ]
    assert "API Key  authorized because method 'ANY /pets'" in told(play)[2]


@pytest.mark.parametrize("settings", [{}, {"*/*": {"loggingLevel": "OFF", "dataTraceEnabled": True}}])
def test_a_stage_without_a_level_has_no_step_more_and_no_log(settings: Any) -> None:
    play = Play(api({"/pets": {"GET": mock()}}), methodSettings=settings)
    exchange = play.asks("GET /pets").exchange
    assert exchange is not None and exchange.route is not None
    assert [step.__name__ for step in exchange.route.steps] == ["read_body", "inflate", "answer"]
    assert type(exchange.program).__name__ == "Program"
    assert GROUP not in play.log.lines


def test_a_change_of_the_level_acts_without_a_deployment() -> None:
    play = Play(api({"/pets": {"GET": mock()}}))
    play.asks("GET /pets")
    play.update(methodSettings={"*/*": INFO})
    play.asks("GET /pets")
    assert len(told(play)) == 8


def test_the_root_of_a_traced_request_is_told() -> None:
    play = Play(
        api({"/pets": {"GET": http_proxy("http://backend/")}}), methodSettings={"*/*": INFO}, tracingEnabled=True
    )
    play.asks("GET /pets", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    play.backend.answers()
    assert told(play)[-1] == "X-ray Tracing ID : 1-5759e988-bd862e3fe1be46a994272793"


def _line(play: Play, start: str) -> str:
    (found,) = [line for line in told(play) if line.startswith(start)]
    return found


def test_a_canarys_requests_are_told_with_the_stages_and_again_apart() -> None:
    play = played({"GET": mock()}, **INFO)
    newer = play.freeze(api({"/pets": {"GET": mock()}}, description="newer"))
    play.update(canarySettings={"percentTraffic": 50.0, "deploymentId": "dep2", "snapshot": newer})
    for shows in (10, 90):
        play.dice.shows = shows
        play.asks("GET /pets")
    assert len(play.log.lines[GROUP]) == 2
    assert play.log.lines[GROUP + "/Canary"] == play.log.lines[GROUP][:1]


def test_an_exchange_that_was_logged_is_freed_without_the_collector() -> None:
    play = played({"GET": http_proxy("http://backend/")}, **DATA)
    gc.disable()
    try:
        client = play.asks("GET /pets")
        play.backend.answers()
        play.backend.calls.clear()
        held = weakref.ref(client)  # by its Exchange, as long as there is one
        client.exchange = None
        del client
        assert held() is None
    finally:
        gc.enable()
