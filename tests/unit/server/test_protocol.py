"""A client connection over a transport that keeps everything: what it answers, when, and what it does afterwards."""

import pytest

from edge_scene import Asked, Echo, Edge, Refusing, Scripted, get, play, post, split_everywhere, until
from portico.kernel.observe import BadClient
from portico.server import protocol
from portico.server.body import MOST_PIECES
from portico.server.connections import ConnectionLimits, Connections

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def status(sent: bytes) -> int:
    return int(sent.split(b" ", 2)[1])


# Requests, one after another


def test_answers_and_stays() -> None:
    edge = Edge()
    assert edge.receive(get("/a")).endswith(b"\r\n\r\nGET /a")
    assert edge.receive(get("/b")).endswith(b"\r\n\r\nGET /b")
    assert edge.transport.ended == ""


@pytest.mark.parametrize(
    ("request_bytes", "stays"),
    [
        (get(), True),
        (get("/", "Connection: close"), False),
        (get("/", "Connection: Keep-Alive, CLOSE"), False),
        (get("/", version="1.0"), False),
        (get("/", "Connection: keep-alive", version="1.0"), True),
        (b"GET / HTTP/1.0\r\n\r\n", False),
    ],
)
def test_closes_when_it_was_the_last(request_bytes: bytes, stays: bool) -> None:
    edge = Edge()
    sent = edge.receive(request_bytes)
    assert status(sent) == 200
    assert (b"Connection: keep-alive" in sent) is stays
    assert (edge.transport.ended == "") is stays


def test_head_has_no_body() -> None:
    assert (
        Edge()
        .receive(b"HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n")
        .endswith(b"Content-Length: 9\r\nConnection: keep-alive\r\n\r\n")
    )


@pytest.mark.parametrize(
    "conversation",
    [
        get("/a") + get("/b"),
        post(b"hello") + get("/b"),
        b"\r\n" + get("/a") + b"\r\n\r\n" + get("/b"),
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n" + get("/b"),
        get("/a") + b"nonsense\r\n\r\n",
        post(b"hello", "Expect: 100-continue").replace(b"Expect", b"X-Expect")
        + get("/b", "Connection: close")
        + get("/c"),
    ],
)
def test_a_split_anywhere_changes_nothing(conversation: bytes) -> None:
    whole = Edge()
    whole.receive(conversation)
    for first, second in split_everywhere(conversation):
        edge = Edge()
        edge.receive(first)
        edge.receive(second)
        assert edge.transport.sent == whole.transport.sent, (first, second)
        assert edge.transport.ended == whole.transport.ended
    drip = Edge()
    for byte in conversation:
        drip.receive(bytes([byte]))
    assert drip.transport.sent == whole.transport.sent


def test_nothing_behind_the_last_request_is_served() -> None:
    edge = Edge()
    edge.receive(get("/last", "Connection: close") + get("/more"))
    edge.receive(get("/still"))
    assert [one.target for one in edge.asked] == ["/last"]
    assert edge.transport.ended == "eof", "closed at once it would reset the answer"


def test_nothing_behind_a_last_request_answered_later_is_served() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/last", version="1.0") + get("/more"))
    edge.asked[0].answer()
    edge.receive(get("/still"))
    assert [one.target for one in edge.asked] == ["/last"]
    assert edge.transport.ended == "eof"


def test_a_last_request_with_nothing_behind_is_closed() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/last", version="1.0"))
    edge.asked[0].answer()
    assert edge.transport.ended == "close"


def test_one_request_at_a_time() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/a") + get("/b"))
    edge.receive(get("/c"))
    assert [one.target for one in edge.asked] == ["/a"]
    edge.asked[0].answer(b"A")
    assert [one.target for one in edge.asked] == ["/a", "/b"]
    edge.asked[1].answer(b"B")
    edge.asked[2].answer(b"C")
    assert [part[-1:] for part in edge.transport.sent.split(b"HTTP/1.1 ")[1:]] == [b"A", b"B", b"C"]


def test_nonsense_behind_a_request_is_refused_after_its_answer() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/a") + b"NONSENSE\r\n\r\n" + get("/b"))
    assert edge.transport.sent == b""
    edge.asked[0].answer()
    assert edge.transport.answers == [b"HTTP/1.1 200 OK", b"HTTP/1.1 400 Bad Request"]
    assert [one.target for one in edge.asked] == ["/a"]
    assert edge.transport.ended == "eof"


# What is refused


@pytest.mark.parametrize(
    ("request_bytes", "answered"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/0.9\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (b"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /#here HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (get("/", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk"), 400),
        (get("/", "Upgrade: H2C"), 400),
        (get("/", "HTTP2-Settings: AAMAAABk"), 400),
        (get("/", "Expect: 200-maybe"), 417),
        (get("/", "Content-Length: +1"), 400),
        (get("/", "Content-Length: 0x1"), 400),
        (get("/", "Content-Length: 1_0"), 400),
        (get("/", "Content-Length: ١".encode().decode("latin-1")), 400),
        (get("/" + "a" * 10_240), 414),
        (get("/", "X: " + "a" * 10_240), 431),
    ],
)
def test_is_refused_and_closed(request_bytes: bytes, answered: int) -> None:
    edge = Edge()
    sent = edge.receive(request_bytes + get("/smuggled"))
    assert status(sent) == answered
    assert b"Connection: close\r\n" in sent
    assert edge.asked == []
    assert edge.transport.ended == "eof"
    assert edge.seen == [BadClient("192.0.2.1", answered, edge.seen[0].reason)]  # type: ignore[attr-defined]
    assert edge.receive(get("/more")) == b""


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("data", "answered"),
    [(b"GET /" + b"a" * 11_000, 414), (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 21_000, 431), (b"G" * 30_000, 414)],
)
def test_a_head_without_end_is_refused(data: bytes, answered: int, at_once: bool) -> None:
    edge = Edge()
    for piece in [data] if at_once else [data[at : at + 100] for at in range(0, len(data), 100)]:
        edge.receive(piece)
    assert [status(line) for line in edge.transport.answers] == [answered]


def test_an_upgrade_to_anything_else_is_not_taken_up() -> None:
    sent = Edge().receive(get("/", "Upgrade: websocket", "Connection: Upgrade"))
    assert status(sent) == 200


def test_the_longest_url_and_headers_are_taken_whole_and_in_pieces() -> None:
    request = get("/" + "a" * 10_239, "X: " + "b" * 10_221)
    assert status(Edge().receive(request)) == 200
    edge = Edge()
    for at in range(0, len(request), 1000):
        edge.receive(request[at : at + 1000])
    assert edge.transport.answers == [b"HTTP/1.1 200 OK"]


# Bodies


def test_a_body_by_length() -> None:
    assert Edge().receive(post(b"hello")).endswith(b"\r\n\r\nhello")


def test_a_body_in_chunks_without_its_extensions_and_trailers() -> None:
    edge = Edge()
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
    edge.receive(head + b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nContent-Length: 4\r\nHost: evil\r\n\r\n" + get("/next"))
    first, second = edge.asked
    assert first.body == b"hello world"
    assert first.head.host == b"h" and first.head.value(b"content-length") is None
    assert second.target == "/next"


@pytest.mark.parametrize(
    "chunks", [b"x\r\n", b"5\nhello", b"5\r\nhello!\r\n", b"-1\r\n", b" 5\r\nhello", b"0\r\nno colon\r\n\r\n"]
)
def test_bad_chunks_are_refused(chunks: bytes) -> None:
    edge = Edge()
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert edge.transport.answers == [b"HTTP/1.1 400 Bad Request"]
    assert edge.asked[0].told == ["gone"]
    assert edge.transport.ended == "eof"


def test_a_length_beyond_the_limit_is_told_before_the_body_comes() -> None:
    edge = Edge(Scripted(body_limit=10))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
    assert edge.asked[0].told == ["too large"]
    assert edge.transport.answers == [b"HTTP/1.1 413 Payload Too Large"]
    assert edge.transport.ended == "eof"


def test_chunks_beyond_the_limit_are_told_when_they_come() -> None:
    edge = Edge(Scripted(body_limit=10))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n")
    assert edge.asked[0].told == []
    edge.receive(b"1\r\nx\r\n0\r\n\r\n" + get("/never"))
    assert edge.asked[0].told == ["too large"]
    assert len(edge.asked) == 1
    assert edge.connections._body_bytes == 0


def test_a_body_of_tiny_chunks_costs_what_its_bytes_cost() -> None:
    edge = Edge(Scripted(body_limit=1 << 20))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(300):
        edge.receive(b"2\r\nab\r\n" * 100)
    body = edge.connection._body
    assert body is not None and body.size == 60_000
    assert len(body.pieces) < 2 * MOST_PIECES
    edge.receive(b"0\r\n\r\n")
    assert edge.asked[0].body == b"ab" * 30_000


def test_a_body_in_packets_of_a_byte_is_kept_in_few_pieces() -> None:
    edge = Edge(Scripted(body_limit=1 << 20))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n")
    for at in range(20_000 - 1):
        edge.receive(b"%d" % (at % 10))
    assert edge.connection._body is not None and len(edge.connection._body.pieces) < 2 * MOST_PIECES
    edge.receive(b"!")
    assert edge.asked[0].body == b"0123456789" * 1999 + b"012345678!"


# Expect: 100-continue


def expecting(body: bytes) -> tuple[bytes, bytes]:
    request = post(body, "Expect: 100-continue")
    return request[: -len(body)], request[-len(body) :]


def test_the_client_is_told_to_continue_when_its_body_is_wanted() -> None:
    head, body = expecting(b"hello")
    edge = Edge()
    assert edge.receive(head) == CONTINUE
    assert edge.receive(body).endswith(b"hello")


def test_a_client_that_does_not_wait_is_not_told() -> None:
    head, body = expecting(b"hello")
    assert CONTINUE not in Edge().receive(head + body)


def test_an_early_answer_takes_the_place_of_continue() -> None:
    head, _ = expecting(b"hello")
    edge = Edge(Refusing())
    sent = edge.receive(head)
    assert edge.transport.answers == [b"HTTP/1.1 403 Forbidden"]
    assert b"Connection: close" in sent


def test_http_1_0_is_never_told_to_continue() -> None:
    assert Edge().receive(b"POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n") == b""


def test_without_a_body_there_is_nothing_to_continue() -> None:
    assert CONTINUE not in Edge().receive(get("/", "Expect: 100-continue"))
    assert CONTINUE not in Edge().receive(get("/", "Expect: 100-continue", "Content-Length: 0"))


# An answer before the body


def test_an_answer_before_the_body_lingers() -> None:
    edge = Edge(Refusing())
    edge.receive(post(b"x" * 100)[:-50])
    assert edge.transport.ended == "eof"
    assert edge.receive(b"x" * 50 + get("/smuggled")) == b""
    assert len(edge.asked) == 1
    edge.wait(protocol._LINGER_SECONDS + 0.1)
    assert edge.transport.ended == "abort"


def test_an_early_answer_that_is_slowly_read_is_waited_for() -> None:
    edge = Edge(Refusing())
    edge.transport.unsent = 100_000
    edge.receive(post(b"x" * 100)[:-50])
    edge.wait(protocol._LINGER_SECONDS + 0.1)
    edge.transport.unsent = 50_000
    edge.wait(edge.connections.limits.stalled_seconds + 0.1)
    assert edge.transport.ended == "eof"
    edge.wait(edge.connections.limits.stalled_seconds + 0.1)
    assert edge.transport.ended == "abort"


def test_lingering_over_tls_keeps_reading_without_closing_its_half() -> None:
    edge = Edge(Refusing(), secure=True)
    edge.receive(post(b"x" * 100)[:-50])
    assert edge.transport.ended == ""
    edge.receive(b"x" * 50)
    edge.wait(protocol._LINGER_SECONDS + 0.1)
    assert edge.transport.ended == "abort"


def test_a_client_that_closes_ends_the_lingering() -> None:
    edge = Edge(Refusing())
    edge.receive(post(b"x" * 100)[:-50])
    assert edge.connection.eof_received() is False


# Deadlines


def test_a_connection_that_says_nothing_is_closed() -> None:
    edge = Edge()
    edge.wait(9.9)
    assert edge.transport.ended == ""
    edge.wait(0.2)
    assert edge.transport.ended == "close" and edge.transport.sent == b""


def test_empty_lines_do_not_put_the_deadline_off() -> None:
    edge = Edge()
    for _ in range(11):
        edge.receive(b"\r\n" * 1000)
        edge.wait(1.0)
    assert edge.transport.ended == "close" and edge.transport.sent == b""


def test_a_head_that_drips_is_refused_at_its_deadline() -> None:
    edge = Edge()
    for _ in range(6):
        edge.receive(b"G")
        edge.wait(2.0)
    assert edge.transport.answers == [b"HTTP/1.1 408 Request Timeout"]
    assert edge.transport.ended == "eof"


def test_tls_on_a_listener_without_it_is_told_at_once() -> None:
    edge = Edge()
    assert status(edge.receive(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")) == 400
    assert BadClient("192.0.2.1", 400, "TLS, where this listener speaks HTTP") in edge.seen


def test_the_next_head_has_a_deadline_of_its_own() -> None:
    edge = Edge()
    edge.receive(get())
    edge.wait(70.0)
    edge.receive(b"GET / HT")
    edge.wait(9.9)
    assert edge.transport.answers == [b"HTTP/1.1 200 OK"]
    edge.wait(0.2)
    assert edge.transport.answers[1] == b"HTTP/1.1 408 Request Timeout"


def test_an_idle_connection_is_closed() -> None:
    edge = Edge()
    edge.receive(get())
    edge.receive(b"\r\n")
    edge.wait(74.9)
    assert edge.transport.ended == ""
    edge.wait(0.2)
    assert edge.transport.ended == "close"


def test_a_body_that_stops_is_refused_at_its_deadline() -> None:
    edge = Edge()
    edge.receive(post(b"x" * 100)[:-1])
    edge.wait(29.9)
    edge.wait(0.2)
    assert edge.transport.answers == [b"HTTP/1.1 408 Request Timeout"]
    assert edge.asked[0].told == ["gone"]
    assert edge.connections._body_bytes == 0


def test_a_slow_body_that_keeps_pace_is_taken() -> None:
    edge = Edge(Scripted(body_limit=1 << 20))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 163840\r\n\r\n")
    for _ in range(10):
        edge.wait(29.0)
        edge.receive(b"x" * 16_384)
    assert edge.asked[0].told == ["body"]


def test_a_body_that_trickles_is_refused() -> None:
    edge = Edge(Scripted(body_limit=1 << 20))
    edge.receive(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 163840\r\n\r\n")
    for _ in range(4):
        edge.receive(b"x" * 1000)
        edge.wait(10.0)
    assert edge.transport.answers == [b"HTTP/1.1 408 Request Timeout"]


def test_a_request_under_way_has_no_deadline_here() -> None:
    edge = Edge(Scripted())
    edge.receive(post(b"hello"))
    edge.wait(100_000.0)
    edge.asked[0].answer()
    assert edge.transport.answers == [b"HTTP/1.1 200 OK"]


def test_a_last_answer_that_nobody_reads_does_not_keep_its_connection() -> None:
    edge = Edge()
    edge.transport.unsent = 1000
    edge.receive(get("/", "Connection: close"))
    edge.wait(protocol._LINGER_SECONDS + 0.1)
    edge.wait(edge.connections.limits.stalled_seconds + 0.1)
    assert edge.transport.ended == "abort"


def test_an_idle_client_that_left_an_answer_unread_is_cut_in_the_end() -> None:
    edge = Edge()
    edge.receive(get())
    edge.transport.unsent = 1000
    edge.wait(75.1)
    edge.wait(protocol._LINGER_SECONDS + 0.1)
    edge.wait(edge.connections.limits.stalled_seconds + 0.1)
    assert edge.transport.ended == "abort"


# Slow readers


def streaming(edge: Edge) -> Asked:
    edge.receive(get())
    asked = edge.asked[0]
    asked.client.begin(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    return asked


def test_a_slow_client_pauses_and_resumes_what_it_asked_for() -> None:
    edge = Edge(Scripted())
    asked = streaming(edge)
    assert asked.client.send(b"1\r\na\r\n")
    edge.connection.pause_writing()
    assert not asked.client.send(b"1\r\nb\r\n")
    edge.connection.resume_writing()
    assert asked.client.send(b"1\r\nc\r\n")
    asked.client.end(b"0\r\n\r\n")
    assert asked.told == ["pause", "resume"]
    assert edge.receive(get("/next")) == b"" and len(edge.asked) == 2


def test_a_client_that_reads_nothing_is_cut() -> None:
    edge = Edge(Scripted())
    streaming(edge)
    edge.transport.unsent = 70_000
    edge.connection.pause_writing()
    edge.wait(60.1)
    assert edge.transport.ended == "abort"


def test_a_client_that_reads_slowly_is_not_cut() -> None:
    edge = Edge(Scripted())
    edge.receive(get())
    edge.transport.unsent = 1_000_000
    edge.connection.pause_writing()
    edge.asked[0].answer(b"x" * 1_000_000)
    for left in range(900_000, 100_000, -100_000):
        edge.transport.unsent = left
        edge.wait(76.0)
    assert edge.transport.ended == ""


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    edge = Edge()
    edge.receive(get())
    edge.connection.pause_writing()
    assert not edge.transport.reading
    edge.connection.resume_writing()
    assert edge.transport.reading


def test_requests_wait_while_their_client_reads_nothing() -> None:
    class Filling(Echo):
        """Its first answer fills the client's buffer."""

        def begin(self, client, head):  # type: ignore[no-untyped-def]
            asked = super().begin(client, head)
            if len(self.asked) == 1:
                client.pause_writing()
            return asked

    edge = Edge(Filling())
    edge.receive(get("/a") + get("/b") + get("/c"))
    assert [one.target for one in edge.asked] == ["/a"]
    edge.connection.resume_writing()
    assert [one.target for one in edge.asked] == ["/a", "/b", "/c"]


def test_a_resumed_client_keeps_the_deadline_of_its_body() -> None:
    edge = Edge()
    edge.receive(post(b"hello")[:-1])
    edge.connection.pause_writing()
    edge.connection.resume_writing()
    edge.wait(30.1)
    assert edge.transport.answers == [b"HTTP/1.1 408 Request Timeout"]


# What waits behind a request is bounded


def test_reading_pauses_while_too_much_waits() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/slow"))
    flood = get("/next") * 3000
    edge.receive(flood)
    assert not edge.transport.reading
    for at in range(3001):
        edge.asked[at].answer()
    assert edge.transport.reading
    assert len(edge.transport.answers) == 3001


def test_reading_goes_on_for_a_body_that_was_held_back() -> None:
    edge = Edge(Scripted(body_limit=1 << 20))
    request = post(b"x" * 100_000)
    edge.receive(get("/slow"))
    edge.receive(request[:-1])
    assert not edge.transport.reading
    edge.asked[0].answer()
    assert edge.transport.reading
    edge.receive(request[-1:])
    assert edge.asked[1].body == b"x" * 100_000


def test_a_refusal_among_what_waited_throws_the_rest_away() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/slow"))
    edge.receive(b"NONSENSE\r\n\r\n" + get() * 3000)
    edge.asked[0].answer()
    assert edge.transport.answers == [b"HTTP/1.1 200 OK", b"HTTP/1.1 400 Bad Request"]
    assert edge.transport.reading and edge.connection._held == b""


@play
async def test_pipelined_requests_give_the_loop_away() -> None:
    edge = Edge()
    edge.receive(get() * (protocol.BURST + 3))
    assert len(edge.asked) == protocol.BURST
    await until(lambda: len(edge.asked) == protocol.BURST + 3)


@play
async def test_requests_that_come_during_their_turn_are_answered_in_order() -> None:
    edge = Edge()
    for at in range(5):
        edge.receive(b"".join(get(f"/{at * 20 + number}") for number in range(20)))
    await until(lambda: len(edge.asked) == 100)
    assert [one.target for one in edge.asked] == [f"/{number}" for number in range(100)]


@play
async def test_a_backlog_is_read_no_further_than_its_bound() -> None:
    edge = Edge()
    edge.receive(get() * 5000)
    assert not edge.transport.reading
    await until(lambda: len(edge.asked) == 5000)
    assert edge.transport.reading


# Caps and budgets


def test_connections_beyond_a_cap_are_answered_and_closed() -> None:
    connections = Connections(ConnectionLimits(connections=3, connections_per_address=2))
    edges = [Edge(connections=connections, peer=("192.0.2.1", 1)) for _ in range(3)]
    assert [edge.transport.ended for edge in edges] == ["", "", "close"]
    assert edges[2].transport.answers == [b"HTTP/1.1 503 Service Unavailable"]
    assert Edge(connections=connections, peer=("2001:db8::1", 1)).transport.ended == ""
    assert Edge(connections=connections, peer=("192.0.2.2", 1)).transport.ended == "close"
    assert len(connections) == 3

    edges[2].lose()
    edges[0].lose()
    assert len(connections) == 2
    assert Edge(connections=connections, peer=("192.0.2.1", 1)).transport.ended == ""


def test_a_connection_beyond_a_cap_is_never_served() -> None:
    edge = Edge(limits=ConnectionLimits(connections=0))
    assert edge.receive(get()) == b""
    assert edge.asked == []


def test_all_bodies_share_a_budget() -> None:
    connections = Connections(ConnectionLimits(body_budget=1000))
    first, second = (Edge(Scripted(), connections=connections) for _ in range(2))
    first.receive(post(b"x" * 1000)[:-100])
    second.receive(post(b"x" * 1000)[:-800])
    assert second.transport.answers == [b"HTTP/1.1 503 Service Unavailable"]
    assert second.asked[0].told == ["gone"]
    first.receive(b"x" * 100)
    assert first.asked[0].told == ["body"]
    assert connections._body_bytes == 1000, "whoever serves it holds it"
    first.asked[0].answer()
    assert connections._body_bytes == 0


def test_a_backend_that_stops_answering_holds_no_more_than_the_budget() -> None:
    connections = Connections(ConnectionLimits(body_budget=5000))
    uploads = [Edge(Scripted(), connections=connections) for _ in range(20)]
    for one in uploads:
        one.receive(post(b"x" * 1000))
    assert [one.asked[0].told for one in uploads] == [["body"]] * 5 + [["gone"]] * 15
    uploads[0].lose()
    uploads[1].connection.abort()
    uploads[2].asked[0].answer()
    for one in (Edge(Scripted(), connections=connections) for _ in range(3)):
        one.receive(post(b"x" * 1000))
        assert one.asked[0].told == ["body"]
    assert connections._body_bytes == 5000


def test_a_body_given_up_gives_its_bytes_back() -> None:
    edge = Edge(Scripted())
    edge.receive(post(b"x" * 1000)[:-1])
    edge.lose()
    assert edge.connections._body_bytes == 0
    assert edge.asked[0].told == ["gone"]


# Draining


def test_every_answer_of_a_draining_worker_is_the_last() -> None:
    waiting, idle, fresh = (Connections(), Connections(), Connections())
    busy = Edge(Scripted(), connections=waiting)
    busy.receive(get())
    quiet = Edge(connections=idle)
    quiet.receive(get())
    for connections in (waiting, idle, fresh):
        connections.drain()

    busy.asked[0].answer()
    assert b"Connection: close" in busy.transport.sent and busy.transport.ended == "close"
    assert b"Connection: close" in quiet.receive(get()) and quiet.transport.ended == "close"
    late = Edge(connections=fresh)
    assert b"Connection: close" in late.receive(get())


def test_idle_connections_are_cut_and_busy_ones_are_not() -> None:
    connections = Connections()
    idle, busy, speaking = (Edge(Scripted(), connections=connections) for _ in range(3))
    busy.receive(get())
    speaking.receive(b"GET / HT")
    connections.drain()
    connections.cut_idle()
    assert [edge.transport.ended for edge in (idle, busy, speaking)] == ["close", "", ""]
    connections.cut_all()
    assert busy.transport.ended == "abort"


# Clients that go


def test_a_client_that_goes_is_told_to_its_request() -> None:
    edge = Edge(Scripted())
    edge.receive(get())
    edge.lose(ConnectionResetError())
    edge.asked[0].answer()
    edge.asked[0].client.begin(b"x")
    assert edge.asked[0].client.send(b"x")
    edge.asked[0].client.end(b"x")
    edge.asked[0].client.abort()
    assert edge.asked[0].told == ["gone"]
    assert edge.transport.sent == b"" and len(edge.connections) == 0


def test_a_client_that_goes_after_its_answer_is_told_to_nobody() -> None:
    edge = Edge(Scripted())
    edge.receive(get())
    edge.asked[0].answer()
    edge.connection.pause_writing()
    edge.connection.resume_writing()
    edge.lose()
    assert edge.asked[0].told == []


def test_a_client_may_close_its_half_and_read_its_answers() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/a") + get("/b"))
    assert edge.connection.eof_received() is True
    edge.asked[0].answer()
    edge.asked[1].answer()
    assert len(edge.transport.answers) == 2
    assert edge.transport.ended == "close"


def test_the_last_answer_to_a_closed_half_says_so() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/a"))
    edge.connection.eof_received()
    edge.asked[0].answer()
    assert b"Connection: close" in edge.transport.sent


def test_half_a_request_before_a_closed_half_is_not_waited_for() -> None:
    edge = Edge(Scripted())
    edge.receive(get("/a") + b"GET /b HTT")
    edge.connection.eof_received()
    edge.asked[0].answer()
    assert edge.transport.ended == "close"
    assert edge.connection.deadline


def test_a_client_that_closes_in_the_middle_of_its_body_is_gone() -> None:
    edge = Edge(Scripted())
    edge.receive(post(b"hello")[:-1])
    assert edge.connection.eof_received() is False


def test_an_answer_that_cannot_be_completed_is_cut() -> None:
    edge = Edge(Scripted())
    asked = streaming(edge)
    edge.receive(get("/behind"))
    asked.client.abort()
    assert edge.transport.ended == "abort"
    edge.lose()
    assert asked.told == [] and len(edge.asked) == 1
