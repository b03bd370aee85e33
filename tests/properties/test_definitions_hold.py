"""Whatever stands in a definition: control is told what is wrong with it, and a worker answers every request."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.stage import Play, api
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.compilation import CompileError

STATUS = st.sampled_from(["200", "404", "100", "999", "", "abc", "2xx", "-1", "20"])
NAME = st.sampled_from(["X-A", "x a", "", "Content-Type", "Host", "\r\n", "é", "a.b", "$", "Content-Length", "Via"])
SOURCE = st.sampled_from(
    [
        "'x'",
        "'",
        "''",
        "x",
        "method.request.header.X",
        "method.request.path.id",
        "method.request.body.a[0",
        "context.",
        "integration.response.header.X",
        "integration.response.body.$..x",
        "stageVariables.v",
        "'a\r\nb'",
        "é",
        "",
    ]
)
TEMPLATE = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "x", "$input.body", "#set($a=1)", "$input.path('$.", "${", "$context", "{statusCode: 200}", "#"]
    ),
    st.text(alphabet="$#{}()[]'\".abinput \\\n", max_size=20),
)
PATTERN = st.one_of(
    st.none(),
    st.sampled_from(["", "2..", "(", "[", "(?<a>x)", "(a+)+$", "\\d{3}", "*", "\\", "(?i)x", "\\p{Alpha}", "x{99999}"]),
    st.text(alphabet="()[]{}*+?|\\^$.ad0-9,", max_size=12),
)
URI = st.sampled_from(
    [
        "http://backend/",
        "",
        "backend",
        "http://",
        "http://${stageVariables.v}/",
        "http://${stageVariables.none}/",
        "ftp://x",
        "http://a b/",
        "http://b:99999/",
        "http://b:22/",
        "http://{id}/",
        "http://b/{id}/{none}",
        "http://b/{",
        "http://b/\r\n",
        "http://user@b/",
        "http://[::1]/",
        "http://[x]/",
        "http://b/é",
        "http://b?x={id}",
        "arn:aws:x",
        "${stageVariables.v}",
    ]
)
TYPES = st.sampled_from(["application/json", "", "text/*", "*/*", "é", "a/b; c=d", "\r\n"])


def maps(names: Any, values: Any, prefix: str = "") -> Any:
    return st.dictionaries(names.map(lambda name: prefix + name), values, max_size=2)


RESPONSE = st.fixed_dictionaries(
    {
        "statusCode": STATUS,
        "selectionPattern": PATTERN,
        "responseParameters": maps(NAME, SOURCE, "method.response.header."),
        "responseTemplates": maps(TYPES, TEMPLATE),
        "contentHandling": st.sampled_from([None, "CONVERT_TO_TEXT", "CONVERT_TO_BINARY", "X"]),
    }
)
PLACE = st.sampled_from(
    ["integration.request.header.", "integration.request.querystring.", "integration.request.path.", "x."]
)
INTEGRATION = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["MOCK", "HTTP", "HTTP_PROXY", "HTTP", "AWS", "mock", ""]),
        "uri": st.one_of(st.none(), URI),
        "httpMethod": st.sampled_from([None, "ANY", "GET", "POST", "x y", ""]),
        "requestParameters": st.dictionaries(st.builds("{}{}".format, PLACE, NAME), SOURCE, max_size=2),
        "requestTemplates": maps(TYPES, TEMPLATE),
        "passthroughBehavior": st.sampled_from(["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "x"]),
        "contentHandling": st.sampled_from([None, "CONVERT_TO_TEXT", "CONVERT_TO_BINARY", "X"]),
        "timeoutInMillis": st.sampled_from([50, 29000, 0, -1]),
        "integrationResponses": st.dictionaries(STATUS, RESPONSE, max_size=2),
    }
)
METHOD = st.fixed_dictionaries(
    {
        "methodIntegration": st.one_of(st.none(), INTEGRATION, INTEGRATION, INTEGRATION),
        "methodResponses": st.dictionaries(STATUS, st.fixed_dictionaries({"statusCode": STATUS}), max_size=3),
    }
)
PATH = st.sampled_from(["/", "/{id}", "/{id}/x", "/a/{b+}", "/{", "/{}", "/{+}", "//", "", "/a/{b+}/c", "/é", "/%61"])
VERB = st.sampled_from(["GET", "POST", "ANY", "x", ""])
GATEWAY_RESPONSE = st.fixed_dictionaries(
    {
        "responseType": st.sampled_from(["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "x", "API_CONFIGURATION_ERROR"]),
        "statusCode": st.one_of(st.none(), STATUS),
        "responseParameters": maps(NAME, SOURCE, "gatewayresponse.header."),
        "responseTemplates": maps(TYPES, TEMPLATE.map(lambda template: template or "")),
    }
)


@given(
    methods=st.dictionaries(PATH, st.dictionaries(VERB, METHOD, max_size=2), max_size=3),
    responses=st.lists(GATEWAY_RESPONSE, max_size=2),
    binary=st.lists(TYPES, max_size=2),
    log=st.one_of(st.none(), st.text(alphabet="$context.requestId{}%\"'\\\n\x00 é", max_size=30)),
)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_worker_answers_whatever_it_was_given(
    methods: dict[str, Any], responses: list[dict[str, Any]], binary: list[str], log: str | None
) -> None:
    document = api(methods, gatewayResponses=responses, binaryMediaTypes=binary)
    play = Play(document, variables={"v": "backend"}, accessLogSettings={"format": log})
    stage = play.stages["api1", "dev"]
    snapshot = decode_snapshot(play.load(stage.snapshot))
    try:
        warned = Compiler(play.ports).check(snapshot, stage)
    except CompileError as error:
        told = [str(error)]
    else:
        told = [each.reason for each in warned]
    assert all(told)
    for request in ("GET /", "GET /7", "POST /7/x", "GET /a/b", "GET /nowhere/at/all"):
        client = play.asks(request, body=b"{}" if request[0] == "P" else b"")
        if not client.over:
            play.backend.answers('HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"a": 1}')
        assert client.over and 200 <= client.hears.status <= 599
        assert client.hears["Content-Length"] is not None or client.hears.status in (204, 304)
    assert play.causes is not None
    assert len(play.log_lines) == 5
    assert msgspec.json.decode(play.load(stage.snapshot))["apiId"] == "api1"
