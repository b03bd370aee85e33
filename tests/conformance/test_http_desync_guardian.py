"""http-desync-guardian: what may split requests is refused and closed, by the connection itself and over a socket."""

import pytest

import http_vectors
from edge_scene import Echo, Edge, Scripted, get, listening, play, talk
from http_vectors import Vector

if not http_vectors.GUARDIAN.is_dir():
    pytest.skip("NOT RUN: the vectors of http-desync-guardian are not here", allow_module_level=True)

VECTORS = http_vectors.guardian()
NEXT = get("/smuggled")

NOT_IMPLEMENTED = {
    "more-compliant-tests: Correct TE OK",
    "more-compliant-tests: Transfer-Encoding: identity and chunked OK",
    "more-compliant-tests: Multiple transfer encoding headers in a single request OK",
    "more-compliant-tests: TE with custom parameters OK",
    "rfc-compliant: Different Transfer-Encoding headers",
    "rfc-compliant: Different Transfer-Encoding headers combined",
    "rfc-compliant: Transfer-Encoding with a param: chunked;custom_param",
}
"""Compliant, with transfer codings besides chunked: 501, as RFC 9112 section 6.1 wants it."""

ODD_TARGETS = {
    "rfc-compliant: Compliant URL": "a fragment is never sent, and a blank would be two targets to others",
    "rfc-compliant: International in URI": "bytes beyond ASCII in a target are read differently by everybody",
    "rfc-compliant: Empty URI": "there is no target",
}
"""Called compliant, and refused here as by nginx and HAProxy: RFC 9112 section 3.2 allows none of them."""

BODIES_OF_GET = {
    "ambiguous: Get with a body and Content-Length",
    "ambiguous: Get with a body and Transfer-Encoding",
    "ambiguous: Head with a body and Content-Length",
    "ambiguous: Head with a body and Transfer-Encoding",
    "real-life-test-cases: Has a CL in GET",
    "real-life-test-cases: Has a TE in GET",
}
"""Ambiguous, and taken. Safe because the body is always read to the end that is told and never taken for a request, and
because a backend gets a Content-Length that Portico made for the bytes that it sends."""


def of(*tiers: str) -> list[Vector]:
    return [vector for vector in VECTORS if vector.expected in tiers]


def heard(vector: Vector, behind: bytes = b"") -> tuple[Edge, list[int]]:
    """The connection after the vector and what comes behind it, and the statuses that it answered."""
    edge = Edge(Scripted(body_limit=10_000_000))
    edge.receive(vector.with_host() + behind)
    return edge, [int(line.split()[1]) for line in edge.transport.answers]


def test_the_vectors_are_whole() -> None:
    assert len(VECTORS) == 159
    assert [len(of(tier)) for tier in ("Severe", "Ambiguous", "Compliant", "Acceptable")] == [58, 58, 28, 15]
    names = {vector.name for vector in VECTORS}
    assert names >= NOT_IMPLEMENTED | ODD_TARGETS.keys() | BODIES_OF_GET


@pytest.mark.parametrize("vector", of("Severe"), ids=lambda vector: vector.name)
def test_severe_is_refused_and_closed(vector: Vector) -> None:
    edge, statuses = heard(vector, NEXT)
    assert statuses == [400] and edge.asked == []
    assert edge.transport.ended == "eof"


@pytest.mark.parametrize("vector", of("Severe"), ids=lambda vector: vector.name)
def test_severe_is_severe_without_our_host_too(vector: Vector) -> None:
    edge = Edge()
    edge.receive(vector.data + NEXT)
    assert edge.transport.answers == [b"HTTP/1.1 400 Bad Request"] and edge.asked == []


@pytest.mark.parametrize("vector", of("Ambiguous", "Acceptable"), ids=lambda vector: vector.name)
def test_ambiguous_is_refused_or_harmless(vector: Vector) -> None:
    edge, statuses = heard(vector)
    if edge.asked:
        (asked,) = edge.asked[:1]
        harmless = vector.name in BODIES_OF_GET or asked.head.content_length == 0
        assert harmless and not statuses
    else:
        assert statuses in ([400], [501]) and edge.transport.ended == "eof"


@pytest.mark.parametrize(
    "vector", [one for one in VECTORS if one.name in BODIES_OF_GET], ids=lambda vector: vector.name
)
def test_a_body_is_never_a_request(vector: Vector) -> None:
    edge = Edge(Echo(body_limit=10_000_000))
    chunked = b"chunked" in vector.data
    length = edge_length(vector)
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(NEXT), NEXT) if chunked else NEXT.ljust(length, b"x")[:length]
    edge.receive(vector.with_host() + body + get("/next"))
    assert [asked.target for asked in edge.asked] == [edge.asked[0].target, "/next"]


def edge_length(vector: Vector) -> int:
    edge, _ = heard(vector)
    return edge.asked[0].head.content_length or 0


@pytest.mark.parametrize("vector", of("Compliant"), ids=lambda vector: vector.name)
def test_compliant_is_taken(vector: Vector) -> None:
    edge, statuses = heard(vector)
    if vector.name in NOT_IMPLEMENTED:
        assert statuses == [501] and edge.asked == []
    elif vector.name in ODD_TARGETS:
        assert statuses == [400] and edge.asked == []
    else:
        assert statuses == [] and edge.asked[0].target


@play
async def test_severe_over_a_socket() -> None:
    application = Echo()
    async with listening(application) as server:
        for vector in of("Severe"):
            got = await talk(server, vector.with_host(), NEXT)
            assert got.startswith(b"HTTP/1.1 400 Bad Request\r\n"), vector.name
            assert got.count(b"HTTP/1.1 ") == 1, vector.name
    assert application.asked == []
