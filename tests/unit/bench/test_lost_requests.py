"""What the steady load of the measurements calls lost, and what not: a number that is 0 has to mean something."""

from typing import Any

import pytest
from bench.clients.exchanges import Exchange, Tally

ASKED = b"GET / HTTP/1.1\r\nHost: pets\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npets"
LAST_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\npets"


class FakeTransport:
    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Play:
    """One connection of the load, and a server that does as it is told."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.free: list[Exchange] = []
        self.closed: list[Exchange] = []
        self.exchange = Exchange(self.tally, self.free.append, self.closed.append)
        self.transport: Any = FakeTransport()
        self.exchange.connection_made(self.transport)

    def ask(self, *, last: bool = False) -> "Play":
        assert self.exchange.usable
        self.exchange.send(ASKED, 0.0, self.tally.phase, last=last)
        return self

    def say(self, *pieces: bytes) -> "Play":
        for piece in pieces:
            self.exchange.data_received(piece)
        return self

    def hang_up(self, error: Exception | None = None) -> Tally:
        self.exchange.connection_lost(error)
        assert self.closed == [self.exchange]
        return self.tally


@pytest.mark.parametrize("at", range(1, len(ANSWER)))
def test_an_answer_counts_once_however_it_comes(at: int) -> None:
    play = Play().ask().say(ANSWER[:at], ANSWER[at:])
    assert (play.tally.sent, play.tally.answered, len(play.tally.phase)) == (1, 1, 1)
    assert play.free == [play.exchange]
    assert not play.tally.lost


def test_a_connection_closed_between_requests_loses_nothing() -> None:
    tally = Play().ask().say(ANSWER).hang_up()
    assert (tally.closed_idle, tally.lost.total()) == (1, 0)


def test_what_is_said_unasked_is_no_answer() -> None:
    tally = Play().say(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").hang_up()
    assert (tally.answered, tally.closed_idle, tally.lost.total()) == (0, 1, 0)


@pytest.mark.parametrize(
    ("said", "error", "how"),
    [
        ((), None, "closed before the answer on a new connection"),
        ((ANSWER,), None, "closed before the answer on a kept connection"),
        ((ANSWER,), ConnectionResetError(), "reset before the answer on a kept connection"),
        ((ANSWER, ANSWER[:20]), None, "closed in the middle of an answer"),
        ((ANSWER, ANSWER[:-1]), ConnectionResetError(), "reset in the middle of an answer"),
    ],
)
def test_a_request_without_its_whole_answer_is_lost(said: tuple[bytes, ...], error: Exception | None, how: str) -> None:
    play = Play().ask()
    for number, piece in enumerate(said):
        play.say(piece)
        if number == 0:
            play.ask()
    assert play.hang_up(error).lost == {how: 1}


def test_an_answer_that_is_no_200_is_lost() -> None:
    play = Play().ask().say(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    assert play.tally.lost == {"status 503": 1}
    assert play.free == [play.exchange]


def test_who_is_told_to_close_closes_and_nothing_is_lost() -> None:
    play = Play().ask().say(LAST_ANSWER)
    assert play.transport.closed
    assert not play.free
    tally = play.hang_up()
    assert (tally.answered, tally.told_to_close, tally.closed_idle, tally.lost.total()) == (1, 1, 0, 0)


def test_a_connection_for_one_request_is_left_after_it() -> None:
    play = Play().ask(last=True).say(LAST_ANSWER)
    assert play.transport.closed
    assert (play.tally.answered, play.tally.told_to_close) == (1, 0)


def test_waits_belong_to_the_phase_in_which_they_were_due() -> None:
    play = Play().ask()
    play.tally.mark("later")
    play.say(ANSWER).ask().say(
        ANSWER,
    )
    assert {name: len(waits) for name, waits in play.tally.waits.items()} == {"start": 1, "later": 1}
