"""Text and binary payloads, both ways: recorded facts 140 and 141, the two tables of semantics section 14."""

import base64
from typing import Any

import pytest

from playbook.stage import Play, api, http, http_proxy, responds

RAW = b"\x1f\x8b\x08\x00\xee\xff"
LOSSY = RAW.decode("utf-8", "replace").encode()
CODED = base64.b64encode(RAW)
TEXT = b"this is a UTF8 text typed object"
TO_TEXT, TO_BINARY = "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"
FAILS = None
"""In a table: a 500."""


def play_of(types: list[str], answer: dict[str, Any] | None = None, **integration: Any) -> Play:
    method = http("http://backend/", answer or responds(), **integration)
    return Play(api({"/": {"POST": method}}, binaryMediaTypes=types))


@pytest.mark.parametrize(
    ("types", "sent", "handling", "body", "payload"),
    [
        ([], "image/png", None, TEXT, TEXT),
        ([], "image/png", None, RAW, LOSSY),
        ([], "image/png", TO_TEXT, RAW, LOSSY),
        ([], "image/png", TO_BINARY, CODED, RAW),
        ([], "image/png", TO_BINARY, TEXT, FAILS),
        (["image/png"], "text/plain", None, RAW, LOSSY),
        (["image/png"], "text/plain", TO_BINARY, CODED, RAW),
        (["image/png"], "image/png", None, RAW, RAW),
        (["image/png"], "image/png", TO_BINARY, RAW, RAW),
        (["image/png"], "image/png", TO_TEXT, RAW, CODED),
        (["image/*"], "image/gif", None, RAW, RAW),
        (["*/*"], "text/plain", None, RAW, RAW),
        (["IMAGE/png"], "Image/PNG; x=y", None, RAW, RAW),
        (["*/png"], "image/png", None, RAW, LOSSY),
        (["image/png"], None, None, RAW, LOSSY),
    ],
)
def test_fact_140_a_requests_body(
    types: list[str], sent: str | None, handling: str | None, body: bytes, payload: bytes | None
) -> None:
    play = play_of(types, contentHandling=handling)
    client = play.asks("POST /", *([] if sent is None else [f"Content-Type: {sent}"]), body=body)
    if payload is None:
        assert (client.hears.status, client.hears.body) == (500, '{"message": "Internal server error"}')
        assert not play.backend.calls
    else:
        assert play.backend.hears.content == payload


def test_fact_140_a_template_over_a_body_that_is_still_binary_is_a_500() -> None:
    template = {"image/png": "[$input.body]"}
    play = play_of(["image/png"], requestTemplates=template)
    assert play.asks("POST /", "Content-Type: image/png", body=RAW).hears.status == 500
    play = play_of(["image/png"], requestTemplates=template, contentHandling=TO_TEXT)
    play.asks("POST /", "Content-Type: image/png", body=RAW)
    assert play.backend.hears.content == b"[" + CODED + b"]"


@pytest.mark.parametrize(
    ("sent", "accept", "handling", "payload", "body"),
    [
        # no contentHandling: Accept decides
        ("text/plain", "text/plain", None, TEXT, TEXT),
        ("text/plain", "text/plain", None, RAW, LOSSY),
        ("text/plain", None, None, RAW, LOSSY),
        ("text/plain", "image/png", None, CODED, RAW),
        ("text/plain", "image/png", None, TEXT, FAILS),
        ("image/png", "text/plain", None, RAW, CODED),
        ("image/png", None, None, RAW, CODED),
        ("image/png", "image/png", None, RAW, RAW),
        ("image/png", "text/plain, image/png", None, RAW, CODED),
        ("image/png", "image/png, text/plain", None, RAW, RAW),
        (None, "image/png", None, CODED, RAW),
        # with contentHandling it does not
        ("text/plain", "image/png", TO_TEXT, CODED, CODED),
        ("text/plain", "text/plain", TO_TEXT, RAW, LOSSY),
        ("image/png", "image/png", TO_TEXT, RAW, CODED),
        ("image/png", "text/plain", TO_TEXT, RAW, CODED),
        ("text/plain", "image/png", TO_BINARY, CODED, RAW),
        ("text/plain", "text/plain", TO_BINARY, CODED, RAW),
        ("text/plain", "text/plain", TO_BINARY, TEXT, FAILS),
        ("image/png", "text/plain", TO_BINARY, RAW, RAW),
        ("image/png", "image/png", TO_BINARY, RAW, RAW),
    ],
)
def test_fact_141_an_answers_payload(
    sent: str | None, accept: str | None, handling: str | None, payload: bytes, body: bytes | None
) -> None:
    play = play_of(["image/png"], responds(contentHandling=handling))
    client = play.asks("POST /", *([] if accept is None else [f"Accept: {accept}"]))
    play.backend.answers("HTTP/1.1 200 OK\n" + ("" if sent is None else f"Content-Type: {sent}\n") + "\n", payload)
    if body is None:
        assert (client.hears.status, client.hears.body) == (500, '{"message": "Internal server error"}')
    else:
        assert client.hears.content == body


@pytest.mark.parametrize(
    ("sent", "accept", "handling", "read"),
    [
        ("image/png", "text/plain", None, CODED),
        ("image/png", "image/png", TO_TEXT, CODED),
        ("image/png", None, TO_TEXT, CODED),
        ("text/plain", "text/plain", TO_TEXT, LOSSY),
        ("text/plain", None, None, LOSSY),
    ],
)
def test_a_template_reads_a_binary_answer_as_base64_where_the_client_gets_text(
    sent: str, accept: str | None, handling: str | None, read: bytes
) -> None:
    template = {"application/json": '{"image": "$input.body"}'}
    play = play_of(["image/png"], responds(contentHandling=handling, responseTemplates=template))
    client = play.asks("POST /", *([] if accept is None else [f"Accept: {accept}"]))
    play.backend.answers(f"HTTP/1.1 200 OK\nContent-Type: {sent}\n\n", RAW)
    assert client.hears.content == b'{"image": "' + read + b'"}'


def test_an_api_without_binary_types_answers_text() -> None:
    play = play_of([])
    client = play.asks("POST /", "Accept: image/png")
    play.backend.answers("HTTP/1.1 200 OK\nContent-Type: image/png\n\n", RAW)
    assert client.hears.content == LOSSY


@pytest.mark.parametrize(
    ("handling", "sent", "body", "payload"),
    [
        (None, "image/png", RAW, RAW),
        (TO_TEXT, "image/png", RAW, CODED),
        (TO_BINARY, "text/plain", CODED, RAW),
        (TO_BINARY, "text/plain", TEXT, FAILS),
        (TO_BINARY, "image/png", RAW, RAW),
    ],
)
def test_http_proxy_obeys_its_content_handling(
    handling: str | None, sent: str, body: bytes, payload: bytes | None
) -> None:
    method = http_proxy("http://backend/", contentHandling=handling)
    play = Play(api({"/": {"POST": method}}, binaryMediaTypes=["image/png"]))
    client = play.asks("POST /", f"Content-Type: {sent}", body=body)
    if payload is None:
        assert client.hears.status == 500
    else:
        assert play.backend.hears.content == payload
        assert play.backend.hears["Content-Length"] == str(len(payload))


def test_fact_120_binary_types_act_with_a_deployment() -> None:
    method = http("http://backend/")
    play = Play(api({"/": {"POST": method}}))
    play.asks("POST /", "Content-Type: image/png", body=RAW)
    assert play.backend.hears.content == LOSSY
    play.deploy(api({"/": {"POST": method}}, binaryMediaTypes=["image/png"]))
    play.asks("POST /", "Content-Type: image/png", body=RAW)
    assert play.backend.hears.content == RAW
