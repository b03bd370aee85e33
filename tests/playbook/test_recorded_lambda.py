"""What AWS was recorded to do between a client and a Lambda function, call by call.

The recordings show the events that functions got and the answers that came of theirs; what a function had answered is
made of the name of the call and of what came of it.
"""

import re
from typing import Any

import msgspec
import pytest

from playbook.stage import Message, Play, api, lambda_custom, lambda_proxy, mock, responds
from recorded_answers import recorded_scenario

REMAPPING = "TestApiGatewayHeaderRemapping::test_apigateway_header_remapping_aws"
EDGE = re.compile(r"(?i)cloudfront-.*|via|x-amz-cf-.*|x-cache")
"""Added by the edge-optimised endpoint that stood before the recorded API."""
ADDED = {"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}
ERROR = b'{"message": "Internal server error"}'


def masked(value: object) -> bool:
    return isinstance(value, str) and value.startswith("<")


def without_the_edge(headers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if not EDGE.fullmatch(name)}


def hold(ours: Any, recorded: Any, at: str = "$") -> None:
    """The same members and the same values, but for what the recording masks."""
    if isinstance(recorded, dict):
        recorded = without_the_edge(recorded)
        assert ours.keys() == recorded.keys(), at
        for name, value in recorded.items():
            hold(ours[name], value, f"{at}.{name}")
    elif isinstance(recorded, list) and any(masked(value) for value in recorded):
        assert len(ours) == len(recorded), at
    elif not masked(recorded):
        assert ours == recorded, at


def hold_headers(ours: Message, recorded: dict[str, str]) -> None:
    expected = without_the_edge(recorded)
    assert {name.lower() for name in ours.names} == {name.lower() for name in expected}
    for name, value in expected.items():
        if not masked(value) and name != "Content-Length":
            assert ", ".join(ours.all(name)) == value, name


# test_lambda_aws_integration, test_lambda_aws_proxy_integration_request_data_mapping


def test_facts_110_to_119_the_event_of_a_call_with_mappings() -> None:
    name = "test_lambda_aws_proxy_integration_request_data_mapping"
    recorded = recorded_scenario("lambda.json", name)["http-proxy-invocation-data-mapping"]["content"]
    mapping = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.querystring.testQueryString": "method.request.querystring.queryString",
    }
    play = Play(api({"/{pathVariable}": {"POST": lambda_proxy(requestParameters=mapping)}}), stage="test")
    headers = without_the_edge(recorded["headers"])
    sent = [f"{name}: {value}" for name, value in headers.items() if name not in ADDED | {"Host"}]
    query = "&".join(f"{name}={value}" for name, value in recorded["queryStringParameters"].items())
    body = msgspec.json.encode(recorded["body"])
    play.says(
        "\n".join([f"POST /test{recorded['path']}?{query} HTTP/1.1", "Host: api1.execute-api.localhost", *sent])
        + "\n\n",
        body,
    )
    event = play.functions.event
    assert msgspec.json.decode(event.pop("body")) == recorded.pop("body")
    recorded["requestContext"]["accountId"] = "000000000000"
    hold(event, recorded)


def test_the_value_of_a_function_behind_aws_is_the_answer() -> None:
    recorded = recorded_scenario("lambda.json", "test_lambda_aws_integration")["lambda-aws-integration"]
    play = Play(api({"/": {"POST": lambda_custom(credentials="arn:aws:iam::000000000000:role/caller")}}))
    client = play.asks("POST /", body=b"{}")
    play.functions.answers(recorded)
    assert client.hears.json == recorded


# test_aws_proxy_response_payload_format_validation

ANSWERED: dict[str, Any] = {
    "invoke-api-no-body": {"statusCode": 200},
    "invoke-api-with-headers": {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}},
    "invoke-api-with-headers-null": {"statusCode": 200, "headers": None},
    "invoke-api-wrong-format": {"statusCode": 200, "wrongValue": "value"},
    "invoke-api-empty-response": None,
    "invoke-api-b64-encoded-true": {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True},
    "invoke-api-b64-encoded-false": {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": False},
    "invoke-api-multi-headers-valid": {"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}},
    "invoke-api-multi-headers-overwrite": {
        "statusCode": 200,
        "headers": {"test-multi": "value-solo"},
        "multiValueHeaders": {"test-multi": ["value-multi"]},
    },
    "invoke-api-multi-headers-overwrite-casing": {
        "statusCode": 200,
        "headers": {"test-multi": "value-solo"},
        "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
    },
    "invoke-api-multi-headers-invalid": {"statusCode": 200, "multiValueHeaders": {"test-multi": "value-multi"}},
    "invoke-api-invalid-status-code": {"statusCode": "not a number"},
    "invoke-api-status-code-str": {"statusCode": "201"},
    "invoke-api-just-string": "a string",
    "invoke-api-only-headers": {"headers": {"test-header": "value"}},
}


@pytest.mark.parametrize("call", ANSWERED)
def test_facts_115_to_118_what_became_of_a_functions_answer(call: str) -> None:
    scenario = recorded_scenario("lambda.json", "test_aws_proxy_response_payload_format_validation")
    assert scenario.keys() == ANSWERED.keys()
    recorded = scenario[call]
    play = Play(api({"/": {"ANY": lambda_proxy()}}))
    client = play.asks("GET /", "Accept: */*")
    play.functions.answers(ANSWERED[call])
    hears = client.hears
    if isinstance(recorded["content"], dict):
        assert (hears.status, hears.content) == (502, ERROR)
        assert hears.json == recorded["content"]
        return
    assert hears.body == recorded["content"]
    assert hears.status == (201 if call == "invoke-api-status-code-str" else 200)
    if "headers" in recorded:
        hold_headers(hears, recorded["headers"])
    if "casing" in call:
        assert "tesT-Multi" in hears.names


# test_apigateway_header_remapping_aws


def client_lines(seen: dict[str, Any]) -> list[str]:
    """What the client sent: all that was seen of it, and what is dropped on its way (fact 121)."""
    sent = {name: "masked" if masked(value) else value for name, value in seen.items() if name not in ADDED | {"Host"}}
    hidden = dict.fromkeys(("Content-MD5", "Max-Forwards", "Server", "TE", "Trailer", "WWW-Authenticate"), "hidden")
    return [f"{name}: {value}" for name, value in {**hidden, **sent}.items() if value != ""]


@pytest.mark.parametrize("call", ["no-param-integration", "full-integration"])
def test_facts_113_to_127_headers_of_aws_proxy(call: str) -> None:
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[AWS_PROXY]")[call]
    seen = recorded["headers"]
    harmless = {n: "'mapped'" for n in seen if n not in ADDED | {"Authorization"}} if call == "full-integration" else {}
    mapping = {f"integration.request.header.{name}": value for name, value in harmless.items()}
    play = Play(api({"/": {"GET": lambda_proxy(requestParameters=mapping)}}))
    client = play.asks("GET /", *client_lines(seen), "Connection: close")
    event = play.functions.event
    assert event["body"] is recorded["body"] is None
    assert event["headers"].keys() == seen.keys()
    for name, value in seen.items():
        assert masked(value) or event["headers"][name] == value
    play.functions.answers({"body": "x" * int(recorded["response-headers"]["Content-Length"])})
    hold_headers(client.hears, recorded["response-headers"])
    assert client.hears["Content-Length"] == recorded["response-headers"]["Content-Length"]


def test_facts_121_to_127_headers_of_aws() -> None:
    scenario = recorded_scenario("integrations.json", f"{REMAPPING}[AWS]")
    play = Play(api({"/": {"GET": lambda_custom()}}))
    client = play.asks("GET /", *client_lines(scenario["full-integration"]["body"]), "Connection: close")
    assert play.functions.event == scenario["no-param-integration"]["body"]
    play.functions.answers({})
    hold_headers(client.hears, scenario["no-param-integration"]["response-headers"])


def test_facts_121_to_127_headers_of_aws_with_everything_mapped() -> None:
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[AWS]")["full-integration"]
    names = list(recorded["body"])
    members = ",".join(f'"{name}": "$util.escapeJavaScript($input.params(\'{name}\'))"' for name in names)
    prefix = "x-amzn-Remapped-"
    back = [n for n, value in recorded["response-headers"].items() if n.startswith(prefix) or "response_param" in value]
    back = [*(name.removeprefix(prefix) for name in back), "Via", "Transfer-Encoding"]
    answer = responds(
        responseParameters={f"method.response.header.{name}": f"'response_param_{name}'" for name in back}
    )
    method = lambda_custom(answer, requestTemplates={"application/json": "{" + members + "}"})
    play = Play(api({"/": {"GET": method}}))
    client = play.asks("GET /", *client_lines(recorded["body"]), "Connection: close")
    event = play.functions.event
    assert event.keys() == recorded["body"].keys()
    for name, value in recorded["body"].items():
        assert masked(value) or event[name] == value, name
    play.functions.answers(event)
    expected = {n: v for n, v in recorded["response-headers"].items() if n.lower() != "via"}
    ours = Message(b"\r\n".join(line for line in client.data.split(b"\r\n") if not line.startswith(b"Via:")))
    hold_headers(ours, expected)
    assert client.hears["Via"] == "response_param_Via"


@pytest.mark.parametrize("kind", ["AWS", "AWS_PROXY"])
@pytest.mark.parametrize(
    "name", ["Content-Length", "Transfer-Encoding", "Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"]
)
def test_fact_124_a_poisonous_mapping_is_a_500_to_the_byte(kind: str, name: str) -> None:
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[{kind}]")[name.lower()]
    mapping = {f"integration.request.header.{name}": "'5'"}
    method = {"AWS": lambda_custom, "AWS_PROXY": lambda_proxy}[kind](requestParameters=mapping)
    play = Play(api({"/": {"GET": method}}))
    hears = play.asks("GET /", "Connection: close").hears
    assert (hears.status, hears.json) == (500, recorded["body"])
    hold_headers(hears, recorded["response-headers"])
    assert hears["Content-Length"] == recorded["response-headers"]["Content-Length"] == "36"
    assert not play.functions.calls


# test_invocation_trace_id


@pytest.mark.parametrize(
    ("call", "sent", "continued"),
    [
        ("normal-req-headers", None, r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"),
        ("trace-id-req-headers", "Root=1-2-3;Parent=4;Sampled=1", "Root=1-2-3;Parent=4;Sampled=1"),
        ("trace-id-small-req-headers", "Root=1-2-3", r"Root=1-2-3;Parent=[0-9a-f]{16};Sampled=0"),
    ],
)
def test_facts_127_and_128_the_trace_of_a_call(call: str, sent: str | None, continued: str) -> None:
    scenario = recorded_scenario("common.json", "TestApiGatewayCommon::test_invocation_trace_id")
    recorded = scenario[f"{call}-AWS_PROXY"]
    play = Play(api({"/": {"GET": lambda_proxy()}}))
    client = play.asks("GET /", *([] if sent is None else [f"X-Amzn-Trace-Id: {sent}"]))
    play.functions.answers({})
    assert {name.lower() for name in client.hears.names} == without_the_edge(recorded).keys()
    trace = client.hears["X-Amzn-Trace-Id"]
    assert trace is not None and re.fullmatch(continued, trace)
    assert play.functions.event["headers"]["X-Amzn-Trace-Id"] == play.functions.last.trace_id == trace


@pytest.mark.parametrize(
    ("call", "sent"), [("normal-req-headers", []), ("trace-id-req-headers", ["X-Amzn-Trace-Id: Root=1-2-3;Parent=4"])]
)
def test_fact_127_a_mock_tells_no_trace(call: str, sent: list[str]) -> None:
    scenario = recorded_scenario("common.json", "TestApiGatewayCommon::test_invocation_trace_id")
    hears = Play(api({"/": {"GET": mock()}})).asks("GET /", *sent).hears
    assert {name.lower() for name in hears.names} == without_the_edge(scenario[f"{call}-MOCK"]).keys()
