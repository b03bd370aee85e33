"""Asynchronous invocations: kept before they are answered, delivered at least once, given up aloud."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

from edge_scene import play, until
from function_host_scene import Hosted, function, hosting
from function_scene import Called
from portico.adapters.function_host.event_file import EventFile
from portico.adapters.function_host.events import Events
from portico.kernel.observe import EventDiscarded, EventsNotKept, FunctionFailed
from portico.model.function import FunctionStanding
from portico.ports.functions import FailureKind, FunctionAnswer, InvocationType


async def send(host: Hosted, name: str, *words: str) -> Called:
    return await host.do(name, *words, kind=InvocationType.EVENT)


def kept(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "events.db") as file:
        return file.execute("SELECT attempts, throttles FROM events").fetchall()


def starts(host: Hosted, name: str) -> list[str]:
    return [line.split()[2] for line in host.log(name) if line.startswith("START")]


def failing(**values: Any) -> FunctionStanding:
    return function("odd", **values)


@play
async def test_an_event_is_accepted_at_once_and_delivered(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = host.begin("hello", host.wait, "print done", kind=InvocationType.EVENT)
        await called.over.wait()
        assert called.answer == FunctionAnswer(b"", status=202)
        assert kept(tmp_path) == [(0, 0)]
        host.open()
        await until(lambda: not len(host.events))
        assert "done" in host.log("hello")
        await until(lambda: not kept(tmp_path))


@play
async def test_many_events_are_kept_together_and_all_delivered(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=4) as host:
        host.stand(function("hello"))
        called = [host.begin("hello", "print x", kind=InvocationType.EVENT) for _ in range(100)]
        for one in called:
            await one.over.wait()
        await until(lambda: not len(host.events))
        assert host.log("hello").count("x") == 100
        assert len(set(starts(host, "hello"))) == 100
        assert host.fleet.calls == 0


@play
async def test_what_fails_is_tried_after_one_minute_and_after_two_more(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd"))
        await send(host, "odd", "raise")
        for attempts, pause in ((1, 60), (2, 120)):
            await until(lambda: len(host.said(FunctionFailed)) == attempts)  # noqa: B023
            host.clock.by += pause - 5
            await turns()
            assert len(host.said(FunctionFailed)) == attempts
            host.clock.by += 6
        await until(lambda: host.said(EventDiscarded))
        (said,) = host.said(EventDiscarded)
        assert (said.function, said.attempts) == ("odd", 3)
        assert json.loads(said.cause)["errorType"] == "Raised"
        assert set(starts(host, "odd")) == {said.request_id}
        await until(lambda: not kept(tmp_path))


async def turns(seconds: float = 0.1) -> None:
    """Long enough for several sweeps."""
    await asyncio.sleep(seconds)


@play
async def test_a_function_says_how_often_it_is_tried(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd", maximum_retry_attempts=0))
        await send(host, "odd", "exit 1")
        await until(lambda: host.said(EventDiscarded))
        assert host.said(EventDiscarded)[0].attempts == 1


@play
async def test_an_event_that_is_too_old_is_given_up(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd", maximum_event_age=60, reserved_concurrency=0))
        await send(host, "odd", "print x")
        host.clock.by += 61
        await until(lambda: host.said(EventDiscarded))
        (said,) = host.said(EventDiscarded)
        assert said.cause == "it was older than 60 s. the function's reserved concurrency of 0 is in use"
        assert not host.launcher.started


@play
async def test_what_is_throttled_is_tried_ever_later_and_costs_no_attempt(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd", reserved_concurrency=0))
        await send(host, "odd", "print x")
        for throttles, pause in enumerate((1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300), 1):
            await until(lambda: kept(tmp_path) == [(0, throttles)])  # noqa: B023
            host.clock.by += pause
        host.stand(function("odd"))
        host.clock.by += 300
        await until(lambda: "x" in host.log("odd"))


@play
async def test_a_function_that_is_gone_takes_its_events_along(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd"))
        await send(host, "odd", "raise")
        await until(lambda: kept(tmp_path) == [(1, 0)])
        host.stand(without="odd")
        host.clock.by += 61
        await until(lambda: host.said(EventDiscarded))
        assert "Function not found" in host.said(EventDiscarded)[0].cause


@play
async def test_what_one_run_left_the_next_delivers(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello", reserved_concurrency=0))
        for _ in range(3):
            await send(host, "hello", "print x")
        await until(lambda: kept(tmp_path) == [(0, 1)] * 3)
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await until(lambda: host.log("hello").count("x") == 3)
        await until(lambda: not kept(tmp_path))


@play
async def test_what_another_run_delivers_is_left_to_it_until_it_is_gone(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello", reserved_concurrency=0))
        await send(host, "hello", "print x")
        await until(lambda: kept(tmp_path) == [(0, 1)])
        wake = asyncio.get_running_loop().call_soon_threadsafe
        file, lock = EventFile(tmp_path / "events.db", wake), tmp_path / "events.lock"
        successor = Events(file, lock, host.catalogue, host.fleet, host.clock, host.told.append, most=1)
        successor.sweep()
        await turns()
        assert len(successor) == 0
        host.events.close()
        host.stand(function("hello"))
        successor.sweep()
        await until(lambda: len(successor) == 1)
        host.clock.by += 300  # the longest pause, however often it was throttled meanwhile
        successor.sweep()
        await until(lambda: not len(successor))
        assert host.log("hello").count("x") == 1
        successor.close()


@play
async def test_large_payloads_are_read_back_from_the_disk(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=4) as host:
        host.stand(function("hello"))
        large = "who is " + "x" * 900_000
        called = [host.begin("hello", large, kind=InvocationType.EVENT) for _ in range(60)]
        for one in called:
            await one.over.wait()
        assert host.events._held <= 32 * 1024 * 1024
        await until(lambda: not len(host.events))
        assert len(set(starts(host, "hello"))) == 60
        assert host.events._held == 0


@play
async def test_a_file_that_cannot_be_written_refuses_events_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for _ in range(2):
            called = await send(host, "hello", "print x")
            assert called.kind is FailureKind.UNAVAILABLE
            assert "events.db" in called.cause
        assert len(host.said(EventsNotKept)) == 1
        assert (await host.answer("hello")).payload == b"{}"
        (tmp_path / "events.db").rmdir()
        assert (await send(host, "hello", "print x")).answer == FunctionAnswer(b"", status=202)
        await until(lambda: "x" in host.log("hello"))


@play
async def test_a_clock_that_is_moved_loses_no_event(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd"))
        await send(host, "odd", "raise")
        await until(lambda: kept(tmp_path) == [(1, 0)])
        with sqlite3.connect(tmp_path / "events.db") as file:  # as if an hour had been added before the restart
            file.execute("UPDATE events SET due = due + 3600, accepted = accepted + 3600")
    async with hosting(tmp_path) as host:
        host.stand(function("odd"))
        await until(lambda: len(host.events) == 1)
        host.clock.by += 301
        await until(lambda: kept(tmp_path) == [(2, 0)])


@play
async def test_an_event_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """Whoever hears 202 would find it there, had the process been killed at that moment."""
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        found: list[int] = []
        called = host.begin("hello", host.wait, kind=InvocationType.EVENT)
        called.when_told = lambda _: found.append(len(kept(tmp_path)))
        await called.over.wait()
        assert found == [1]
        host.open()


@play
async def test_who_asks_for_what_is_not_there_gets_nothing(tmp_path: Path) -> None:
    told: list[Any] = []
    file = EventFile(tmp_path / "events.db", asyncio.get_running_loop().call_soon_threadsafe)
    file.fetch("no such event", lambda rows, reason: told.append((rows, reason)))
    await until(lambda: told)
    assert told == [([], "")]
    file.close()
