"""What became of an invocation, in Lambda's words and order."""

import signal

import pytest

from portico.adapters.function_host import verdicts

ID = "79b4f56e-95b1-4643-9700-2807f4e68189"
EXIT = "Runtime.ExitError"
ENTRY = "fork/exec /var/task/bootstrap: permission denied"


@pytest.mark.parametrize(
    ("verdict", "kind", "message"),
    [
        (verdicts.timed_out(3), "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        (verdicts.exited(1), EXIT, "Runtime exited with error: exit status 1"),
        (verdicts.exited(0), EXIT, "Runtime exited without providing a reason"),
        (verdicts.exited(-signal.SIGSEGV), EXIT, "Runtime exited with error: signal: segmentation fault"),
        (verdicts.OUT_OF_MEMORY, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
        (verdicts.never_ran(ENTRY), "Runtime.InvalidEntrypoint", ENTRY),
    ],
)
def test_payloads_are_those_of_lambda(verdict: verdicts.Verdict, kind: str, message: str) -> None:
    told = f'{{"errorType":"{kind}","errorMessage":"RequestId: {ID} Error: {message}"}}'
    assert verdict.payload(ID).decode() == told


def test_an_answer_that_is_too_large_is_told_without_an_id() -> None:
    message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    told = f'{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"{message}"}}'
    assert verdicts.OVERSIZED.payload(ID).decode() == told


def test_what_a_runtime_posts_is_handed_on_as_it_is() -> None:
    body = b'{"errorMessage": "no", "errorType": "KeyError", "stackTrace": [ ]}'
    verdict = verdicts.reported(body, "Function.Other")
    assert (verdict.payload(ID), verdict.type, verdict.message) == (body, "KeyError", "no")


NONSENSE = [
    b"",
    b"no json",
    b"[1]",
    b'{"errorType": null}',
    b"\xff",
    b'{"errorType": "\xff"}',
    b'{"x": ' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", NONSENSE)
def test_what_a_runtime_posts_need_not_make_sense(body: bytes) -> None:
    verdict = verdicts.reported(body, "Function.Odd")
    assert (verdict.payload(ID), verdict.type) == (body, "Function.Odd")


def test_a_long_message_is_cut_for_the_operator_alone() -> None:
    body = b'{"errorMessage": "' + b"x" * 100_000 + b'"}'
    verdict = verdicts.reported(body, "")
    assert (len(verdict.message), len(verdict.payload(ID)), verdict.type) == (1000, len(body), "Runtime.Unknown")


@pytest.mark.parametrize(("code", "name"), [(-9, "killed"), (-15, "terminated"), (-6, "aborted"), (-64, "signal 64")])
def test_signals_have_names(code: int, name: str) -> None:
    assert verdicts.exited(code).message == f"Runtime exited with error: signal: {name}"
