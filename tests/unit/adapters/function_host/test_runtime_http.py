"""The HTTP of the Runtime API: what heads say, which are refused, and what is remembered of them."""

import json

import pytest

from portico.adapters.function_host import runtime_http
from portico.adapters.function_host.runtime_http import Collected, Head, Verb, read_head, read_poll
from portico.adapters.function_host.verdicts import ANSWER_LIMIT
from portico.wire.http1 import ProtocolError

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1"
RESPONSE = b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1"


def head(line: bytes, *headers: bytes) -> Head:
    data = b"\r\n".join((line, *headers))
    return read_head(data + b"\r\n\r\nrest", len(data))


@pytest.mark.parametrize(
    ("line", "verb", "request_id"),
    [
        (NEXT, Verb.NEXT, ""),
        (RESPONSE, Verb.RESPONSE, "id-1"),
        (b"POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1", Verb.ERROR, "id-1"),
        (b"POST /2018-06-01/runtime/init/error HTTP/1.1", Verb.INIT_ERROR, ""),
        (b"GET /2018-06-01/runtime/invocation/id-1/response HTTP/1.1", Verb.UNKNOWN, ""),
        (b"POST /2018-06-01/runtime/invocation//response HTTP/1.1", Verb.UNKNOWN, ""),
        (b"POST /2018-06-01/runtime/invocation/a/b/response HTTP/1.1", Verb.UNKNOWN, ""),
        (b"GET /2018-06-01/runtime/invocation/next?x HTTP/1.1", Verb.UNKNOWN, ""),
        (b"GET / HTTP/1.0", Verb.UNKNOWN, ""),
    ],
)
def test_what_is_asked_is_in_the_first_line(line: bytes, verb: Verb, request_id: str) -> None:
    told = head(line, b"Host: 127.0.0.1:9001")
    assert (told.verb, told.request_id) == (verb, request_id)


@pytest.mark.parametrize("line", [b"", b"GET", b"GET / HTTP/2", b"hello", NEXT + b" "])
def test_what_is_no_request_line_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        head(line, b"Host: x")


@pytest.mark.parametrize(
    "headers",
    [
        (b"no colon",),
        (b"name : value",),
        (b" folded: line",),
        (b"Content-Length: 1", b"Content-Length: 1"),
        (b"Content-Length: 1", b"content-length: 2"),
        (b"Content-Length: -1",),
        (b"Content-Length: 1x",),
        (b"Content-Length: 1", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: gzip",),
        (b"Transfer-Encoding: gzip, chunked",),
        (b"X: \0",),
    ],
)
def test_headers_that_could_be_read_in_two_ways_are_refused(headers: tuple[bytes, ...]) -> None:
    for _ in range(2):  # and still when they come again
        with pytest.raises(ProtocolError):
            head(RESPONSE, b"Host: x", *headers)


def test_headers_say_how_the_body_comes() -> None:
    assert head(RESPONSE, b"content-length:   12  ").length == 12
    assert head(RESPONSE, b"Content-Length: 12", b"Host: x") == head(RESPONSE, b"Content-Length: 12", b"Host: x")
    assert head(RESPONSE, b"Content-Length: 13", b"Host: x").length == 13
    told = head(RESPONSE, b"Transfer-Encoding: Chunked", b"Lambda-Runtime-Function-Response-Mode: Streaming").section
    assert (told.chunked, told.streams) == (True, True)
    told = head(
        RESPONSE, b"Connection: Close", b"Expect: 100-continue", b"Lambda-Runtime-Function-Error-Type: A.B"
    ).section
    assert (told.closes, told.expects, told.error_type) == (True, True, "A.B")


def test_an_unknown_way_to_respond_is_refused() -> None:
    assert head(RESPONSE, b"Lambda-Runtime-Function-Response-Mode: sideways").section.refused
    assert b"InvalidFunctionResponseMode" in runtime_http.INVALID_MODE


def test_a_poll_is_known_by_its_bytes() -> None:
    poll = NEXT + b"\r\nHost: x\r\n\r\n"
    for _ in range(2):
        told = read_poll(poll)
        assert told is not None and told.verb is Verb.NEXT
    for other in (poll[:-1], poll + b"x", RESPONSE + b"\r\n\r\n", NEXT + b"\r\nContent-Length: 1\r\n\r\n", b"x" * 9000):
        assert read_poll(other) is None


def test_what_is_remembered_is_bounded() -> None:
    for number in range(5000):
        head(RESPONSE, b"X-Number: %d" % number, b"Content-Length: 1")
        read_poll(NEXT + b"\r\nX-Number: %d\r\n\r\n" % number)
    for seen in (runtime_http._known, runtime_http._sections, runtime_http._polls):
        assert len(seen) <= 1024


def test_a_body_beyond_the_limit_is_counted_and_not_kept() -> None:
    body = Collected()
    body.take(b"x" * ANSWER_LIMIT)
    assert not body.oversized and len(body.whole()) == ANSWER_LIMIT
    body.take(b"x")
    assert body.oversized


def test_an_event_is_told_with_all_that_belongs_to_it() -> None:
    told = runtime_http.event("id-1", 1700000000.5, b"arn:aws:lambda:x", b"Root=1", b'{"a": 1}', b"{}")
    lines, _, body = told.partition(b"\r\n\r\n")
    assert lines.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"Lambda-Runtime-Aws-Request-Id: id-1",
        b"Lambda-Runtime-Deadline-Ms: 1700000000500",
        b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:x",
        b"Lambda-Runtime-Trace-Id: Root=1",
        b'Lambda-Runtime-Client-Context: {"a": 1}',
        b"Content-Length: 2",
    ]
    assert body == b"{}"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (runtime_http.ACCEPTED, 202),
        (runtime_http.INVALID_ID, 400),
        (runtime_http.BROKEN, 400),
        (runtime_http.forbidden("Idle", "Ready"), 403),
        (runtime_http.NOT_FOUND, 404),
        (runtime_http.TOO_LARGE, 413),
    ],
)
def test_answers_are_json_of_the_length_they_say(answer: bytes, status: int) -> None:
    lines, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = lines.split(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Length: %d" % len(body) in headers
    assert isinstance(json.loads(body), dict)
