"""Whatever a function answers, in one piece or in many: one valid HTTP answer, or a cut connection, and never a bug."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.stage import Client, Play, api, invocation, lambda_custom, lambda_proxy, responds
from portico.dataplane.headers import backend_table
from portico.wire.chunked import ChunkedDecoder
from portico.wire.http1 import CHUNKED, parse_response

NUL = bytes(8)
DEFINITION = api(
    {
        "/proxy": {"ANY": lambda_proxy()},
        "/custom": {
            "ANY": lambda_custom(
                responds(responseParameters={"method.response.header.X": "integration.response.body.headers.a"}),
                responds("500", ".+", responseTemplates={"application/json": "$input.json('$.errorMessage')"}),
            )
        },
        "/stream": {
            "ANY": lambda_proxy(invocation(action="response-streaming-invocations"), responseTransferMode="STREAM")
        },
    },
    binaryMediaTypes=["image/*"],
)

NASTY = st.sampled_from(["a", "A", "Set-Cookie", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection"])
BREAKING = st.sampled_from(["\r\n", "\n", "\r", "\0", "x\r\nX-Injected: 1", "\x7f", ":", " ", "é", "€", "5", "chunked"])
TEXT = st.text(max_size=8) | BREAKING
SCALAR: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
ANY = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
NAMES = NASTY | TEXT
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.sampled_from([200, 201, 204, 304, 404, 599, "200"]) | ANY,
        "headers": st.dictionaries(NAMES, SCALAR, max_size=4) | ANY,
        "multiValueHeaders": st.dictionaries(NAMES, st.lists(SCALAR, max_size=3), max_size=3) | ANY,
        "body": TEXT | ANY,
        "isBase64Encoded": st.booleans() | ANY,
        "cookies": st.lists(TEXT, max_size=2) | ANY,
        "errorMessage": ANY,
    },
)
PAYLOADS = (
    ANSWERS.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    | ANSWERS.map(lambda value: json.dumps(value).encode())
    | ANY.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40)
)
PIECES = st.lists(st.binary(max_size=6), max_size=3)
MANY = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hold(client: Client, play: Play, verb: str) -> int:
    """One answer, framed as its head says, with no header that the function slipped in. Its status."""
    assert client.over and client.exchange is not None and client.exchange.over
    assert play.causes is not None  # no bug of ours
    (line,) = play.log_lines
    assert json.loads(line)["requestId"] == client.exchange.request_id
    head_bytes, _, body = client.data.partition(b"\r\n\r\n")
    head = parse_response(head_bytes, backend_table())
    names = [header.name for header in head.headers]
    for name in (b"date", b"connection", b"x-amzn-requestid", b"x-amz-apigw-id"):
        assert names.count(name) == 1
    assert b"x-injected" not in names
    if verb == "HEAD" or head.status in (204, 304):
        assert body == b""
    elif head.content_length == CHUNKED:
        decoder = ChunkedDecoder()
        decoder.feed(body)
        assert client.aborted or (decoder.done and not decoder.rest)
    else:
        assert client.aborted or len(body) == head.content_length
    return head.status


@given(payload=PAYLOADS, verb=st.sampled_from(["GET", "HEAD"]), accept=st.sampled_from(["image/png", "*/*"]))
@MANY
def test_any_answer_of_a_proxied_function(payload: bytes, verb: str, accept: str) -> None:
    play = Play(DEFINITION)
    client = play.asks(f"{verb} /proxy", f"Accept: {accept}")
    play.functions.answers(payload)
    status = hold(client, play, verb)
    assert 200 <= status <= 599
    assert status in (500, 502) or not play.causes


@given(payload=PAYLOADS, error=st.none() | st.just("Unhandled"))
@MANY
def test_any_answer_of_a_function_behind_aws(payload: bytes, error: str | None) -> None:
    play = Play(DEFINITION)
    client = play.asks("GET /custom")
    play.functions.answers(payload, error=error)
    assert hold(client, play, "GET") in (200, 500)


@given(
    prelude=PAYLOADS,
    delimiter=st.sampled_from([NUL, NUL, NUL, b"", NUL[:7], NUL * 2]),
    pieces=PIECES,
    cut=st.integers(0, 60),
    error=st.none() | st.just("{}"),
    verb=st.sampled_from(["GET", "GET", "HEAD"]),
)
@MANY
def test_any_stream_of_a_function(
    prelude: bytes, delimiter: bytes, pieces: list[bytes], cut: int, error: str | None, verb: str
) -> None:
    play = Play(DEFINITION)
    client = play.asks(f"{verb} /stream")
    play.functions.begins()
    first = prelude + delimiter
    for piece in (first[:cut], first[cut:], *pieces):
        if not client.over:
            play.functions.sends(piece)
    if not client.over:
        play.functions.ends(error)
    hold(client, play, verb)
