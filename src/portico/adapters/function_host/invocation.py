"""One invocation of a function, from the frame that asked for it to its answer."""

from enum import IntFlag
from typing import Any, Final, Protocol

import msgspec

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


class Invocation(msgspec.Struct, eq=False):
    """What an instance is given, and who is told what comes of it: `receiver`, with the number `call`."""

    request_id: str
    arn: bytes
    """As it was invoked: with its qualifier, where it had one."""
    event: bytes
    trace_id: bytes
    receiver: FunctionReceiver[int]
    call: int
    streams: bool = False
    tail: bool = False
    client_context: bytes = b""
    asked: float = 0.0
    """When it began to wait for an instance."""
    shares: bool = False
    """Whether it counts among the calls of functions that have no reserved concurrency."""
    began: bool = False
    """Whether the receiver was told the beginning of a stream."""
    held: Holder = _NOBODY_HOLDS
    valve: Valve | None = None

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
