"""One connection to the functions process: many calls at once, told apart by their numbers.

A call is in `calls` from its INVOKE until it is answered, has failed or is forgotten; a frame for one that is not there
came too late and is dropped. What a stream may be told, and when, is checked: a peer that gets it wrong is let go.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol, cast

import msgspec

from portico.adapters.function_call import Call, report
from portico.ports.functions import FailureKind, FunctionAnswer
from portico.wire.function_frames import (
    AnswerHead,
    FailureHead,
    FrameError,
    FrameKind,
    FrameReader,
    frame,
    head_block,
    split,
)

UNSENT_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of events that wait for the functions process to read them: ten of the largest. Calls beyond fail at once."""
_FEW: Final = 8
_TOGETHER: Final = 16
_LARGE: Final = 16 * 1024
"""While more than a few calls are under way, the events of one turn of the loop are written together, so many at most:
a system call for each wakes the functions process for each. From that size in bytes on none is waited with."""
_USUAL: Final = 128
"""Bytes of an answer's head that is worth remembering: a longer one has a log, which is like no other."""
_NAMED: Final = b'"id":'
"""In a head that is like no other either."""


_ANSWER: Final = FrameKind.ANSWER
_PLAIN: Final = head_block(msgspec.json.encode(AnswerHead()))
"""How an answer of $LATEST begins that is no error and brings no log."""
_PLAIN_END: Final = len(_PLAIN)


class Owner(Protocol):
    """Whose connection it is."""

    def now(self) -> float: ...
    def leaves(self, link: Link) -> None:
        """It takes no more calls."""
        ...

    def works(self) -> None:
        """The peer answers."""
        ...

    def lost(self, link: Link) -> None: ...


class Link(asyncio.Protocol):
    def __init__(self, owner: Owner) -> None:
        self.calls: dict[int, Call] = {}
        self.leaving = False
        self.full = False
        """Whether the functions process is behind with reading."""
        self.usable = False
        """Whether calls can be sent."""
        self.transport: asyncio.Transport | None = None
        self.now = owner.now
        self._owner = owner
        self._silent = True
        """Whether no call has been answered yet."""
        self._reader = FrameReader()
        self._unsent: list[bytes] = []
        """Frames of this turn of the loop."""
        self._logs: dict[int, bytes] = {}
        """The tail of a stream's log, until its end: the next frame."""
        self._cause = "the functions process closed the connection; see its log"

    # The loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.usable = True
        self.transport.set_write_buffer_limits(UNSENT_LIMIT)

    def eof_received(self) -> None:
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport, self.usable = None, False
        self._owner.lost(self)
        calls = list(self.calls.values())
        self.calls.clear()
        for call in calls:
            call.fail(FailureKind.UNAVAILABLE, self._cause)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, content in self._reader.feed(data):
                if kind is _ANSWER:
                    self._answer(number, content)
                else:
                    self._take(kind, number, content)
        except FrameError as error:
            self.close(f"the functions process broke the framing: {error}")

    # Calls

    def invoke(self, call: Call, frame: bytes) -> None:
        call.link = self
        self.calls[call.number] = call
        unsent = self._unsent
        unsent.append(frame)
        if len(self.calls) <= _FEW or len(unsent) >= _TOGETHER or len(frame) >= _LARGE:
            self._flush()
        elif len(unsent) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def send(self, kind: FrameKind, number: int) -> None:
        self._unsent.append(frame(kind, number))
        self._flush()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"".join(unsent))

    def cancel(self, number: int) -> None:
        self._forget(number)
        self.send(FrameKind.CANCEL, number)

    def close(self, cause: str) -> None:
        """Calls under way fail for this cause."""
        self._cause, self.usable = cause, False
        if self.transport is not None:
            self.transport.abort()

    def close_when_done(self) -> None:
        """Take no more calls; be gone when those under way are answered."""
        self.leaving = True
        if not self.calls and self.transport is not None:
            self.usable = False
            self.transport.close()

    def _forget(self, number: int) -> None:
        self.calls.pop(number, None)
        if self.leaving and not self.calls:
            self.close_when_done()

    # Frames

    def _take(self, kind: FrameKind, number: int, content: bytes) -> None:
        """Raises FrameError."""
        if kind is FrameKind.LEAVING:
            self._owner.leaves(self)
            self.close_when_done()
            return
        call = self.calls.get(number)
        if call is None:
            return
        try:
            _FRAMES.get(kind, Link._strange)(self, call, content)
        except FrameError:
            raise
        except Exception as error:
            report(error)

    def _answer(self, number: int, content: bytes) -> None:
        """Raises FrameError."""
        call = self.calls.get(number)
        if call is None:
            return
        if call.begun:
            raise FrameError("an answer in the middle of a stream")
        answer = FunctionAnswer(content[_PLAIN_END:]) if content.startswith(_PLAIN) else _read_answer(content)
        plan, context = call.plan, call.context
        del self.calls[number]
        if self.leaving:
            self._forget(number)
        call.end()
        if plan is not None:
            if self._silent:
                self._silent = False
                self._owner.works()
            try:
                plan.receiver.on_answer(context, answer)
            except Exception as error:
                report(error)

    def _failure(self, call: Call, content: bytes) -> None:
        try:
            head = msgspec.json.decode(content, type=FailureHead)
            kind = FailureKind[head.kind]
        except (msgspec.MsgspecError, KeyError, UnicodeDecodeError) as error:
            raise FrameError(f"a failure that cannot be read: {error}") from None
        self._forget(call.number)
        self._owner.works()
        call.fail(kind, head.cause)

    def _begin(self, call: Call, content: bytes) -> None:
        plan = call.plan
        if plan is None or not plan.streams or call.begun:
            raise FrameError("a stream begins that was not asked for")
        call.begun = True
        call.touch(self.now())
        self._owner.works()
        plan.receiver.on_begin(call.context, content.decode(errors="replace"))

    def _data(self, call: Call, content: bytes) -> None:
        plan = call.plan
        if plan is None or not call.begun:
            raise FrameError("bytes of a stream that has not begun")
        if content:
            call.touch(self.now())
            plan.receiver.on_data(call.context, content)

    def _end(self, call: Call, content: bytes) -> None:
        plan, context = call.plan, call.context
        if plan is None or not call.begun:
            raise FrameError("the end of a stream that has not begun")
        self._forget(call.number)
        call.end()
        log = self._logs.pop(call.number, b"")
        plan.receiver.on_end(context, content.decode(errors="replace") or None, log)

    def _log(self, call: Call, content: bytes) -> None:
        """Of a stream whose end follows."""
        if not call.begun:
            raise FrameError("the log of a stream that has not begun")
        self._logs = {call.number: content}

    def _strange(self, _call: Call, _content: bytes) -> None:
        raise FrameError("a frame that only callers send")


_FRAMES: Final[dict[FrameKind, Callable[[Link, Call, bytes], None]]] = {
    FrameKind.BEGIN: Link._begin,
    FrameKind.DATA: Link._data,
    FrameKind.END: Link._end,
    FrameKind.LOG: Link._log,
    FrameKind.FAILURE: Link._failure,
}


def _read_answer(content: bytes) -> FunctionAnswer:
    """Raises FrameError."""
    encoded, payload = split(content)
    try:
        usual = len(encoded) <= _USUAL and _NAMED not in encoded
        head = _usual_head(encoded) if usual else _head(encoded)
        log = base64.b64decode(head.log, validate=True) if head.log else b""
    except (msgspec.MsgspecError, ValueError) as error:
        raise FrameError(f"the head of an answer cannot be read: {error}") from None
    return FunctionAnswer(payload, head.error, head.version, log, head.status, head.id)


def _head(encoded: bytes) -> AnswerHead:
    return msgspec.json.decode(encoded, type=AnswerHead)


_usual_head = lru_cache(256)(_head)
