"""What AWS was recorded to do with headers between client, backend and client again, call by call.

The recordings show only outcomes. The requests that led to them are made from them: a header that the template saw had
been sent by the client, one that the backend saw and the client had not sent had been mapped.
"""

from typing import Any

import msgspec
import pytest

from playbook.stage import Message, Play, api, http, http_proxy, mock, responds
from recorded_answers import recorded_scenario

REMAPPING = "TestApiGatewayHeaderRemapping::test_apigateway_header_remapping_http"
HIDDEN = "sent by the client"
OWN = {"content-length", "host", "x-amzn-apigateway-api-id", "x-amzn-trace-id"}
ALSO_MAPPED = ("Connection", "Expect", "Proxy-Authenticate", "TE", "Via")
"""Mapped in the recorded scenario as well, and not to be seen at the backend."""
BY_THE_RECORDED_BACKEND = ("x-amzn-tls-", "x-forwarded-")
"""A Lambda function URL adds these to what it shows."""


def masked(value: object) -> bool:
    return isinstance(value, str) and value.startswith("<")


def client_headers(seen: dict[str, Any]) -> list[str]:
    """The client's header lines, by what the recorded template saw of them: nothing of the hidden ones."""
    values = {name: HIDDEN if value == "" or masked(value) else value for name, value in seen.items()}
    framing = ("Host", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Connection")
    return [f"{name}: {value}" for name, value in values.items() if name not in framing]


def echo_template(names: list[str]) -> str:
    members = ",".join(f'"{name}": "$util.escapeJavaScript($input.params(\'{name}\'))"' for name in names)
    return "{" + members + "}"


def mappings(headers: dict[str, Any]) -> dict[str, str]:
    """Mapped headers: every one that the backend saw and the gateway does not make itself."""
    mapped = {name: value for name, value in headers.items() if name.lower() not in OWN}
    mapped |= dict.fromkeys(ALSO_MAPPED, "mapped")
    return {f"integration.request.header.{name}": f"'{HIDDEN if masked(v) else v}'" for name, v in mapped.items()}


def response_mappings(recorded: dict[str, str]) -> dict[str, str]:
    prefix = "x-amzn-Remapped-"
    mapped = [name for name, value in recorded.items() if name.startswith(prefix) or "response_param" in value]
    names = [name.removeprefix(prefix) for name in (*mapped, "Via", "Transfer-Encoding")]
    return {f"method.response.header.{name}": f"'response_param_{name}'" for name in names}


def hold(ours: Message, recorded: dict[str, str], *but: str) -> None:
    """The same header names, and the same values where the recording has them."""
    expected = {name.lower(): value for name, value in recorded.items() if not name.startswith(BY_THE_RECORDED_BACKEND)}
    assert {name.lower() for name in ours.names} - set(but) == expected.keys()
    for name, value in expected.items():
        if not masked(value) and name != "content-length":
            assert ours[name] == value.replace("<apigw-id:1>", "api1").replace("<rest_api_id:1>", "api1"), name


# test_apigateway_header_remapping_http[HTTP]


def test_facts_121_to_127_http_without_parameters() -> None:
    scenario = recorded_scenario("integrations.json", f"{REMAPPING}[HTTP]")
    sent, recorded = client_headers(scenario["full-integration"]["body"]), scenario["no-param-integration"]
    play = Play(api({"/": {"GET": http("http://backend/anything")}}))
    client = play.asks("GET /", *sent, "Connection: close")
    hold(play.backend.hears, recorded["headers"])
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: application/json\nServer: gunicorn\n\n{}")
    hold(client.hears, recorded["response-headers"])


def test_facts_121_to_125_http_with_everything_mapped() -> None:
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[HTTP]")["full-integration"]
    names = list(recorded["body"])
    answer = responds(responseParameters=response_mappings(recorded["response-headers"]))
    method = http(
        "http://backend/anything",
        answer,
        requestParameters=mappings(recorded["headers"]),
        requestTemplates={"application/json": echo_template(names)},
    )
    play = Play(api({"/": {"GET": method}}))
    client = play.asks("GET /", *client_headers(recorded["body"]), "Connection: close")
    hold(play.backend.hears, recorded["headers"])
    seen = play.backend.hears.json
    assert {name for name in names if seen[name] == ""} == {name for name in names if recorded["body"][name] == ""}
    play.backend.answers("HTTP/1.1 200 OK\nServer: gunicorn\nDate: yesterday\nVia: 1.1 proxy\n\n{}")
    hold(client.hears, recorded["response-headers"])


# test_apigateway_header_remapping_http[HTTP_PROXY]


def proxy_answer(recorded: dict[str, str]) -> str:
    """The backend's answer, by what came of it."""
    lines = ["HTTP/1.1 200 OK"]
    for name, value in recorded.items():
        if name.startswith("x-amzn-Remapped-"):
            lines.append(f"{name.removeprefix('x-amzn-Remapped-')}: {value}")
        elif name.startswith(("Access-", "Content-Type")):
            lines.append(f"{name}: {value}")
    return "\n".join(lines) + "\n\n"


@pytest.mark.parametrize("call", ["no-param-integration", "full-integration"])
def test_facts_121_to_127_http_proxy(call: str) -> None:
    # What the client sent is only to be seen in the recording of the other type, whose template showed it.
    sent = recorded_scenario("integrations.json", f"{REMAPPING}[HTTP]")["full-integration"]["body"]
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[HTTP_PROXY]")[call]
    mapped = {"requestParameters": mappings(recorded["headers"])} if call == "full-integration" else {}
    play = Play(api({"/": {"GET": http_proxy("http://backend/anything", **mapped)}}))
    client = play.asks("GET /", *client_headers(sent), "Connection: close")
    hold(play.backend.hears, recorded["headers"], "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
    answer = proxy_answer(recorded["response-headers"])
    play.backend.answers(answer, b"x" * int(recorded["response-headers"]["Content-Length"]))
    hold(client.hears, recorded["response-headers"])
    assert client.hears["Content-Length"] == recorded["response-headers"]["Content-Length"]


@pytest.mark.parametrize("mapped", [{}, {"requestParameters": {"integration.request.header.X-Stage": "context.stage"}}])
def test_what_a_client_means_for_this_connection_goes_no_further(mapped: dict[str, Any]) -> None:
    """RFC 9110 section 7.6.1; but what the gateway itself says of the client cannot be taken away so."""
    play = Play(api({"/": {"GET": http_proxy("http://backend/anything", **mapped)}}))
    play.asks("GET /", "X-Mine: 1", "X-Yours: 2", "Connection: close, X-Mine, X-Forwarded-For")
    assert "X-Mine" not in play.backend.hears.names
    assert play.backend.hears["X-Yours"] == "2"
    assert play.backend.hears["X-Forwarded-For"]


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding"])
def test_fact_124_a_poisonous_mapping_is_a_500_to_the_byte(kind: str, name: str) -> None:
    recorded = recorded_scenario("integrations.json", f"{REMAPPING}[{kind}]")[name.lower()]
    build = {"HTTP": http, "HTTP_PROXY": http_proxy}[kind]
    method = build("http://backend/", requestParameters={f"integration.request.header.{name}": "'5'"})
    play = Play(api({"/": {"GET": method}}))
    hears = play.asks("GET /", "Connection: close").hears
    assert hears.status == 500
    assert hears.json == recorded["body"]
    hold(hears, recorded["response-headers"])
    assert hears["Content-Length"] == recorded["response-headers"]["Content-Length"] == "36"
    assert not play.backend.calls


@pytest.mark.parametrize("name", ["x-amzn-trace-id", "X-Amzn-Apigateway-Api-Id"])
def test_fact_124_the_gateways_own_headers_cannot_be_mapped(name: str) -> None:
    method = http_proxy("http://backend/", requestParameters={f"integration.request.header.{name}": "'5'"})
    assert Play(api({"/": {"GET": method}})).asks("GET /").hears.body == '{"message": "Internal server error"}'


def test_fact_123_what_http_proxy_keeps_from_a_backend_a_mapping_may_give_it() -> None:
    sent = ("Content-Encoding: identity", "Via: 1.1 client")
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}}))
    play.asks("GET /", *sent)
    assert play.backend.hears["Host"] == "backend"
    assert "Content-Encoding" not in play.backend.hears.names and "Via" not in play.backend.hears.names

    names = ("Host", "Content-Encoding", "Via")
    parameters = {f"integration.request.header.{name}": "'mapped'" for name in names}
    play = Play(api({"/": {"GET": http_proxy("http://backend/", requestParameters=parameters)}}))
    play.asks("GET /", *sent)
    assert [play.backend.hears[name] for name in names] == ["mapped", "mapped", None]


# http.json

BODY = b'{"message": "hello world"}'
CLIENT = ("Accept: application/xml", "Accept-Encoding: gzip, deflate", "User-Agent: test/integration")
JSON = "Content-Type: application/json"


def test_fact_122_http_with_a_body() -> None:
    recorded = recorded_scenario("http.json", "test_http_integration_with_lambda[HTTP]")["http-invocation-lambda-url"]
    play = Play(api({"/": {"POST": http("http://backend/")}}))
    client = play.asks("POST /", *CLIENT, JSON, body=BODY)
    hold(play.backend.hears, recorded["content"]["headers"])
    assert play.backend.hears.content == BODY
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: text/plain\nDate: now\nX-Amzn-RequestId: 7\n\n{}")
    hold(client.hears, recorded["headers"])


def test_fact_126_http_proxy_with_a_body_and_a_backends_request_id() -> None:
    name = "test_http_integration_with_lambda[HTTP_PROXY]"
    recorded = recorded_scenario("http.json", name)["http-invocation-lambda-url"]
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    client = play.asks("POST /", *CLIENT, JSON, body=BODY)
    forwarded = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
    hold(play.backend.hears, recorded["content"]["headers"], *forwarded)
    play.backend.answers(
        "HTTP/1.1 200 OK\nDate: now\nContent-Type: application/json\nContent-Length: 2\nConnection: keep-alive\n"
        "x-amzn-RequestId: 0b1d1e2c\nX-Amzn-Trace-Id: Root=1-2-3\n\n{}"
    )
    hold(client.hears, recorded["headers"])
    assert client.hears["x-amzn-Remapped-x-amzn-RequestId"] == "0b1d1e2c"


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize("verb", ["POST", "PUT", "GET"])
def test_http_integration_method_is_the_integrations_own(kind: str, verb: str) -> None:
    scenario = recorded_scenario("http.json", f"test_http_integration_method[{kind}]")
    recorded = scenario[f"http-invocation-lambda-url-{verb.lower()}"]
    build = {"HTTP": http, "HTTP_PROXY": http_proxy}[kind]
    play = Play(api({"/": {verb: build("http://backend/", verb="POST")}}))
    play.asks(f"{verb} /", "Accept: application/json", *CLIENT[1:], JSON, body=BODY)
    assert play.backend.hears.first == f"{recorded['method']} / HTTP/1.1"
    assert play.backend.last.method == recorded["method"].encode()
    for name, value in recorded["headers"].items():
        if not masked(value):
            assert play.backend.hears[name] == value.replace("<rest_api_id:1>", "api1")


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize(("call", "status"), [("matching-response", 200), ("non-matching-response", 400)])
def test_fact_130_statuses_that_no_pattern_matches(kind: str, call: str, status: int) -> None:
    scenario = recorded_scenario("http.json", f"test_http_integration_invoke_status_code_passthrough[{kind}]")
    method = {
        "HTTP": http("http://backend/", responds()),
        "HTTP_PROXY": http_proxy("http://backend/"),
    }[kind]
    play = Play(api({"/": {"GET": method}}))
    client = play.asks("GET /")
    body = msgspec.json.encode(scenario[call]["body"])
    play.backend.answers(f"HTTP/1.1 {status} Recorded\nContent-Type: application/json\n\n", body)
    assert client.hears.status == scenario[call]["status_code"]
    assert client.hears.content == body


def test_fact_129_query_mappings_append_to_what_the_client_sent() -> None:
    recorded = recorded_scenario("http.json", "test_http_proxy_integration_request_data_mappings")
    call = recorded["http-proxy-invocation"]
    parameters = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.querystring.testQueryString": "method.request.querystring.queryString",
        "integration.request.querystring.testQs": "method.request.querystring.queryString",
        "integration.request.querystring.testVar": "method.request.path.pathVariable",
    }
    play = Play(api({"/{pathVariable}": {"POST": http_proxy("http://backend/", requestParameters=parameters)}}))
    client = play.asks(
        "POST /bar?queryString=foo&testVar=foobar&testQs=bar",
        "Accept: application/json",
        *CLIENT[1:],
        JSON,
        "foobar: mapped-value",
        body=BODY,
    )
    hears = play.backend.hears
    arguments: dict[str, list[str]] = {}
    for pair in hears.target.partition("?")[2].split("&"):
        arguments.setdefault(pair.partition("=")[0], []).append(pair.partition("=")[2])
    assert {name: ",".join(values) for name, values in arguments.items()} == call["content"]["args"]
    for name, value in call["content"]["headers"].items():
        if not masked(value):
            assert hears[name] == value
    play.backend.answers(
        "HTTP/1.1 200 OK\nDate: now\nContent-Type: application/json\nContent-Length: 2\nConnection: keep-alive\n"
        "x-amzn-RequestId: 0b1d1e2c\nX-Amzn-Trace-Id: Root=1-2-3\n\n{}"
    )
    hold(client.hears, call["headers"])


# What the recordings of templates show of MOCK


def test_fact_137_a_mock_takes_lax_json_and_shows_its_parameters() -> None:
    recorded = recorded_scenario("integrations.json", "test_integration_mock_with_path_param")
    assert recorded  # the scenario's calls are about the control plane; the request is made of what it put
    method = mock(responds(responseTemplates={"application/json": "$input.params('id')"}), template="{statusCode: 200}")
    hears = Play(api({"/{id}": {"GET": method}})).asks("GET /hello").hears
    assert (hears.status, hears.body) == (200, "hello")
    assert "X-Amzn-Trace-Id" not in hears.names
