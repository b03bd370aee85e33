"""HTTP, HTTP_PROXY and MOCK between request and answer: passthrough, templates, selection. Semantics 9 to 11."""

from typing import Any

import pytest

from playbook.stage import EXTENDED_ID, REQUEST_ID, Play, api, http, http_proxy, method, mock, responds
from portico.ports.upstream import FailureKind

INTERNAL = '{"message": "Internal server error"}'
UNSUPPORTED = '{"message":"Unsupported Media Type"}'


def one(integration: dict[str, Any], **settings: Any) -> Play:
    return Play(api({"/": {"ANY": integration}}, **settings))


def rendered(template: str, body: bytes = b"", *headers: str, path: str = "/") -> str:
    """What a request template makes of a request, as the backend hears it."""
    play = one(http("http://backend/", requestTemplates={"application/json": template}))
    client = play.asks(f"POST {path}", *headers, body=body)
    assert play.backend.calls, (client.hears.body, play.causes)
    return play.backend.hears.body


# Passthrough (the tables of the guide's page on passthrough behaviours)


@pytest.mark.parametrize(
    ("behaviour", "templates", "sent", "outcome"),
    [
        ("WHEN_NO_MATCH", {}, "text/plain", "raw"),
        ("WHEN_NO_MATCH", {"application/json": "T"}, "text/plain", "raw"),
        ("WHEN_NO_MATCH", {"application/json": "T"}, "application/json", "T"),
        ("WHEN_NO_TEMPLATES", {}, "text/plain", "raw"),
        ("WHEN_NO_TEMPLATES", {"application/json": "T"}, "text/plain", None),
        ("WHEN_NO_TEMPLATES", {"application/json": "T"}, "application/json", "T"),
        ("NEVER", {}, "text/plain", None),
        ("NEVER", {"application/json": "T"}, "text/plain", None),
        ("NEVER", {"application/json": "T"}, "application/json", "T"),
        # The type alone counts, whatever its case and parameters; without one it is application/json.
        ("NEVER", {"application/json": "T"}, "Application/JSON; charset=utf-8", "T"),
        ("NEVER", {"Application/Json": "T"}, "application/json", "T"),
        ("NEVER", {"application/json": "T"}, None, "T"),
        ("NEVER", {"text/plain": "T"}, None, None),
        # An entry without text lets the body pass.
        ("NEVER", {"application/json": None}, "application/json", "raw"),
        ("NEVER", {"application/json": ""}, "application/json", "raw"),
    ],
)
def test_passthrough(behaviour: str, templates: dict[str, str | None], sent: str | None, outcome: str | None) -> None:
    play = one(http("http://backend/", requestTemplates=templates, passthroughBehavior=behaviour))
    client = play.asks("POST /", *([] if sent is None else [f"Content-Type: {sent}"]), body=b"raw")
    if outcome is not None:
        assert play.backend.hears.body == outcome
        return
    assert (client.hears.status, client.hears.body) == (415, UNSUPPORTED)
    assert client.hears["x-amzn-ErrorType"] == "BadRequestException"
    assert not play.backend.calls


def test_http_proxy_has_no_templates() -> None:
    templates = {"application/json": "T"}
    play = one(http_proxy("http://backend/", requestTemplates=templates, passthroughBehavior="NEVER"))
    play.asks("POST /", "Content-Type: text/plain", body=b"raw")
    assert play.backend.hears.body == "raw"


@pytest.mark.parametrize(("verb", "typed"), [("GET", False), ("HEAD", False), ("OPTIONS", False), ("POST", True)])
def test_http_tells_a_content_type_where_a_verb_has_a_body(verb: str, typed: bool) -> None:
    play = one(http("http://backend/"))
    play.asks(f"{verb} /", "Content-Type: text/csv")
    assert play.backend.hears["Content-Type"] == ("text/csv" if typed else None)


# Templates


@pytest.mark.parametrize(
    ("document", "path", "text"),
    [
        (b'{"a": {"foo": "bar"}}', "$.a", "{foo=bar}"),
        (b'{"a": [{"foo": "bar"}]}', "$.a", '[{"foo":"bar"}]'),
        (b'{"a": {"foo": [{"nested": "bar"}]}}', "$.a", '{foo=[{"nested":"bar"}]}'),
    ],
)
def test_fact_131_maps_print_as_java_does_and_lists_as_json(document: bytes, path: str, text: str) -> None:
    assert rendered(f"$input.path('{path}')", document) == text


@pytest.mark.parametrize("document", [b"{}", b'{"a": null}', b""])
def test_fact_132_a_missing_path_renders_nothing(document: bytes) -> None:
    assert rendered("[$input.path('$.a')]", document) == "[]"
    assert rendered("$input.path('$.list')", b'{"list": []}') == "[]"


def test_fact_133_an_empty_body_is_an_empty_object() -> None:
    assert rendered("$input.body|$input.json('$')") == "{}|{}"
    assert rendered("[$input.body.a][$util.urlEncode($input.body.a)]", b'{"a": 1}') == "[][]"


def test_fact_133_an_empty_answer_is_an_empty_object() -> None:
    play = one(http("http://backend/", responds(responseTemplates={"application/json": "$input.body"})))
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 200 OK\n\n")
    assert client.hears.body == "{}"


def test_fact_134_a_blank_is_a_plus_in_url_encoding() -> None:
    assert rendered("$util.urlEncode($input.path('$.a'))", b'{"a": "b c&d"}') == "b+c%26d"


def test_fact_137_a_mocks_template_is_not_its_answers_input() -> None:
    template = '{"statusCode": 200, "secret": 1}'
    play = one(mock(responds(responseTemplates={"application/json": "$input.body"}), template=template))
    assert play.asks("GET /").hears.body == "{}"


def test_params_are_searched_in_path_query_and_headers() -> None:
    play = Play(api({"/{a}": {"GET": http("http://b/", requestTemplates={"application/json": "$input.params('a')"})}}))
    play.asks("GET /path?a=query", "a: header")
    assert play.backend.hears.body == "path"
    assert rendered("$input.params('a')", b"", "a: header", path="/?a=query") == "query"
    assert rendered("$input.params('a')", b"", "a: header") == "header"
    assert rendered("[$input.params('a')]") == "[]"


def test_the_context_of_a_template() -> None:
    names = ("apiId", "stage", "httpMethod", "resourcePath", "path", "requestId")
    told = rendered("|".join(f"$context.{name}" for name in names))
    assert told == f"api1|dev|POST|/|/dev/|{REQUEST_ID}"
    assert rendered("[$context.identity.caller][$context.status][$context.integrationLatency]") == "[][][]"


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('#set($a = 1){"a":$a}', '{"a":1}'),
        ("#if($input.params('q') == '1')yes#{else}no#end", "yes"),
        ("#foreach($p in $input.params().querystring.keySet())$p#end", "q"),
        ("#define($x)[$y]#end#set($y = 2)$x", "[2]"),
    ],
)
def test_a_template_with_directives_renders_what_is_sent(template: str, sent: str) -> None:
    play = one(http("http://backend/", requestTemplates={"application/json": template}))
    play.asks("POST /?q=1")
    assert play.backend.heard.endswith(f"\n\n{sent}")


def test_an_error_while_rendering_is_a_500() -> None:
    play = one(http("http://backend/", requestTemplates={"application/json": "$util.parseJson('{broken')"}))
    assert play.asks("POST /").hears.body == INTERNAL
    play = one(http("http://backend/", responds(responseTemplates={"application/json": "$util.parseJson('{')"})))
    client = play.asks("GET /")
    play.backend.answers()
    assert client.hears.body == INTERNAL


# MOCK


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ('{"statusCode": 200}', 200),
        ("{statusCode: 201}", 201),
        ("{'statusCode':200,}", 200),
        ('{"a": {"statusCode": 201}, "statusCode": 200}', 200),
        ('{"statusCode": $input.params("status")}', 201),
    ],
)
def test_a_mocks_template_selects_the_answer(template: str, status: int) -> None:
    play = one(mock(responds("200"), responds("201", "201"), template=template))
    assert play.asks("GET /?status=201").hears.status == status


@pytest.mark.parametrize(
    "template", ["", None, "{}", "statusCode: 200", '{"statusCode": "x"}', '{"statusCode": 99}', '{"status": 200}']
)
def test_a_mock_without_a_status_is_a_500(template: str | None) -> None:
    play = one(mock(template=template))
    assert play.asks("GET /").hears.body == INTERNAL
    assert play.causes == ["the mock's request template gives no statusCode"]


def test_a_mock_without_a_template_for_a_type_takes_the_body() -> None:
    play = one(mock(responds("200"), responds("201", "201")))
    assert play.asks("POST /", "Content-Type: text/plain", body=b'{"statusCode": 201}').hears.status == 201
    assert play.asks("POST /", "Content-Type: text/plain", body=b'{"statusCode": 200}').hears.status == 200
    assert play.asks("POST /", "Content-Type: text/plain", body=b"hello").hears.status == 500
    assert play.asks("POST /", body=b'{"statusCode": 201}').hears.status == 200


def test_a_mock_obeys_its_passthrough_behaviour() -> None:
    play = one(mock(passthroughBehavior="NEVER"))
    assert play.asks("POST /", "Content-Type: text/plain", body=b"x").hears.body == UNSUPPORTED
    assert play.asks("POST /", "Content-Type: application/json", body=b"x").hears.status == 200


def test_a_mock_is_not_held_up_by_a_body_of_braces() -> None:
    play = one(mock())
    assert play.asks("POST /", "Content-Type: text/plain", body=b"{," * 5_000_000).hears.status == 500


def test_a_mock_answers_each_client_its_own_even_when_it_is_remembered() -> None:
    constant = responds(responseTemplates={"application/json": "json", "text/html": "<p>"})
    shown = responds("201", "201", responseTemplates={"application/json": "$input.params('q')"})
    play = Play(
        api({"/c": {"GET": mock(constant)}, "/v": {"GET": mock(constant, shown, template="{statusCode: 201}")}})
    )
    for _ in range(2):
        assert play.asks("GET /c", "Accept: text/html").hears.body == "<p>"
        assert play.asks("GET /c").hears.body == "json"
        assert play.asks("GET /c", "Accept: application/json").hears.body == "json"
        assert play.asks("GET /v?q=1").hears.body == "1"
        assert play.asks("GET /v?q=2").hears.body == "2"


def test_a_cors_preflight() -> None:
    parameters = {
        "method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization'",
        "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
        "method.response.header.Access-Control-Allow-Origin": "'*'",
    }
    play = Play(api({"/pets": {"OPTIONS": mock(responds(responseParameters=parameters))}}))
    client = play.asks("OPTIONS /pets", "Origin: https://a.example", "Access-Control-Request-Method: GET")
    assert str(client.hears) == (
        "HTTP/1.1 200 OK\n"
        "Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
        "Content-Length: 0\n"
        "Connection: keep-alive\n"
        f"x-amzn-RequestId: {REQUEST_ID}\n"
        f"x-amz-apigw-id: {EXTENDED_ID}\n"
        "Content-Type: application/json\n"
        "Access-Control-Allow-Headers: Content-Type,X-Amz-Date,Authorization\n"
        "Access-Control-Allow-Methods: GET,OPTIONS\n"
        "Access-Control-Allow-Origin: *\n"
        "\n"
    )


# Which integration response


def selected(status: int, *rows: dict[str, Any]) -> int:
    play = one(http("http://backend/", *rows))
    client = play.asks("GET /")
    play.backend.answers(f"HTTP/1.1 {status} X\n\n")
    return client.hears.status


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, 200), (201, 200), (404, 404), (418, 404), (500, 502), (503, 503), (599, 502), (302, 200)],
)
def test_patterns_match_the_whole_status(status: int, expected: int) -> None:
    rows = (responds("200"), responds("404", r"4\d{2}"), responds("503", "503"), responds("502", "5\\d\\d"))
    assert selected(status, *rows) == expected


def test_a_pattern_is_not_a_prefix_and_an_empty_one_is_the_default() -> None:
    assert selected(500, responds("200", ""), responds("400", "5"), responds("401", "50"), responds("402", "00")) == 200


def test_the_first_of_two_matching_patterns_answers() -> None:
    assert selected(500, responds("500", "5.*"), responds("501", "500")) == 500


def test_fact_130_an_unmatched_status_falls_to_the_default_response() -> None:
    assert selected(404, responds("200"), responds("500", "5..")) == 200


def test_no_matching_response_and_no_default_is_a_500() -> None:
    play = one(http("http://backend/", responds("200", "200")))
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 404 X\n\n")
    assert (client.hears.status, client.hears.body) == (500, INTERNAL)
    assert play.causes == ["no integration response of a declared status for 404"]


def test_a_method_without_integration_responses_is_a_500() -> None:
    play = one(method({"type": "HTTP", "uri": "http://backend/", "httpMethod": "GET"}))
    client = play.asks("GET /")
    play.backend.answers()
    assert client.hears.body == INTERNAL


def test_a_status_that_the_method_does_not_declare_is_a_500() -> None:
    integration = http("http://backend/", responds("200"), responds("404", "404"))
    integration["methodResponses"] = {"200": {"statusCode": "200"}}
    play = one(integration)
    for status, outcome in ((200, 200), (404, 500)):
        client = play.asks("GET /")
        play.backend.answers(f"HTTP/1.1 {status} X\n\n")
        assert client.hears.status == outcome


@pytest.mark.parametrize("status", ["100", "101", "199"])
def test_an_answer_cannot_be_an_interim_one(status: str) -> None:
    play = one(mock(responds(status)))
    assert play.asks("GET /").hears.status == 500


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        (None, "json"),
        ("application/json", "json"),
        ("text/html", "html"),
        ("TEXT/HTML;q=0.9, application/json", "html"),
        ("application/json, text/html", "json"),
        ("image/png", "json"),
        ("*/*", "json"),
    ],
)
def test_a_response_template_is_chosen_by_the_first_type_of_accept(accept: str | None, body: str) -> None:
    row = responds(responseTemplates={"text/html": "html", "application/json": "json"})
    headers = [] if accept is None else [f"Accept: {accept}"]
    assert one(mock(row)).asks("GET /", *headers).hears.body == body


def test_without_a_json_template_the_first_one_by_name_answers() -> None:
    row = responds(responseTemplates={"text/html": "html", "text/css": "css"})
    assert one(mock(row)).asks("GET /", "Accept: image/png").hears.body == "css"


def test_an_empty_response_template_lets_the_payload_pass() -> None:
    for empty in ("", None):
        play = one(http("http://backend/", responds(responseTemplates={"application/json": empty})))
        client = play.asks("GET /")
        play.backend.answers("HTTP/1.1 200 OK\n\nraw")
        assert client.hears.body == "raw"


def test_a_response_template_reads_the_backends_answer_and_the_request() -> None:
    row = responds(responseTemplates={"application/json": "$input.path('$.a')|$input.params('q')|$context.httpMethod"})
    play = one(http("http://backend/", row))
    client = play.asks("GET /?q=1")
    play.backend.answers('HTTP/1.1 200 OK\n\n{"a": "b"}')
    assert client.hears.body == "b|1|GET"


# Failures of the backend: corrections 1 and 8, to the byte


@pytest.mark.parametrize(
    ("kind", "status", "body", "length"),
    [
        (FailureKind.CONNECT, 504, '{"message": "Network error communicating with endpoint"}', "56"),
        (FailureKind.CLOSED, 504, '{"message": "Network error communicating with endpoint"}', "56"),
        (FailureKind.TLS, 504, '{"message": "Network error communicating with endpoint"}', "56"),
        (FailureKind.PROTOCOL, 504, '{"message": "Network error communicating with endpoint"}', "56"),
        (FailureKind.TIMEOUT, 504, '{"message": "Endpoint request timed out"}', "41"),
        (FailureKind.RESOLVE, 500, INTERNAL, "36"),
        (FailureKind.FORBIDDEN, 500, INTERNAL, "36"),
        (FailureKind.TOO_LARGE, 500, INTERNAL, "36"),
    ],
)
@pytest.mark.parametrize("build", [http, http_proxy])
def test_corrections_1_and_8_failures_of_the_backend(
    build: Any, kind: FailureKind, status: int, body: str, length: str
) -> None:
    play = one(build("http://backend/"))
    client = play.asks("GET /")
    play.backend.fails(kind, "the cause")
    hears = client.hears
    assert (hears.status, hears.body, hears["Content-Length"]) == (status, body, length)
    assert hears["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert hears["Content-Type"] == "application/json"
    assert "X-Amzn-Trace-Id" not in hears.names
    assert play.causes == [f"{kind.value}: the cause"]
    assert "the cause" not in str(hears)


def test_every_failure_of_the_port_has_an_answer() -> None:
    for kind in FailureKind:
        play = one(http_proxy("http://backend/"))
        client = play.asks("GET /")
        play.backend.fails(kind)
        assert client.hears.status in (500, 504)
        assert not any("traceback" in str(each) for each in play.observed)
