"""One invocation of a function, from the frame that asked for it to its answer."""

from enum import IntFlag
from typing import Any, Final, Protocol

from portico.ports.functions import FunctionAnswer, FunctionFailure, FunctionReceiver


class Load:
    """How many calls of one function are under way, over all of its versions."""

    __slots__ = ("calls", "reserved")

    def __init__(self) -> None:
        self.calls = 0
        self.reserved: int | None = None
        """The function's reserved concurrency; None: it shares what is not reserved."""


class _Nobody:
    """The receiver of a call that was forgotten: the function goes on, and nobody hears of it."""

    def on_answer(self, context: Any, answer: FunctionAnswer) -> None: ...
    def on_begin(self, context: Any, request_id: str = "") -> None: ...
    def on_data(self, context: Any, data: bytes) -> None: ...
    def on_end(self, context: Any, error: str | None, log: bytes = b"") -> None: ...
    def on_failure(self, context: Any, failure: FunctionFailure) -> None: ...


NOBODY: Final[FunctionReceiver[int]] = _Nobody()


class Holder(IntFlag):
    """Who wants no more of a stream for now."""

    CALLER = 1
    CONNECTION = 2
    """The way to the caller is full."""


_NOBODY_HOLDS: Final = Holder(0)


class Valve(Protocol):
    """Where a stream comes from."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Invocation:
    """What an instance is given, and who is told what comes of it: `receiver`, with the number `call`."""

    __slots__ = (
        "arn",
        "asked",
        "began",
        "call",
        "client_context",
        "event",
        "held",
        "receiver",
        "request_id",
        "shares",
        "streams",
        "tail",
        "trace_id",
        "valve",
    )

    def __init__(
        self,
        request_id: str,
        arn: bytes,
        event: bytes,
        trace_id: bytes,
        receiver: FunctionReceiver[int],
        call: int,
        streams: bool = False,
        tail: bool = False,
        client_context: bytes = b"",
    ) -> None:
        self.request_id = request_id
        self.arn = arn
        """As it was invoked: with its qualifier, where it had one."""
        self.event = event
        self.trace_id = trace_id
        self.receiver = receiver
        self.call = call
        self.streams = streams
        self.tail = tail
        self.client_context = client_context
        self.asked = 0.0
        """When it began to wait for an instance."""
        self.shares = False
        """Whether it counts among the calls of functions that have no reserved concurrency."""
        self.began = False
        """Whether the receiver was told the beginning of a stream."""
        self.held = _NOBODY_HOLDS
        self.valve: Valve | None = None

    def streams_from(self, valve: Valve) -> None:
        self.began = True
        self.valve = valve
        self.receiver.on_begin(self.call)
        if self.held:
            valve.pause()

    def hold(self, holder: Holder) -> None:
        self.held |= holder
        if self.valve is not None:
            self.valve.pause()

    def go_on(self, holder: Holder) -> None:
        self.held &= ~holder
        if not self.held and self.valve is not None:
            self.valve.resume()

    def forget(self) -> None:
        """Nobody wants to hear of it any more; the function goes on."""
        self.receiver = NOBODY
        self.held = _NOBODY_HOLDS
        if self.valve is not None:
            self.valve.resume()
