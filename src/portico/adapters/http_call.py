"""One request on its way to a backend: what is told of it, what a second try would need, and who may forget it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from portico.ports.client import Client
from portico.ports.upstream import LONGEST_STREAM, FailureKind, UpstreamFailure, UpstreamRequest

if TYPE_CHECKING:
    from portico.adapters.http_connection import BackendConnection
    from portico.adapters.http_pool import Pool


EXACT_BELOW: Final = 2.0
"""Timeouts below this many seconds get a timer of their own: the sweep is a quarter of a second coarse."""


class Call:
    """One request on its way. Holds what a second try would need."""

    __slots__ = (
        "connection",
        "context",
        "deadline",
        "ends",
        "method",
        "plan",
        "pool",
        "request",
        "retried",
        "timer",
        "unsent",
    )

    def __init__(
        self, pool: Pool, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, deadline: float
    ) -> None:
        self.pool = pool
        self.method = method
        self.request = request
        self.plan: UpstreamRequest[Any] | None = plan
        self.context = context
        self.connection: BackendConnection | None = None
        self.deadline = deadline
        self.ends = deadline - plan.timeout + LONGEST_STREAM
        """Of a stream: when it is over, however steadily it flows."""
        self.retried = False
        self.timer: asyncio.TimerHandle | None = None
        self.unsent = 0

    # UpstreamCall

    def pause(self) -> None:
        if self.connection is not None:
            self.stop_timer()  # time stands still now; when it runs again, the sweep looks after it
            self.connection.pause()

    def resume(self) -> None:
        if self.connection is not None and self.plan is not None:
            self.connection.resume()

    def hand_over(self, client: Client, prefix: bytes, /) -> bool:
        return self.connection is not None and self.connection.hand_over(client, prefix)

    def cancel(self) -> None:
        connection = self.connection
        self.end()
        if connection is not None:
            connection.discard()

    # The adapter

    def arm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the timer of a call that the sweep would expire too late."""
        plan = self.plan
        if plan is not None and plan.timeout < EXACT_BELOW:
            self.timer = loop.call_later(plan.timeout, self.expire)

    def moves_on(self) -> bool:
        """Nobody could be reached and nothing was sent: whether somebody else is asked instead."""
        return False

    @property
    def over(self) -> bool:
        return self.plan is None

    def end(self) -> None:
        """Nothing more is told to the receiver. What would keep the request alive is let go: it holds this call."""
        self.plan = self.context = self.connection = None
        if self.timer is not None:
            self.stop_timer()

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def touch(self, now: float) -> None:
        """More may come from now on: the time for it begins."""
        plan = self.plan
        if plan is not None:
            self.deadline = min(now + plan.timeout, self.ends) if plan.streams else now + plan.timeout

    def fail(self, kind: FailureKind, cause: str) -> None:
        plan = self.plan
        if plan is None:
            return
        connection, context = self.connection, self.context
        self.end()
        if connection is not None:
            connection.discard()
        plan.receiver.on_failure(context, UpstreamFailure(kind, cause))

    def expire(self) -> None:
        plan = self.plan
        if plan is not None:
            self.fail(FailureKind.TIMEOUT, f"no whole answer within {plan.timeout * 1000:.0f} ms")
