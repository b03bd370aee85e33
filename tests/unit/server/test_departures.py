"""What is written in one turn of the loop leaves together: when, in which order, and what does not wait."""

from collections.abc import Callable

import pytest

from edge_scene import Edge, FakeTransport, Scripted, get
from portico.server.connections import Connections
from portico.server.departures import ALONE, FEW, LARGE, TOGETHER, Departures, Gathering

PEER = ("192.0.2.1", 40000)


class Loop:
    """A loop whose turns end when the test says so."""

    def __init__(self) -> None:
        self._soon: list[Callable[[], None]] = []
        self.departures = Departures(self._soon.append)

    def transport(self) -> tuple[FakeTransport, Gathering]:
        below = FakeTransport(PEER, False)
        return below, self.departures.gather(below)

    def end_turn(self) -> int:
        """How often it was asked for a call."""
        asked, self._soon[:] = list(self._soon), []
        for call in asked:
            call()
        return len(asked)


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_bytes_of_all_connections_leave_at_the_end_of_the_turn_by_one_call(loop: Loop) -> None:
    transports = [loop.transport() for _ in range(3)]
    for _, gathering in transports:
        gathering.write(b"answer")
    assert [below.sent for below, _ in transports] == [b"", b"", b""]
    assert loop.end_turn() == 1
    assert [below.sent for below, _ in transports] == [b"answer"] * 3


def test_the_next_turn_has_a_call_of_its_own(loop: Loop) -> None:
    transports = [loop.transport() for _ in range(FEW)]
    for number in (b"1", b"2", b"3"):
        for _, gathering in transports:
            gathering.write(number)
        assert loop.end_turn() == 1
    assert {below.sent for below, _ in transports} == {b"123"}
    assert loop.end_turn() == 0


def test_while_turns_are_quiet_nothing_waits_but_now_and_then_to_see_whether_they_still_are(loop: Loop) -> None:
    below, gathering = loop.transport()
    gathering.write(b".")
    loop.end_turn()
    for written in range(2, ALONE + 2):
        gathering.write(b".")
        assert len(below.sent) == written
    gathering.write(b".")
    assert len(below.sent) == ALONE + 1
    assert loop.end_turn() == 1
    assert len(below.sent) == ALONE + 2


def test_a_connections_bytes_keep_their_order(loop: Loop) -> None:
    below, gathering = loop.transport()
    gathering.write(b"1")
    gathering.write(b"2")
    gathering.write(b"L" * (LARGE + 1))
    assert below.sent == b"12" + b"L" * (LARGE + 1), "what is large does not wait, and nothing is overtaken"
    gathering.write(b"3")
    loop.end_turn()
    assert below.sent[-2:] == b"L3"


def test_what_waits_of_one_connection_is_bounded(loop: Loop) -> None:
    below, gathering = loop.transport()
    for _ in range(40):
        gathering.write(b"x" * 4096)
    assert len(below.sent) > LARGE
    loop.end_turn()
    assert len(below.sent) == 40 * 4096


def test_so_many_connections_leave_before_the_turn_ends(loop: Loop) -> None:
    transports = [loop.transport() for _ in range(TOGETHER + 1)]
    for _, gathering in transports:
        gathering.write(b"answer")
    assert [below.sent for below, _ in transports] == [b"answer"] * TOGETHER + [b""]
    loop.end_turn()
    assert transports[-1][0].sent == b"answer"


@pytest.mark.parametrize(("end", "ended"), [("close", "close"), ("abort", "abort"), ("write_eof", "eof")])
def test_what_ends_a_connection_comes_behind_its_bytes(loop: Loop, end: str, ended: str) -> None:
    below, gathering = loop.transport()
    gathering.write(b"last")
    getattr(gathering, end)()
    assert (below.sent, below.ended) == (b"last", ended)
    loop.end_turn()
    assert below.sent == b"last"


def test_who_asks_what_is_unsent_is_told_of_all(loop: Loop) -> None:
    below, gathering = loop.transport()
    gathering.write(b"head of an answer whose body another writes")
    assert gathering.get_write_buffer_size() == 0
    assert below.sent


def test_a_connection_that_was_lost_holds_up_nobody(loop: Loop) -> None:
    (lost, gathering), (below, other) = loop.transport(), loop.transport()
    gathering.write(b"too late")
    other.write(b"answer")
    lost.abort()
    loop.end_turn()
    assert (lost.sent, below.sent) == (b"", b"answer")


def test_a_write_that_breaks_holds_up_nobody(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    (broken, gathering), (below, other) = loop.transport(), loop.transport()
    gathering.write(b"x")
    other.write(b"answer")
    monkeypatch.setattr(broken, "write", _breaks)
    with pytest.raises(RuntimeError):
        loop.end_turn()
    loop.end_turn()
    assert below.sent == b"answer"


def _breaks(_data: bytes) -> None:
    raise RuntimeError


def test_an_answer_is_sent_to_a_client_that_closed_its_half_in_the_same_turn(loop: Loop) -> None:
    edge = Edge(connections=Connections(departures=loop.departures))
    edge.receive(get("/a"))
    assert edge.transport.sent == b""
    assert edge.connection.eof_received() is False, "the loop closes the connection"
    assert edge.transport.answers == [b"HTTP/1.1 200 OK"]


def test_pipelined_answers_leave_as_one(loop: Loop) -> None:
    edge = Edge(connections=Connections(departures=loop.departures))
    edge.receive(get("/a") + get("/b") + get("/c"))
    assert edge.transport.sent == b""
    loop.end_turn()
    assert len(edge.transport.answers) == 3


def test_a_socket_is_lent_behind_what_waits_for_it(loop: Loop) -> None:
    edge = Edge(Scripted(), connections=Connections(departures=loop.departures))
    edge.receive(get("/a"))
    edge.connection.begin(b"HTTP/1.1 200 OK\r\n\r\n")
    edge.transport._extra["socket"] = _Socket()
    assert edge.connection.lend_socket() == 42
    assert edge.transport.sent == b"HTTP/1.1 200 OK\r\n\r\n"


class _Socket:
    def fileno(self) -> int:
        return 42
