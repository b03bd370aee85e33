"""Whatever client and backend say: one answer, one line in the log, no bug, no message that anybody misreads."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.stage import HOST, Client, Play, api, http, http_proxy, mock, on_path, responds
from portico.dataplane.headers import backend_table, client_table
from portico.ports.upstream import FailureKind
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import CHUNKED, Memory, ProtocolError, parse_request, parse_response

SHOWN = {
    "application/json": "$input.params('id')|$input.params('q')|$input.params('X-A')|$input.json('$')|$context.path"
}
MAPPED = {
    "integration.request.header.X-Query": "method.request.querystring.q",
    "integration.request.header.X-Path": "method.request.path.id",
    "integration.request.header.X-Header": "method.request.header.X-A",
    "integration.request.header.Host": "method.request.header.X-Host",
    "integration.request.header.X-Body": "method.request.body.a",
    "integration.request.querystring.n": "method.request.querystring.q",
    "integration.request.querystring.all": "method.request.multivaluequerystring.q",
    "integration.request.path.id": "method.request.path.id",
}
BACK = {
    "method.response.header.X-Back": "integration.response.header.X-A",
    "method.response.header.X-Body": "integration.response.body.a",
    "method.response.header.Content-Type": "integration.response.header.Content-Type",
}
ANSWERS = {
    "responseParameters": {
        "gatewayresponse.header.X-Q": "method.request.querystring.q",
        "gatewayresponse.header.X-H": "method.request.header.X-A",
    },
    "responseTemplates": {"application/json": '{"m":$context.error.messageString,"p":"$method.request.path.id"}'},
}
DEFINITION = api(
    {
        "/": {"ANY": mock()},
        "/mock/{id}": {"ANY": mock(responds(responseTemplates=SHOWN))},
        "/proxy/{id}": {"ANY": http_proxy("http://backend/base/{id}", **on_path("id"))},
        "/mapped/{id}": {"ANY": http_proxy("http://backend/{id}?f=1", requestParameters=MAPPED)},
        "/http/{id}": {
            "ANY": http(
                "http://backend/x/{id}",
                responds(responseTemplates=SHOWN, responseParameters=BACK),
                responds("404", "4.."),
                requestTemplates=SHOWN,
                requestParameters=MAPPED,
            )
        },
        "/{rest+}": {"GET": http_proxy("http://backend/all/{rest}", **on_path("rest"))},
    },
    binaryMediaTypes=["image/*"],
    gatewayResponses=[{"responseType": "DEFAULT_4XX", **ANSWERS}, {"responseType": "DEFAULT_5XX", **ANSWERS}],
)


def words(text: str) -> list[str]:
    return text.split()


VERBS = st.sampled_from(words("GET GET POST POST HEAD OPTIONS PUT TRACE"))
PLACES = st.sampled_from(words("mock proxy mapped mapped http http nowhere"))
PLAIN = st.sampled_from(words("7 a.b %2B a%2Fb %25 %C3%A9 a;b x|y a\\b a%00b a%0d%0ab"))
ODD = words('/ // mock a . .. %2e %2F %00 %0d%0a % %zz %ff %25 ; + ~ \\ " { } | < ^ ` _aws/execute-api/api1/dev')
PATHS = st.one_of(
    st.builds("/dev/{}/{}".format, PLACES, PLAIN),
    st.builds("/dev/{}/{}".format, PLACES, PLAIN),
    st.builds("/dev/{}/{}".format, PLACES, st.lists(st.sampled_from(ODD), max_size=4).map("".join)),
)
PAIRS = words("q= q=1 & = ; q=%0d%0aX:1 q=%00 q=%0b q=%7f q=% q=a+b q=%E2%80%A8 %71=2 q=.. n=3 q=%ff id=../.. ? [] |{}")
QUERIES = st.lists(st.sampled_from(PAIRS), max_size=3).map("&".join)
TEXTS = words('1 " \\ image/png text/plain gzip identity br */* PUT close chunked 100-continue %s {0} evil.example')
LONGER = ["Root=1-2-3;Parent=4", "6d1f0f10-1f1e-4f6d-9c5a-0123456789ab", "GET / HTTP/1.1", "AWS4-HMAC-SHA256 x"]
VALUES = st.sampled_from([*TEXTS, *LONGER, "", "a, b", "\x80\xff", "a\tb", "x" * 200, "$context.path", "Bearer y"])
NAMES = st.sampled_from(
    words(
        """X-A x-a X-Host Accept Content-Type Content-Encoding X-HTTP-Method-Override X-Amzn-Trace-Id Upgrade Server
        X-Forwarded-For X-Forwarded-Proto User-Agent Authorization TE Via x-amzn-RequestId Keep-Alive Trailer Cookie
        Connection Date Proxy-Connection X-Amz-Apigw-Id ETag"""
    )
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=5)
BODIES = st.sampled_from(
    [b"", b"", b"{}", b'{"a": "x\\r\\ny"}', b'{"a": 1}', b"{broken", b"\xff\x00", b"aGk=", b"[1]", b"x" * 1000]
)
STATUSES = st.sampled_from([200, 201, 204, 206, 302, 304, 404, 418, 500, 503, 999])


def request_of(verb: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes, minor: int) -> bytes:
    lines = [f"{verb} {path}{'?' + query if query else ''} HTTP/1.{minor}", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1")


def hold_request(request: bytes) -> None:
    """What a backend got is one request that our own strict parser takes, with nothing behind it."""
    head_bytes, _, body = request.partition(b"\r\n\r\n")
    head = parse_request(head_bytes, client_table(), Memory())
    assert head.content_length == len(body)
    names = [header.name for header in head.headers]
    for name in (b"host", b"content-length", b"x-amzn-trace-id", b"x-amzn-apigateway-api-id"):
        assert names.count(name) == 1, name
    for name in (b"transfer-encoding", b"connection", b"te", b"expect", b"keep-alive", b"via"):
        assert name not in names
    assert head.method.isalpha() and head.method.isupper()
    assert b"/../" not in head.target.partition(b"?")[0] + b"/"


def hold_answer(client: Client, verb: bytes) -> None:
    """What a client got is one answer, complete as its head says."""
    head_bytes, _, body = client.data.partition(b"\r\n\r\n")
    head = parse_response(head_bytes, backend_table())
    names = [header.name for header in head.headers]
    for name in (b"date", b"connection", b"x-amzn-requestid", b"x-amz-apigw-id"):
        assert names.count(name) == 1, (name, head_bytes)
    assert names.count(b"content-type") <= 1 or verb == b"", head_bytes
    if verb == b"HEAD" or head.status in (204, 304):
        assert body == b""
    elif client.aborted:
        return
    elif head.content_length == CHUNKED:
        decoder = ChunkedDecoder()
        decoder.feed(body)
        assert decoder.done and not decoder.rest
    elif head.content_length is not None:
        assert head.content_length == len(body), head_bytes
    else:
        assert client.closing


@given(
    verb=VERBS,
    path=PATHS,
    query=QUERIES,
    headers=HEADERS,
    body=BODIES,
    minor=st.sampled_from([1, 1, 1, 0]),
    status=STATUSES,
    answer_headers=HEADERS,
    payload=BODIES,
    ending=st.sampled_from(["whole", "whole", "stream", "chunks", "cut", "fails", "gone"]),
)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_answer_whatever_is_said(
    verb: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    minor: int,
    status: int,
    answer_headers: list[tuple[str, str]],
    payload: bytes,
    ending: str,
) -> None:
    play = Play(DEFINITION)
    client = Client()
    try:
        head = parse_request(request_of(verb, path, query, headers, body, minor), play.table, Memory())
    except ProtocolError:
        return  # refused below any API
    client.closing = not head.keep_alive
    exchange = client.exchange = play.gateway.begin(client, head)
    if not exchange.over and body:
        exchange.on_body(body)
    if play.backend.calls:
        hold_request(play.backend.last.request)
        _end(play, client, ending, status, answer_headers, payload)
    if ending != "gone" or not play.backend.calls:
        assert client.over
        hold_answer(client, head.method)
    assert exchange.over
    assert play.causes is not None
    (line,) = play.log_lines
    assert json.loads(line)["requestId"] in (exchange.request_id, "UUID_REPLACED_INVALID_REQUEST_ID")
    assert len(play.meters.records) == 1


def _end(play: Play, client: Client, ending: str, status: int, headers: list[tuple[str, str]], payload: bytes) -> None:
    # A backend's Content-Type comes once, and what frames its message is the adapter's business.
    seen: set[str] = set()
    lines = [f"HTTP/1.1 {status} X"]
    for name, value in headers:
        if name.lower() not in seen and name not in ("Connection", "Content-Encoding"):
            lines.append(f"{name}: {value}")
            seen.add(name.lower())
    text = "\n".join(lines)
    if ending == "fails":
        play.backend.fails(FailureKind.CLOSED, "x\ny")
    elif ending == "gone":
        exchange: Any = client.exchange
        exchange.gone()
    elif ending == "whole" or play.backend.last.plan.receiver.buffers or status in (204, 304):
        play.backend.answers(text + "\n\n", payload)
    else:
        play.backend.begins(text, len(payload) if ending == "stream" else None)
        if client.over:
            return
        play.backend.sends(payload)
        play.backend.fails(FailureKind.CLOSED) if ending == "cut" else play.backend.ends()
