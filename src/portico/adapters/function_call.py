"""One invocation on its way to the functions process: what is told of it, and who may forget it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec

from portico.ports.functions import FailureKind, FunctionFailure, FunctionReceiver
from portico.ports.upstream import LONGEST_STREAM, NeverLent
from portico.wire.function_frames import FrameKind

if TYPE_CHECKING:
    from portico.adapters.function_link import Link

EXACT_BELOW: Final = 2.0
"""Timeouts below this many seconds get a timer of their own: the sweep is a quarter of a second coarse."""


def report(error: Exception) -> None:
    """What a receiver raised is a bug of its own call, not of all that share a connection or a sweep."""
    told = {"message": "the receiver of a function's answer failed", "exception": error}
    asyncio.get_running_loop().call_exception_handler(told)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What all calls of a destination have in common."""

    arn: str
    receiver: FunctionReceiver[Any]
    timeout: float
    streams: bool


class Call(NeverLent, msgspec.Struct, eq=False, gc=False):
    """One invocation. It is over when its plan is gone: nothing that it held is kept alive by it then."""

    plan: Plan | None
    number: int
    context: Any
    since: float
    deadline: float
    """When its time is over; of a stream, unless its next byte comes first."""
    begun: bool = False
    """Of a stream: `on_begin` was told."""
    link: Link | None = None
    timer: asyncio.TimerHandle | None = None

    # FunctionCall

    def pause(self) -> None:
        if self.begun and self.link is not None:
            self._stop_timer()  # time stands still now; when it runs again, the sweep looks after it
            self.deadline = self.ends
            self.link.send(FrameKind.PAUSE, self.number)

    def resume(self) -> None:
        if self.begun and self.link is not None:
            self.touch(self.link.now())
            self.link.send(FrameKind.RESUME, self.number)

    def cancel(self) -> None:
        link = self.link
        self.end()
        if link is not None:
            link.cancel(self.number)

    # The adapter

    def arm(self, timeout: float) -> None:
        """Set the timer of a call that the sweep would expire too late."""
        self.timer = asyncio.get_running_loop().call_later(timeout, self.expire)

    @property
    def over(self) -> bool:
        return self.plan is None

    @property
    def ends(self) -> float:
        """When a stream is cut off however steadily it comes."""
        return self.since + LONGEST_STREAM

    def touch(self, now: float) -> None:
        """A byte of a stream has come, or may come now: its time begins anew."""
        if self.plan is not None:
            self._stop_timer()
            self.deadline = min(now + self.plan.timeout, self.ends)

    def end(self) -> None:
        """Nothing more is told to the receiver."""
        self.plan = self.context = self.link = None
        if self.timer is not None:
            self._stop_timer()

    def fail(self, kind: FailureKind, cause: str) -> None:
        plan, context = self.plan, self.context
        if plan is None:
            return
        self.end()
        try:
            plan.receiver.on_failure(context, FunctionFailure(kind, cause))
        except Exception as error:
            report(error)

    def expire(self) -> None:
        plan, link = self.plan, self.link
        if plan is None:
            return
        if link is not None:
            link.cancel(self.number)
        self.fail(FailureKind.TIMEOUT, f"{plan.arn}: no {self._lacking(plan)}")

    def _lacking(self, plan: Plan) -> str:
        if not self.begun:
            return f"answer within {plan.timeout * 1000:.0f} ms"
        if self.deadline < self.ends:
            return f"further byte of its stream within {plan.timeout * 1000:.0f} ms"
        return f"end of its stream within {LONGEST_STREAM:.0f} s"

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
