"""The client of the functions process: one connection for all calls, and nothing awaited on the way of a request.

The laws:
- A call is sent once. Where the connection breaks before its answer, it fails: the function may have run.
- The connection is made with the first call, and made anew with a growing pause when it is lost. Calls wait for it for
  three seconds at the most: a functions process that died is back by then, and only what it had under way is lost.
- A functions process that is being replaced says so: calls under way are answered on the old connection, others go on
  a new one.
- An answer comes within the timeout or not at all; of a stream, each next byte. Time in which our own client is slow
  does not count, except for the 15 minutes of the whole stream.
- What is larger than Lambda takes is not sent.
"""

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from itertools import count
from typing import Any, Final, TypeVar

import msgspec

from portico.adapters.function_call import EXACT_BELOW, Call, Plan
from portico.adapters.function_link import UNSENT_LIMIT, Link
from portico.ports.functions import (
    ASYNCHRONOUS_LIMIT,
    PAYLOAD_LIMIT,
    FailureKind,
    FunctionReceiver,
    Invocable,
    InvocationType,
)
from portico.wire.function_frames import InvokeHead, head_block, invoke

T = TypeVar("T")

WAIT_SECONDS: Final = 2.75
"""For a connection; with the sweep's quarter of a second, three. A new functions process is ready after one or two."""
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5
"""Between two attempts to connect: shorter than calls wait, so that each of them sees an attempt."""
_USUAL: Final = InvocationType.REQUEST_RESPONSE
_LONGEST_TRACE: Final = 255
"""Bytes; a frame has no room for a longer one, and none that AWS makes is."""


class FunctionClient:
    """The Functions port over a unix socket. One per process; call `sweep` every quarter of a second.

    `connect`: a connection to the functions process, not blocking. Raises OSError.
    """

    def __init__(self, connect: Callable[[], socket.socket], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = clock
        self.link: Link | None = None
        """The connection that takes new calls."""
        self.numbers = count(1)
        self._socket = connect
        self._links: set[Link] = set()
        self._waiting: deque[tuple[Call, bytes]] = deque()
        """With the frame that is to be sent."""
        self._waiting_bytes = 0
        self._pause = 0.0
        self._dialing: asyncio.Task[None] | None = None
        self._reason = "it has not been started"

    def to(self, invocable: Invocable, receiver: FunctionReceiver[T], timeout: float, /) -> "_Destination":
        return _Destination(self, invocable, receiver, timeout)

    def sweep(self) -> None:
        now = self.now()
        for link in list(self._links):
            for call in [one for one in link.calls.values() if one.deadline < now]:
                call.expire()
        if self._waiting:
            self._sweep_waiting(now)

    def close(self) -> None:
        if self._dialing is not None:
            self._dialing.cancel()
        self._fail_waiting("the gateway is shutting down")
        for link in list(self._links):
            link.close("the gateway is shutting down")

    # Waiting for a connection

    def wait(self, call: Call, frame: bytes) -> None:
        """Send `call` when there is a connection."""
        if self._waiting_bytes > UNSENT_LIMIT:
            call.fail(FailureKind.UNAVAILABLE, _BEHIND)
            return
        self._waiting.append((call, frame))
        self._waiting_bytes += len(frame)
        if self._dialing is None:
            self._dialing = asyncio.get_running_loop().create_task(self._dial())
            self._dialing.add_done_callback(self._dialed)

    def _sweep_waiting(self, now: float) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        for call, frame in waiting:
            if call.over:
                continue
            if call.deadline < now:
                call.expire()
            elif call.since + WAIT_SECONDS < now:
                call.fail(FailureKind.UNAVAILABLE, _SILENT.format(self._reason))
            else:
                self._waiting.append((call, frame))
                self._waiting_bytes += len(frame)

    def _fail_waiting(self, cause: str) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        for call, _ in waiting:
            call.fail(FailureKind.UNAVAILABLE, cause)

    async def _dial(self) -> None:
        """Until there is a connection, or nobody waits for one."""
        while self._waiting:
            if self._pause:
                await asyncio.sleep(self._pause)
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            try:
                link = await self._connect()
            except OSError as error:
                self._reason = error.strerror or str(error)
                continue
            if link.usable:
                self._links.add(link)
                self.link = link
                self._send_waiting(link)
                return

    async def _connect(self) -> Link:
        """Raises OSError."""
        _, link = await asyncio.get_running_loop().create_unix_connection(lambda: Link(self), sock=self._socket())
        return link

    def _send_waiting(self, link: Link) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        for call, frame in waiting:
            if not call.over:
                link.invoke(call, frame)

    def _dialed(self, task: asyncio.Task[None]) -> None:
        self._dialing = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail_waiting(f"unexpected: {error!r}")

    # What a Link tells

    def leaves(self, link: Link) -> None:
        if self.link is link:
            self.link = None

    def works(self) -> None:
        self._pause = 0.0

    def lost(self, link: Link) -> None:
        self._links.discard(link)
        self._reason = "it closed the connection"
        self.leaves(link)


_SILENT: Final = "the functions process does not answer ({}); see its log"
_BEHIND: Final = f"{UNSENT_LIMIT >> 20} MB of events wait for the functions process; it does not keep up"


class _Destination:
    """One Invocable with one Receiver."""

    __slots__ = ("_client", "_head", "_invocable", "_plan")

    def __init__(
        self, client: FunctionClient, invocable: Invocable, receiver: FunctionReceiver[Any], timeout: float
    ) -> None:
        self._client = client
        self._invocable = invocable
        self._plan = Plan(invocable.arn, receiver, timeout, invocable.streams)
        self._head = _encoded(invocable, _USUAL)

    def invoke(
        self,
        payload: bytes,
        context: Any,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> Call:
        client, plan = self._client, self._plan
        now = client.now()
        call = Call(plan, next(client.numbers), context, now, now + plan.timeout)
        if plan.timeout < EXACT_BELOW:
            call.arm(plan.timeout)
        if len(payload) > ASYNCHRONOUS_LIMIT and (limit := _limit(kind)) < len(payload):
            call.fail(FailureKind.TOO_LARGE, f"an event of {len(payload)} bytes, more than the {limit} of {kind.value}")
            return call
        head = self._head if kind is _USUAL else _encoded(self._invocable, kind)
        trace = trace_id.encode()
        frame = invoke(call.number, head, trace if len(trace) <= _LONGEST_TRACE else b"", payload)
        link = client.link
        if link is None or not link.usable:
            client.wait(call, frame)
        elif link.full:
            call.fail(FailureKind.UNAVAILABLE, _BEHIND)
        else:
            link.invoke(call, frame)
        return call


def _limit(kind: InvocationType) -> int:
    return ASYNCHRONOUS_LIMIT if kind is InvocationType.EVENT else PAYLOAD_LIMIT


@lru_cache(1024)
def _encoded(invocable: Invocable, kind: InvocationType) -> bytes:
    """The block of an InvokeHead. Remembered, because who invokes by API call asks for a destination each time."""
    caller = invocable.caller
    head = InvokeHead(
        invocable.arn,
        kind.value,
        caller.service,
        caller.source_arn,
        caller.source_account,
        caller.role,
        invocable.streams,
        invocable.tail,
        invocable.client_context,
        invocable.named,
        invocable.written,
    )
    return head_block(msgspec.json.encode(head))
