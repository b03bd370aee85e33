"""What a client is told when something fails: AWS's defaults, and what an API made of them. Semantics section 21."""

from typing import Any

import pytest

from playbook.stage import Message, Play, api, http, http_proxy, method, mock
from portico.dataplane import fault
from portico.dataplane.fault import Kind
from portico.ports.upstream import FailureKind

SPACED = '{"message": "%s"}'
COMPACT = '{"message":"%s"}'

REASONS: dict[str, tuple[Kind, str]] = {
    "missing token": (fault.MISSING_AUTHENTICATION_TOKEN, COMPACT % "Missing Authentication Token"),
    "bad path": (fault.BAD_REQUEST, COMPACT % "Bad Request"),
    "bad json": (fault.BAD_REQUEST, COMPACT % "Invalid JSON in request body"),
    "media type": (fault.UNSUPPORTED_MEDIA_TYPE, COMPACT % "Unsupported Media Type"),
    "forbidden": (fault.FORBIDDEN, COMPACT % "Forbidden"),
    "long url": (fault.URI_TOO_LONG, COMPACT % "Request URI too long"),
    "configuration": (fault.API_CONFIGURATION_ERROR, SPACED % "Internal server error"),
    "network": (fault.INTEGRATION_FAILURE, SPACED % "Network error communicating with endpoint"),
    "timeout": (fault.INTEGRATION_TIMEOUT, SPACED % "Endpoint request timed out"),
}
"""Ways in which a request can fail: its kind, and AWS's body to the byte. All are in test_gateway_response_types."""


def failing(**settings: Any) -> Play:
    parameters = {"integration.request.header.X": "method.request.body.a"}
    methods = {
        "/mapped": {"POST": http_proxy("http://backend/", requestParameters=parameters)},
        "/never": {"POST": http("http://backend/", passthroughBehavior="NEVER")},
        "/broken": {"GET": mock(template="{}")},
        "/backend/{id}": {"GET": http_proxy("http://backend/")},
    }
    return Play(api(methods, endpointConfiguration={"types": ["EDGE"]}, **settings))


def fail(play: Play, reason: str, *headers: str) -> Message:
    """Let a request fail for `reason`; what its client hears."""
    if reason in ("network", "timeout"):
        client = play.asks("GET /backend/7?q=1", *headers)
        play.backend.fails(FailureKind.CONNECT if reason == "network" else FailureKind.TIMEOUT)
        return client.hears
    if reason == "forbidden":
        play.update(disableExecuteApiEndpoint=True)
        return play.asks("GET /", *headers).hears
    request, body = {
        "missing token": ("GET /nowhere", b""),
        "bad path": ("GET /a/../b", b""),
        "bad json": ("POST /mapped", b"{broken"),
        "media type": ("POST /never", b"x"),
        "long url": ("GET /?" + "x" * 8200, b""),
        "configuration": ("GET /broken", b""),
    }[reason]
    return play.asks(request, *headers, body=body).hears


@pytest.mark.parametrize("reason", REASONS)
def test_corrections_1_and_2_a_default_response_to_the_byte(reason: str) -> None:
    kind, body = REASONS[reason]
    hears = fail(failing(), reason)
    assert (hears.status, hears.body) == (kind.status, body)
    assert hears["Content-Type"] == "application/json"
    assert hears["x-amzn-ErrorType"] == kind.error_type
    assert hears["Content-Length"] == str(len(body))
    assert "X-Amzn-Trace-Id" not in hears.names, "recorded fact 127"


def test_a_bug_of_ours_is_a_500_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    play = failing()

    def explode(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(play.backend, "to", explode)
    for route in ("GET /backend/7", "GET /backend/8"):
        hears = play.asks(route).hears
        assert (hears.status, hears.body) == (500, SPACED % "Internal server error")
        assert hears["x-amzn-ErrorType"] == "InternalServerErrorException"
        assert "secret" not in str(hears)
    assert [type(each).__name__ for each in play.observed] == ["UnexpectedError"] * 2


# What an API makes of them


def customised(response_type: str, **settings: Any) -> dict[str, Any]:
    return {"responseType": response_type, **settings}


@pytest.mark.parametrize("reason", REASONS)
def test_a_type_of_its_own_acts_with_all_it_sets(reason: str) -> None:
    kind, _ = REASONS[reason]
    response = customised(
        kind.name,
        statusCode="418",
        responseParameters={"gatewayresponse.header.X-Own": "'own'"},
        responseTemplates={"application/json": '{"type":"$context.error.responseType"}'},
    )
    hears = fail(failing(gatewayResponses=[response]), reason)
    assert (hears.status, hears.body) == (418, f'{{"type":"{kind.name}"}}')
    assert hears["X-Own"] == "own"
    assert hears["x-amzn-ErrorType"] == kind.error_type


@pytest.mark.parametrize("reason", REASONS)
def test_fact_91_defaults_overlay_every_type_that_is_not_set(reason: str) -> None:
    kind, body = REASONS[reason]
    responses = [
        customised("DEFAULT_4XX", statusCode="444", responseParameters={"gatewayresponse.header.X-Family": "'4'"}),
        customised("DEFAULT_5XX", statusCode="555", responseParameters={"gatewayresponse.header.X-Family": "'5'"}),
    ]
    hears = fail(failing(gatewayResponses=responses), reason)
    family = str(kind.status)[0]
    assert (hears.status, hears["X-Family"], hears.body) == (int(family * 3), family, body)


def test_fact_91_what_a_type_of_its_own_leaves_out_is_the_built_in_default() -> None:
    responses = [
        customised(
            "DEFAULT_4XX",
            statusCode="444",
            responseParameters={"gatewayresponse.header.X": "'4'"},
            responseTemplates={"application/json": "family"},
        ),
        customised("MISSING_AUTHENTICATION_TOKEN", responseTemplates={"application/json": "own"}),
    ]
    hears = fail(failing(gatewayResponses=responses), "missing token")
    assert (hears.status, hears.body, hears["X"]) == (403, "own", None)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'static'", "static"),
        ("method.request.header.Origin", "https://a.example"),
        ("method.request.querystring.q", "1"),
        ("method.request.path.id", "7"),
        ("context.requestId", None),
        ("context.error.responseType", "INTEGRATION_FAILURE"),
        ("stageVariables.colour", "green"),
        ("method.request.header.absent", None),
    ],
)
def test_headers_come_from_the_request_the_context_and_the_stage(source: str, value: str | None) -> None:
    response = customised("DEFAULT_5XX", responseParameters={"gatewayresponse.header.X-Own": source})
    definition = api({"/backend/{id}": {"GET": http_proxy("http://backend/")}}, gatewayResponses=[response])
    play = Play(definition, variables={"colour": "green"})
    hears = fail(play, "network", "Origin: https://a.example")
    expected = hears["x-amzn-RequestId"] if source == "context.requestId" else value
    assert hears["X-Own"] == expected


def test_templates_are_plain_substitution_and_no_velocity() -> None:
    template = (
        '{"m":$context.error.messageString,"t":"$context.error.message","s":"$stageVariables.colour",'
        '"h":"$method.request.header.X-A","p":"$method.request.path.id","q":"${method.request.querystring.q}",'
        '"v":"#set($a = 1)$input.body$unknown"}'
    )
    response = customised("DEFAULT_5XX", responseTemplates={"application/json": template})
    definition = api({"/backend/{id}": {"GET": http_proxy("http://backend/")}}, gatewayResponses=[response])
    hears = fail(Play(definition, variables={"colour": "green"}), "network", "X-A: a")
    message = "Network error communicating with endpoint"
    assert hears.json == {
        "m": message,
        "t": message,
        "s": "green",
        "h": "a",
        "p": "7",
        "q": "1",
        "v": "#set($a = 1)$input.body$unknown",
    }


@pytest.mark.parametrize(
    ("accept", "body", "content_type"),
    [
        (None, "json", "application/json"),
        ("application/json", "json", "application/json"),
        ("text/html", "html", "text/html"),
        ("Text/HTML; q=1, application/json", "html", "text/html"),
        ("image/png", "json", "application/json"),
        ("*/*", "json", "application/json"),
    ],
)
def test_a_template_is_chosen_by_accept_and_names_the_content_type(
    accept: str | None, body: str, content_type: str
) -> None:
    templates = {"text/html": "html", "application/json": "json"}
    play = failing(gatewayResponses=[customised("DEFAULT_4XX", responseTemplates=templates)])
    hears = fail(play, "missing token", *([] if accept is None else [f"Accept: {accept}"]))
    assert (hears.body, hears["Content-Type"]) == (body, content_type)


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "x-amzn-ErrorType", "X-Amzn-Errortype"])
def test_a_mapped_header_takes_the_place_of_the_built_in_one(name: str) -> None:
    parameters = {f"gatewayresponse.header.{name}": "'mine'"}
    hears = fail(failing(gatewayResponses=[customised("DEFAULT_4XX", responseParameters=parameters)]), "missing token")
    assert hears.all(name) == ["mine"]


@pytest.mark.parametrize("name", ["Content-Length", "Connection", "Date", "x-amzn-RequestId", "X-Amz-Apigw-Id"])
def test_a_mapped_header_cannot_contradict_the_answer_it_is_in(name: str) -> None:
    parameters = {f"gatewayresponse.header.{name}": "'5'"}
    hears = fail(failing(gatewayResponses=[customised("DEFAULT_4XX", responseParameters=parameters)]), "missing token")
    assert hears[name] != "5"
    assert hears[f"x-amzn-Remapped-{name}"] == "5"


def test_a_gateway_response_is_never_chunked_and_may_ask_for_a_password() -> None:
    parameters = {
        "gatewayresponse.header.Transfer-Encoding": "'chunked'",
        "gatewayresponse.header.WWW-Authenticate": "'Basic'",
    }
    hears = fail(failing(gatewayResponses=[customised("DEFAULT_4XX", responseParameters=parameters)]), "missing token")
    assert "Transfer-Encoding" not in hears.names
    assert hears["WWW-Authenticate"] == "Basic"


def test_a_header_that_a_client_would_break_out_of_leaves_the_default() -> None:
    parameters = {"gatewayresponse.header.X": "method.request.querystring.q"}
    responses = [customised("DEFAULT_4XX", statusCode="444", responseParameters=parameters)]
    hears = failing(gatewayResponses=responses).asks("GET /nowhere?q=a%0d%0aSet-Cookie:x").hears
    assert (hears.status, hears.body) == (444, COMPACT % "Missing Authentication Token")
    assert "X" not in hears.names and "Set-Cookie" not in hears.names


@pytest.mark.parametrize("status", ["100", "199", "abc", "600"])
def test_a_status_that_is_none_leaves_the_default(status: str) -> None:
    hears = fail(failing(gatewayResponses=[customised("DEFAULT_4XX", statusCode=status)]), "missing token")
    assert hears.status == 403


def test_correction_2_no_customisation_applies_to_a_body_that_is_too_large() -> None:
    response = customised("REQUEST_TOO_LARGE", statusCode="400", responseTemplates={"application/json": "own"})
    play = failing(gatewayResponses=[response])
    assert play.asks("POST /mapped", body=bytes(10_485_761)).hears.status == 413


def test_fact_152_gateway_responses_act_with_a_deployment() -> None:
    methods = {"/": {"GET": mock()}}
    play = Play(api(methods))
    assert fail(play, "missing token").status == 403
    play.deploy(api(methods, gatewayResponses=[customised("DEFAULT_4XX", statusCode="404")]))
    assert fail(play, "missing token").status == 404


def test_a_fault_of_a_head_request_has_no_body() -> None:
    play = Play(api({"/": {"HEAD": method({"type": "MOCK"})}}))
    hears = play.asks("HEAD /").hears
    assert (hears.status, hears.content, hears["Content-Length"]) == (500, b"", "36")


def test_no_gateway_response_of_another_api_acts() -> None:
    play = failing(gatewayResponses=[customised("DEFAULT_4XX", statusCode="444")])
    play.deploy(api({"/": {"GET": mock()}}, "api2"))
    assert play.asks("GET /nowhere", host="api2.execute-api.localhost").hears.status == 403
    assert play.asks("GET /nowhere", host="api3.execute-api.localhost").hears.status == 403
