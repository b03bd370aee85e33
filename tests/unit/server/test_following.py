"""A process that cannot follow tries again; a sweep that fails is told of, and the others go on."""

import asyncio
from pathlib import Path

import pytest

from portico.kernel.errors import PorticoError
from portico.kernel.observe import ChangesNotApplied, Observation, UnexpectedError
from portico.server import following
from portico.server.following import Following, sweeping


def test_a_sweep_that_fails_is_told_of_and_comes_again() -> None:
    told: list[Observation] = []
    swept: list[str] = []

    async def play() -> None:
        done = asyncio.Event()

        def broken() -> None:
            swept.append("broken")
            raise ZeroDivisionError

        def sound() -> None:
            swept.append("sound")
            if len(swept) >= 4:
                done.set()

        task = asyncio.create_task(sweeping("worker", (broken, sound), 0.001, told.append))
        await asyncio.wait_for(done.wait(), 10)
        task.cancel()

    asyncio.run(play())
    assert swept[:4] == ["broken", "sound", "broken", "sound"]
    assert isinstance(told[0], UnexpectedError)
    assert told[0].where == "a sweep of the worker process"
    assert "ZeroDivisionError" in told[0].traceback


def test_what_could_not_be_applied_is_tried_again_after_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Observation] = []
    answers = [PorticoError("the disk is gone"), 7]

    def follow() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, int)
        return answer

    async def play() -> None:
        one = Following("worker", follow, tmp_path / "nobody.sock", told.append)
        await one.begin()
        one.catch_up()
        assert len(answers) == 1, "not before a second is over"
        monkeypatch.setattr(following, "_RETRY_SECONDS", 0.0)
        one.catch_up()
        assert answers == []
        one.catch_up()

    asyncio.run(play())
    assert told == [ChangesNotApplied("worker", "the disk is gone")]
