"""The functions process with real processes at its Runtime API: what a function does, and what its caller hears."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_scene import play, until
from function_host_scene import ALLOW, ScriptLauncher, ScriptProcess, arn, function, hosting, version
from portico.adapters.function_host import instance_log
from portico.adapters.function_host.instance import INIT_SECONDS
from portico.adapters.function_host.launch import Outcome
from portico.adapters.log_file import LARGEST
from portico.adapters.log_reader import LogReader
from portico.kernel.errors import PorticoError
from portico.kernel.observe import FunctionFailed, InstanceFailed, LogLinesDropped
from portico.model.function import Alias
from portico.ports.functions import ASYNCHRONOUS_LIMIT, Caller, FailureKind, FunctionAnswer, InvocationType
from unprivileged import as_nobody

GATEWAY = Caller("apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/", "000000000000")
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def unhandled(answer: FunctionAnswer | None) -> dict[str, Any]:
    """The payload of a function error, its request id made the same."""
    assert answer is not None and (answer.error, answer.status) == ("Unhandled", 200)
    told: dict[str, Any] = json.loads(re.sub(UUID, "ID", answer.payload.decode()))
    return told


# Answers


@play
async def test_an_event_reaches_a_function_and_its_answer_the_caller(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.answer("hello", b'{"a": 1}')
        assert called.answer == FunctionAnswer(b'{"a": 1}')


@play
async def test_nothing_is_an_empty_object(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        assert (await host.answer("hello", b"")).payload == b"{}"


@play
async def test_a_runtime_hears_what_lambda_tells_of_an_invocation(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello", aliases={"live": Alias(version="$LATEST")}))
        how: dict[str, Any] = {"trace_id": "Root=1-2-3", "client_context": '{"custom":\n{"a": 1}}'}
        headers = json.loads((await host.do("hello:live", "headers", **how)).payload)
        assert re.fullmatch(UUID, headers["Lambda-Runtime-Aws-Request-Id"])
        assert headers["Lambda-Runtime-Invoked-Function-Arn"] == arn("hello:live")
        assert headers["Lambda-Runtime-Trace-Id"] == "Root=1-2-3"
        assert json.loads(headers["Lambda-Runtime-Client-Context"]) == {"custom": {"a": 1}}
        left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - host.clock.now()
        assert 5 < left <= 10


@play
async def test_a_call_without_a_trace_gets_one(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        headers = json.loads((await host.do("hello", "headers")).payload)
        assert re.fullmatch(
            "Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", headers["Lambda-Runtime-Trace-Id"]
        )
        assert "Lambda-Runtime-Client-Context" not in headers


@play
async def test_an_instance_has_an_environment_of_its_own_and_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTICO_SECRET_ACCESS_KEY", "ours")
    async with hosting(tmp_path) as host:
        host.stand(function("hello"), function("other"))
        first = json.loads((await host.do("hello", "environment")).payload)
        second = json.loads((await host.do("other", "environment")).payload)
        assert not [name for name in first if name.startswith("PORTICO")]
        assert (first["AWS_REGION"], first["AWS_DEFAULT_REGION"]) == ("us-east-1", "us-east-1")
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", first["AWS_LAMBDA_LOG_STREAM_NAME"])
        for secret in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            assert first[secret] != second[secret]


@play
async def test_a_warm_instance_serves_the_next_call(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        first = await host.do("hello", "who")
        assert [(await host.do("hello", "who")).payload for _ in range(20)] == [first.payload] * 20


@play
async def test_an_answer_of_6_mb_is_handed_on(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        assert len((await host.do("hello", "big 6291556")).payload) == 6_291_556


@play
async def test_the_tail_of_the_log_comes_with_the_answer(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.do("hello", "print not this")
        called = await host.do("hello", "print this", tail=True)
        assert called.answer is not None
        start, said, end, report = called.answer.log.decode().splitlines()
        assert re.fullmatch(rf"START RequestId: {UUID} Version: \$LATEST", start)
        assert said == "this"
        assert re.fullmatch(f"END RequestId: {UUID}", end)
        assert re.fullmatch(
            rf"REPORT RequestId: {UUID}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
            r"Max Memory Used: \d+ MB\t",
            report,
        )


@play
async def test_an_answer_brings_its_request_id_where_it_is_wanted(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for word in ("print told", "raise"):
            named = (await host.do("hello", word, named=True)).answer
            assert named is not None
            assert f"END RequestId: {named.request_id}" in host.log("hello")
            again = (await host.do("hello", word, named=True)).answer
            assert again is not None
            assert again.request_id != named.request_id
            plain = (await host.do("hello", word)).answer
            assert plain is not None
            assert plain.request_id == ""
        event = (await host.do("hello", named=True, kind=InvocationType.EVENT)).answer
        assert event is not None
        assert re.fullmatch(UUID, event.request_id)
        assert not any(connection._ids for connection in host.host.connections)


@play
async def test_a_flood_of_lines_is_rotated_and_stops_nobody(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"), function("other"))
        flooding = host.begin("hello", "chatter 140000")
        await until(lambda: (tmp_path / "logs" / "hello.log").exists())
        assert (await host.answer("other", b"1")).payload == b"1"
        await flooding.over.wait()
        host.logs.flush()
        log, before = tmp_path / "logs" / "hello.log", tmp_path / "logs" / "hello.log.1"
        assert before.stat().st_size <= LARGEST
        assert sorted(one.name for one in log.parent.iterdir() if one.name < "i") == ["hello.log", "hello.log.1"]
        lines = LogReader("hello", log).since("0")
        assert [line.text[34:] for line in lines[1:-2]] == [b"%099d" % number for number in range(140_000)]


@play
async def test_a_flood_beyond_the_budget_waits_and_nothing_of_it_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_log, "BURST", 100_000.0)
    monkeypatch.setattr(instance_log, "PER_SECOND", 4_000_000.0)
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        begun = asyncio.get_running_loop().time()
        await host.do("hello", "chatter 10000")
        assert asyncio.get_running_loop().time() - begun > 0.15
        assert [int(line) for line in host.log("hello")[1:-2]] == list(range(10_000))


@play
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
async def test_a_full_disk_costs_lines_and_no_call(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        (tmp_path / "logs" / "hello.log").symlink_to("/dev/full")
        for _ in range(3):
            assert (await host.do("hello", "print lost", "chatter 1000", tail=True)).answer.log.count(b"REPORT") == 1
        host.logs.flush()
        (told,) = host.said(LogLinesDropped)
        assert told.reason == "No space left on device"
        (tmp_path / "logs" / "hello.log").unlink()
        await host.do("hello", "print kept")
        assert "kept" in host.log("hello")


@play
async def test_a_tail_is_4_kb_at_most(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", *["print " + "x" * 500] * 40, tail=True)
        assert called.answer is not None and len(called.answer.log) == 4096


# Who is called


@play
async def test_versions_and_aliases_are_called_by_their_qualifiers(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        versions = {"1": version("1", environment={"INIT": ""})}
        host.stand(function("hello", versions=versions, aliases={"live": Alias(version="1")}))
        for qualifier, served in (("", "$LATEST"), (":$LATEST", "$LATEST"), (":1", "1"), (":live", "1")):
            called = await host.answer("hello" + qualifier)
            assert called.answer is not None and called.answer.version == served


@play
async def test_an_alias_sends_a_part_of_its_calls_to_another_version(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        versions = {"1": version("1"), "2": version("2")}
        host.stand(function("hello", versions=versions, aliases={"live": Alias(version="1", weights={"2": 0.5})}))
        answers = [(await host.answer("hello:live")).answer for _ in range(60)]
        served = {one.version for one in answers if one is not None}
        assert served == {"1", "2"}


@play
async def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for name in ("bye", "hello:7", "hello:live"):
            called = await host.answer(name)
            assert (called.kind, called.cause) == (FailureKind.NOT_FOUND, f"Function not found: {arn(name)}")


@play
async def test_a_function_that_is_created_deleted_or_changed_is_so_at_once(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        assert (await host.answer("hello")).cause == "the state directory could not be read yet"
        host.stand(function("hello"))
        first = (await host.do("hello", "who")).payload
        host.stand(function("hello", version(revision="r-2")))
        assert (await host.do("hello", "who")).payload != first
        host.stand(without="hello")
        assert (await host.answer("hello")).kind is FailureKind.NOT_FOUND
        await until(lambda: not host.launcher.running)


@play
async def test_a_service_needs_the_functions_permission(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("closed"), function("open", policies={"": ALLOW}))
        denied = await host.answer("closed", caller=GATEWAY)
        assert denied.kind is FailureKind.ACCESS_DENIED
        assert "aws lambda add-permission --function-name closed" in denied.cause
        assert (await host.answer("open", caller=GATEWAY)).payload == b"{}"
        assert (
            await host.answer("closed", kind=InvocationType.EVENT, caller=GATEWAY)
        ).kind is FailureKind.ACCESS_DENIED
        host.stand(function("closed", policies={"": ALLOW}))
        assert (await host.answer("closed", caller=GATEWAY)).payload == b"{}"


@play
async def test_a_dry_run_runs_nothing(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.answer("hello", kind=InvocationType.DRY_RUN)
        assert called.answer == FunctionAnswer(b"", status=204)
        assert not host.launcher.started
        assert (
            await host.answer("hello", kind=InvocationType.DRY_RUN, caller=GATEWAY)
        ).kind is FailureKind.ACCESS_DENIED


@play
async def test_an_event_that_is_not_json_or_too_large_is_refused(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for event in (b"{", b"hello", b'{"a": 1} x', b"\xff", b"[" * 100_000 + b"]" * 100_000):
            called = await host.answer("hello", event)
            assert called.kind is FailureKind.INVALID
            assert called.cause.startswith("Could not parse request body into json: ")
        assert (await host.answer("hello", b"hello", written=True)).payload == b"hello", "ours need no check"
        half = rb'{"cut": "\ud83d"}'
        assert (await host.answer("hello", half)).payload == half
        large = b'"' + b"x" * ASYNCHRONOUS_LIMIT + b'"'
        assert (await host.answer("hello", large)).payload == large
        assert (await host.answer("hello", large, kind=InvocationType.EVENT)).kind is FailureKind.TOO_LARGE


# How it goes wrong


@play
async def test_what_a_handler_raises_is_the_payload(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "raise")
        raised = {"errorMessage": "so it is", "errorType": "Raised", "requestId": "", "stackTrace": []}
        assert unhandled(called.answer) == raised
        (said,) = host.said(FunctionFailed)
        assert (said.function, said.version, said.error_type, said.cause) == ("hello", "$LATEST", "Raised", "so it is")
        assert not any("Status" in line for line in host.log("hello"))
        await host.answer("hello")
        assert len(host.launcher.started) == 1


@pytest.mark.parametrize(
    ("word", "how"),
    [
        ("exit 1", "Runtime exited with error: exit status 1"),
        ("exit 0", "Runtime exited without providing a reason"),
        ("kill 9", "Runtime exited with error: signal: killed"),
        ("kill 11", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_crash_is_told_as_lambda_tells_it(tmp_path: Path, word: str, how: str) -> None:
    @play
    async def scene() -> None:
        async with hosting(tmp_path) as host:
            host.stand(function("hello"))
            await host.answer("hello")
            called = await host.do("hello", word)
            assert unhandled(called.answer) == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: ID Error: {how}",
            }
            assert list(json.loads(called.payload)) == ["errorType", "errorMessage"]
            assert [one.cause for one in host.said(FunctionFailed)] == [how]
            assert host.log("hello")[-1].endswith("Status: error\tError Type: Runtime.ExitError")
            assert (await host.answer("hello")).payload == b"{}"

    scene()


@play
async def test_what_was_answered_before_a_crash_is_an_answer(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for _ in range(5):
            assert (await host.do("hello", "exit_after 3")).payload == b'"last words"'
        await until(lambda: len(host.said(InstanceFailed)) == 5)
        assert not host.said(FunctionFailed)


@play
async def test_a_timeout_kills_whatever_the_function_started(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("slow", version(timeout=1)))
        loop = asyncio.get_running_loop()
        began = loop.time()
        called = await host.do("slow", f"child {tmp_path / 'child'}", "sleep 30")
        assert loop.time() - began > 0.99
        child = int((tmp_path / "child").read_text())
        message = "RequestId: ID Error: Task timed out after 1.00 seconds"
        assert unhandled(called.answer) == {"errorType": "Sandbox.Timedout", "errorMessage": message}
        assert host.said(FunctionFailed)[0].cause == "Task timed out after 1.00 seconds"
        assert host.log("slow")[-1].endswith("Status: timeout")
        await until(lambda: not alive(child) and not host.launcher.running)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@play
async def test_work_after_the_answer_has_the_functions_time_too(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("slow", version(timeout=1)))
        lingers = host.begin("slow", "linger 30")
        await lingers.over.wait()
        assert lingers.payload == b'"done"'
        await until(lambda: host.said(InstanceFailed))
        assert (
            host.said(InstanceFailed)[0].cause == "Task timed out after 1.00 seconds while no invocation was under way"
        )
        assert (await host.answer("slow")).payload == b"{}"


@play
async def test_too_much_memory_ends_a_function(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("greedy", version(memory_size=128)))
        called = await host.do("greedy", "memory 300")
        message = "RequestId: ID Error: Runtime exited with error: signal: killed"
        assert unhandled(called.answer) == {"errorType": "Runtime.OutOfMemory", "errorMessage": message}
        assert "\tMax Memory Used: 128 MB\t" in host.log("greedy")[-1]
        assert host.log("greedy")[-1].endswith("Status: error\tError Type: Runtime.OutOfMemory")


@play
async def test_an_answer_beyond_6_mb_is_refused_on_both_sides(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "big 6291557")
        message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        assert unhandled(called.answer) == {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
        ((what, status, told),) = json.loads((await host.do("hello", "answers")).payload)
        assert (what, status) == ("response", 413)
        assert json.loads(told) == {
            "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "RequestEntityTooLarge",
        }


@play
async def test_an_error_beyond_6_mb_is_told_as_an_answer_beyond_it(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        called = await host.do("hello", "raise_big 7000000")
        message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        assert unhandled(called.answer) == {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
        ((what, status, _),) = json.loads((await host.do("hello", "answers")).payload)
        assert (what, status) == ("error", 413)


@play
async def test_a_runtime_that_asks_for_what_it_may_not_is_told_so(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        told = json.loads((await host.do("hello", "wrong")).payload)
        assert [one for _, one in told] == [
            [400, "InvalidRequestID"],
            [400, "InvalidRequestID"],
            [403, "InvalidStateTransition"],
            [404, "NotFound"],
            [403, "InvalidStateTransition"],
        ]


# Starting


@play
async def test_an_init_error_is_what_the_runtime_posted(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("broken", version(environment={"INIT": "error"})))
        called = await host.answer("broken")
        posted = {"errorMessage": "No module named 'pets'", "errorType": "Runtime.ImportModuleError", "stackTrace": []}
        assert unhandled(called.answer) == posted
        assert len(host.launcher.started) == 2  # Lambda tries it again within the invocation
        reports = [line for line in host.log("broken") if line.startswith("INIT_REPORT")]
        assert [re.sub(r"[\d.]+ ms", "T", line) for line in reports] == [
            "INIT_REPORT Init Duration: T\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
            "INIT_REPORT Init Duration: T\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError",
        ]


@play
async def test_a_runtime_that_exits_at_once_is_a_crash(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("broken", version(environment={"INIT": "exit 126"})))
        message = "RequestId: ID Error: Runtime exited with error: exit status 126"
        told = unhandled((await host.answer("broken")).answer)
        assert told == {"errorType": "Runtime.ExitError", "errorMessage": message}


class ToldInPieces(ScriptProcess):
    """As the starter tells of a program that it could not run: the reason, and a moment later the exit status."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process)
        self.asked = 0

    def outcome(self) -> Outcome | None:
        self.asked += 1
        whole = super().outcome()
        if whole is None or self.asked == 1:
            return None
        return whole._replace(reason="fork/exec /var/task/bootstrap: exec format error")


@play
async def test_an_end_that_is_told_in_pieces_is_heard(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.launcher.process = ToldInPieces
        host.stand(function("hello", version(environment={"INIT": "exit 127"})))
        told = unhandled((await host.answer("hello")).answer)
        assert told["errorType"] == "Runtime.InvalidEntrypoint"
        await until(lambda: not list(host.fleet._instances()))


@play
async def test_a_slow_start_is_tried_again_with_the_functions_own_timeout(tmp_path: Path) -> None:
    async with hosting(tmp_path, init_seconds=0.3) as host:
        host.stand(function("slow", version(timeout=1, environment={"INIT": "sleep 60"})))
        message = "RequestId: ID Error: Task timed out after 1.00 seconds"
        told = unhandled((await host.answer("slow")).answer)
        assert told == {"errorType": "Sandbox.Timedout", "errorMessage": message}
        phases = [line.split("\t")[1:] for line in host.log("slow") if line.startswith("INIT_REPORT")]
        assert phases == [["Phase: init", "Status: timeout"], ["Phase: invoke", "Status: timeout"]]


@play
async def test_a_start_that_is_slow_once_costs_a_call_time_and_nothing_else(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        mark = tmp_path / "mark"
        host.stand(function("slow", version(environment={"INIT": "slow once", "MARK": str(mark)})))
        called = host.invoke("slow")
        await until(mark.exists)
        host.clock.by += INIT_SECONDS
        await called.over.wait()
        assert called.payload == b"{}"
        assert len(host.launcher.started) == 2


@play
async def test_the_first_report_of_an_instance_tells_how_long_it_started(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        for _ in range(2):
            await host.answer("hello")
        first, second = [line for line in host.log("hello") if line.startswith("REPORT")]
        assert re.search(r"\tInit Duration: [\d.]+ ms\t$", first)
        assert "Init Duration" not in second


@play
async def test_what_cannot_be_started_here_says_why(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("odd", version(runtime="none")))
        for _ in range(2):
            called = await host.answer("odd")
            assert (called.kind, called.cause) == (FailureKind.UNAVAILABLE, "no such runtime is installed here")
        host.stand(function("odd", version(revision="r-2")))
        assert (await host.answer("odd")).payload == b"{}"


@play
async def test_code_without_a_bootstrap_is_the_functions_fault(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("empty", version(runtime="empty")))
        message = "RequestId: ID Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        told = unhandled((await host.answer("empty")).answer)
        assert told == {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": message}


# Whoever else


@play
async def test_what_a_function_prints_is_in_its_log_in_order(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.do("hello", "print one", "mutter two")
        await host.do("hello", "print three")
        kinds = [re.sub(f" RequestId: {UUID}.*", "", line) for line in host.log("hello")]
        assert kinds == ["START", "one", "two", "END", "REPORT", "START", "three", "END", "REPORT"]


@play
async def test_a_call_that_is_cancelled_goes_on_in_silence(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        await host.answer("hello")
        called = host.begin("hello", host.wait, "print still here")
        await until(lambda: host.fleet.calls)
        assert called.call is not None
        called.call.cancel()
        host.open()
        await until(lambda: not host.fleet.calls)
        assert called.told == []
        assert "still here" in host.log("hello")


@play
async def test_a_caller_that_goes_takes_no_call_along(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        host.begin("hello", host.wait, "print still here")
        await until(lambda: host.fleet.calls)
        host.client.close()
        host.open()
        await until(lambda: not host.fleet.calls)
        assert "still here" in host.log("hello")


@play
async def test_a_strange_frame_costs_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "run" / "functions.sock"))
        writer.write(b"\xff" * 20)
        assert await reader.read() == b""
        writer.close()
        assert (await host.answer("hello")).payload == b"{}"


@play
async def test_awslambdaric_serves_a_function(tmp_path: Path) -> None:
    python = os.environ.get("PORTICO_AWSLAMBDARIC", sys.executable)
    probe = await asyncio.create_subprocess_exec(python, "-c", "import awslambdaric", stderr=asyncio.subprocess.DEVNULL)
    if await probe.wait():
        pytest.skip("NOT RUN: awslambdaric is not installed")
    (tmp_path / "pets.py").write_text(
        "def handler(event, context):\n    if event: raise ValueError(event)\n    return context.aws_request_id\n"
    )
    launcher = ScriptLauncher()
    launcher.command = [python, "-m", "awslambdaric", "pets.handler"]
    environment = {
        "PYTHONPATH": str(tmp_path),
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "AWS_LAMBDA_FUNCTION_NAME": "pets",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
    }
    async with hosting(tmp_path, launcher=launcher) as host:
        host.stand(function("pets", version(environment=environment)))
        for _ in range(3):
            assert re.fullmatch(f'"{UUID}"', (await host.answer("pets", b"{}")).payload.decode())
        told = unhandled((await host.answer("pets", b'"no"')).answer)
        assert (told["errorType"], told["errorMessage"]) == ("ValueError", "no")
        assert len(launcher.started) == 1
        host.stand(function("pets", version(revision="r-2", environment={**environment, "PYTHONPATH": "/"})))
        told = unhandled((await host.answer("pets")).answer)
        assert told["errorType"] == "Runtime.ImportModuleError"


BOOTSTRAP = r"""
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  EVENT=$(curl -sS -D "$HEADS" "$API/next") || exit 1
  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADS" | tr -d '[:space:]' | cut -d: -f2)
  printf '%s' "$EVENT" | curl -sS -X POST "$API/$ID/response" --data-binary @- > /dev/null
done
"""


@play
async def test_a_bootstrap_of_curl_serves_a_function(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("NOT RUN: curl is not installed")
    launcher = ScriptLauncher()
    launcher.command = ["sh", "-c", BOOTSTRAP]
    environment = {"PATH": os.environ["PATH"], "HEADS": str(tmp_path / "heads")}
    async with hosting(tmp_path, launcher=launcher) as host:
        host.stand(function("shell", version(environment=environment)))
        for size in (1, 5_000, 2_000_000):  # the largest with Expect: 100-continue
            event = b'"' + b"x" * size + b'"'
            assert (await host.answer("shell", event)).payload == event
        assert len(launcher.started) == 1


@play
async def test_another_user_of_the_machine_gets_nothing_from_an_instances_port(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can become another user")
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        address = json.loads((await host.do("hello", "environment")).payload)["AWS_LAMBDA_RUNTIME_API"]
        got = await asyncio.to_thread(as_nobody, lambda: heard(address))
        assert got == "heard b''"


@play
async def test_where_functions_are_one_user_only_the_instance_itself_is_heard(tmp_path: Path) -> None:
    async with hosting(tmp_path) as host:
        host.stand(function("hello"))
        address = json.loads((await host.do("hello", "environment")).payload)["AWS_LAMBDA_RUNTIME_API"]
        with pytest.raises(PorticoError, match="heard b''"):
            await asyncio.to_thread(heard, address)
        assert (await host.do("hello", "print there")).payload == b"null"


def heard(address: str) -> None:
    """Raises with what another than the instance hears; ours hears an answer."""
    host, _, port = address.partition(":")
    wire = socket.socket()
    wire.connect((host, int(port)))
    try:
        wire.sendall(b"GET /2018-06-01/what HTTP/1.1\r\nHost: x\r\n\r\n")
        told = wire.recv(4096)
    except ConnectionError:
        told = b""
    if not told.startswith(b"HTTP/1.1 404"):
        raise PorticoError(f"heard {told!r}")
