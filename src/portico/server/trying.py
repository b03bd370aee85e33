"""The methods that are being tried out for TestInvokeMethod, as long as their integrations may take.

They run on the control listener's loop, through a data plane of its own: no thread and no transaction is held while a
backend works, and they are counted apart from the operations and from the invocations.
"""

import asyncio
import traceback
from collections.abc import Callable
from typing import Final

from portico.controlplane.answering import Trying
from portico.controlplane.dispatch import InternalFailure
from portico.kernel.observe import Observer, UnexpectedError
from portico.ports.tryout import InvalidTrial, Tried, TryOut
from portico.server.asking import Asked
from portico.wire.aws.faults import AwsError, BadRequestException, TooManyRequestsException

MOST: Final = 32
"""Trials at a time: each may hold a body and an answer of 10 MB. The SDKs try again on the answer that others get."""


class TrialsUnderWay:
    def __init__(self, tryout: TryOut, observer: Observer) -> None:
        self._tryout = tryout
        self._observer = observer
        self._under_way = 0

    async def carry_out(self, asked: Asked, trying: Trying) -> None:
        """Try, and answer when the method has. Returns when that is over, or the client gone."""
        if self._under_way >= MOST:
            asked.answer(trying.refuse(TooManyRequestsException("Too Many Requests")))
            return
        self._under_way += 1
        try:
            trial = _Trial(asked, trying)
            try:
                trial.begin(self._tryout)
            except Exception as error:
                asked.answer(trying.refuse(self._told(error)))
                return
            await trial.over
        finally:
            self._under_way -= 1

    def _told(self, error: Exception) -> AwsError:
        if isinstance(error, InvalidTrial):
            return BadRequestException(str(error))
        self._observer(UnexpectedError("", "TestInvokeMethod", traceback.format_exc()))
        return InternalFailure("Internal failure")


class _Trial:
    """One of them, which hears what its client does."""

    def __init__(self, asked: Asked, trying: Trying) -> None:
        self._asked = asked
        self._trying = trying
        self._give_up: Callable[[], None] | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self, tryout: TryOut) -> None:
        """Raises InvalidTrial."""
        self._give_up = tryout.begin(self._trying.deferred.trial, self._told)
        if not self.over.done():
            self._asked.follow(self)

    def _told(self, tried: Tried) -> None:
        self._asked.answer(self._trying.answer(tried))
        self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def pause(self) -> None:
        """The answer comes whole."""

    def resume(self) -> None:
        """The answer comes whole."""

    def gone(self) -> None:
        """Nobody waits for the answer any more."""
        if not self.over.done() and self._give_up is not None:
            self._give_up()
        self._finish()
