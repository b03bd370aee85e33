"""The gate of an overloaded worker, turn by turn, by a clock of the test's own."""

from collections.abc import Callable
from typing import Any

import pytest

from portico.kernel.observe import Observation, OverloadBegan, OverloadEnded, RequestsRefused
from portico.server.overload import (
    BEAT_SECONDS,
    CALM_SECONDS,
    LONGEST_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    TOLD_EVERY_SECONDS,
    TOO_EARLY_SECONDS,
    TURN_SECONDS,
    Gate,
)


class Caller:
    """A client that notes what it was answered."""

    def __init__(self, closing: bool = False) -> None:
        self.closing = closing
        self.answered = b""

    def answer(self, data: bytes) -> None:
        self.answered = data


class Request:
    def __init__(self, method: bytes = b"GET") -> None:
        self.method = method


class Loop:
    """A worker's loop and clock, and an application each of whose requests takes `cost` seconds."""

    def __init__(self, cost: float = 0.0) -> None:
        self.time = 100.0
        self.cost = cost
        self.served = 0
        self.seen: list[Observation] = []
        self.soon: list[Callable[[], None]] = []
        self.stolen = 0.0
        """Seconds in which somebody else had the processor."""
        self.gate = Gate(
            self,  # type: ignore[arg-type]
            self.soon.append,
            self.seen.append,
            lambda: self.time,
            lambda: self.time - self.stolen,
        )

    def begin(self, _client: Any, _head: Any) -> Any:
        self.served += 1
        self.time += self.cost

    def turn(self, requests: int) -> int:
        """So many requests are in the sockets when a turn begins; how many of them were served."""
        before = self.served
        for _ in range(requests):
            self.gate.begin(Caller(), Request())  # type: ignore[arg-type]
        waiting, self.soon[:] = self.soon[:], []
        for one in waiting:
            one()
        return self.served - before

    def beats(self, *lates: float) -> None:
        """Timers, each so many seconds late."""
        for late in lates:
            self.time += BEAT_SECONDS + late
            self.gate.beat()

    def overloaded(self) -> "Loop":
        self.beats(0.015, 0.03)
        assert self.gate.closed
        return self

    def told(self, kind: type[Observation]) -> list[Any]:
        return [one for one in self.seen if isinstance(one, kind)]


def test_turns_that_somebody_else_worked_in_are_no_overload() -> None:
    loop = Loop()
    for late in (0.02, 0.04, 0.08, 0.16, 0.32, 0.3, 0.3, 0.3):
        loop.stolen += 0.9 * (late + BEAT_SECONDS)
        loop.beats(late)
    assert not loop.gate.closed


def test_while_there_is_time_the_gate_is_not_there() -> None:
    loop = Loop()
    assert loop.gate.begin == loop.begin


@pytest.mark.parametrize(
    "lates",
    [
        (0.0,) * 50,
        (0.5, 0.2, 0.1, 0.05, 0.0),
        (0.0, 0.08, 0.0, 0.09, 0.0, 0.1),
        (0.03, 0.032, 0.031, 0.034) * 10,
    ],
    ids=["idle", "a long pause that is made good", "pauses", "many busy clients that wait for their answers"],
)
def test_what_is_no_overload_refuses_nobody(lates: tuple[float, ...]) -> None:
    loop = Loop()
    loop.beats(*lates)
    assert not loop.gate.closed
    assert loop.seen == []


@pytest.mark.parametrize("lates", [(0.005, 0.015, 0.03), (0.12, 0.13)], ids=["doubling", "creeping"])
def test_turns_that_grow_are_an_overload(lates: tuple[float, ...]) -> None:
    loop = Loop()
    loop.beats(*lates)
    assert loop.gate.closed
    assert loop.seen == [OverloadBegan(pytest.approx(lates[-1]))]


def test_a_turn_serves_what_it_has_time_for() -> None:
    loop = Loop(cost=TURN_SECONDS / 9.5).overloaded()
    assert loop.turn(25) == 10
    assert loop.turn(5) == 5


def test_a_refusal_is_a_503_that_keeps_the_connection() -> None:
    loop = Loop(cost=TURN_SECONDS).overloaded()
    first, kept, last, bare = Caller(), Caller(), Caller(closing=True), Caller()
    for client, method in ((first, b"GET"), (kept, b"POST"), (last, b"GET"), (bare, b"HEAD")):
        loop.gate.begin(client, Request(method))  # type: ignore[arg-type]
    assert first.answered == b""
    head, _, body = kept.answered.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nRetry-After: 1\r\n" in head and head.endswith(b"\r\nConnection: keep-alive")
    assert body == b'{"message":"Service Unavailable"}' and b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert b"\r\nConnection: close\r\n" in last.answered
    assert bare.answered == head + b"\r\n\r\n"


def test_a_flood_leaves_half_of_the_time_for_serving() -> None:
    """Clients that come back at once: 10 000 in each turn, whose refusing takes longer than a turn has for serving."""
    loop = Loop(cost=20e-6).overloaded()
    loop.turn(10_000)
    assert loop.turn(10_000) * 20e-6 == pytest.approx((10_000 - TURN_SECONDS / 20e-6) * 5e-6, rel=0.01)


def test_how_many_were_refused_is_told_and_the_end_too() -> None:
    loop, turns = Loop(cost=TURN_SECONDS).overloaded(), 0
    while not loop.told(RequestsRefused):
        assert loop.turn(3) == 1
        loop.beats(0.0)
        turns += 1
    assert loop.seen[1:] == [RequestsRefused(2 * turns)]
    assert turns == pytest.approx(TOLD_EVERY_SECONDS / (TURN_SECONDS + BEAT_SECONDS), abs=2)
    loop.turn(3)
    loop.beats(*[0.0] * (int(CALM_SECONDS / BEAT_SECONDS) + 2))
    assert not loop.gate.closed and loop.gate.begin == loop.begin
    assert loop.told(RequestsRefused)[1:] == [RequestsRefused(2)]
    assert loop.told(OverloadEnded)[0].seconds == pytest.approx(TOLD_EVERY_SECONDS + CALM_SECONDS, rel=0.02)
    loop.beats(0.0, 0.04)
    assert not loop.gate.closed, "it has forgotten"


def refuses_for(loop: Loop, most: float) -> float:
    """How long the gate stays closed for clients that come back at once, as soon as they are refused."""
    began = loop.time
    while loop.gate.closed and loop.time - began < most:
        loop.turn(64)
        loop.beats(0.0)
    return loop.time - began


def test_clients_that_come_back_at_once_do_not_keep_it_closed_for_ever() -> None:
    loop = Loop(cost=125e-6).overloaded()
    assert refuses_for(loop, 100) == pytest.approx(PATIENCE_SECONDS, rel=0.02)
    assert loop.turn(64) == 64
    loop.beats(*[0.008] * 200)
    assert not loop.gate.closed


def test_each_time_that_it_opened_too_early_it_is_more_patient() -> None:
    loop = Loop(cost=125e-6).overloaded()
    waits = []
    for _ in range(6):
        waits.append(refuses_for(loop, 1000))
        loop.overloaded()
    expected = [min(PATIENCE_SECONDS * 2**times, LONGEST_PATIENCE_SECONDS) for times in range(6)]
    assert waits == pytest.approx(expected, rel=0.02)


def test_an_overload_long_after_another_is_met_with_the_first_patience() -> None:
    loop = Loop(cost=125e-6).overloaded()
    refuses_for(loop, 100)
    loop.beats(*[0.0] * int(TOO_EARLY_SECONDS / BEAT_SECONDS + 1))
    assert refuses_for(loop.overloaded(), 100) == pytest.approx(PATIENCE_SECONDS, rel=0.02)
