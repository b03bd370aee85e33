"""The invocations that the control listener waits for, up to 15 minutes each.

They are called through the Functions port from the loop: no thread and no transaction is held meanwhile, and they are
counted apart from the operations, so that functions that take long keep nobody from editing an API.
"""

import asyncio
from typing import Final

from portico.controlplane.answering import Invoking
from portico.controlplane.functions.faults import TooManyRequestsException
from portico.controlplane.operation import Stream
from portico.ports.functions import FunctionAnswer, FunctionCall, FunctionFailure, Functions
from portico.server.asking import Asked

MOST: Final = 256
"""Invocations at a time. Each may hold an event and an answer of 6 MB."""
PATIENCE: Final = 930.0
"""Seconds: the 15 minutes of the longest function, and what an instance may take to start."""


class Invocations:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._under_way = 0

    async def carry_out(self, asked: Asked, invoking: Invoking) -> None:
        """Invoke, and answer when the function does. Returns when that is over, or the client gone."""
        if self._under_way >= MOST:
            asked.answer(invoking.refuse(TooManyRequestsException("ConcurrentInvocationLimitExceeded")))
            return
        self._under_way += 1
        try:
            invocation = _Invocation(asked, invoking)
            invocation.begin(self._functions)
            await invocation.over
        finally:
            self._under_way -= 1


class _Invocation:
    """One of them: what its answer is written to, and what hears of that client."""

    def __init__(self, asked: Asked, invoking: Invoking) -> None:
        self.asked = asked
        self.invoking = invoking
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.begun = False
        self._call: FunctionCall | None = None

    def begin(self, functions: Functions) -> None:
        deferred = self.invoking.deferred
        destination = functions.to(deferred.invocable, _RECEIVER, PATIENCE)
        self._call = destination.invoke(deferred.payload, self, kind=deferred.kind)
        self.asked.follow(self)

    @property
    def stream(self) -> Stream:
        stream = self.invoking.deferred.stream
        assert stream is not None, "only what was asked to answers in pieces"
        return stream

    def finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    # What the client does meanwhile

    def pause(self) -> None:
        if self._call is not None:
            self._call.pause()

    def resume(self) -> None:
        if self._call is not None:
            self._call.resume()

    def gone(self) -> None:
        """The function goes on without us, as on AWS."""
        if self._call is not None:
            self._call.cancel()
        self.finish()


class _Receiver:
    """Writes what a function answers to who asked for it."""

    def on_answer(self, context: _Invocation, answer: FunctionAnswer) -> None:
        context.asked.answer(context.invoking.answer(answer))
        context.finish()

    def on_begin(self, context: _Invocation, request_id: str = "") -> None:
        context.begun = True
        context.asked.begin(context.invoking.head(context.stream))

    def on_data(self, context: _Invocation, data: bytes) -> None:
        context.asked.send(context.stream.chunk(data))

    def on_end(self, context: _Invocation, error: str | None, log: bytes = b"") -> None:
        context.asked.end(context.stream.end(error, log))
        context.finish()

    def on_failure(self, context: _Invocation, failure: FunctionFailure) -> None:
        if context.begun:
            context.asked.end(context.stream.fail(failure))
        else:
            context.asked.answer(context.invoking.fail(failure))
        context.finish()


_RECEIVER: Final = _Receiver()
