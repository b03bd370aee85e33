"""Heads of requests and responses: what is taken, what is refused, what is remembered and what is not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import cpu_seconds
from portico.wire import http1
from portico.wire.http1 import CHUNKED, HeaderTable, Memory, ProtocolError, parse_request, parse_response


def request(
    *lines: bytes,
    first: bytes = b"GET / HTTP/1.1",
    table: HeaderTable | None = None,
    memory: Memory | None = None,
) -> http1.Head:
    return parse_request(b"\r\n".join((first, *lines)), table or HeaderTable(), memory or Memory())


def response(*lines: bytes, first: bytes = b"HTTP/1.1 200 OK", table: HeaderTable | None = None) -> http1.ResponseHead:
    return parse_response(b"\r\n".join((first, *lines)), table or HeaderTable())


HOST = b"Host: h"


# Requests


def test_a_request_as_it_was_sent() -> None:
    head = request(HOST, b"X-Two: a  b \t", b"x-TWO:c", b"Empty:", first=b"PATCH /a/../b?c=%20&d HTTP/1.1")
    assert (head.method, head.target, head.minor) == (b"PATCH", b"/a/../b?c=%20&d", 1)
    assert [(header.name, header.raw, header.value) for header in head.headers] == [
        (b"host", b"Host", b"h"),
        (b"x-two", b"X-Two", b"a  b"),
        (b"x-two", b"x-TWO", b"c"),
        (b"empty", b"Empty", b""),
    ]
    assert head.value(b"x-two") == b"c" and head.value(b"x-three") is None
    assert (head.host, head.content_length, head.keep_alive, head.expects_continue) == (b"h", None, True, False)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET",
        b"GET /",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET /\tHTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1.2",
        b"GET / HTTP/01.1",
        b"GET / HTTP/1.1\r",
        b"GET /\xc3\xa9 HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /a#b HTTP/1.1",
        b"GET a HTTP/1.1",
        b"GET ?a HTTP/1.1",
        b"GET http://h/ HTTP/1.1",
        b"GET * HTTP/1.1",
        b"G(T / HTTP/1.1",
        b"G\xc9T / HTTP/1.1",
        b"M" * 33 + b" / HTTP/1.1",
    ],
)
def test_no_other_request_line(first: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        request(HOST, first=first)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "line",
    [
        b"X : a",
        b"X\t: a",
        b" X: a",
        b"X",
        b": a",
        b"",
        b"X: a\rY: b",
        b"X: a\nY: b",
        b"X: a\x00",
        b"X: a\x7f",
        b"X: \x01a",
        b"X\x80: a",
        b"X(: a",
        b"X\r: a",
    ],
)
def test_no_other_header_line(line: bytes) -> None:
    for parse in (request, response):
        with pytest.raises(ProtocolError):
            parse(HOST, line, b"Z: z")


@pytest.mark.parametrize("value", [b"\xe9t\xe9", b"a\tb", b'"(),/:;<=>?@[\\]{}"', b"a" * 9000])
def test_what_values_may_hold(value: bytes) -> None:
    assert request(HOST, b"X: " + value).value(b"x") == value


def test_limits() -> None:
    assert request(HOST, first=b"GET /" + b"a" * 10_239 + b" HTTP/1.1")
    with pytest.raises(ProtocolError) as caught:
        request(HOST, first=b"GET /" + b"a" * 10_240 + b" HTTP/1.1")
    assert caught.value.status == 414
    most = http1.MAX_HEADERS - len(HOST + b"\r\nX: \r\n")
    assert request(HOST, b"X: " + b"a" * most)
    with pytest.raises(ProtocolError) as caught:
        request(HOST, b"X: " + b"a" * (most + 1))
    assert caught.value.status == 431


@pytest.mark.parametrize("host", [b"h", b"H.example:8080", b"h:", b"127.0.0.1", b"[::1]:80", b"a_b.c", b"x%41"])
def test_hosts(host: bytes) -> None:
    assert request(b"Host: " + host).host == host


@pytest.mark.parametrize(
    "host",
    [b"", b"a b", b"a,b:x", b"a/b", b"a?b", b"a#b", b"u@h", b"h:80a", b"[::1", b"::1", b"h\\", b"<h>", b"h:123456"],
)
def test_no_other_host(host: bytes) -> None:
    with pytest.raises(ProtocolError):
        request(b"Host: " + host)


def test_one_host() -> None:
    for lines in ([], [HOST, HOST], [HOST, b"hOsT: other"]):
        with pytest.raises(ProtocolError):
            request(*lines)
    assert request(first=b"GET / HTTP/1.0").host is None
    with pytest.raises(ProtocolError):
        request(HOST, HOST, first=b"GET / HTTP/1.0")


# Framing


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([b"Content-Length: 0"], 0),
        ([b"content-length:\t12 "], 12),
        ([b"Content-Length: 007"], 7),
        ([b"Transfer-Encoding: chunked"], CHUNKED),
        ([b"transfer-encoding:CHUNKED\t"], CHUNKED),
    ],
)
def test_lengths(lines: list[bytes], length: int) -> None:
    assert request(HOST, *lines).content_length == length
    assert response(*lines).content_length == length


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: "],
        [b"Content-Length: -1"],
        [b"Content-Length: +1"],
        [b"Content-Length: 1,1"],
        [b"Content-Length: 1 1"],
        [b"Content-Length: 0x1"],
        [b"Content-Length: 1_0"],
        [b"Content-Length: \xb2"],
        [b"Content-Length: 9999999999999999999"],
        [b"Content-Length: 1", b"Content-Length: 1"],
        [b"Content-Length: 1", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Content-Length: 1"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: gzip, chunked"],
        [b"Transfer-Encoding: chunked, identity"],
        [b"Transfer-Encoding: chunked;q=1"],
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: "],
        [b"Transfer-Encoding: x-chunked"],
        [b"Transfer-Encoding: 'chunked'"],
        [b"Transfer_Encoding: chunked"],
        [b"TransferEncoding: chunked"],
        [b"Content_Length: 1"],
        [b"content.length: 1"],
    ],
)
def test_what_is_ambiguous_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        request(HOST, *lines)
    with pytest.raises(ProtocolError):
        response(*lines)


def test_chunks_are_of_http_1_1() -> None:
    with pytest.raises(ProtocolError):
        request(b"Transfer-Encoding: chunked", first=b"POST / HTTP/1.0")
    with pytest.raises(ProtocolError):
        response(b"Transfer-Encoding: chunked", first=b"HTTP/1.0 200 OK")


@pytest.mark.parametrize(
    ("minor", "value", "kept"),
    [
        (1, None, True),
        (1, b"close", False),
        (1, b"Keep-Alive", True),
        (1, b"te, Close", False),
        (1, b"closed", True),
        (0, None, False),
        (0, b"keep-alive", True),
        (0, b"keep-alive, close", False),
        (0, b"close, keep-alive", False),
    ],
)
def test_whether_the_connection_is_kept(minor: int, value: bytes | None, kept: bool) -> None:
    lines = [HOST] if value is None else [HOST, b"Connection: " + value]
    assert request(*lines, first=b"GET / HTTP/1.%d" % minor).keep_alive is kept
    assert response(*lines, first=b"HTTP/1.%d 200 OK" % minor).keep_alive is kept


def test_close_in_a_second_line_counts() -> None:
    assert not request(HOST, b"Connection: close", b"Connection: keep-alive").keep_alive
    assert not request(HOST, b"Connection: keep-alive", b"Connection: close").keep_alive
    last = b"GET / HTTP/1.0"
    assert not request(HOST, b"Connection: close", b"Connection: keep-alive", first=last).keep_alive


def test_expectations() -> None:
    assert request(HOST, b"Expect: 100-Continue").expects_continue
    assert not request(HOST, b"Expect: 100-continue", first=b"GET / HTTP/1.0").expects_continue
    with pytest.raises(ProtocolError) as caught:
        request(HOST, b"Expect: a-miracle")
    assert caught.value.status == 417


# Responses


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/2 200",
        b"HTTP/1.2 200 OK",
        b"http/1.1 200 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 O\x00K",
        b"HTTP/1.1 200 O\nK",
    ],
)
def test_no_other_status_line(first: bytes) -> None:
    with pytest.raises(ProtocolError):
        response(first=first)


@pytest.mark.parametrize("first", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 200 Tr\xe8s bien"])
def test_reasons_are_of_no_account(first: bytes) -> None:
    assert response(first=first).status == 200


def test_a_flood_of_response_headers_is_refused() -> None:
    assert response(*[b"X: %d" % number for number in range(255)])
    with pytest.raises(ProtocolError):
        response(*[b"X: %d" % number for number in range(256)])
    with pytest.raises(ProtocolError):
        response(b"X: " + b"x" * http1.MAX_RESPONSE_HEAD)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"gzip, chunked", 501),
        (b"identity", 501),
        (b"Deflate ;q=1, chunked", 501),
        (b"chunked;p=1", 501),
        (b"chunked, chunked", 400),
        (b"chunked, gzip", 400),
        (b"xchunked", 400),
        (b"cow", 400),
        (b"", 400),
    ],
)
def test_transfer_codings(value: bytes, status: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        request(HOST, b"Transfer-Encoding: " + value)
    assert caught.value.status == status


def test_what_a_request_must_not_say_a_response_may() -> None:
    assert response(b"Upgrade: h2,h2c", b"HTTP2-Settings: x").status == 200
    assert response(HOST, HOST).status == 200


# What a table remembers


def test_a_second_look_finds_the_same() -> None:
    table = HeaderTable()
    block = b"GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close"
    memory = Memory()
    first, second = parse_request(block, table, memory), parse_request(block, table, memory)
    assert first is second, "the same bytes are the same head"
    other = parse_request(block.replace(b"/a", b"/b"), table, memory)
    assert (other.target, other.section) == (b"/b", first.section)
    for head in (first, second):
        assert (head.method, head.target, head.host, head.content_length, head.keep_alive) == (
            b"GET",
            b"/a",
            b"h",
            3,
            False,
        )


def test_what_was_fine_in_1_1_is_judged_again_in_1_0() -> None:
    table, memory = HeaderTable(), Memory()
    lines = [HOST, b"Transfer-Encoding: chunked"]
    assert request(*lines, first=b"POST / HTTP/1.1", table=table, memory=memory).content_length == CHUNKED
    with pytest.raises(ProtocolError):
        request(*lines, first=b"POST / HTTP/1.0", table=table, memory=memory)
    assert not request(HOST, first=b"GET / HTTP/1.0", table=table, memory=memory).keep_alive
    assert request(HOST, first=b"GET / HTTP/1.1", table=table, memory=memory).keep_alive
    assert not request(HOST, first=b"GET / HTTP/1.0", table=table, memory=memory).keep_alive


def test_what_was_fine_in_1_0_is_judged_again_in_1_1() -> None:
    table, memory = HeaderTable(), Memory()
    request(first=b"GET / HTTP/1.0", table=table, memory=memory)
    with pytest.raises(ProtocolError):
        request(first=b"GET / HTTP/1.1", table=table, memory=memory)


def test_what_was_refused_is_refused_again() -> None:
    table = HeaderTable()
    for _ in range(2):
        with pytest.raises(ProtocolError):
            request(HOST, HOST, table=table)
        with pytest.raises(ProtocolError):
            request(HOST, b"X : y", table=table)


def remembered(table: HeaderTable) -> bytes:
    """Everything that outlives a message."""
    kept = [*table.known, *table.lines, *table.responses]
    for header in table.known.values():
        kept += [header.raw, header.value, header.line]
    for head in table.responses.values():
        kept += [header.value for header in head.headers]
    return b"\n".join(kept)


@pytest.mark.parametrize(
    "name",
    [b"authorization", b"cookie", b"set-cookie", b"x-api-key", b"proxy-authorization", b"x-amz-security-token"],
)
def test_secrets_are_not_remembered(name: bytes) -> None:
    table = HeaderTable()
    for spelled in (name, name.title(), name.upper()):
        secret = spelled + b": s3cr3t"
        assert request(HOST, secret, b"X: y", table=table).value(name) == b"s3cr3t"
        assert response(b"X: y", secret, table=table).value(name) == b"s3cr3t"
    request(HOST, first=b"GET /?token=s3cr3t HTTP/1.1", table=table)
    assert b"s3cr3t" not in remembered(table)
    assert b"X: y" in table.known


def test_a_connection_remembers_its_last_section_and_nothing_long() -> None:
    table, memory = HeaderTable(), Memory()
    first = request(HOST, b"X: 1", table=table, memory=memory)
    assert request(HOST, b"X: 1", table=table, memory=memory).section is first.section
    assert request(HOST, b"X: 1", first=b"GET /other?q HTTP/1.1", table=table, memory=memory).section is first.section
    assert request(HOST, b"X: 2", table=table, memory=memory).value(b"x") == b"2"
    assert memory.rest == b"Host: h\r\nX: 2", "the one before is forgotten"
    assert request(HOST, b"X: " + b"x" * 3000, table=table, memory=memory).value(b"x") == b"x" * 3000
    assert len(memory.rest) < 100


def test_a_table_is_bounded() -> None:
    table = HeaderTable()
    for number in range(20_000):
        request(HOST, b"X: %d" % number, first=b"GET /%d HTTP/1.1" % number, table=table)
        response(b"Y: %d" % number, table=table)
    assert len(table.known) <= http1._KEPT_LINES and len(table.lines) <= http1._KEPT_REQUEST_LINES
    assert len(table.responses) <= http1._KEPT_SECTIONS


def test_a_table_keeps_nothing_long() -> None:
    table = HeaderTable()
    long = b"X: " + b"x" * 3000
    request(HOST, long, first=b"GET /" + b"a" * 3000 + b" HTTP/1.1", table=table)
    response(long, table=table)
    assert max(map(len, [*table.known, *table.lines, *table.responses])) < 300


def test_what_the_owner_asked_for() -> None:
    table = HeaderTable(
        noted=[b"x-trace"],
        relay=lambda name, raw, value: b"" if name == b"host" else b"<%b=%b>" % (raw, value),
        digest=lambda section: [header.value for header in section.noted if header.name == b"x-trace"],
    )
    head = request(HOST, b"X-Trace: a", b"Y: b", b"x-trace: c", table=table)
    assert head.section.digest == [b"a", b"c"]
    assert head.section.relayed() == b"<X-Trace=a><Y=b><x-trace=c>"


# Whatever bytes come


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    table = HeaderTable()
    for front in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n", b"HTTP/1.1 200 OK\r\n"):
        with suppress(ProtocolError):
            parse_request(front + data, table, Memory())
        with suppress(ProtocolError):
            parse_response(front + data, table)


_NAMES = [b"Host", b"Content-Length", b"Transfer-Encoding", b"chunked", b"1", b"X"]
_PIECES = st.sampled_from([*_NAMES, b": ", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b",", b"\x00", b"\xff"])
_FRAMING = (b"content-length", b"transfer-encoding")


@given(st.lists(_PIECES, max_size=30))
def test_what_is_taken_is_unambiguous(pieces: list[bytes]) -> None:
    """Whatever head is taken, a parser that splits it in the plainest way sees the same one length, or none."""
    block = b"POST / HTTP/1.1\r\nHost: h\r\n" + b"".join(pieces)
    try:
        head = parse_request(block, HeaderTable(), Memory())
    except ProtocolError:
        return
    lines = [line.partition(b":") for line in block.split(b"\r\n")[1:]]
    assert not any(set(b"\r\n\x00") & set(line[0] + line[2]) for line in lines)
    told = [(name.lower(), value.strip(b" \t")) for name, _, value in lines if name.lower() in _FRAMING]
    assert len(told) <= 1
    expected = None if not told else CHUNKED if told[0][0] == b"transfer-encoding" else int(told[0][1])
    assert head.content_length == expected


@pytest.mark.parametrize("start", [b"X:", b"Transfer-Encoding: gzip", b"Transfer-Encoding: gzip;", b"Host: h"])
@pytest.mark.parametrize("filling", [b" ", b"\t", b"a ", b": ", b"a", b",", b"\x80", b"; ", b";a", b"gzip, ", b"%"])
def test_no_header_line_costs_more_than_its_bytes(start: bytes, filling: bytes) -> None:
    """A line of blanks took nine seconds where a regular expression went back over what it had matched."""
    line = start + filling * (60_000 // len(filling)) + b"\x00"

    def refused() -> None:
        with pytest.raises(ProtocolError):
            HeaderTable().admit(line)

    assert cpu_seconds(refused, 0.5) < 0.5


@pytest.mark.parametrize(
    "lines",
    [
        (b"X-Mine: 1", b"Connection: close, x-MINE"),
        (b"Connection: x-mine", b"X-Mine: 1", b"x-mine: 2"),
        (b"Connection: keep-alive", b"X-Mine: 1", b"Connection: x-other , x-mine"),
    ],
)
def test_what_a_connection_header_names_is_sent_on_by_nobody(lines: tuple[bytes, ...]) -> None:
    table = HeaderTable(relay=lambda name, raw, value: b"" if name in (b"host", b"connection") else b"<%b>" % raw)
    head = request(HOST, b"X-Yours: 1", *lines, table=table)
    assert head.section.relayed() == b"<X-Yours>"
    assert head.value(b"x-mine") is not None, "it is still there for who reads it"


def test_what_names_nothing_costs_nothing() -> None:
    assert request(HOST, b"Connection: keep-alive").section.private == frozenset()
