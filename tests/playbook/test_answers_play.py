"""Answers on their way to the client: HEAD, 204, HTTP/1.0, streams, clients that leave, faults on the way."""

import pytest

from playbook.stage import HOST, Client, Message, Play, api, http, http_proxy, mock, responds
from portico.ports.upstream import FailureKind
from portico.wire.chunked import ChunkedDecoder

MEGABYTE = 1024 * 1024


def proxy(verb: str = "ANY", **settings: object) -> Play:
    return Play(api({"/": {"ANY": http_proxy("http://backend/", verb=verb, **settings)}}))


def unchunked(message: Message) -> bytes:
    decoder = ChunkedDecoder()
    body = b"".join(decoder.feed(message.content))
    assert decoder.done and not decoder.rest
    return body


# HEAD


@pytest.mark.parametrize("method", [mock(responds(responseTemplates={"application/json": "body"}))])
def test_a_head_request_hears_the_length_and_nothing_of_it(method: dict[str, object]) -> None:
    hears = Play(api({"/": {"HEAD": method}})).asks("HEAD /").hears
    assert (hears["Content-Length"], hears.content) == ("4", b"")


def test_a_head_request_whose_backend_is_asked_with_get_hears_no_body() -> None:
    play = proxy("GET")
    client = play.asks("HEAD /")
    assert play.backend.hears.first == "GET / HTTP/1.1"
    play.backend.answers("HTTP/1.1 200 OK\n\nbody")
    assert (client.hears["Content-Length"], client.hears.content) == ("4", b"")


@pytest.mark.parametrize("length", [MEGABYTE, None])
@pytest.mark.parametrize("how", ["integration", "override"])
def test_a_head_request_never_hears_the_body_of_a_stream(how: str, length: int | None) -> None:
    play = proxy("GET" if how == "integration" else "ANY")
    client = play.asks("HEAD /", *(["X-HTTP-Method-Override: GET"] if how == "override" else []))
    assert play.backend.last.method == b"GET"
    play.backend.begins("HTTP/1.1 200 OK\nContent-Type: text/plain", length)
    assert client.over and client.hears.content == b""
    assert client.hears["Content-Length"] == (None if length is None else str(length))
    assert "Transfer-Encoding" not in client.hears.names
    assert play.backend.last.cancelled, "the rest of the answer is for nobody"
    assert play.meters.records == [(("api1", "dev", "ANY", "/"), 200)]


# Statuses without a body


@pytest.mark.parametrize("status", [204, 304])
def test_answers_that_have_no_body_have_no_length(status: int) -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.answers(f"HTTP/1.1 {status} X\nETag: x\n\n")
    assert client.hears.status == status
    assert "Content-Length" not in client.hears.names and client.hears.content == b""
    mapped = mock(responds(str(status), responseTemplates={"application/json": "body"}))
    hears = Play(api({"/": {"GET": mapped}})).asks("GET /").hears
    assert "Content-Length" not in hears.names and hears.content == b""


# Streams


def test_an_answer_of_known_length_is_relayed_as_it_comes() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 206 Partial\nContent-Type: text/plain\nContent-Length: 6", 6)
    assert client.hears["Content-Length"] == "6" and not client.over
    assert client.hears["x-amzn-Remapped-Content-Length"] == "6"
    play.backend.sends(b"abc")
    assert client.hears.body == "abc"
    play.backend.sends(b"def")
    play.backend.ends()
    assert (client.hears.status, client.hears.body, client.over) == (206, "abcdef", True)
    assert play.meters.records == [(("api1", "dev", "ANY", "/"), 206)]


def test_an_answer_of_unknown_length_is_chunked() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK\nTransfer-Encoding: chunked")
    play.backend.sends(b"abc")
    play.backend.sends(b"")
    play.backend.sends(b"def")
    play.backend.ends()
    assert client.hears["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in client.hears.names
    assert unchunked(client.hears) == b"abcdef"
    assert not client.closing


@pytest.mark.parametrize("connection", ["", "Connection: keep-alive\n"])
def test_a_client_of_http_1_0_hears_an_unknown_length_until_we_close(connection: str) -> None:
    play = proxy()
    client = play.says(f"GET /dev/ HTTP/1.0\nHost: {HOST}\n{connection}\n")
    play.backend.begins("HTTP/1.1 200 OK\nTransfer-Encoding: chunked")
    play.backend.sends(b"abc")
    play.backend.ends()
    assert client.closing and client.hears["Connection"] == "close"
    assert "Transfer-Encoding" not in client.hears.names and "Content-Length" not in client.hears.names
    assert client.hears.content == b"abc"


def test_a_slow_client_pauses_the_backend() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK", MEGABYTE)
    play.backend.sends(b"a")
    assert not play.backend.last.paused
    client.slow = True
    play.backend.sends(b"b")
    assert play.backend.last.paused
    assert client.exchange is not None
    client.exchange.resume()
    assert not play.backend.last.paused
    client.exchange.pause()
    assert play.backend.last.paused


def test_a_slow_client_of_a_whole_answer_touches_no_backend_any_more() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 200 OK\n\nbody")
    call, exchange = play.backend.last, client.exchange
    assert exchange is not None
    exchange.pause()
    assert not call.paused, "the connection serves somebody else by now"
    exchange.resume()
    exchange.gone()
    assert not call.cancelled


# Too much


def test_an_answer_may_have_ten_megabytes_and_no_more() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK", 10 * MEGABYTE)
    play.backend.sends(bytes(10 * MEGABYTE))
    play.backend.ends()
    assert len(client.hears.content) == 10 * MEGABYTE

    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK", 10 * MEGABYTE + 1)
    assert (client.hears.status, client.hears.body) == (500, '{"message": "Internal server error"}')
    assert play.backend.last.cancelled
    assert "10485761 bytes" in play.causes[0]


def test_an_answer_that_turns_out_too_long_is_cut() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK")
    play.backend.sends(bytes(10 * MEGABYTE))
    assert not client.over
    play.backend.sends(b"x")
    assert client.aborted and play.backend.last.cancelled
    assert "more than 10485760 bytes" in play.causes[0]
    assert len(play.log_lines) == 1


# Whoever leaves


def test_a_client_that_leaves_cancels_the_call_and_is_logged() -> None:
    for build in (http, http_proxy):
        play = Play(api({"/": {"GET": build("http://backend/")}}))
        client = play.asks("GET /")
        assert client.exchange is not None
        client.exchange.gone()
        assert play.backend.last.cancelled
        assert client.data == b""
        assert '"status":"499"' in play.log_lines[0]
        assert play.meters.records == [(("api1", "dev", "GET", "/"), 499)]


def test_a_client_that_leaves_in_the_middle_of_a_stream() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK", MEGABYTE)
    play.backend.sends(b"abc")
    assert client.exchange is not None
    client.exchange.gone()
    client.exchange.gone()
    assert play.backend.last.cancelled
    assert len(play.log_lines) == 1 and '"responseLength":"3"' in play.log_lines[0]


def test_a_client_that_leaves_before_its_body_was_whole() -> None:
    play = proxy()
    client = play.says(f"POST /dev/ HTTP/1.1\nHost: {HOST}\nContent-Length: 5\n\n", whole=False)
    assert client.exchange is not None
    client.exchange.gone()
    assert not play.backend.calls and '"status":"499"' in play.log_lines[0]


def test_a_fault_after_the_head_of_a_stream_cuts_the_connection() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.begins("HTTP/1.1 200 OK", MEGABYTE)
    play.backend.sends(b"abc")
    play.backend.fails(FailureKind.CLOSED)
    assert client.aborted and client.hears.body == "abc"
    assert play.causes and len(play.log_lines) == 1
    assert client.exchange is not None and client.exchange.over


def test_the_connection_header_says_what_the_shell_will_do() -> None:
    play = Play(api({"/": {"GET": mock()}}))
    assert play.asks("GET /").hears["Connection"] == "keep-alive"
    assert play.asks("GET /", "Connection: close").hears["Connection"] == "close"
    assert play.says(f"GET /dev/ HTTP/1.0\nHost: {HOST}\n\n").hears["Connection"] == "close"
    assert (
        play.says(f"GET /dev/ HTTP/1.0\nHost: {HOST}\nConnection: keep-alive\n\n").hears["Connection"] == "keep-alive"
    )


@pytest.mark.parametrize("status", [200, 201, 226, 299, 399, 418, 451, 499, 511, 599, 600, 999])
def test_http_proxy_passes_every_final_status(status: int) -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.answers(f"HTTP/1.1 {status} X\n\n")
    assert client.hears.status == status


def test_redirects_are_handed_on_not_followed() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 302 Found\nLocation: http://169.254.169.254/\n\n")
    assert (client.hears.status, client.hears["Location"]) == (302, "http://169.254.169.254/")
    assert len(play.backend.calls) == 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("WWW-Authenticate: Basic", "x-amzn-Remapped-WWW-Authenticate"),
        ("Authorization: x", "x-amzn-Remapped-Authorization"),
        ("Server: nginx", "x-amzn-Remapped-Server"),
        ("Date: now", "x-amzn-Remapped-Date"),
        ("X-Amzn-RequestId: 1", "x-amzn-Remapped-X-Amzn-RequestId"),
        ("Set-Cookie: a=b", "Set-Cookie"),
        ("X-Amzn-Trace-Id: Root=1", "X-Amzn-Trace-Id"),
        ("Content-Encoding: gzip", "Content-Encoding"),
        ("Transfer-Encoding: chunked", None),
        ("Via: 1.1 x", None),
        ("Keep-Alive: timeout=5", None),
        ("Upgrade: h2c", None),
        ("Trailer: X", None),
        ("TE: trailers", None),
        ("Proxy-Authenticate: Basic", None),
        ("x-amz-apigw-id: 1", None),
    ],
)
def test_fact_125_what_http_proxy_makes_of_a_backends_header(line: str, name: str | None) -> None:
    plain = proxy()
    client = plain.asks("GET /")
    plain.backend.answers("HTTP/1.1 200 OK\n\n")
    without = set(client.hears.names)
    client = plain.asks("GET /")
    plain.backend.answers(f"HTTP/1.1 200 OK\n{line}\n\n")
    assert set(client.hears.names) - without == (set() if name is None else {name})
    assert len(client.hears.names) == len(without) + (name is not None)


def test_cookies_of_a_backend_stay_several_lines() -> None:
    play = proxy()
    client = play.asks("GET /")
    play.backend.answers("HTTP/1.1 200 OK\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n")
    assert client.hears.all("Set-Cookie") == ["a=1", "b=2"]


def test_a_client_keeps_its_own_connection() -> None:
    """Two requests on one connection: what one asked for is nothing to the other."""
    play = proxy()
    first = play.asks("GET /", "X-A: 1", client=Client())
    play.backend.answers("HTTP/1.1 200 OK\n\nfirst")
    second = play.asks("GET /", client=Client())
    play.backend.answers("HTTP/1.1 200 OK\n\nsecond")
    assert (first.hears.body, second.hears.body) == ("first", "second")
    assert "X-A" not in play.backend.hears.names
