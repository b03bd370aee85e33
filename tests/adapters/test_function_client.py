"""The client of the functions process against one that answers, stays silent, breaks off and is replaced."""

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from edge_scene import play, until
from function_scene import ARN, HELLO, Called, FunctionCaller, Host, Invoked, Listening, calling, functions_process
from portico.adapters import function_call, function_client, function_link
from portico.ports.functions import (
    ASYNCHRONOUS_LIMIT,
    PAYLOAD_LIMIT,
    Caller,
    FailureKind,
    Invocable,
    InvocationType,
)
from portico.wire import function_frames as frames
from portico.wire.function_frames import FrameKind

STREAM = HELLO._replace(streams=True)


async def streaming(host: Host, caller: FunctionCaller, **how: Any) -> tuple[Called, Invoked]:
    """A stream that has begun."""
    called = caller.invoke(invocable=STREAM, **how)
    invoked = await host.invoked()
    invoked.tell(FrameKind.BEGIN)
    await until(lambda: called.told == ["begin"])
    return called, invoked


# Answers


@play
async def test_an_event_goes_out_and_its_answer_comes_back(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke(b'{"a": 1}', trace_id="Root=1-2-3")
        invoked = await host.invoked()
        assert (invoked.event, invoked.trace) == (b'{"a": 1}', "Root=1-2-3")
        assert invoked.head == {
            "arn": ARN,
            "service": "apigateway.amazonaws.com",
            "source_arn": "arn:aws:execute-api:us-east-1:000000000000:a/*/GET/",
        }
        invoked.answer(b'"hello"', version="7")
        await called.over.wait()
        assert called.told == ["answer"]
        assert (called.payload, called.answer.version, called.answer.error) == (b'"hello"', "7", None)


@play
async def test_everything_that_is_asked_of_a_function_is_told(tmp_path: Path) -> None:
    caller = Caller(source_account="111122223333", role="arn:r")
    everything = Invocable(ARN + ":live", caller, streams=True, tail=True, written=True)
    async with functions_process(tmp_path) as host, calling(host) as callers:
        callers.invoke(invocable=everything, kind=InvocationType.EVENT)
        assert (await host.invoked()).head == {
            "arn": ARN + ":live",
            "type": "Event",
            "source_account": "111122223333",
            "role": "arn:r",
            "streams": True,
            "tail": True,
            "written": True,
        }


@play
async def test_an_answer_with_an_error_and_a_log(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        (await host.invoked()).answer(b'{"errorMessage": "x"}', error="Unhandled", log="U1RBUlQ=")
        await called.over.wait()
        assert (called.answer.error, called.answer.log, called.answer.status) == ("Unhandled", b"START", 200)


@play
async def test_calls_are_answered_in_any_order_on_one_connection(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        calls = [caller.invoke(b"%d" % number) for number in range(50)]
        asked = [await host.invoked() for _ in calls]
        for invoked in reversed(asked):
            invoked.answer(invoked.event)
        await asyncio.gather(*(called.over.wait() for called in calls))
        assert [called.payload for called in calls] == [b"%d" % number for number in range(50)]
        assert len(host.wires) == 1


@play
async def test_the_largest_event_and_answer(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke(b"x" * PAYLOAD_LIMIT)
        invoked = await host.invoked()
        assert len(invoked.event) == PAYLOAD_LIMIT
        invoked.answer(b"y" * PAYLOAD_LIMIT)
        await called.over.wait()
        assert called.payload == b"y" * PAYLOAD_LIMIT


@pytest.mark.parametrize(
    ("kind", "limit"), [(InvocationType.REQUEST_RESPONSE, PAYLOAD_LIMIT), (InvocationType.EVENT, ASYNCHRONOUS_LIMIT)]
)
@play
async def test_what_is_larger_is_not_sent(tmp_path: Path, kind: InvocationType, limit: int) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke(b"x" * (limit + 1), kind=kind)
        assert called.kind is FailureKind.TOO_LARGE
        assert str(limit) in called.cause
        assert not host.wires


@pytest.mark.parametrize("kind", FailureKind)
@play
async def test_a_failure_keeps_its_kind_and_cause(tmp_path: Path, kind: FailureKind) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        (await host.invoked()).fail(kind.name, "add-permission …")
        await called.over.wait()
        assert (called.kind, called.cause) == (kind, "add-permission …")


@play
async def test_a_trace_id_that_no_frame_has_room_for_is_left_away(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        caller.invoke(trace_id="x" * 256)
        assert (await host.invoked()).trace == ""


# Streams


@play
async def test_a_stream_is_told_as_it_comes(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called, invoked = await streaming(host, caller)
        for piece in (b"a", b"", b"bc"):
            invoked.tell(FrameKind.DATA, piece)
        invoked.tell(FrameKind.END)
        await called.over.wait()
        assert (called.told, called.body, called.error) == (["begin", "data", "data", "end"], b"abc", None)


@play
async def test_a_stream_that_breaks_says_why(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called, invoked = await streaming(host, caller)
        invoked.tell(FrameKind.END, b'{"errorType": "Boom"}')
        await called.over.wait()
        assert called.error == '{"errorType": "Boom"}'


@play
async def test_a_stream_that_breaks_before_its_first_byte_is_an_answer(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke(invocable=STREAM)
        (await host.invoked()).answer(b"{}", error="Unhandled")
        await called.over.wait()
        assert called.told == ["answer"]


@play
async def test_a_slow_client_of_ours_pauses_its_stream(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called, invoked = await streaming(host, caller)
        called.call.pause()
        await invoked.wire.hears(FrameKind.PAUSE, invoked)
        caller.wait(100)
        called.call.resume()
        await invoked.wire.hears(FrameKind.RESUME, invoked)
        caller.wait(28)
        assert called.told == ["begin"]
        caller.wait(2)
        assert called.kind is FailureKind.TIMEOUT
        assert "further byte" in called.cause
        await invoked.wire.hears(FrameKind.CANCEL, invoked)


@play
async def test_each_byte_of_a_stream_gives_it_time_up_to_15_minutes(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called, invoked = await streaming(host, caller, timeout=100.0)
        for told in range(8):
            caller.wait(99)
            invoked.tell(FrameKind.DATA, b"x")
            await until(lambda told=told: len(called.body) == told + 1)
        caller.wait(99)
        assert called.told[-1] == "data"
        invoked.tell(FrameKind.DATA, b"x")
        await until(lambda: len(called.body) == 9)
        caller.wait(10)
        assert called.kind is FailureKind.TIMEOUT
        assert "900 s" in called.cause


# Time


@play
async def test_a_call_that_is_not_answered_in_time_fails_and_is_cancelled(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        caller.wait(28.9)
        assert not called.told
        caller.wait(0.2)
        assert called.kind is FailureKind.TIMEOUT
        assert "29000 ms" in called.cause and ARN in called.cause
        await invoked.wire.hears(FrameKind.CANCEL, invoked)
        invoked.answer()
        second = caller.invoke()
        (await host.invoked()).answer()
        await second.over.wait()
        assert (called.told, second.told) == (["failure"], ["answer"])


@play
async def test_a_short_timeout_is_exact_and_needs_no_sweep(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        began = asyncio.get_running_loop().time()
        called = caller.invoke(timeout=0.05)
        await called.over.wait()
        assert called.kind is FailureKind.TIMEOUT
        assert asyncio.get_running_loop().time() - began > 0.045


@play
async def test_a_cancelled_call_hears_nothing_more(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        called.call.cancel()
        await invoked.wire.hears(FrameKind.CANCEL, invoked)
        invoked.answer()
        called.call.cancel()
        caller.wait(100)
        assert called.told == []


# The connection


@play
async def test_nothing_is_connected_before_the_first_call(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        caller.client.to(HELLO, Listening(), 29.0)
        caller.wait(1)
        await asyncio.sleep(0)
        assert not host.wires


@play
async def test_calls_wait_for_a_connection_and_are_sent_in_order(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        host.die()
        calls = [caller.invoke(b"%d" % number) for number in range(3)]
        await asyncio.sleep(0)
        await host.listen()
        for number, called in enumerate(calls):
            invoked = await host.invoked()
            assert invoked.event == b"%d" % number
            invoked.answer()
            await called.over.wait()
        assert len(host.wires) == 1


@play
async def test_where_nobody_answers_a_call_fails_within_three_seconds(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        host.die()
        called = caller.invoke()
        await asyncio.sleep(0.05)
        caller.wait(2.7)
        assert not called.told
        caller.wait(0.25)
        assert called.kind is FailureKind.UNAVAILABLE
        assert "does not answer" in called.cause and "see its log" in called.cause


@play
async def test_a_call_whose_time_is_over_while_it_waits(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        host.die()
        called = caller.invoke(timeout=0.1)
        caller.wait(0.3)
        assert called.kind is FailureKind.TIMEOUT


@play
async def test_a_call_that_was_cancelled_while_it_waited_is_not_sent(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        first, second = caller.invoke(b"1"), caller.invoke(b"2")
        first.call.cancel()
        assert (await host.invoked()).event == b"2"
        assert host.got.empty() and not first.told and not second.told


@play
async def test_calls_under_way_fail_when_the_connection_breaks_and_are_not_sent_again(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        plain = caller.invoke()
        await host.invoked()
        stream, invoked = await streaming(host, caller)
        invoked.tell(FrameKind.DATA, b"x")
        await until(lambda: stream.body)
        host.die()
        await plain.over.wait()
        await stream.over.wait()
        assert plain.kind is stream.kind is FailureKind.UNAVAILABLE
        await host.listen()
        caller.invoke(b"new")
        assert (await host.invoked()).event == b"new"
        assert host.got.empty()


@play
async def test_attempts_to_connect_come_with_growing_pauses(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        pauses = []
        for _ in range(8):
            caller.invoke()
            invoked = await host.invoked()
            pauses.append(caller.client._pause)
            invoked.wire.transport.abort()
            await until(lambda: caller.client.link is None)
            caller.client._pause = min(caller.client._pause, 0.5)
            if pauses[-1] >= 0.16:
                break
        assert pauses == [0.02, 0.04, 0.08, 0.16]
        caller.invoke()
        (await host.invoked()).answer()
        await until(lambda: caller.client._pause == 0.0)


@play
async def test_a_functions_process_that_leaves_answers_what_it_has(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        old = caller.invoke(b"old")
        asked = await host.invoked()
        asked.wire.leave()
        await until(lambda: caller.client.link is None)
        new = caller.invoke(b"new")
        invoked = await host.invoked()
        assert invoked.wire is not asked.wire
        invoked.answer(b'"new"')
        asked.answer(b'"old"')
        await asyncio.gather(old.over.wait(), new.over.wait())
        assert (old.payload, new.payload) == (b'"old"', b'"new"')
        await until(lambda: not asked.wire.open)
        assert invoked.wire.open


@play
async def test_one_that_leaves_with_nothing_to_do_is_left_at_once(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        invoked.answer()
        await called.over.wait()
        invoked.wire.leave()
        await until(lambda: not invoked.wire.open)


@play
async def test_one_that_leaves_is_left_when_its_last_call_is_cancelled(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        invoked.wire.leave()
        await until(lambda: caller.client.link is None)
        called.call.cancel()
        await until(lambda: not invoked.wire.open)


@play
async def test_who_does_not_read_gets_no_more_than_it_can_hold(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(function_link, "UNSENT_LIMIT", 1 << 20)
    async with functions_process(tmp_path) as host, calling(host) as caller:
        host.silent = True
        caller.invoke()
        await until(lambda: caller.client.link)
        event = b"x" * (1 << 20)
        while not caller.client.link.full:
            caller.invoke(event)
        refused = caller.invoke()
        assert refused.kind is FailureKind.UNAVAILABLE
        assert "keep up" in refused.cause
        host.wires[0].transport.resume_reading()
        await until(lambda: not caller.client.link.full)
        assert not caller.invoke().told


@play
async def test_what_waits_for_a_connection_is_bounded_too(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(function_client, "UNSENT_LIMIT", 100)
    async with functions_process(tmp_path) as host, calling(host) as caller:
        host.die()
        first, second = caller.invoke(b"x" * 100), caller.invoke()
        assert (first.kind, second.kind) == (None, FailureKind.UNAVAILABLE)


@play
async def test_a_client_that_is_closed_fails_what_is_under_way(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        await host.invoked()
        caller.client.close()
        await called.over.wait()
        assert "shutting down" in called.cause


# Peers that break the frames


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 20,
        b"\0\0\0\x09\x63" + bytes(8),
        frames.frame(FrameKind.ANSWER, 1, b"\0\0"),
        frames.frame(FrameKind.ANSWER, 1, b"\0\0\0\x09{}"),
        frames.answer(1, b"{", b""),
        frames.answer(1, b'{"status": "x"}', b""),
        frames.answer(1, b'{"log": "%"}', b""),
        frames.frame(FrameKind.FAILURE, 1, b"{}"),
        frames.frame(FrameKind.FAILURE, 1, b'{"kind": "NEW", "cause": ""}'),
        frames.frame(FrameKind.FAILURE, 1, b"\xff"),
        frames.frame(FrameKind.BEGIN, 1),
        frames.frame(FrameKind.DATA, 1, b"x"),
        frames.frame(FrameKind.END, 1),
        frames.frame(FrameKind.INVOKE, 1, b"x"),
    ],
)
@play
async def test_a_peer_that_breaks_the_frames_is_let_go(tmp_path: Path, sent: bytes) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        assert invoked.number == 1
        invoked.wire.send(sent)
        await called.over.wait()
        assert called.kind is FailureKind.UNAVAILABLE
        assert "framing" in called.cause
        await until(lambda: not invoked.wire.open)


@pytest.mark.parametrize("kind", [FrameKind.BEGIN, FrameKind.ANSWER])
@play
async def test_a_stream_begins_once(tmp_path: Path, kind: FrameKind) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called, invoked = await streaming(host, caller)
        invoked.tell(kind, b"\0\0\0\x02{}")
        await called.over.wait()
        assert called.kind is FailureKind.UNAVAILABLE


@play
async def test_a_frame_for_a_call_that_is_not_there_is_dropped(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        called = caller.invoke()
        invoked = await host.invoked()
        for kind in (FrameKind.ANSWER, FrameKind.BEGIN, FrameKind.DATA, FrameKind.END, FrameKind.FAILURE):
            invoked.wire.send(frames.frame(kind, 999, b"garbage"))
        invoked.answer()
        await called.over.wait()
        assert called.told == ["answer"]


@play
async def test_a_receiver_that_fails_hurts_nobody_else(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told["exception"]))

        def stumble(_: str) -> None:
            raise RuntimeError("a bug")

        calls = [caller.invoke() for _ in range(3)]
        calls[0].when_told = calls[1].when_told = stumble
        asked = [await host.invoked() for _ in calls]
        asked[0].answer()
        await calls[0].over.wait()
        host.die()
        await calls[2].over.wait()
        assert [called.told for called in calls] == [["answer"], ["failure"], ["failure"]]
        assert len(reported) == 2


# Memory


@play
async def test_what_a_call_held_is_freed_on_every_way_out(tmp_path: Path) -> None:
    async with functions_process(tmp_path) as host, calling(host) as caller:
        destination = caller.client.to(STREAM, Listening(), 29.0)
        held: list[weakref.ref[Called]] = []
        kept: list[Any] = []
        gc.disable()
        try:
            for way in ("answer", "end", "failure", "cancel", "timeout", "break"):
                called = Called()
                held.append(weakref.ref(called))
                kept.append(destination.invoke(b"{}", called))
                invoked = await host.invoked()
                over = called.over
                await go(way, caller, host, invoked, kept[-1])
                if way != "cancel":
                    await over.wait()
                del called, over
                assert held[-1]() is None, way
        finally:
            gc.enable()


async def go(way: str, caller: FunctionCaller, host: Host, invoked: Invoked, call: function_call.Call) -> None:
    if way == "answer":
        invoked.answer()
    elif way == "end":
        invoked.tell(FrameKind.BEGIN)
        invoked.tell(FrameKind.END)
    elif way == "failure":
        invoked.fail("THROTTLED")
    elif way == "cancel":
        call.cancel()
    elif way == "timeout":
        caller.wait(30)
    else:
        host.die()


@play
async def test_nothing_of_ours_is_left_for_the_collector(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        async with functions_process(tmp_path) as host, calling(host) as caller:
            called = caller.invoke()
            (await host.invoked()).answer()
            await called.over.wait()
            link = weakref.ref(caller.client.link)
            host.die()
            await until(lambda: caller.client.link is None)
            assert link() is None
    finally:
        gc.enable()
