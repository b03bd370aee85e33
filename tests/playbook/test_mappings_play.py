"""Parameter mappings of requests and responses in all their forms, and integration URIs: semantics section 7."""

from typing import Any

import pytest

from playbook.stage import HOST, REQUEST_ID, Client, Play, api, http, http_proxy, mock, on_path, responds

OK = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n"


def mapped(target: str, source: str, *request: str, body: bytes = b"", **options: Any) -> Play:
    """A POST to /pets/{id} of an HTTP_PROXY with one mapping."""
    method = http_proxy("http://backend/", requestParameters={f"integration.request.{target}": source})
    play = Play(api({"/pets/{id}": {"POST": method}}), variables={"colour": "green", "empty": ""}, **options)
    play.asks("POST /pets/7%2B?q=1&q=2&empty=&blank=a+b", "X-Two: a", "X-Two: b", *request, body=body)
    return play


# Sources of the request


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("method.request.path.id", "7%2B"),
        ("method.request.querystring.q", "2"),
        ("method.request.querystring.blank", "a b"),
        ("method.request.header.X-Two", "b"),
        ("method.request.header.x-two", "b"),
        ("method.request.multivalueheader.X-Two", "a,b"),
        ("method.request.multivaluequerystring.q", "1,2"),
        ("method.request.body", '{"pet": {"name": "Rex", "ages": [1, 2]}}'),
        ("method.request.body.pet.name", "Rex"),
        ("method.request.body.pet.ages", "[1,2]"),
        ("method.request.body.pet.ages[1]", "2"),
        ("method.request.body.pet", '{"name":"Rex","ages":[1,2]}'),
        ("stageVariables.colour", "green"),
        ("context.requestId", REQUEST_ID),
        ("context.identity.sourceIp", "192.0.2.7"),
        ("context.stage", "dev"),
        ("'a static text: $x'", "a static text: $x"),
    ],
)
def test_every_source_of_a_request_reaches_a_header(source: str, value: str) -> None:
    play = mapped("header.X-Mapped", source, body=b'{"pet": {"name": "Rex", "ages": [1, 2]}}')
    assert not play.causes
    assert play.backend.hears["X-Mapped"] == value


@pytest.mark.parametrize(
    "source",
    [
        "method.request.path.other",
        "method.request.querystring.absent",
        "method.request.querystring.empty",
        "method.request.header.absent",
        "method.request.multivalueheader.absent",
        "method.request.multivaluequerystring.absent",
        "method.request.body.absent",
        "stageVariables.absent",
        "stageVariables.empty",
        "context.absent",
        "context.requestTimeEpoch",
        "''",
    ],
)
@pytest.mark.parametrize("target", ["header.X-Mapped", "querystring.mapped"])
def test_a_source_without_a_value_leaves_its_target_out(source: str, target: str) -> None:
    play = mapped(target, source, body=b"{}")
    assert not play.causes
    assert "X-Mapped" not in play.backend.hears.names
    assert "mapped" not in play.backend.hears.target


def test_names_of_headers_are_found_in_any_case_the_exact_one_first_and_others_are_not() -> None:
    """Decision 0046, and the guide's important notes for the query string."""
    parameters = {
        "integration.request.header.X-Got": "method.request.header.X-Tenant",
        "integration.request.querystring.got": "method.request.querystring.Name",
    }
    play = Play(api({"/": {"GET": http("http://backend/", requestParameters=parameters)}}))
    for sent, got in ((["x-tenant: 1"], "1"), (["x-tenant: 1", "X-Tenant: 2"], "2"), (["X_Tenant: 1"], None)):
        play.asks("GET /?name=1", *sent)
        assert (play.backend.hears["X-Got"], play.backend.hears.target) == (got, "/")
    play.asks("GET /?Name=1")
    assert play.backend.hears.target == "/?got=1"


@pytest.mark.parametrize(
    "hidden",
    ["Content-MD5", "Max-Forwards", "Proxy-Authenticate", "Server", "TE", "Trailer", "WWW-Authenticate", "Connection"],
)
def test_fact_121_hidden_headers_are_no_sources(hidden: str) -> None:
    play = mapped("header.X-Mapped", f"method.request.header.{hidden}", f"{hidden}: x")
    assert "X-Mapped" not in play.backend.hears.names
    assert hidden not in play.backend.hears.names


def test_a_body_that_is_no_json_is_read_whole_or_not_at_all() -> None:
    assert mapped("header.X-Mapped", "method.request.body", body=b"plain").backend.hears["X-Mapped"] == "plain"
    assert "X-Mapped" not in mapped("header.X-Mapped", "method.request.body.a", body=b"plain").backend.hears.names


@pytest.mark.parametrize("body", [b"{broken", b"[1,", b"'x'", b'"x'])
def test_broken_json_in_a_mapped_body_is_the_clients_fault(body: bytes) -> None:
    method = http_proxy("http://b/", requestParameters={"integration.request.header.X": "method.request.body.a"})
    hears = Play(api({"/": {"POST": method}})).asks("POST /", body=body).hears
    assert (hears.status, hears.body) == (400, '{"message":"Invalid JSON in request body"}')


# Targets of the request


def test_query_targets_are_encoded_and_repeated() -> None:
    assert mapped("querystring.a b", "'x'").not_served == []  # the name is none: the method is refused
    play = mapped("querystring.all", "method.request.multivaluequerystring.q")
    assert play.backend.hears.target == "/?q=1&q=2&empty=&blank=a+b&all=1&all=2"
    play = mapped("querystring.text", "'a&b=c d/e?f#g+h'")
    assert play.backend.hears.target.endswith("&text=a%26b%3Dc%20d%2Fe%3Ff%23g%2Bh")


def test_a_query_target_of_a_uri_with_a_query() -> None:
    parameters = {"integration.request.querystring.b": "'2'"}
    for build in (http, http_proxy):
        play = Play(api({"/": {"GET": build("http://backend/x?a=1", requestParameters=parameters)}}))
        play.asks("GET /")
        assert play.backend.hears.target == "/x?a=1&b=2"


def test_http_sends_only_the_query_that_is_mapped() -> None:
    parameters = {"integration.request.querystring.b": "method.request.querystring.a"}
    play = Play(api({"/": {"GET": http("http://backend/", requestParameters=parameters)}}))
    play.asks("GET /?a=1&secret=2")
    assert play.backend.hears.target == "/?b=1"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("method.request.path.id", "/v1/7+/toys"),
        ("method.request.querystring.q", "/v1/a%20%2F%25%3Fb/toys"),
        ("stageVariables.colour", "/v1/green/toys"),
        ("'with/slash'", "/v1/with%2Fslash/toys"),
        ("context.stage", "/v1/dev/toys"),
    ],
)
def test_path_targets_fill_the_uri(source: str, target: str) -> None:
    parameters = {"integration.request.path.name": source}
    for build in (http, http_proxy):
        method = build("http://backend/v1/{name}/toys", requestParameters=parameters)
        play = Play(api({"/{id}": {"GET": method}}), variables={"colour": "green"})
        play.asks("GET /7%2B?q=a+/%25%3fb")
        assert play.backend.hears.target.startswith(target)


def test_a_placeholder_without_a_value_is_a_500() -> None:
    play = Play(api({"/{id}": {"GET": http_proxy("http://backend/{id}")}}))
    assert play.asks("GET /7").hears.body == '{"message": "Internal server error"}'
    assert "needs a value for {id}" in play.causes[0]


@pytest.mark.parametrize("value", ["..", ".", "../x", "a/../b"])
def test_a_mapped_value_cannot_climb_out_of_its_place(value: str) -> None:
    parameters = {"integration.request.path.proxy": "method.request.querystring.q"}
    play = Play(api({"/": {"GET": http_proxy("http://b/base/{proxy}", requestParameters=parameters)}}))
    assert play.asks(f"GET /?q={value}").hears.status == 500
    assert not play.backend.calls


@pytest.mark.parametrize("text", ["a%0d%0aX-Evil:%201", "a%0aX", "a%00b", "a%0d", "a%0bb", "a%1cb", "a%7f"])
def test_mapped_values_cannot_break_out_of_a_header(text: str) -> None:
    method = http_proxy("http://b/", requestParameters={"integration.request.header.X": "method.request.querystring.q"})
    play = Play(api({"/": {"GET": method}}))
    assert play.asks(f"GET /?q={text}").hears.body == '{"message": "Internal server error"}'
    assert not play.backend.calls


def test_a_line_break_does_no_harm_where_it_is_encoded() -> None:
    parameters = {
        "integration.request.querystring.q": "method.request.querystring.text",
        "integration.request.path.id": "method.request.querystring.text",
    }
    play = Play(api({"/": {"GET": http("http://b/{id}", requestParameters=parameters)}}))
    play.asks("GET /?text=a%0d%0ab")
    assert play.backend.hears.target == "/a%0D%0Ab?q=a%0D%0Ab"


@pytest.mark.parametrize("host", ["a b", "a, b", "user@host", "a/b", "a:port", "[::1", "a%00"])
@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_mapped_host_that_is_none_is_not_sent(build: Any, host: str) -> None:
    parameters = {"integration.request.header.Host": "method.request.header.X-Host"}
    play = Play(api({"/": {"GET": build("http://backend/", requestParameters=parameters)}}))
    assert play.asks("GET /", f"X-Host: {host}").hears.status == 500
    assert not play.backend.calls


# Whose header it is


@pytest.mark.parametrize("name", ["Host", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "Accept", "X-Own"])
@pytest.mark.parametrize("client_sends", [True, False])
@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_mapped_header_is_the_only_one_of_its_name(build: Any, client_sends: bool, name: str) -> None:
    method = build("http://backend/", requestParameters={f"integration.request.header.{name}": "'mapped'"})
    play = Play(api({"/": {"GET": method}}))
    sends = [f"{name.lower()}: clients"] if client_sends and name != "Host" else []
    play.asks("GET /", *sends)
    assert play.backend.hears.all(name) == ["mapped"]


@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_mapped_host_without_a_value_is_the_backends(build: Any) -> None:
    parameters = {"integration.request.header.Host": "method.request.header.X-Host"}
    play = Play(api({"/": {"GET": build("http://backend:8000/", requestParameters=parameters)}}))
    play.asks("GET /")
    assert play.backend.hears["Host"] == "backend:8000"
    play.asks("GET /", "X-Host: tenant")
    assert play.backend.hears["Host"] == "tenant"


def test_a_mapping_without_a_value_lets_no_client_fill_its_place() -> None:
    parameters = {"integration.request.header.X-User": "context.authorizer.principalId"}
    play = Play(api({"/": {"GET": http_proxy("http://backend/", requestParameters=parameters)}}))
    play.asks("GET /", "X-User: admin")
    assert "X-User" not in play.backend.hears.names


def test_http_sends_its_own_accept_and_agent_where_a_mapping_has_no_value() -> None:
    parameters = {
        "integration.request.header.Accept": "method.request.header.X-Accept",
        "integration.request.header.User-Agent": "method.request.header.X-Agent",
        "integration.request.header.Content-Type": "method.request.header.X-Type",
    }
    play = Play(api({"/": {"POST": http("http://backend/", requestParameters=parameters)}}))
    play.asks("POST /", body=b"x")
    hears = play.backend.hears
    assert (hears["Accept"], hears["User-Agent"]) == ("application/json", "AmazonAPIGateway_api1")
    assert hears["Content-Type"] == "application/json"


# Integration URIs


@pytest.mark.parametrize(
    ("uri", "host", "target", "origin"),
    [
        ("http://backend", "backend", "/", (False, "backend", 80)),
        ("http://backend:80/", "backend", "/", (False, "backend", 80)),
        ("https://backend/x", "backend", "/x", (True, "backend", 443)),
        ("https://backend:8443/x?y=1", "backend:8443", "/x?y=1", (True, "backend", 8443)),
        ("http://[::1]:9000/x", "[::1]:9000", "/x", (False, "::1", 9000)),
        (
            "http://${stageVariables.host}/${stageVariables.base}/x",
            "green.example",
            "/v2/x",
            (False, "green.example", 80),
        ),
    ],
)
def test_where_a_request_goes(uri: str, host: str, target: str, origin: tuple[bool, str, int]) -> None:
    for build in (http, http_proxy):
        play = Play(api({"/": {"GET": build(uri)}}), variables={"host": "green.example", "base": "v2"})
        play.asks("GET /")
        assert (play.backend.hears["Host"], play.backend.hears.target) == (host, target)
        called = play.backend.last.origin
        assert (called.secure, called.host, called.port, called.verify) == (*origin, True)


def test_a_client_chooses_the_host_only_where_the_uri_lets_it() -> None:
    method = http_proxy("http://{tenant}.internal/x", **on_path("tenant"))
    play = Play(api({"/{tenant}": {"GET": method}}))
    play.asks("GET /blue")
    assert (play.backend.hears["Host"], play.backend.last.origin.host) == ("blue.internal", "blue.internal")
    for tenant in ("evil.example%2F", "a%40b", "a%3A1", "evil.example%23", "a%0d%0ab", "%5B"):
        assert play.asks(f"GET /{tenant}").hears.status == 500
    assert len(play.backend.calls) == 1


@pytest.mark.parametrize("build", [http, http_proxy])
def test_fact_139_correction_7_an_unknown_stage_variable_in_a_uri_is_a_500(build: Any) -> None:
    for uri in (
        "http://${stageVariables.host}/",
        "http://backend/${stageVariables.p}",
        "http://b/?q=${stageVariables.q}",
    ):
        play = Play(api({"/": {"GET": build(uri)}}))
        hears = play.asks("GET /").hears
        assert (hears.status, hears.body) == (500, '{"message": "Internal server error"}')
        assert hears["x-amzn-ErrorType"] == "InternalServerErrorException"
        assert "the stage has no variable" in play.causes[0]


def test_fact_152_stage_variables_act_without_a_deployment() -> None:
    definition = api({"/": {"GET": http_proxy("http://${stageVariables.host}/")}})
    play = Play(definition, variables={"host": "blue"})
    play.asks("GET /")
    assert play.backend.hears["Host"] == "blue"
    play.deploy(definition, variables={"host": "green"})
    play.asks("GET /")
    assert play.backend.hears["Host"] == "green"


def test_an_integration_may_skip_verification_of_its_backend() -> None:
    method = http_proxy("https://backend/", tlsConfig={"insecureSkipVerification": True})
    play = Play(api({"/": {"GET": method}}))
    play.asks("GET /")
    assert play.backend.last.origin.verify is False


@pytest.mark.parametrize(
    "uri", ["https://backend/", "https://backend/{id}", "https://${stageVariables.host}/", "https://{id}/"]
)
@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_stages_client_certificate_is_shown_to_backends(build: Any, uri: str) -> None:
    definition = api({"/{id}": {"GET": build(uri, **on_path("id"))}})
    play = Play(definition, variables={"host": "b"})
    play.asks("GET /7")
    assert play.backend.last.origin.identity == ""
    play.update(clientCertificateId="abc123")
    play.asks("GET /7")
    assert play.backend.last.origin.identity == "abc123"


def test_without_tls_there_is_nothing_to_show() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}}), clientCertificateId="abc123")
    play.asks("GET /")
    assert play.backend.last.origin.identity == ""


@pytest.mark.parametrize(("milliseconds", "seconds"), [(50, 0.05), (29_000, 29.0)])
def test_an_integrations_timeout_is_handed_to_the_backends_port(milliseconds: int, seconds: float) -> None:
    for build in (http, http_proxy):
        play = Play(api({"/": {"GET": build("http://backend/", timeoutInMillis=milliseconds)}}))
        play.asks("GET /")
        assert play.backend.last.plan.timeout == seconds


# Responses


ANSWER = "HTTP/1.1 200 OK\nContent-Type: application/json\nX-Two: a\nx-two: b\nSet-Cookie: c=d\n\n"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("integration.response.header.X-Two", "b"),
        ("integration.response.multivalueheader.X-Two", "a,b"),
        ("integration.response.body", '{"pet": {"name": "Rex", "n": 1.50}}'),
        ("integration.response.body.pet.name", "Rex"),
        ("integration.response.body.pet", '{"name":"Rex","n":1.5}'),
        ("stageVariables.colour", "green"),
        ("context.httpMethod", "GET"),
        ("'static'", "static"),
        ("integration.response.header.absent", None),
        ("integration.response.body.absent", None),
        ("context.absent", None),
        ("stageVariables.absent", None),
    ],
)
def test_every_source_of_a_response(source: str, value: str | None) -> None:
    answer = responds(responseParameters={"method.response.header.X-Mapped": source})
    play = Play(api({"/": {"GET": http("http://backend/", answer)}}), variables={"colour": "green"})
    client = play.asks("GET /")
    play.backend.answers(ANSWER + '{"pet": {"name": "Rex", "n": 1.50}}')
    assert not play.causes
    assert client.hears["X-Mapped"] == value


def answered(source: str, answer: str, target: str = "X-Mapped") -> Client:
    row = responds(responseParameters={f"method.response.header.{target}": source})
    play = Play(api({"/": {"GET": http("http://backend/", row)}}))
    client = play.asks("GET /")
    play.backend.answers(answer)
    return client


def test_broken_json_in_a_mapped_answer_is_a_500() -> None:
    hears = answered("integration.response.body.a", OK + "{broken").hears
    assert (hears.status, hears.body) == (500, '{"message": "Internal server error"}')


def test_an_answer_cannot_break_out_of_a_header() -> None:
    hears = answered("integration.response.body.a", OK + '{"a": "x\\r\\nSet-Cookie: evil"}').hears
    assert (hears.status, hears.body) == (500, '{"message": "Internal server error"}')


@pytest.mark.parametrize(
    ("source", "answer", "content_type"),
    [
        ("'text/html'", OK, "text/html"),
        ("integration.response.header.Content-Type", "HTTP/1.1 200 OK\nContent-Type: text/csv\n\n", "text/csv"),
        ("integration.response.header.Content-Type", "HTTP/1.1 200 OK\n\n", "application/json"),
        ("''", OK, "application/json"),
    ],
)
@pytest.mark.parametrize("target", ["Content-Type", "content-type"])
def test_a_content_type_is_mapped_or_json_and_never_two(
    target: str, source: str, answer: str, content_type: str
) -> None:
    assert answered(source, answer, target).hears["Content-Type"] == content_type


def test_http_hands_on_nothing_of_an_answer_that_is_not_mapped() -> None:
    play = Play(api({"/": {"GET": http("http://backend/")}}))
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 200 OK\nX-Secret: 1\nSet-Cookie: a=b\nContent-Type: text/plain\n\nbody")
    hears = client.hears
    assert (hears["Content-Type"], hears.body) == ("application/json", "body")
    assert "X-Secret" not in hears.names and "Set-Cookie" not in hears.names


def test_fact_125_transfer_encoding_is_never_mapped_into_an_answer() -> None:
    hears = answered("'chunked'", OK, "Transfer-Encoding").hears
    assert "Transfer-Encoding" not in hears.names


@pytest.mark.parametrize("name", ["X-Amzn-Trace-Id", "x-amzn-RequestId", "x-amz-apigw-id"])
def test_the_gateways_own_names_cannot_be_mapped_into_an_answer(name: str) -> None:
    hears = answered("'mine'", OK, name).hears
    assert hears[name] not in (None, "mine")
    assert hears[f"x-amzn-Remapped-{name}"] == "mine"


def test_mock_maps_the_request_and_its_own_constants() -> None:
    parameters = {
        "method.response.header.Access-Control-Allow-Origin": "'*'",
        "method.response.header.X-Stage": "context.stage",
        "method.response.header.X-Backend": "integration.response.header.X",
    }
    hears = Play(api({"/": {"GET": mock(responds(responseParameters=parameters))}})).asks("GET /", "X: 1").hears
    assert hears["Access-Control-Allow-Origin"] == "*"
    assert hears["X-Stage"] == "dev"
    assert "X-Backend" not in hears.names


def test_mappings_see_the_whole_body_though_a_header_was_read_before_it_came() -> None:
    parameters = {
        "integration.request.header.X-Name": "method.request.body.name",
        "integration.request.header.X-Two": "method.request.header.X-One",
    }
    play = Play(api({"/": {"POST": http_proxy("http://backend/", requestParameters=parameters)}}))
    text = f"POST /dev/ HTTP/1.1\nHost: {HOST}\nX-One: 1\nContent-Length: 14\n\n"
    client = play.says(text, whole=False)
    assert client.exchange is not None and not play.backend.calls
    client.exchange.on_body(b'{"name":"Rex"}')
    assert play.backend.hears["X-Name"] == "Rex"
