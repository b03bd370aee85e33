"""Every type of gateway response whose cause exists, raised by that cause: a table that only grows.

Each row lets one request fail and holds what its client hears to the response that the API made for the type, and for
no other. Whoever builds a cause adds its row; a type that nothing raises yet is in `NOT_YET` with what it waits for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import botocore.session
import pytest

from playbook.stage import (
    FUNCTION,
    HOST,
    Client,
    Play,
    api,
    aws_service,
    http,
    http_proxy,
    invocation,
    lambda_custom,
    lambda_proxy,
    mock,
    responds,
)
from portico.dataplane import fault
from portico.dataplane.fault import Kind
from portico.ports.functions import FailureKind as FunctionFailureKind
from portico.ports.upstream import FailureKind

NOT_YET = {
    "UNAUTHORIZED": "authorizers",
    "ACCESS_DENIED": "authorizers and resource policies",
    "AUTHORIZER_FAILURE": "authorizers",
    "AUTHORIZER_CONFIGURATION_ERROR": "authorizers",
    "INVALID_SIGNATURE": "AWS_IAM on methods",
    "EXPIRED_TOKEN": "AWS_IAM on methods",
    "INVALID_API_KEY": "API keys",
    "THROTTLED": "throttles",
    "QUOTA_EXCEEDED": "usage plans",
    "WAF_FILTERED": "web ACLs",
    "RESOURCE_NOT_FOUND": "nothing: AWS answers MISSING_AUTHENTICATION_TOKEN instead (semantics section 21)",
}

MODEL = {"id": "m", "name": "pet", "schema": '{"type": "object", "required": ["name"]}'}
VALIDATOR = {"id": "v", "validateRequestBody": True, "validateRequestParameters": True}
VALIDATED = {
    "requestValidatorId": "v",
    "requestModels": {"application/json": "pet"},
    "requestParameters": {"method.request.querystring.q": True},
}
FROM_BODY = {"integration.request.header.X": "method.request.body.a"}
POISON = {"integration.request.header.Content-Length": "'9'"}
TEMPLATE = {"application/json": "$input.path('$.a')$util.base64Decode('!')"}

METHODS: dict[str, dict[str, Any]] = {
    "/proxy": {"ANY": http_proxy("http://backend/")},
    "/mapped": {"POST": http_proxy("http://backend/", requestParameters=FROM_BODY)},
    "/poisoned": {"GET": http_proxy("http://backend/", requestParameters=POISON)},
    "/never": {"POST": http("http://backend/", passthroughBehavior="NEVER")},
    "/some": {"GET": http("http://backend/", responds(pattern="2.."))},
    "/valid": {"POST": {**mock(), **VALIDATED}},
    "/mock": {"GET": mock(template="{}")},
    "/function": {"ANY": lambda_proxy()},
    "/verb": {"GET": lambda_proxy(verb="GET")},
    "/custom": {"GET": lambda_custom(responds(pattern="known"))},
    "/queue": {"GET": aws_service("sqs:action/SendMessage")},
    "/keyed": {"GET": {**mock(), "apiKeyRequired": True}},
    "/stream": {
        "GET": lambda_proxy(invocation(FUNCTION, "response-streaming-invocations"), responseTransferMode="STREAM")
    },
}

Fail = Callable[[Play], Client]


class Cause(NamedTuple):
    type: str
    kind: Kind
    words: str
    fail: Fail


def asks(request: str, *headers: str, body: bytes = b"") -> Fail:
    return lambda play: play.asks(request, *headers, body=body)


def backend(kind: FailureKind) -> Fail:
    def fail(play: Play) -> Client:
        client = play.asks("GET /proxy")
        play.backend.fails(kind)
        return client

    return fail


def function(kind: FunctionFailureKind) -> Fail:
    def fail(play: Play) -> Client:
        client = play.asks("GET /function")
        play.functions.fails(kind)
        return client

    return fail


def returns(value: Any, path: str = "/function", **settings: Any) -> Fail:
    def fail(play: Play) -> Client:
        client = play.asks(f"GET {path}")
        play.functions.answers(value, **settings)
        return client

    return fail


def unknown_status(play: Play) -> Client:
    client = play.asks("GET /some")
    play.backend.answers("HTTP/1.1 404 Not Found\n\n")
    return client


def no_endpoint(play: Play) -> Client:
    play.update(disableExecuteApiEndpoint=True)
    return play.asks("GET /proxy")


def no_credentials(play: Play) -> Client:
    play.services.late = True
    client = play.asks("GET /queue")
    (keys,) = play.services.known.values()
    keys.fail("STS says no")
    return client


def too_large(play: Play) -> Client:
    head = f"POST /dev/proxy HTTP/1.1\nHost: {HOST}\nContent-Length: 10485761\n\n"
    client = play.says(head, whole=False)
    assert client.exchange is not None
    client.exchange.on_body_too_large()
    return client


def without_delimiter(play: Play) -> Client:
    client = play.asks("GET /stream")
    play.functions.begins()
    play.functions.ends()
    return client


CAUSES = [
    Cause(name, kind, words, fail)
    for name, kind, rows in (
        (
            "MISSING_AUTHENTICATION_TOKEN",
            fault.MISSING_AUTHENTICATION_TOKEN,
            {"no such path": asks("GET /nowhere"), "no such method": asks("PUT /mapped")},
        ),
        (
            "DEFAULT_4XX",
            fault.BAD_REQUEST,
            {"dots in a path": asks("GET /a/../b"), "no JSON to map": asks("POST /mapped", body=b"{broken")},
        ),
        ("DEFAULT_4XX", fault.FORBIDDEN, {"the endpoint is disabled": no_endpoint}),
        ("DEFAULT_4XX", fault.URI_TOO_LONG, {"a URL over 8 KB": asks("GET /proxy?" + "x" * 8200)}),
        (
            "DEFAULT_4XX",
            fault.INCOMPLETE_SIGNATURE,
            {"a bearer token on an unknown path": asks("GET /nowhere", "Authorization: Bearer x")},
        ),
        (
            "UNSUPPORTED_MEDIA_TYPE",
            fault.UNSUPPORTED_MEDIA_TYPE,
            {
                "no template for it": asks("POST /never", body=b"x"),
                "an unknown coding": asks("POST /proxy", "Content-Encoding: br", body=b"x"),
                "a broken coding": asks("POST /proxy", "Content-Encoding: gzip", body=b"x"),
            },
        ),
        ("BAD_REQUEST_PARAMETERS", fault.BAD_REQUEST_PARAMETERS, {"one is missing": asks("POST /valid", body=b"{}")}),
        (
            "BAD_REQUEST_BODY",
            fault.BAD_REQUEST_BODY,
            {"no JSON": asks("POST /valid?q=1", body=b"{"), "not the model's": asks("POST /valid?q=1", body=b"{}")},
        ),
        ("REQUEST_TOO_LARGE", fault.EVENT_TOO_LARGE, {"for Lambda": function(FunctionFailureKind.TOO_LARGE)}),
        (
            "API_CONFIGURATION_ERROR",
            fault.API_CONFIGURATION_ERROR,
            {
                "a mock without a status": asks("GET /mock"),
                "a method that is not served": asks("GET /keyed"),
                "a header that cannot be mapped": asks("GET /poisoned"),
                "no integration response": unknown_status,
                "no integration response for an error": returns({"errorMessage": "x"}, "/custom", error="Unhandled"),
                "a name that does not resolve": backend(FailureKind.RESOLVE),
                "an address that may not be called": backend(FailureKind.FORBIDDEN),
                "an answer that is too large": backend(FailureKind.TOO_LARGE),
                "no such function": function(FunctionFailureKind.NOT_FOUND),
                "a function that may not be called": function(FunctionFailureKind.ACCESS_DENIED),
                "no credentials of a role": no_credentials,
            },
        ),
        (
            "INTEGRATION_FAILURE",
            fault.INTEGRATION_FAILURE,
            {
                "a backend that refuses": backend(FailureKind.CONNECT),
                "a backend with no good certificate": backend(FailureKind.TLS),
                "a backend that is no HTTP": backend(FailureKind.PROTOCOL),
                "a backend that hangs up": backend(FailureKind.CLOSED),
            },
        ),
        ("INTEGRATION_FAILURE", fault.FUNCTION_ERROR, {"it raised": returns({"errorMessage": "x"}, error="Unhandled")}),
        ("INTEGRATION_FAILURE", fault.WRONG_VERB, {"a function called by GET": asks("GET /verb")}),
        (
            "INTEGRATION_TIMEOUT",
            fault.INTEGRATION_TIMEOUT,
            {"of a backend": backend(FailureKind.TIMEOUT), "of a function": function(FunctionFailureKind.TIMEOUT)},
        ),
        ("DEFAULT_5XX", fault.MALFORMED_ANSWER, {"a function's nonsense": returns("nonsense")}),
        (
            "DEFAULT_5XX",
            fault.INTERNAL,
            {
                "a function that is throttled": function(FunctionFailureKind.THROTTLED),
                "a function that cannot be run": function(FunctionFailureKind.UNAVAILABLE),
                "a stream without its head": without_delimiter,
            },
        ),
    )
    for words, fail in rows.items()
]


def failing(*customised: str) -> Play:
    """An API that tells of these types by their names."""
    responses = [
        {"responseType": name, "statusCode": "418", "responseTemplates": {"application/json": f"this is {name}"}}
        for name in customised
    ]
    edge = {"endpointConfiguration": {"types": ["EDGE"]}}  # whose URLs are shorter
    return Play(api(METHODS, models=[MODEL], requestValidators=[VALIDATOR], gatewayResponses=responses, **edge))


def types() -> set[str]:
    """Of botocore's model."""
    shape = botocore.session.get_session().get_service_model("apigateway").shape_for("GatewayResponseType")
    return set(shape.enum)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.type}: {cause.words}")
def test_a_type_is_raised_by_its_cause_and_answers_as_the_api_made_it(cause: Cause) -> None:
    play = failing(cause.type)
    client = cause.fail(play)
    assert client.exchange is not None and client.exchange.fault is not None
    assert (client.exchange.fault.kind.name, client.exchange.fault.kind) == (cause.type, cause.kind)
    assert (client.hears.status, client.hears.body) == (418, f"this is {cause.type}")
    assert play.causes or cause.kind.status < 500, "the operator is told of what is not the client's doing"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.type}: {cause.words}")
def test_no_other_type_acts_on_it(cause: Cause) -> None:
    family = "DEFAULT_4XX" if cause.kind.status < 500 else "DEFAULT_5XX"
    others = types() - {cause.type, family}
    client = cause.fail(failing(*sorted(others)))
    assert client.hears.status == cause.kind.status
    assert "this is" not in client.hears.body


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.type}: {cause.words}")
def test_its_family_acts_where_it_has_no_response_of_its_own(cause: Cause) -> None:
    family = "DEFAULT_4XX" if cause.kind.status < 500 else "DEFAULT_5XX"
    assert cause.fail(failing(family)).hears.body == f"this is {family}"


def test_a_body_that_is_too_large_is_of_its_type_and_no_customisation_applies() -> None:
    client = too_large(failing("REQUEST_TOO_LARGE"))
    assert client.exchange is not None and client.exchange.fault is not None
    assert client.exchange.fault.kind is fault.REQUEST_TOO_LARGE
    assert (client.hears.status, client.hears.body) == (413, "HTTP content length exceeded 10485760 bytes.")


def test_every_type_of_the_model_has_a_cause_or_waits_for_one() -> None:
    raised = {cause.type for cause in CAUSES}
    assert not raised & NOT_YET.keys(), "what is raised waits for nothing"
    assert raised | NOT_YET.keys() == types()


def test_every_kind_of_fault_is_raised_by_a_cause() -> None:
    kinds = {name for name, value in vars(fault).items() if isinstance(value, Kind)}
    raised = [cause.kind for cause in CAUSES] + [fault.REQUEST_TOO_LARGE]
    named = {name for name in kinds if any(vars(fault)[name] is kind for kind in raised)}
    assert kinds - named == {"ACCESS_DENIED"}, "a kind has come without a cause, or one has gone"
