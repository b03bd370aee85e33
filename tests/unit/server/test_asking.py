"""The control listener's application, without a socket."""

import json

import pytest

from portico.controlplane.bodies import MAX_BODY, MAX_UPLOAD
from portico.server.asking import IN_FLIGHT, UPLOADS, Asked, ControlApplication
from portico.wire.http1 import HeaderTable, Memory, Response, parse_request


class Caller:
    """A client connection that remembers what it was answered."""

    source_ip = "127.0.0.1"
    scheme = b"http"
    forwarded = b""
    port = 4566

    def __init__(self, closing: bool = False) -> None:
        self.closing = closing
        self.received = b""

    def answer(self, data: bytes) -> None:
        self.received += data

    def begin(self, data: bytes) -> None: ...
    def send(self, data: bytes) -> bool:
        return True

    def end(self, data: bytes = b"") -> None: ...
    def abort(self) -> None: ...


class Backroom:
    """Where requests are handled: here they wait to be looked at."""

    def __init__(self) -> None:
        self.waiting: list[Asked] = []
        pages = {"/_portico/health": lambda _request: Response(200, (), b"well")}
        self.application = ControlApplication(pages, self.waiting.append)

    def ask(self, text: str, caller: Caller) -> Asked:
        return self.application.begin(caller, parse_request(text.encode(), HeaderTable(), Memory()))


@pytest.fixture
def room() -> Backroom:
    return Backroom()


def get(target: str) -> str:
    return f"GET {target} HTTP/1.1\r\nHost: here"


def test_a_request_is_handed_over_whole_and_its_answer_goes_back(room: Backroom) -> None:
    caller = Caller()
    asked = room.ask("POST /restapis?a=%20 HTTP/1.1\r\nHost: here\r\nX-Amz-Date: now\r\nContent-Length: 2", caller)
    assert room.waiting == []
    asked.on_body(b"{}")
    request = room.waiting[0].request
    assert (request.method, request.target, request.body) == ("POST", "/restapis?a=%20", b"{}")
    assert ("X-Amz-Date", "now") in request.headers
    asked.answer(Response(201, (("Content-Type", "application/json"),), b'{"id": 1}'))
    head, _, body = caller.received.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 201 Created"
    assert {b"Content-Type: application/json", b"Content-Length: 9", b"Connection: keep-alive"} <= set(lines)
    assert body == b'{"id": 1}'


def test_a_request_without_a_body_is_handled_at_once(room: Backroom) -> None:
    room.ask(get("/restapis"), Caller())
    assert len(room.waiting) == 1


def test_an_answer_on_a_connection_that_closes_says_so(room: Backroom) -> None:
    caller = Caller(closing=True)
    room.ask(get("/restapis"), caller).answer(Response(200))
    assert b"Connection: close" in caller.received


def test_pages_answer_get_and_head_and_nothing_else(room: Backroom) -> None:
    answers = []
    for method in ("GET", "HEAD", "POST"):
        caller = Caller()
        room.ask(f"{method} /_portico/health?x HTTP/1.1\r\nHost: here", caller)
        answers.append((caller.received.split(b" ")[1], caller.received.endswith(b"well")))
    assert answers == [(b"200", True), (b"200", False), (b"405", False)]
    caller = Caller()
    room.ask(get("/_portico/other"), caller)
    assert caller.received.startswith(b"HTTP/1.1 404 ")
    assert room.waiting == []


def test_a_body_beyond_the_limit_gets_awss_error(room: Backroom) -> None:
    caller = Caller()
    asked = room.ask("POST /restapis HTTP/1.1\r\nHost: here\r\nContent-Length: 9", caller)
    asked.on_body_too_large()
    assert caller.received.startswith(b"HTTP/1.1 413 ")
    assert b"x-amzn-ErrorType: RequestEntityTooLargeException" in caller.received


def test_requests_in_flight_are_bounded(room: Backroom) -> None:
    for _ in range(IN_FLIGHT):
        room.ask(get("/restapis"), Caller())
    caller = Caller()
    room.ask(get("/restapis"), caller)
    assert caller.received.startswith(b"HTTP/1.1 429 ")
    assert json.loads(caller.received.rpartition(b"\r\n\r\n")[2]) == {"message": "Too Many Requests"}
    room.application.handled(room.waiting[0])
    room.ask(get("/restapis"), Caller())
    assert len(room.waiting) == IN_FLIGHT + 1


def test_who_went_away_is_not_answered(room: Backroom) -> None:
    caller = Caller()
    asked = room.ask(get("/restapis"), caller)
    asked.gone()
    asked.answer(Response(200))
    assert caller.received == b""


CREATE = "POST /2015-03-31/functions HTTP/1.1\r\nHost: here\r\nContent-Length: {}"
LARGE = CREATE.format(MAX_BODY + 1)


def refused(caller: Caller) -> bool:
    return caller.received.startswith(b"HTTP/1.1 429 ")


def test_only_code_may_be_larger_than_other_bodies(room: Backroom) -> None:
    code = room.ask(LARGE, Caller())
    other = room.ask(LARGE.replace("/functions", "/event-source-mappings"), Caller())
    assert code.body_limit > MAX_UPLOAD > other.body_limit > MAX_BODY
    caller = Caller()
    room.ask(CREATE.format(MAX_UPLOAD + 1), caller).on_body_too_large()
    assert b"Request must be smaller than 70167211 bytes for the CreateFunction operation" in caller.received


def test_large_uploads_take_turns_from_their_head_until_they_are_handled(room: Backroom) -> None:
    first, *_ = [room.ask(LARGE, Caller()) for _ in range(UPLOADS)]
    late, small = Caller(), Caller()
    room.ask(LARGE, late)
    room.ask(CREATE.format(MAX_BODY), small)
    assert (refused(late), refused(small)) == (True, False)
    first.on_body(b"zip")
    first.gone()
    waiting = Caller()
    room.ask(LARGE, waiting)
    assert refused(waiting), "its body is in use, though its client has gone"
    room.application.handled(first)
    again = Caller()
    room.ask(LARGE, again)
    assert not refused(again)


def test_an_upload_whose_length_is_not_told_takes_a_turn_too(room: Backroom) -> None:
    chunked = CREATE.format("").replace("Content-Length: ", "Transfer-Encoding: chunked")
    callers = [Caller() for _ in range(UPLOADS + 1)]
    for caller in callers:
        room.ask(chunked, caller)
    assert [refused(caller) for caller in callers] == [False] * UPLOADS + [True]


def test_an_upload_that_breaks_off_or_is_too_large_gives_its_turn_back(room: Backroom) -> None:
    for _ in range(UPLOADS):
        room.ask(LARGE, Caller()).gone()
        room.ask(LARGE, Caller()).on_body_too_large()
    caller = Caller()
    room.ask(LARGE, caller)
    assert not refused(caller)
