"""Answers of functions that come in pieces: to callers that take them so, to others, slow ones, and their ends."""

import asyncio
import json
from pathlib import Path

import pytest

from edge_scene import play, until
from function_host_scene import Hosted, function, hosting, version
from function_scene import Called
from portico.kernel.observe import FunctionFailed


async def stream(host: Hosted, *words: str) -> Called:
    return await host.do("hello", *words, streams=True)


@play
async def test_pieces_are_told_as_they_come(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await stream(host, "stream one two three")
        assert (called.told[0], called.told[-1]) == ("begin", "end")
        assert (called.body, called.error) == (b"onetwothree", None)
        assert (await host.answer("hello")).payload == b"{}"
        assert host.fleet.calls == 0


@play
async def test_a_stream_brings_the_tail_of_its_log_and_its_request_id_where_they_are_wanted(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "print told", "stream one two", streams=True, tail=True, named=True)
        start, told, end, report = called.log.decode().splitlines()
        assert (start, told) == (f"START RequestId: {called.request_id} Version: $LATEST", "told")
        assert end == f"END RequestId: {called.request_id}"
        assert report.startswith(f"REPORT RequestId: {called.request_id}\t")
        plain = await stream(host, "print told", "stream one two")
        assert (plain.log, plain.request_id) == (b"", "")


@play
async def test_a_stream_that_broke_brings_the_tail_of_its_log_too(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "break", streams=True, tail=True)
        assert called.error is not None
        assert b"REPORT RequestId: " in called.log


@play
async def test_a_stream_has_no_limit_of_size(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await stream(host, "flood 160")
        assert (len(called.body), called.error) == (160 * 65536, None)


@play
async def test_an_answer_in_one_piece_is_a_stream_too(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.answer("hello", b'{"a": 1}', streams=True)
        assert (called.told, called.body) == (["begin", "data", "end"], b'{"a": 1}')


@play
async def test_chunks_are_a_stream_though_the_runtime_does_not_say_so(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await stream(host, "chunked one two three")
        assert (called.told.count("data") > 1, called.body) == (True, b"onetwothree")
        assert (await host.do("hello", "chunked one two three")).payload == b"onetwothree"


@play
async def test_who_wants_it_whole_gets_a_stream_whole(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        assert (await host.do("hello", "stream one two three")).payload == b"onetwothree"
        assert json.loads((await host.do("hello", "flood 97")).payload)["errorType"] == "Function.ResponseSizeTooLarge"


@play
async def test_an_error_before_the_first_byte_is_an_answer(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await stream(host, "raise")
        assert called.told == ["answer"]
        assert called.answer is not None and called.answer.error == "Unhandled"


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("break", {"errorType": "Broke", "errorMessage": "midway"}),
        ("die_midway", {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: exit status 9"}),
        (
            "hang_up_midway",
            {"errorType": "Runtime.TruncatedResponse", "errorMessage": "The runtime broke off within its response"},
        ),
        ("stall_midway", {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 1.00 seconds"}),
    ],
)
def test_an_error_midway_ends_the_stream(tmp_path: Path, word: str, error: dict[str, str]) -> None:
    @play
    async def scene() -> None:
        async with hosting(tmp_path) as host:
            host.stand(function("hello", version(timeout=1 if word == "stall_midway" else 10)))
            called = await stream(host, word)
            assert (called.told, called.body) == (["begin", "data", "end"], b"some")
            assert called.error is not None
            told = json.loads(called.error)
            told["errorMessage"] = told["errorMessage"].rpartition(" Error: ")[2]
            assert told == error
            assert [one.error_type for one in host.said(FunctionFailed)] == [error["errorType"]]
            assert (await host.answer("hello")).payload == b"{}"

    scene()


@play
async def test_an_error_midway_is_the_answer_for_who_wanted_it_whole(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "break")
        assert called.answer is not None and called.answer.error == "Unhandled"
        assert json.loads(called.payload) == {"errorType": "Broke", "errorMessage": "midway"}


@play
async def test_a_caller_that_pauses_stops_the_function(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.answer("hello")
        called = host.begin("hello", "flood 400", streams=True)
        assert called.call is not None
        called.when_told = lambda what: called.call.pause() if what == "begin" else None  # type: ignore[union-attr]
        await until(lambda: called.told)
        for _ in range(20):
            await until_quiet(called)
        assert len(called.body) < 200 * 65536
        called.call.resume()
        await called.over.wait()
        assert (len(called.body), called.error) == (400 * 65536, None)


async def until_quiet(called: Called) -> None:
    """Until nothing has come for a while of turns of the loop."""
    before = -1
    while len(called.body) != before:
        before = len(called.body)
        for _ in range(500):
            await asyncio.sleep(0)


@play
async def test_a_stream_that_nobody_wants_any_more_goes_on_in_silence(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = host.begin("hello", "flood 400", streams=True)
        await until(lambda: called.told)
        assert called.call is not None
        called.call.pause()
        called.call.cancel()
        await until(lambda: host.fleet.calls == 0)
        assert not host.said(FunctionFailed)
        assert (await host.answer("hello")).payload == b"{}"


@play
async def test_a_caller_that_does_not_read_stops_the_function(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.answer("hello")
        called = host.begin("hello", "flood 400", streams=True)
        link = host.client.link
        assert link is not None and link.transport is not None
        link.transport.pause_reading()  # type: ignore[attr-defined]
        (connection,) = host.host.connections
        await until(lambda: connection._full)
        link.transport.resume_reading()  # type: ignore[attr-defined]
        await called.over.wait()
        assert len(called.body) == 400 * 65536
