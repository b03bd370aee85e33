"""What became of an invocation that no handler answered, in Lambda's words.

The forms are those that Lambda answers with: `errorType` first, the request id inside the message. Public records of
them: guide "Troubleshoot invocation issues"; the examples of "Understanding the Lambda execution environment lifecycle"
for the log's lines.
"""

import signal
from dataclasses import dataclass
from typing import Final

import msgspec

UNHANDLED: Final = "Unhandled"
"""The only value that X-Amz-Function-Error still has."""
ANSWER_LIMIT: Final = 6 * 1024 * 1024 + 100
"""Bytes of a buffered answer: the quota of 6 MB, and 100 more as the message below has it."""
_OVERSIZED: Final = f"Response payload size exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes)."
_SIGNALS: Final = {
    signal.SIGHUP: "hangup",
    signal.SIGINT: "interrupt",
    signal.SIGQUIT: "quit",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGPIPE: "broken pipe",
    signal.SIGALRM: "alarm clock",
    signal.SIGTERM: "terminated",
}
"""Signals as Lambda, which is written in Go, names them."""


class _Told(msgspec.Struct, gc=False):
    errorType: str  # noqa: N815  the member's name on the wire
    errorMessage: str  # noqa: N815


_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an invocation, or an instance that was starting, failed."""

    type: str
    """Lambda's `errorType`."""
    message: str
    """Without the request id."""
    status: str = "error"
    """Of the REPORT line: `error` or `timeout`."""
    body: bytes | None = None
    """What the runtime itself posted, where it did."""

    def payload(self, request_id: str) -> bytes:
        """What the caller gets."""
        if self.body is not None:
            return self.body
        message = self.message if self is OVERSIZED else f"RequestId: {request_id} Error: {self.message}"
        return _ENCODER.encode(_Told(self.type, message))

    @property
    def trouble(self) -> str:
        """What the REPORT line says of it."""
        return "Status: timeout" if self.status == "timeout" else f"Status: error\tError Type: {self.type}"


OVERSIZED: Final = Verdict("Function.ResponseSizeTooLarge", _OVERSIZED)
TRUNCATED: Final = Verdict("Runtime.TruncatedResponse", "The runtime broke off within its response")
OUT_OF_MEMORY: Final = Verdict("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")


def timed_out(seconds: float) -> Verdict:
    return Verdict("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds", "timeout")


def exited(code: int) -> Verdict:
    """`code`: the exit status; negative: the signal that killed the runtime."""
    if code == 0:
        return Verdict("Runtime.ExitError", "Runtime exited without providing a reason")
    how = f"signal: {_signal(-code)}" if code < 0 else f"exit status {code}"
    return Verdict("Runtime.ExitError", f"Runtime exited with error: {how}")


def never_ran(reason: str) -> Verdict:
    """The code has nothing that could be run: no bootstrap, one that is not executable."""
    return Verdict("Runtime.InvalidEntrypoint", reason)


def _signal(number: int) -> str:
    try:
        return _SIGNALS[signal.Signals(number)]
    except (KeyError, ValueError):
        return f"signal {number}"


class _Posted(msgspec.Struct, gc=False):
    errorType: object = ""  # noqa: N815
    errorMessage: object = ""  # noqa: N815


_POSTED: Final = msgspec.json.Decoder(_Posted)
_LONGEST_TOLD: Final = 1000


def reported(body: bytes | None, type_header: str) -> Verdict:
    """An error that the runtime posted: the handler raised it, or the function could not be loaded. None: one larger
    than an answer may be, which is what its caller is told then.

    `type_header` is Lambda-Runtime-Function-Error-Type, for bodies that have no `errorType` of their own.
    """
    if body is None:
        return OVERSIZED
    try:
        told = _POSTED.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # it may post what it likes
        told = _Posted()
    return Verdict(
        str(told.errorType or type_header or "Runtime.Unknown"), str(told.errorMessage)[:_LONGEST_TOLD], body=body
    )
