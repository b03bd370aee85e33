"""Methods that are tried out behind the control listener: who is answered, who has gone, and who has to wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from portico.controlplane.answering import Trying
from portico.controlplane.operation import DeferredTrial
from portico.kernel.observe import Observation, UnexpectedError
from portico.ports.tryout import InvalidTrial, Tried
from portico.server import trying
from portico.server.trying import TrialsUnderWay
from portico.wire.http1 import Response

TRIED = Tried(200, (), b"tried", "log", 0.1)


class FakeTryOut:
    """Begins, and answers when the test says so."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun: list[Callable[[Tried], None]] = []
        self.given_up = 0
        self.at_once = False
        self._error = error

    def begin(self, trial: Any, told: Callable[[Tried], None], /) -> Callable[[], None]:
        if self._error is not None:
            raise self._error
        self.begun.append(told)
        if self.at_once:
            told(TRIED)
        return self._give_up

    def _give_up(self) -> None:
        self.given_up += 1


class FakeAsked:
    def __init__(self) -> None:
        self.answered: list[Response] = []
        self.follower: Any = None

    def answer(self, response: Response) -> None:
        self.answered.append(response)

    def follow(self, follower: Any) -> None:
        self.follower = follower


def asks() -> Trying:
    deferred = DeferredTrial(None, lambda tried: {"body": tried.body})  # type: ignore[arg-type]
    return Trying(
        deferred,
        succeed=lambda make: Response(200, (), make()["body"]),
        refuse=lambda error: Response(error.status, (), error.message.encode()),
    )


def scene(play: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(play(), 10))  # type: ignore[arg-type]


class Desk:
    """The trials under way, and what the operator was told."""

    def __init__(self, tryout: FakeTryOut) -> None:
        self.observed: list[Observation] = []
        self._trials = TrialsUnderWay(tryout, self.observed.append)  # type: ignore[arg-type]

    def take(self, asked: FakeAsked) -> "asyncio.Task[None]":
        return asyncio.create_task(self._trials.carry_out(asked, asks()))  # type: ignore[arg-type]


def test_it_is_answered_when_the_method_has_answered() -> None:
    async def play() -> None:
        tryout, asked = FakeTryOut(), FakeAsked()
        task = Desk(tryout).take(asked)
        await asyncio.sleep(0)
        assert asked.answered == []
        tryout.begun[0](TRIED)
        await task
        assert [response.body for response in asked.answered] == [b"tried"]
        assert asked.follower is not None

    scene(play)


def test_a_method_may_have_answered_at_once() -> None:
    async def play() -> None:
        tryout, asked = FakeTryOut(), FakeAsked()
        tryout.at_once = True
        await Desk(tryout).take(asked)
        assert [response.status for response in asked.answered] == [200]

    scene(play)


def test_a_client_that_leaves_ends_the_trial() -> None:
    async def play() -> None:
        tryout, asked = FakeTryOut(), FakeAsked()
        task = Desk(tryout).take(asked)
        await asyncio.sleep(0)
        asked.follower.gone()
        await task
        assert (tryout.given_up, asked.answered) == (1, [])

    scene(play)


def test_what_is_no_request_is_a_400_and_a_bug_of_ours_a_500_that_the_operator_is_told() -> None:
    async def play() -> None:
        for error, status, told in ((InvalidTrial("no header"), 400, []), (KeyError("x"), 500, [UnexpectedError])):
            asked, desk = FakeAsked(), Desk(FakeTryOut(error))
            await desk.take(asked)
            assert [response.status for response in asked.answered] == [status]
            assert [type(one) for one in desk.observed] == told

    scene(play)


def test_there_is_room_for_so_many_and_again_when_one_is_over() -> None:
    async def play() -> None:
        tryout = FakeTryOut()
        desk = Desk(tryout)
        tasks = [desk.take(FakeAsked()) for _ in range(trying.MOST)]
        await asyncio.sleep(0)
        refused = FakeAsked()
        await desk.take(refused)
        assert [response.status for response in refused.answered] == [429]
        tryout.begun[0](TRIED)
        await tasks[0]
        asked = FakeAsked()
        last = desk.take(asked)
        await asyncio.sleep(0)
        for told in tryout.begun[1:]:
            told(TRIED)
        await asyncio.gather(*tasks, last)
        assert [response.status for response in asked.answered] == [200]

    scene(play)
