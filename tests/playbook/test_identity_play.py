"""What a request says of itself: ids, traces, methods, who the client is. Facts 127 and 128, semantics section 6."""

import ipaddress
import json
import re

import pytest

from playbook.stage import HOST, NOON, Client, Play, api, http, http_proxy, mock, responds

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"
UUID_4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"


def proxy() -> Play:
    return Play(api({"/": {"ANY": http_proxy("http://backend/")}}))


# Request ids


def test_every_request_has_ids_of_its_own() -> None:
    play = Play(api({"/": {"GET": mock()}}))
    seen = [play.asks("GET /").hears for _ in range(3)]
    assert len({hears["x-amzn-RequestId"] for hears in seen}) == 3
    assert len({hears["x-amz-apigw-id"] for hears in seen}) == 3
    for hears in seen:
        assert re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", str(hears["x-amzn-RequestId"])
        )
        assert re.fullmatch(r"[\w-]{15}=", str(hears["x-amz-apigw-id"]))


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_a_clients_request_id_is_taken_where_it_is_a_uuid(path: str) -> None:
    play = Play(api({"/": {"GET": mock()}}))
    mine = "6d1f0f10-1f1e-4f6d-9c5a-0123456789AB"
    assert play.asks(f"GET {path}", f"x-amzn-RequestId: {mine}").hears["x-amzn-RequestId"] == mine
    assert mine in play.log_lines[0]


@pytest.mark.parametrize("value", ["1", "", "6d1f0f10-1f1e-4f6d-9c5a-0123456789ab0", "'; drop table", "x" * 36])
def test_a_request_id_that_is_no_uuid_is_not(value: str) -> None:
    play = Play(api({"/": {"GET": mock()}}))
    hears = play.asks("GET /", f"X-Amzn-RequestId: {value}").hears
    assert hears["x-amzn-RequestId"] != value
    assert re.fullmatch(UUID_4, str(hears["x-amzn-RequestId"]))
    told = json.loads(play.log_lines[0])
    assert told["requestId"] == "UUID_REPLACED_INVALID_REQUEST_ID", "as the guide's page on access logging has it"
    assert told["extendedRequestId"] == hears["x-amz-apigw-id"]


def test_a_request_id_is_replaced_in_a_stages_own_format_and_nowhere_else() -> None:
    template = '{"id": "$context.requestId"}'
    answers = {"responseTemplates": {"application/json": template}}
    play = Play(
        api({"/": {"GET": mock(responds(**answers))}}),
        accessLogSettings={"format": "$context.requestId", "destinationArn": "arn:aws:logs:::log-group:own"},
    )
    hears = play.asks("GET /", "X-Amzn-RequestId: mine").hears
    assert json.loads(hears.body)["id"] == hears["x-amzn-RequestId"]
    assert play.log.lines["arn:aws:logs:::log-group:own"] == ["UUID_REPLACED_INVALID_REQUEST_ID"]


def test_the_extended_id_cannot_be_chosen() -> None:
    hears = Play(api({"/": {"GET": mock()}})).asks("GET /", "x-amz-apigw-id: mine").hears
    assert hears["x-amz-apigw-id"] != "mine"


# Traces


def trace_heard(*headers: str) -> str:
    play = proxy()
    play.asks("GET /", *headers)
    return str(play.backend.hears["X-Amzn-Trace-Id"])


def test_every_backend_is_told_a_trace() -> None:
    for build in (http, http_proxy):
        play = Play(api({"/": {"GET": build("http://backend/")}}))
        traces = []
        for _ in range(2):
            play.asks("GET /")
            traces.append(str(play.backend.hears["X-Amzn-Trace-Id"]))
        form = rf"Root=1-{int(NOON):08x}-[0-9a-f]{{24}};Parent=[0-9a-f]{{16}};Sampled=0"
        assert all(re.fullmatch(form, trace) for trace in traces)
        assert traces[0] != traces[1]


def test_fact_128_a_whole_trace_is_kept() -> None:
    whole = f"Root={ROOT};Parent={PARENT};Sampled=1"
    assert trace_heard(f"X-Amzn-Trace-Id: {whole}") == whole
    assert trace_heard(f"x-amzn-trace-id: Sampled=0; Parent={PARENT}; Root={ROOT}") == (
        f"Root={ROOT};Parent={PARENT};Sampled=0"
    )


def test_fact_128_a_root_alone_gets_a_parent() -> None:
    assert re.fullmatch(rf"Root={ROOT};Parent=[0-9a-f]{{16}};Sampled=0", trace_heard(f"X-Amzn-Trace-Id: Root={ROOT}"))
    assert trace_heard(f"X-Amzn-Trace-Id: Root={ROOT};Parent={PARENT}").endswith("Sampled=1")


@pytest.mark.parametrize("value", ["", "junk", "Root=", ";;=;", "Parent=1", "x" * 1000])
def test_a_trace_without_a_root_is_replaced(value: str) -> None:
    assert trace_heard(f"X-Amzn-Trace-Id: {value}").startswith(f"Root=1-{int(NOON):08x}-")


def test_fact_127_who_hears_of_the_trace() -> None:
    play = Play(
        api({"/mock": {"GET": mock()}, "/http": {"GET": http("http://b/")}, "/proxy": {"GET": http_proxy("http://b/")}})
    )
    assert "X-Amzn-Trace-Id" not in play.asks("GET /mock").hears.names
    assert "X-Amzn-Trace-Id" not in play.asks("GET /nowhere").hears.names
    client = play.asks("GET /http", f"X-Amzn-Trace-Id: Root={ROOT};Parent={PARENT};Sampled=1")
    play.backend.answers()
    assert client.hears["X-Amzn-Trace-Id"] == f"Root={ROOT};Parent={PARENT};Sampled=1"
    client = play.asks("GET /proxy")
    play.backend.answers()
    assert "X-Amzn-Trace-Id" not in client.hears.names


# The method


def told(*methods: str) -> Play:
    """Each method says which it is; "PUT /" was asked for and answers."""
    paths: dict[str, dict[str, object]] = {}
    for each in methods:
        verb, _, path = each.partition(" ")
        shown = responds(responseTemplates={"application/json": f"{each} as $context.httpMethod"})
        paths.setdefault(path, {})[verb] = mock(shown)
    return Play(api(paths))


def test_x_http_method_override_is_the_method() -> None:
    play = told("POST /", "PUT /", "ANY /any")
    assert play.asks("POST /", "X-HTTP-Method-Override: PUT").hears.body == "PUT / as PUT"
    assert play.asks("POST /any", "x-http-method-override: DELETE").hears.body == "ANY /any as DELETE"
    assert play.asks("POST /").hears.body == "POST / as POST"
    assert play.asks("POST /", "X-HTTP-Method-Override: GET").hears.status == 403


def test_an_override_is_not_forwarded_and_is_the_backends_method() -> None:
    play = proxy()
    play.asks("POST /", "X-HTTP-Method-Override: PATCH", body=b"x")
    assert play.backend.hears.first == "PATCH / HTTP/1.1"
    assert "X-HTTP-Method-Override" not in play.backend.hears.names


@pytest.mark.parametrize(
    "value", ["GET /secret HTTP/1.1", "GET\t/x", "", " ", "G\xe9T", "ANY", "get", "CONNECT", "GET,PUT", '"GET"']
)
def test_what_is_no_method_overrides_nothing_and_breaks_nothing(value: str) -> None:
    play = proxy()
    hears = play.asks("GET /", f"X-HTTP-Method-Override: {value}").hears if value.strip() else None
    if hears is not None:
        assert hears.status == 403
        assert not play.backend.calls
        assert len(play.log_lines) == 1 and not play.causes
    else:
        play.asks("GET /", f"X-HTTP-Method-Override: {value}")
        assert play.backend.hears.first == "GET / HTTP/1.1"


def test_an_override_does_not_stick_to_the_path() -> None:
    play = told("POST /", "PUT /")
    for _ in range(2):
        assert play.asks("POST /").hears.body == "POST / as POST"
        assert play.asks("POST /", "X-HTTP-Method-Override: PUT").hears.body == "PUT / as PUT"


# The client


def forwarded(*headers: str, client: Client | None = None, trusted: str | None = None) -> tuple[list[str], str]:
    """What a backend is told of the client, and what the log says."""
    networks = [] if trusted is None else [ipaddress.ip_network(trusted)]
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}}), trusted=networks)
    play.asks("GET /", *headers, client=client or Client())
    play.backend.answers()
    hears = play.backend.hears
    values = [str(hears[f"X-Forwarded-{name}"]) for name in ("For", "Port", "Proto")]
    return values, play.log_lines[0].partition('"ip":"')[2].partition('"')[0]


def test_a_backend_is_told_where_a_request_came_from() -> None:
    assert forwarded() == (["192.0.2.7", "8080", "http"], "192.0.2.7")
    secure = Client(secure=True, port=443, source_ip="2001:db8::1")
    assert forwarded(client=secure) == (["2001:db8::1", "443", "https"], "2001:db8::1")


def test_a_strangers_word_is_appended_to_and_not_believed() -> None:
    values, logged = forwarded("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443")
    assert values == ["6.6.6.6, 192.0.2.7", "8080", "http"]
    assert logged == "192.0.2.7"


def test_several_lines_are_one_list() -> None:
    values, _ = forwarded("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7")
    assert values[0] == "6.6.6.6, 7.7.7.7, 192.0.2.7"


def test_a_trusted_proxys_word_is_believed_as_far_as_it_is_trusted() -> None:
    headers = ("X-Forwarded-For: 6.6.6.6, 203.0.113.9, 192.0.2.8", "X-Forwarded-Proto: https")
    values, logged = forwarded(*headers, trusted="192.0.2.0/24")
    assert logged == "203.0.113.9"
    assert values == ["6.6.6.6, 203.0.113.9, 192.0.2.8, 192.0.2.7", "8080", "https"]
    values, logged = forwarded(*headers, trusted="198.51.100.0/24")
    assert logged == "192.0.2.7" and values[2] == "http"


def test_a_trusted_proxys_word_does_not_stick_to_its_connection() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}}), trusted=[ipaddress.ip_network("192.0.2.0/24")])
    connection = Client()
    for proto in ("https", "http", None):
        client = Client()
        client.forwarded = connection.forwarded
        play.asks("GET /", *([] if proto is None else [f"X-Forwarded-Proto: {proto}"]), client=client)
        connection.forwarded = client.forwarded
        assert play.backend.hears["X-Forwarded-Proto"] == (proto or "http")


def test_the_client_is_known_of_a_request_that_is_for_nobody_too() -> None:
    play = Play(api({"/": {"GET": mock()}}), trusted=[ipaddress.ip_network("192.0.2.0/24")])
    play.asks("GET /", "X-Forwarded-For: 203.0.113.9", host="nobody.example")
    assert '"ip":"203.0.113.9"' in play.log_lines[0]


def test_http_tells_a_backend_nothing_of_the_client() -> None:
    play = Play(api({"/": {"GET": http("http://backend/")}}))
    play.asks("GET /", "X-Forwarded-For: 6.6.6.6", "Cookie: a=b")
    assert not [name for name in play.backend.hears.names if name.lower().startswith(("x-forwarded", "cookie"))]


def test_a_signature_is_no_backends_business_a_token_is() -> None:
    play = proxy()
    play.asks("GET /", "Authorization: AWS4-HMAC-SHA256 Credential=AKID/x, Signature=y")
    assert "Authorization" not in play.backend.hears.names
    play.asks("GET /", "Authorization: Bearer x")
    assert play.backend.hears["Authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Upgrade",
        "Via",
        "Expect",
    ],
)
def test_hop_by_hop_headers_end_here(name: str) -> None:
    play = proxy()
    value = {"Connection": "keep-alive", "Expect": "100-continue", "Upgrade": "websocket"}.get(name, "x")
    play.says(f"GET /dev/ HTTP/1.1\nHost: {HOST}\n{name}: {value}\n\n")
    assert name not in play.backend.hears.names
