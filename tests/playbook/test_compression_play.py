"""minimumCompressionSize: which answers are compressed, for whom and how (guide, "Payload compression")."""

import gzip
import zlib
from typing import Any

import pytest

from playbook.stage import (
    DATE,
    HOST,
    Client,
    Message,
    Play,
    api,
    http,
    http_proxy,
    invocation,
    lambda_proxy,
    mock,
    responds,
)
from portico.dataplane.compression import SLICE, wanted_coding
from portico.ports.upstream import BODY_LIMIT, WHOLE, FailureKind

TEXT = "miau " * 400
JSON = {"application/json": TEXT}
MOCKED = mock(responds(responseTemplates=JSON))
GZIP = "Accept-Encoding: gzip"


def compressing(method: Any, minimum: int | None = 1000, **settings: Any) -> Play:
    return Play(api({"/": {"ANY": method}}, minimumCompressionSize=minimum), **settings)


def plain(message: Message) -> bytes:
    """A body as a client reads it."""
    coding = message["Content-Encoding"]
    if coding is None:
        return message.content
    return zlib.decompress(message.content, {"gzip": 31, "deflate": 15}[coding])


def dechunked(message: Message) -> bytes:
    """A chunked body: every chunk with its length, and the end."""
    assert message["Transfer-Encoding"] == "chunked"
    rest, body = message.content, b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        chunk, rest = rest[:length], rest[length:]
        assert rest.startswith(b"\r\n")
        rest, body = rest[2:], body + chunk
        if not length:
            assert rest == b""
            return body


def unzipped(body: bytes) -> bytes:
    return gzip.decompress(body)


# Each kind of integration


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("kind", ["MOCK", "HTTP", "HTTP_PROXY", "AWS_PROXY"])
def test_an_answer_is_compressed_for_who_asks_for_it(kind: str, coding: str) -> None:
    methods = {
        "MOCK": MOCKED,
        "HTTP": http("http://b/", responds(responseTemplates=JSON)),
        "HTTP_PROXY": http_proxy("http://b/"),
        "AWS_PROXY": lambda_proxy(),
    }
    play = compressing(methods[kind])
    client = play.asks("GET /", f"Accept-Encoding: {coding}")
    if kind.startswith("HTTP"):
        play.backend.answers(f"HTTP/1.1 200 OK\nContent-Type: text/plain\n\n{TEXT}")
    elif kind == "AWS_PROXY":
        play.functions.answers({"body": TEXT})
    hears = client.hears
    assert hears["Content-Encoding"] == coding
    assert hears["Content-Length"] == str(len(hears.content))
    assert len(hears.content) < len(TEXT) / 10
    assert plain(hears) == TEXT.encode()


def test_an_api_without_the_setting_compresses_nothing() -> None:
    for minimum in (None, len(TEXT) + 1):
        hears = compressing(MOCKED, minimum).asks("GET /", GZIP).hears
        assert hears["Content-Encoding"] is None
        assert hears.body == TEXT


@pytest.mark.parametrize(("minimum", "compressed"), [(0, True), (1999, True), (2000, True), (2001, False)])
@pytest.mark.parametrize("kind", ["MOCK", "HTTP_PROXY"])
def test_the_size_is_that_of_the_answer_and_the_least_is_enough(kind: str, minimum: int, compressed: bool) -> None:
    play = compressing(MOCKED if kind == "MOCK" else http_proxy("http://b/"), minimum)
    client = play.asks("GET /", GZIP)
    if kind == "HTTP_PROXY":
        play.backend.answers(f"HTTP/1.1 200 OK\n\n{TEXT}")
    assert (client.hears["Content-Encoding"] == "gzip") is compressed
    assert plain(client.hears) == TEXT.encode()


# Who asks for what


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate, br", "gzip"),
        ("deflate, gzip", "deflate"),
        ("deflate;q=0.5, gzip;q=0.9", "gzip"),
        ("gzip;q=0.5, deflate", "deflate"),
        (" gzip ; q=1.0 ,deflate", "gzip"),
        ("gzip;q=7", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br, gzip", None),
        ("br;q=1, gzip;q=0.9", None),
        ("identity, gzip", None),
        ("identity;q=0.1, gzip;q=0.2", "gzip"),
        ("*", None),
        ("*;q=0.1, gzip;q=0.2", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=nan", None),
        ("gzip;q=much", None),
        ("gzip;q=-1", None),
        ("x-gzip", None),
        ("compress", None),
        ("", None),
        (",,;,", None),
    ],
)
def test_the_most_wanted_coding_must_be_one_of_ours(accept: str, coding: str | None) -> None:
    hears = compressing(MOCKED).asks("GET /", f"Accept-Encoding: {accept}").hears
    assert hears["Content-Encoding"] == coding
    assert plain(hears) == TEXT.encode()


def test_without_the_header_nothing_is_compressed() -> None:
    assert compressing(MOCKED).asks("GET /").hears["Content-Encoding"] is None


def test_several_lines_are_one_list() -> None:
    hears = compressing(MOCKED).asks("GET /", "Accept-Encoding: gzip;q=0.5", "Accept-Encoding: deflate;q=0.7").hears
    assert hears["Content-Encoding"] == "deflate"


def test_the_answer_has_no_more_headers_than_without() -> None:
    bare, compressed = (compressing(MOCKED).asks("GET /", *accept).hears for accept in ([], [GZIP]))
    assert set(compressed.names) - set(bare.names) == {"Content-Encoding"}


# What is not compressed


@pytest.mark.parametrize("coding", ["gzip", "br", "identity"])
def test_what_is_encoded_already_passes(coding: str) -> None:
    play = compressing(http_proxy("http://b/"))
    client = play.asks("GET /", GZIP)
    play.backend.answers(f"HTTP/1.1 200 OK\nCONTENT-encoding: {coding}\n\n{TEXT}")
    assert client.hears.all("Content-Encoding") == [coding]
    assert client.hears.body == TEXT


def test_what_a_mapping_or_a_function_calls_encoded_passes() -> None:
    mapped = responds(responseTemplates=JSON, responseParameters={"method.response.header.Content-Encoding": "'br'"})
    assert compressing(mock(mapped)).asks("GET /", GZIP).hears.body == TEXT
    play = compressing(lambda_proxy())
    client = play.asks("GET /", GZIP)
    play.functions.answers({"body": TEXT, "headers": {"content-encoding": "br"}})
    assert client.hears.body == TEXT


@pytest.mark.parametrize("status", ["204", "206", "304"])
def test_answers_without_a_body_and_parts_of_one_pass(status: str) -> None:
    play = compressing(http_proxy("http://b/"), 0)
    client = play.asks("GET /", GZIP)
    play.backend.answers(f"HTTP/1.1 {status} X\n\n{TEXT if status == '206' else ''}")
    assert client.hears["Content-Encoding"] is None


def test_an_empty_answer_passes() -> None:
    hears = compressing(mock(), 0).asks("GET /", GZIP).hears
    assert (hears["Content-Encoding"], hears["Content-Length"]) == (None, "0")


def test_gateway_responses_pass() -> None:
    play = compressing(mock(template="{}"), 0)
    hears = play.asks("GET /", GZIP).hears
    assert (hears.status, hears["Content-Encoding"]) == (500, None)
    assert play.asks("GET /nowhere", GZIP).hears.body == '{"message":"Missing Authentication Token"}'


def test_streams_pass() -> None:
    """Guide, "Response transfer mode": no content encoding."""
    play = compressing(http_proxy("http://b/", responseTransferMode="STREAM"), 0)
    client = play.asks("GET /", GZIP)
    play.backend.begins("HTTP/1.1 200 OK")
    play.backend.sends(TEXT.encode())
    play.backend.ends()
    assert client.hears["Content-Encoding"] is None
    assert dechunked(client.hears) == TEXT.encode()
    stream = lambda_proxy(invocation(action="response-streaming-invocations"), responseTransferMode="STREAM")
    play = compressing(stream, 0)
    client = play.asks("GET /", GZIP)
    play.functions.begins()
    play.functions.sends(b"{}" + bytes(8) + TEXT.encode())
    play.functions.ends()
    assert client.hears["Content-Encoding"] is None


def test_a_head_request_is_told_what_a_get_would_be() -> None:
    play = compressing(MOCKED)
    asked = f" /dev/ HTTP/1.1\nHost: {HOST}\n{GZIP}\n\n"
    got, head = (play.says(verb + asked).hears for verb in ("GET", "HEAD"))
    assert head.content == b""
    assert (head["Content-Length"], head["Content-Encoding"]) == (str(len(got.content)), "gzip")


def test_a_constant_mock_is_not_spoilt_for_the_next() -> None:
    play = compressing(MOCKED)
    for accept, coding in (([GZIP], "gzip"), ([], None), ([GZIP], "gzip"), (["Accept-Encoding: deflate"], "deflate")):
        hears = play.asks("GET /", *accept).hears
        assert (hears.all("Content-Encoding"), plain(hears)) == ([coding] if coding else [], TEXT.encode())


# Long answers


def test_a_long_answer_is_compressed_turn_by_turn() -> None:
    play = compressing(lambda_proxy())
    play.turns.patient = True
    client = play.asks("GET /", GZIP)
    body = "0123456789" * (SLICE // 4)
    play.functions.answers({"body": body})
    assert not client.over
    assert play.turns.take() == len(body) // SLICE, "the first slice was done at once"
    assert plain(client.hears) == body.encode()
    assert client.hears["Content-Length"] == str(len(client.hears.content))


def test_a_client_that_leaves_meanwhile_is_compressed_nothing_more() -> None:
    play = compressing(lambda_proxy())
    play.turns.patient = True
    client = play.asks("GET /", GZIP)
    play.functions.answers({"body": "x" * 10 * SLICE})
    play.turns.take(3)
    assert client.exchange is not None
    client.exchange.gone()
    assert play.turns.take() == 1
    assert client.data == b""
    assert not play.causes


def relayed(play: Play, *headers: str, length: int | None, client: Client | None = None) -> Client:
    """A backend's long answer, that comes in pieces of 100 000 bytes."""
    client = play.asks("GET /", *headers, client=client)
    play.backend.begins("HTTP/1.1 200 OK\nContent-Type: text/plain\nDate: x", length)
    return client


PIECES = [bytes([65 + number]) * 100_000 for number in range(3)]


@pytest.mark.parametrize("length", [300_000, None])
@pytest.mark.parametrize("minimum", [0, 1000, WHOLE])
def test_a_relayed_answer_is_compressed_piece_by_piece(minimum: int, length: int | None) -> None:
    play = compressing(http_proxy("http://b/"), minimum)
    client = relayed(play, GZIP, length=length)
    for piece in PIECES:
        play.backend.sends(piece)
    play.backend.ends()
    hears = client.hears
    assert (hears["Content-Encoding"], hears["Content-Length"], hears["Date"]) == ("gzip", None, DATE)
    assert unzipped(dechunked(hears)) == b"".join(PIECES)
    assert client.exchange is not None
    assert client.exchange.length == len(dechunked(hears))


def test_a_relayed_answer_that_nobody_wants_compressed_is_relayed_as_ever() -> None:
    play = compressing(http_proxy("http://b/"))
    client = relayed(play, length=300_000)
    for piece in PIECES:
        play.backend.sends(piece)
    play.backend.ends()
    assert (client.hears["Content-Encoding"], client.hears["Content-Length"]) == (None, "300000")
    assert client.hears.content == b"".join(PIECES)


def test_http_1_0_reads_a_relayed_answer_until_we_close() -> None:
    play = compressing(http_proxy("http://b/"))
    client = play.says(f"GET /dev/ HTTP/1.0\nHost: {HOST}\n{GZIP}\n\n")
    play.backend.begins("HTTP/1.1 200 OK", 300_000)
    for piece in PIECES:
        play.backend.sends(piece)
    play.backend.ends()
    assert client.closing
    assert unzipped(client.hears.content) == b"".join(PIECES)


def test_a_slow_client_slows_the_backend() -> None:
    play = compressing(http_proxy("http://b/"), 0)
    client = relayed(play, GZIP, length=None)
    client.slow = True
    noise = b"".join(zlib.crc32(b"%d" % number).to_bytes(4) for number in range(50_000))
    play.backend.sends(noise)
    assert play.backend.last.paused


@pytest.mark.parametrize("length", [BODY_LIMIT + 1, None])
def test_ten_megabytes_are_counted_as_the_backend_sends_them(length: int | None) -> None:
    play = compressing(http_proxy("http://b/"))
    client = relayed(play, GZIP, length=length)
    if length is None:
        for _ in range(11):
            if not client.over:
                play.backend.sends(bytes(1024 * 1024))
        assert client.aborted
    else:
        assert client.hears.status == 500
        assert client.hears["Content-Encoding"] is None


def test_an_answer_that_breaks_off_is_cut() -> None:
    play = compressing(http_proxy("http://b/"))
    client = relayed(play, GZIP, length=None)
    play.backend.sends(PIECES[0])
    play.backend.fails(FailureKind.CLOSED)
    assert client.aborted
    assert not client.data.endswith(b"0\r\n\r\n")


def test_an_api_that_compresses_only_what_is_long_has_answers_collected() -> None:
    """Of an answer without a length it is known only at its end that it is long enough."""
    play = compressing(http_proxy("http://b/"), WHOLE + 1)
    client = play.asks("GET /", GZIP)
    assert play.backend.last.plan.receiver.buffers
    play.backend.answers("HTTP/1.1 200 OK\n\n", b"x" * (WHOLE + 1))
    play.turns.take()
    assert plain(client.hears) == b"x" * (WHOLE + 1)
    play = compressing(http_proxy("http://b/"), WHOLE)
    play.asks("GET /", GZIP)
    assert not play.backend.last.plan.receiver.buffers


# With others


def test_the_log_of_executions_has_the_answer_as_it_was() -> None:
    settings = {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}}
    play = compressing(MOCKED, methodSettings=settings)
    assert plain(play.asks("GET /", GZIP).hears) == TEXT.encode()
    told = [line for line in play.log_lines if "Method response body after transformations: miau miau" in line]
    assert len(told) == 1


def test_what_is_counted_is_what_was_sent() -> None:
    play = compressing(MOCKED, accessLogSettings={"format": "$context.requestId $context.responseLength"})
    hears = play.asks("GET /", GZIP).hears
    assert play.log_lines[-1].endswith(f" {len(hears.content)}")


def test_a_coding_is_read_once() -> None:
    assert wanted_coding(b"gzip, deflate") is wanted_coding(b"gzip, deflate")
