"""Who serves which call: warm instances, bursts, limits, and instances that have to go."""

import json
import os
import signal
from pathlib import Path

import pytest

from edge_scene import play, until
from function_host_scene import function, hosting, version
from function_scene import Called
from portico.kernel.observe import FunctionFailed, InstanceFailed
from portico.ports.functions import FailureKind


async def all_of(called: list[Called]) -> list[Called]:
    for one in called:
        await one.over.wait()
    return called


@play
async def test_a_burst_starts_an_instance_for_each_of_its_calls(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=60) as host:
        host.stand(function("hello"))
        burst = [host.begin("hello", host.wait, "who") for _ in range(12)]
        await until(lambda: host.states() == ["RUNNING"] * 12)
        host.open()
        assert len({one.payload for one in await all_of(burst)}) == 12
        assert len(host.launcher.started) == 12


@play
async def test_warm_instances_work_side_by_side(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=60) as host:
        host.stand(function("hello"))
        for warm in (False, True):
            burst = [host.begin("hello", host.wait, "who") for _ in range(10)]
            await until(lambda: host.states() == ["RUNNING"] * 10)
            host.open()
            assert len({one.payload for one in await all_of(burst)}) == 10, warm
            await until(lambda: host.states() == ["IDLE"] * 10)
            host.shut()
        assert len(host.launcher.started) == 10


@play
async def test_who_was_idle_last_is_called_first(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        slow, quick = host.begin("hello", host.wait, "who"), host.begin("hello", "who")
        await quick.over.wait()
        await until(lambda: host.states() == ["IDLE", "RUNNING"])
        host.open()
        await slow.over.wait()
        await until(lambda: host.states() == ["IDLE", "IDLE"])
        assert slow.payload != quick.payload
        for _ in range(3):
            assert (await host.do("hello", "who")).payload == slow.payload


@play
async def test_a_call_right_after_an_answer_waits_for_that_instance(tmp_path: Path) -> None:
    async with hosting(tmp_path, sweeping=False) as host:  # it has all the time that it needs
        host.stand(function("hello"))
        for _ in range(200):
            await host.invoke("hello").over.wait()
        assert len(host.launcher.started) == 1


@play
async def test_a_call_does_not_wait_for_an_instance_that_is_still_busy_after_its_answer(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.begin("hello", "linger 9").over.wait()
        second = host.begin("hello", "print x")
        await second.over.wait()
        assert second.payload == b"null"
        assert len(host.launcher.started) == 2


# Limits


@play
async def test_reserved_concurrency_is_a_functions_most(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("two", reserved_concurrency=2), function("none", reserved_concurrency=0))
        under_way = [host.begin("two", "sleep 0.5") for _ in range(2)]
        third = await host.answer("two")
        assert third.kind is FailureKind.THROTTLED
        assert third.cause == "the function's reserved concurrency of 2 is in use"
        await all_of(under_way)
        assert (await host.answer("two")).payload == b"{}"
        assert (await host.answer("none")).kind is FailureKind.THROTTLED


@play
async def test_what_is_reserved_is_kept_from_the_others(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=4) as host:
        host.stand(function("kept", reserved_concurrency=2), function("other"))
        others = [host.begin("other", "sleep 0.5") for _ in range(2)]
        called = await host.answer("other")
        assert called.kind is FailureKind.THROTTLED
        assert "all 2 concurrent calls of functions without a reserved concurrency are in use" in called.cause
        kept = await all_of([host.begin("kept", "sleep 0.1") for _ in range(2)])
        assert [one.payload for one in kept] == [b"null"] * 2
        await all_of(others)


@play
async def test_a_tenth_is_never_reserved(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=20) as host:
        host.stand(function("all", reserved_concurrency=500), function("other"))
        others = [host.begin("other", "sleep 0.3") for _ in range(2)]
        assert (await host.answer("other")).kind is FailureKind.THROTTLED
        assert [one.payload for one in await all_of(others)] == [b"null"] * 2


@play
async def test_a_reservation_that_changes_counts_at_once(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        under_way = host.begin("hello", host.wait)
        await until(lambda: host.fleet.calls == 1)
        host.stand(function("hello", reserved_concurrency=1))
        assert (await host.answer("hello")).kind is FailureKind.THROTTLED
        host.open()
        await under_way.over.wait()
        assert (await host.answer("hello")).payload == b"{}"
        host.stand(function("hello"))
        await all_of([host.invoke("hello"), host.invoke("hello")])
        assert host.fleet.calls == 0 and host.fleet._shared_calls == 0


@play
async def test_where_there_is_no_room_the_longest_idle_goes(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=2) as host:
        host.stand(function("a"), function("b"), function("c"))
        pids = [json.loads((await host.do(name, "who")).payload) for name in ("a", "b")]
        await host.answer("a")
        assert (await host.answer("c")).payload == b"{}"
        await until(lambda: host.launcher.running == 2)
        running = {one.pid for one in host.launcher.started if one.process.poll() is None}
        assert [pid in running for pid in pids] == [True, False]


@play
async def test_where_nobody_comes_free_a_call_waits_a_second_and_is_throttled(tmp_path: Path) -> None:
    async with hosting(tmp_path, instances=2) as host:
        host.stand(function("a", reserved_concurrency=2), function("b", reserved_concurrency=1))
        busy = [host.begin("a", host.wait) for _ in range(2)]
        await until(lambda: host.states() == ["RUNNING", "RUNNING"])
        called = await host.answer("b")
        assert (called.kind, called.cause) == (
            FailureKind.THROTTLED,
            "there is room for no further instance: all are busy",
        )
        host.open()
        await all_of(busy)
        assert (await host.answer("b")).payload == b"{}"


# Who has to go


@play
async def test_instances_without_work_are_ended(tmp_path: Path) -> None:
    async with hosting(tmp_path, idle_seconds=0.1) as host:
        host.stand(function("hello"))
        await host.answer("hello")
        await until(lambda: host.fleet.instances == 0)
        assert not host.launcher.running
        assert not host.said(InstanceFailed)
        assert (await host.answer("hello")).payload == b"{}"


@play
async def test_an_update_lets_calls_under_way_end_on_the_old_code(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        busy, idle = host.begin("hello", host.wait, "who"), host.begin("hello", "who")
        await idle.over.wait()
        await until(lambda: host.states() == ["IDLE", "RUNNING"])
        host.stand(function("hello", version(revision="r-2", code="1" * 64)))
        new = await host.do("hello", "who")
        host.open()
        await busy.over.wait()
        assert len({one.payload for one in (busy, idle, new)}) == 3
        await until(lambda: host.launcher.running == 1)
        assert (await host.do("hello", "who")).payload == new.payload
        assert not host.fleet._leaving


@play
async def test_calls_that_wait_while_their_function_is_updated_are_served(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        waiting = [host.begin("hello", "sleep 0.1") for _ in range(3)]
        await until(lambda: host.fleet.calls == 3)
        host.stand(function("hello", version(revision="r-2")))
        assert [one.payload for one in await all_of(waiting)] == [b"null"] * 3
        await until(lambda: not host.launcher.running)


@play
async def test_an_idle_instance_that_is_killed_is_told_and_missed_by_nobody(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        first = int((await host.do("hello", "who")).payload)
        os.kill(first, signal.SIGKILL)
        await until(lambda: host.said(InstanceFailed))
        (said,) = host.said(InstanceFailed)
        assert said.cause == "Runtime exited with error: signal: killed while no invocation was under way"
        assert int((await host.do("hello", "who")).payload) != first


@play
async def test_an_instance_that_is_killed_at_work_is_a_crash(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        first = int((await host.do("hello", "who")).payload)
        under_way = host.begin("hello", "sleep 9")
        await until(lambda: host.states() == ["RUNNING"])
        os.kill(first, signal.SIGKILL)
        await under_way.over.wait()
        assert under_way.answer is not None and under_way.answer.error == "Unhandled"
        assert [one.error_type for one in host.said(FunctionFailed)] == ["Runtime.ExitError"]


@play
async def test_code_that_nothing_refers_to_leaves_the_disk(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("a", version(code="a" * 64)), function("b", version(code="b" * 64)))
        host.stand(without="a")
        await until(lambda: host.launcher.kept)
        assert host.launcher.kept == [frozenset({"b" * 64})]


@pytest.mark.parametrize("calls", [1, 5])
def test_a_launch_that_fails_fails_every_call_that_waits_and_is_told_once(tmp_path: Path, calls: int) -> None:
    @play
    async def scene() -> None:
        async with hosting(tmp_path) as host:
            host.stand(function("odd", version(runtime="none")))
            called = await all_of([host.invoke("odd") for _ in range(calls)])
            assert {one.kind for one in called} == {FailureKind.UNAVAILABLE}
            assert len(host.said(InstanceFailed)) == 1
            assert host.fleet.calls == 0 and host.fleet.instances == 0

    scene()


@play
async def test_init_errors_of_a_burst_are_told_to_every_call(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("broken", version(environment={"INIT": "exit 1"})))
        called = await all_of([host.invoke("broken") for _ in range(4)])
        assert [one.answer.error if one.answer else None for one in called] == ["Unhandled"] * 4
        await until(lambda: host.fleet.instances == 0)
        assert host.fleet.calls == 0


@play
async def test_closing_ends_everything(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        calls = [host.begin("hello", host.wait) for _ in range(3)]
        await until(lambda: host.states() == ["RUNNING"] * 3)
        await host.fleet.close()
        assert not host.launcher.running
        assert not [one for one in calls if one.over.is_set()]
