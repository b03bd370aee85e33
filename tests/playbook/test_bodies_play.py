"""Bodies of requests: compressed ones, large ones, ones that are waited for. Semantics sections 14 and 23."""

import gzip
import zlib

import pytest

from playbook.stage import HOST, Client, Play, api, http, http_proxy, mock

PLAIN = b'{"name": "Rex"}'
BUILDS = [http, http_proxy]


def raw_deflate(body: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PLAIN)),
        ("GZip", gzip.compress(PLAIN)),
        ("x-gzip", gzip.compress(PLAIN)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", raw_deflate(PLAIN)),
        ("identity", PLAIN),
    ],
)
@pytest.mark.parametrize("build", BUILDS)
def test_a_compressed_body_reaches_the_backend_plain(build: object, coding: str, body: bytes) -> None:
    play = Play(api({"/": {"POST": build("http://backend/")}}))  # type: ignore[operator]
    play.asks("POST /", f"Content-Encoding: {coding}", body=body)
    hears = play.backend.hears
    assert (hears.content, hears["Content-Length"]) == (PLAIN, str(len(PLAIN)))
    assert "Content-Encoding" not in hears.names, "of a body that is compressed no more"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["br"], PLAIN),
        (["compress"], PLAIN),
        (["gzip"], PLAIN),
        (["gzip"], gzip.compress(PLAIN)[:-4]),
        (["gzip"], gzip.compress(PLAIN) + b"more"),
        (["deflate"], b"\xff\xff\xff"),
        (["gzip, gzip"], gzip.compress(gzip.compress(PLAIN))),
        (["gzip", "identity"], gzip.compress(PLAIN)),
        (["identity", "gzip"], gzip.compress(PLAIN)),
        (["gzip, identity"], gzip.compress(PLAIN)),
    ],
)
@pytest.mark.parametrize("build", BUILDS)
def test_what_cannot_be_decompressed_is_a_415(build: object, headers: list[str], body: bytes) -> None:
    play = Play(api({"/": {"POST": build("http://backend/")}}))  # type: ignore[operator]
    hears = play.asks("POST /", *[f"Content-Encoding: {each}" for each in headers], body=body).hears
    assert (hears.status, hears.body) == (415, '{"message":"Unsupported Media Type"}')
    assert not play.backend.calls


def test_a_coding_without_a_body_is_of_no_account() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://backend/")}}))
    play.asks("GET /", "Content-Encoding: br")
    assert len(play.backend.calls) == 1


def test_a_bomb_is_a_413() -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    hears = play.asks("POST /", "Content-Encoding: gzip", body=gzip.compress(bytes(10_485_761))).hears
    assert hears.status == 413
    play.asks("POST /", "Content-Encoding: gzip", body=gzip.compress(bytes(10_485_760)))
    assert len(play.backend.hears.content) == 10_485_760


def test_correction_2_a_body_that_is_too_large_is_a_413_in_plain_text() -> None:
    responses = [{"responseType": "REQUEST_TOO_LARGE", "statusCode": "400"}, {"responseType": "DEFAULT_4XX"}]
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}, gatewayResponses=responses))
    hears = play.asks("POST /", body=bytes(10_485_761)).hears
    assert (hears.status, hears.body) == (413, "HTTP content length exceeded 10485760 bytes.")
    assert hears["Content-Type"] == "text/plain"
    assert "x-amzn-ErrorType" not in hears.names
    play.asks("POST /", body=bytes(10_485_760))
    assert len(play.backend.hears.content) == 10_485_760


@pytest.mark.parametrize("build", BUILDS)
def test_a_body_is_waited_for(build: object) -> None:
    play = Play(api({"/": {"POST": build("http://backend/")}}))  # type: ignore[operator]
    text = f"POST /dev/ HTTP/1.1\nHost: {HOST}\nContent-Length: 5\n\n"
    exchange = play.says(text, whole=False).exchange
    assert exchange is not None and exchange.wants_body and not exchange.over and not play.backend.calls
    exchange.on_body(b"12345")
    assert play.backend.hears.content == b"12345"


def test_a_request_that_is_refused_does_not_wait_for_its_body() -> None:
    play = Play(api({"/": {"POST": {**mock(), "apiKeyRequired": True}}}))
    for path, status in (("/dev/", 500), ("/dev/nowhere", 403), ("/nowhere", 403)):
        text = f"POST {path} HTTP/1.1\nHost: {HOST}\nContent-Length: 5\n\n"
        client = play.says(text, whole=False)
        assert client.over and client.hears.status == status


def test_chunks_are_a_body_like_any_other() -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    client = Client()
    play.says(f"POST /dev/ HTTP/1.1\nHost: {HOST}\nTransfer-Encoding: chunked\n\n", b"", client, whole=False)
    assert client.exchange is not None
    client.exchange.on_body(b"all of it")
    hears = play.backend.hears
    assert (hears.content, hears["Content-Length"]) == (b"all of it", "9")
    assert "Transfer-Encoding" not in hears.names


# Long ones, turn by turn


def test_a_body_that_becomes_long_is_decompressed_turn_by_turn() -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    play.turns.patient = True
    long = bytes(range(256)) * 8_192
    play.asks("POST /", "Content-Encoding: gzip", body=gzip.compress(long))
    assert not play.backend.calls
    assert play.turns.take() in (7, 8)
    assert play.backend.hears.content == long


def test_a_client_that_leaves_meanwhile_is_decompressed_nothing_more() -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    play.turns.patient = True
    client = play.asks("POST /", "Content-Encoding: gzip", body=gzip.compress(bytes(5_000_000)))
    play.turns.take(2)
    assert client.exchange is not None
    client.exchange.gone()
    assert play.turns.take() == 1
    assert not play.backend.calls


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(bytes(3_000_000))[:-9]),
        ("gzip", gzip.compress(bytes(3_000_000)) + b"more"),
        ("deflate", zlib.compress(bytes(3_000_000))[:-9]),
    ],
)
def test_a_long_body_that_is_broken_at_its_end_is_a_415(coding: str, body: bytes) -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    assert play.asks("POST /", f"Content-Encoding: {coding}", body=body).hears.status == 415
    assert not play.backend.calls


def test_a_long_raw_body_of_deflate() -> None:
    play = Play(api({"/": {"POST": http_proxy("http://backend/")}}))
    long = bytes(range(256)) * 8_192
    play.asks("POST /", "Content-Encoding: deflate", body=raw_deflate(long))
    assert play.backend.hears.content == long
