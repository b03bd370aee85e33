"""llhttp's strict request vectors: what llhttp refuses is refused, what it takes is taken as far as our laws allow."""

import re

import pytest

import http_vectors
from edge_scene import Echo, Edge, listening, play, talk
from http_vectors import Vector

if not http_vectors.LLHTTP.is_dir():
    pytest.skip("NOT RUN: the vectors of llhttp are not here", allow_module_level=True)

VECTORS = http_vectors.llhttp()

OTHER_METHODS = {"invalid: HTTP protocol and ANNOUNCE method", "invalid: Invalid method"}
"""llhttp knows a list of methods. A method is any token (RFC 9110 section 9.1): which are served, a Route decides."""

AFTER_CLOSE = "Data after `Connection: close`"
"""What follows a last request: here it is not looked at, and the connection closed behind the answer."""

NOT_TAKEN = {
    "method: CONNECT request": "a gateway is no tunnel",
    "method: CONNECT request with CAPS": "a gateway is no tunnel",
    "method: CONNECT with body": "a gateway is no tunnel",
    "uri: Underscore in hostname": "a gateway is no tunnel",
    "method: M-SEARCH request": "the target is no path",
    "method: PRI request HTTP2": "the target is no path: HTTP/2 in the clear is not offered",
    "method: SOURCE request with ICE": "not HTTP",
    "method: OPTIONS request with RTSP": "not HTTP",
    "method: ANNOUNCE request with RTSP": "not HTTP",
    "sample: No HTTP version": "HTTP/0.9",
    "uri: Host terminated by a query string": "an absolute target could contradict Host",
    "uri: `host:port` terminated by a query string": "an absolute target could contradict Host",
    "uri: `host:port` terminated by a space": "an absolute target could contradict Host",
    "uri: `host:port` and basic auth": "an absolute target could contradict Host",
    "uri: Fragment in URI": "fragments are not sent",
    "transfer-encoding: POST with `chunked` as last transfer-encoding": "fragments are not sent",
    "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": "fragments are not sent",
}
"""Taken by llhttp, refused by our laws, and why."""


def title(vector: Vector) -> str:
    return re.sub(r" \(\d+\)$", "", vector.name)


REFUSED = [vector for vector in VECTORS if vector.expected and title(vector) not in OTHER_METHODS]
TAKEN = [vector for vector in VECTORS if not vector.expected]


def heard(data: bytes) -> tuple[Edge, list[int]]:
    edge = Edge(Echo(body_limit=1 << 20))
    edge.receive(data)
    return edge, [int(line.split()[1]) for line in edge.transport.answers]


def test_the_vectors_are_whole() -> None:
    assert len(REFUSED) == 53 and len(VECTORS) == 134
    assert {title(vector) for vector in VECTORS} >= NOT_TAKEN.keys() | OTHER_METHODS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_vectors_are_read_as_llhttp_reads_them(vector: Vector) -> None:
    for at, length, shown in http_vectors.spans(vector):
        seen = vector.data[at : at + length]
        assert seen == shown or b"\\" in shown or not seen.isascii(), (at, seen, shown)


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector.name)
def test_what_llhttp_refuses_is_refused(vector: Vector) -> None:
    """Some vectors end before their head does: an empty line is added, since heads are looked at whole."""
    edge, statuses = heard(vector.with_host() + b"\r\n\r\n")
    assert edge.transport.ended == "eof"
    if vector.expected == AFTER_CLOSE:
        assert statuses == [200] and len(edge.asked) == 1
    else:
        assert 400 <= statuses[-1] < 500 or (statuses == [501] and b"identity" in vector.data)
        assert len([status for status in statuses if status == 200]) <= vector.log.count("message complete")


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector.name)
def test_what_llhttp_refuses_never_reaches_the_application_twice(vector: Vector) -> None:
    edge, _ = heard(vector.with_host())
    assert not any("evil" in asked.target or "bye" in asked.target for asked in edge.asked)


@pytest.mark.parametrize("vector", TAKEN, ids=lambda vector: vector.name)
def test_what_llhttp_takes_is_taken(vector: Vector) -> None:
    edge, statuses = heard(vector.with_host())
    if title(vector) in NOT_TAKEN:
        assert statuses == [400] and edge.asked == []
    else:
        assert edge.asked and set(statuses) <= {200}
        assert len(statuses) >= vector.log.count("message complete") or not edge.asked[-1].told


@pytest.mark.parametrize("name", sorted(OTHER_METHODS))
def test_any_token_is_a_method(name: str) -> None:
    (vector,) = [vector for vector in VECTORS if title(vector) == name]
    assert heard(vector.with_host())[1] == [200]


@play
async def test_over_a_socket() -> None:
    async with listening(Echo(body_limit=1 << 20)) as server:
        for vector in REFUSED:
            got = await talk(server, vector.with_host(), b"\r\n\r\n")
            last = got.rpartition(b"HTTP/1.1 ")[2]
            assert last.startswith(b"200" if vector.expected == AFTER_CLOSE else (b"4", b"501")), vector.name
        for vector in TAKEN:
            if title(vector) not in NOT_TAKEN:
                assert b"HTTP/1.1 4" not in await talk(server, vector.with_host()), vector.name
