"""responseTransferMode STREAM: what a backend or a function says goes on to the client when it is said."""

from typing import Any

import pytest

from playbook.stage import Client, Play, api, http, http_proxy, invocation, lambda_proxy, mock
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.functions import FailureKind as FunctionFailureKind
from portico.ports.upstream import BODY_LIMIT, FailureKind
from portico.wire.chunked import ChunkedDecoder

INTERNAL = '{"message": "Internal server error"}'
TIMED_OUT = '{"message": "Endpoint request timed out"}'
NUL = bytes(8)
STREAMING = invocation(action="response-streaming-invocations")
REGIONAL = {"endpointConfiguration": {"types": ["REGIONAL"]}}
EDGE = {"endpointConfiguration": {"types": ["EDGE"]}}


def function(seconds: int = 900, format: str | None = None, **settings: Any) -> Play:
    method = lambda_proxy(STREAMING, responseTransferMode="STREAM", timeoutInMillis=seconds * 1000)
    standing = {} if format is None else {"accessLogSettings": {"format": f"{format} $context.requestId"}}
    return Play(api({"/": {"ANY": method}}, **settings), **standing)


def backend(seconds: int = 900, format: str | None = None, **settings: Any) -> Play:
    method = http_proxy("http://backend/", responseTransferMode="STREAM", timeoutInMillis=seconds * 1000)
    standing = {} if format is None else {"accessLogSettings": {"format": f"{format} $context.requestId"}}
    return Play(api({"/": {"ANY": method}}, **settings), **standing)


def body(client: Client) -> bytes:
    """A chunked body, put together."""
    assert client.hears["Transfer-Encoding"] == "chunked"
    decoder = ChunkedDecoder()
    return b"".join(decoder.feed(client.hears.content))


# A function


def test_a_stream_begins_when_the_delimiter_has_come_and_goes_on_as_it_comes() -> None:
    play = function()
    client = play.asks("GET /")
    assert play.functions.last.function.invocable.streams
    play.functions.begins()
    play.functions.sends(b'{"statusCode": 201, "headers": {"X-A": "1"}, "cookies": ["a=b", "c=d"]}' + NUL[:3])
    assert client.data == b""
    play.functions.sends(NUL[3:] + b"one")
    assert client.hears.first == "HTTP/1.1 201 Created"
    assert client.hears["X-A"] == "1"
    assert client.hears["Content-Type"] == "application/json"
    assert client.hears.all("Set-Cookie") == ["a=b", "c=d"]
    assert client.hears["X-Amzn-Trace-Id"] == play.functions.last.trace_id
    assert body(client) == b"one"
    play.functions.sends(b"two\0\0\0\0\0\0\0\0three")
    assert body(client) == b"onetwo\0\0\0\0\0\0\0\0three"
    assert not client.over
    play.functions.ends()
    assert client.over and not client.aborted


def test_the_event_is_that_of_a_buffered_call() -> None:
    play = function()
    play.asks("POST /?a=1", body=b"x")
    assert play.functions.event["queryStringParameters"] == {"a": "1"}
    assert play.functions.event["body"] == "x"


@pytest.mark.parametrize("cut", range(1, 24))
def test_the_delimiter_may_come_in_any_pieces(cut: int) -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    whole = b'{"statusCode":202}' + NUL + b"x"
    for piece in (whole[:cut], whole[cut:]):
        play.functions.sends(piece)
    play.functions.ends()
    assert (client.hears.status, body(client)) == (202, b"x")


def test_a_body_without_bytes_is_a_body() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b"{}" + NUL)
    assert client.hears.status == 200
    play.functions.ends()
    assert body(client) == b"" and client.over


def test_a_binary_body_needs_no_binary_media_types_and_no_limit() -> None:
    play = function()
    client = play.asks("GET /", "Accept: image/png")
    play.functions.begins()
    play.functions.sends(b'{"headers":{"Content-Type":"image/png"}}' + NUL)
    for _ in range(11):
        play.functions.sends(b"\xff" * (1024 * 1024))
    play.functions.ends()
    assert len(body(client)) == 11 * 1024 * 1024 > BODY_LIMIT


def test_a_content_length_of_the_functions_frames_its_body() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b'{"headers":{"content-length":"6"}}' + NUL + b"one")
    play.functions.sends(b"two")
    play.functions.ends()
    assert client.hears["Content-Length"] == "6" and "Transfer-Encoding" not in client.hears.names
    assert client.hears.content == b"onetwo" and not client.aborted


@pytest.mark.parametrize("sent", [b"short", b"much too long"])
def test_a_body_that_is_not_as_long_as_it_was_to_be_cuts_the_connection(sent: bytes) -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b'{"headers":{"Content-Length":7}}' + NUL)
    play.functions.sends(sent)
    if not client.over:
        play.functions.ends()
    assert client.aborted
    assert "Content-Length" in play.causes[0]


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304])
def test_answers_without_a_body_end_with_their_head(verb: str, status: int) -> None:
    play = function()
    client = play.asks(f"{verb} /")
    play.functions.begins()
    play.functions.sends(b'{"statusCode":%d}' % status + NUL + b"x")
    if verb == "GET" and status == 200:
        assert not client.over
        return
    assert client.over and client.hears.content == b""
    assert play.functions.last.cancelled
    if status != 200:
        assert "Transfer-Encoding" not in client.hears.names


def test_a_client_of_http_1_0_gets_its_stream_until_the_connection_closes() -> None:
    play = function()
    client = play.says("GET /dev/ HTTP/1.0\nHost: api1.execute-api.localhost\n\n")
    play.functions.begins()
    play.functions.sends(b"{}" + NUL + b"one")
    play.functions.ends()
    assert client.hears["Connection"] == "close"
    assert client.hears.content == b"one"


MALFORMED = [
    b"",
    b"hello",
    b"{}",
    b'{"statusCode":200}' + NUL[:7],
    NUL,
    b"null" + NUL,
    b'{"statusCode":"abc"}' + NUL,
    b'{"statusCode":100}' + NUL,
    b'{"unknown":1}' + NUL,
    b'{"cookies":"a=b"}' + NUL,
    b'{"cookies":["a=b\\r\\nX: y"]}' + NUL,
    b'{"headers":{"a\\r\\nb":"c"}}' + NUL,
    b'{"headers":{"Content-Length":"many"}}' + NUL,
    b'{"headers":{"Content-Length":"1"},"multiValueHeaders":{"x":[],"content-length":["2"]}}' + NUL,
    b" " * (16 * 1024) + b"{}" + NUL,
    b"x" * 20_000,
]


@pytest.mark.parametrize("stream", MALFORMED, ids=lambda stream: repr(stream[:40]))
def test_a_stream_of_another_form_is_a_500(stream: bytes) -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(stream)
    if not client.over:
        play.functions.ends()
    assert (client.hears.status, client.hears.body) == (500, INTERNAL)
    assert play.causes[0].startswith("Malformed Lambda proxy response: ")


def test_a_delimiter_within_16_kb_is_in_time() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b" " * (16 * 1024 - 2) + b"{}" + NUL)
    assert client.hears.status == 200


def test_a_function_that_fails_before_its_first_byte_is_a_502() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.raises("no")
    assert (client.hears.status, client.hears.body) == (502, INTERNAL)
    assert play.causes == ["the function failed (Unhandled): no"]


def test_a_function_that_fails_before_the_delimiter_is_a_502() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b'{"statusCode":200}')
    play.functions.ends('{"errorType":"Runtime.Died"}')
    assert (client.hears.status, client.hears.body) == (502, INTERNAL)


def test_a_function_that_fails_in_the_midst_of_its_body_cuts_the_connection() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    play.functions.sends(b"{}" + NUL + b"half")
    play.functions.ends('{"errorType":"Runtime.Died"}')
    assert client.aborted
    assert "Runtime.Died" in play.causes[0]


def test_a_whole_answer_in_the_form_of_a_stream_is_taken_as_one() -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.answers(b'{"statusCode":203}' + NUL + b"whole")
    assert (client.hears.status, body(client), client.over) == (203, b"whole", True)


@pytest.mark.parametrize(("began", "status"), [(False, 504), (True, None)])
def test_a_function_that_falls_silent(began: bool, status: int | None) -> None:
    play = function()
    client = play.asks("GET /")
    play.functions.begins()
    if began:
        play.functions.sends(b"{}" + NUL)
    play.functions.fails(FunctionFailureKind.TIMEOUT)
    assert client.aborted if status is None else (client.hears.status, client.hears.body) == (504, TIMED_OUT)


def test_a_slow_client_pauses_the_function_and_one_that_leaves_ends_the_call() -> None:
    play = function()
    client = Client()
    client.slow = True
    play.asks("GET /", client=client)
    play.functions.begins()
    play.functions.sends(b"{}" + NUL + b"much")
    assert play.functions.last.paused
    assert client.exchange is not None
    client.exchange.resume()
    assert not play.functions.last.paused
    client.exchange.gone()
    assert play.functions.last.cancelled


def test_statuses_and_times_of_a_functions_stream_are_logged() -> None:
    names = ("integration.status", "integration.integrationStatus", "integration.responseTransferMode")
    names += ("integration.timeToAllHeaders", "integration.timeToFirstContent", "responseLatency")
    play = function(format=" ".join(f"$context.{name}" for name in names))
    play.asks("GET /")
    play.clock.passes(1)
    play.functions.begins()
    play.functions.sends(b'{"statusCode":203}' + NUL)
    play.clock.passes(1)
    play.functions.sends(b"x")
    play.clock.passes(1)
    play.functions.ends()
    assert play.log_lines[0].startswith("203 200 STREAMED 1000 2000 3000 ")


def test_the_request_id_of_a_functions_stream_is_logged() -> None:
    play = function(format="$context.integration.requestId $context.integration.integrationStatus")
    play.asks("GET /")
    assert play.functions.last.function.invocable.named
    play.functions.begins("id-1")
    play.functions.sends(b'{"statusCode":203}' + NUL)
    play.functions.ends()
    play.asks("GET /")
    play.functions.begins("id-2")
    play.functions.ends()
    assert [line.rpartition(" ")[0] for line in play.log_lines] == ["id-1 200", "id-2 200"]


def test_a_buffered_call_has_no_times_of_a_stream() -> None:
    names = ("integration.responseTransferMode", "integration.timeToAllHeaders", "integration.timeToFirstContent")
    format = " ".join(f"$context.{name}" for name in names) + " $context.requestId"
    play = Play(api({"/f": {"GET": lambda_proxy()}, "/m": {"GET": mock()}}), accessLogSettings={"format": format})
    play.asks("GET /f")
    play.functions.answers({})
    play.asks("GET /m")
    assert [text.rpartition(" ")[0] for text in play.log_lines] == ["BUFFERED - -", "- - -"]


# A backend


def test_a_backends_answer_goes_on_piece_by_piece_whatever_its_length() -> None:
    play = backend()
    client = play.asks("GET /")
    assert play.backend.last.plan.streams
    play.backend.begins("HTTP/1.1 203 Fine\nContent-Type: text/event-stream\n\n")
    assert client.hears.status == 203
    for _ in range(11):
        play.backend.sends(b"x" * (1024 * 1024))
    play.backend.ends()
    assert len(body(client)) == 11 * 1024 * 1024 > BODY_LIMIT


def test_a_backends_announced_length_stays_and_has_no_limit() -> None:
    play = backend()
    client = play.asks("GET /")
    play.backend.begins(f"HTTP/1.1 200 OK\nContent-Length: {BODY_LIMIT + 1}\n\n", BODY_LIMIT + 1)
    assert client.hears["Content-Length"] == str(BODY_LIMIT + 1)
    play.backend.sends(b"x" * (BODY_LIMIT + 1))
    play.backend.ends()
    assert client.over and not client.aborted


def test_a_whole_answer_of_a_backend_is_answered_whole() -> None:
    play = backend(format="$context.integration.status $context.integration.responseTransferMode")
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 204 No Content\n\n")
    assert client.hears.status == 204
    assert play.log_lines[0].startswith("204 STREAMED ")


def test_a_backend_that_fails_in_the_midst_cuts_the_connection() -> None:
    play = backend()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK\n\n")
    play.backend.sends(b"half")
    play.backend.fails(FailureKind.CLOSED)
    assert client.aborted


# Time


@pytest.mark.parametrize(
    ("settings", "seconds", "piece"),
    [(REGIONAL, 900, 300.0), (EDGE, 900, 30.0), (REGIONAL, 29, 29.0), (EDGE, 10, 10.0)],
)
def test_a_piece_has_the_endpoints_idle_time_or_the_integrations_own(
    settings: dict[str, Any], seconds: int, piece: float
) -> None:
    play = function(seconds, **settings)
    play.asks("GET /")
    assert play.functions.last.function.timeout == piece
    play = backend(seconds, **settings)
    play.asks("GET /")
    assert play.backend.last.plan.timeout == piece


def test_a_stream_is_cut_when_the_integrations_time_is_over() -> None:
    plays = (function(60), backend(60))
    begin = (
        lambda play: play.functions.sends(b"{}" + NUL),
        lambda play: play.backend.begins("HTTP/1.1 200 OK\n\n"),
    )
    for play, begins in zip(plays, begin, strict=True):
        client = play.asks("GET /")
        begins(play)
        speaker = play.functions if play.functions.calls else play.backend
        for _ in range(2):
            play.clock.passes(29)
            speaker.sends(b"x")
        assert not client.over
        play.clock.passes(3)
        speaker.sends(b"y")
        assert client.aborted and speaker.last.cancelled
        assert body(client) == b"xx"
        assert play.causes == ["the stream was longer than 60 s"]


# What does not go together


def unserved(method: dict[str, Any]) -> str:
    play = Play(api({"/": {"GET": method}}))
    assert play.asks("GET /").hears.body == INTERNAL
    stage = play.stages["api1", "dev"]
    (told,) = Compiler(play.ports).check(decode_snapshot(play.load(stage.snapshot)), stage)
    assert play.causes == [f"not served: {told.reason}"]
    return told.reason


def test_a_mode_and_a_uri_that_do_not_go_together_are_not_served() -> None:
    assert "response-streaming-invocations" in unserved(lambda_proxy(responseTransferMode="STREAM"))
    assert "response-streaming-invocations" in unserved(lambda_proxy(STREAMING))
    assert "response-streaming-invocations" in unserved(lambda_proxy(STREAMING, responseTransferMode="BUFFERED"))


def test_only_proxies_stream() -> None:
    reason = "response streaming is for HTTP_PROXY and AWS_PROXY only"
    assert unserved(mock(responseTransferMode="STREAM")) == reason
    assert unserved(http("http://backend/", responseTransferMode="STREAM")) == reason
    assert unserved(http_proxy("http://backend/", responseTransferMode="OSMOSIS")) == reason
