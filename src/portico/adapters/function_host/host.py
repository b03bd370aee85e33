"""The functions process for its callers: INVOKE frames in, answers out, many calls at once on each connection.

What an INVOKE's head leads to (the function, whether the caller may, its pool) is looked up when that head is seen
first, and again after the next Change: heads are Routes' constants.
"""

import asyncio
import base64
from typing import Any, Final, Protocol, cast

import msgspec

from portico.adapters.function_host.catalogue import Catalogue, Found
from portico.adapters.function_host.event_file import Event
from portico.adapters.function_host.events import Events
from portico.adapters.function_host.fleet import Fleet
from portico.adapters.function_host.invocation import Holder, Invocation
from portico.adapters.function_host.pool import Pool
from portico.kernel.clock import Clock
from portico.kernel.half_surrogates import read
from portico.kernel.ids import RequestIds
from portico.model.function import FunctionStanding
from portico.ports.functions import (
    ASYNCHRONOUS_LIMIT,
    PAYLOAD_LIMIT,
    Caller,
    FailureKind,
    FunctionAnswer,
    FunctionFailure,
    InvocationType,
)
from portico.wire.function_frames import (
    AnswerHead,
    FailureHead,
    FrameError,
    FrameKind,
    FrameReader,
    InvokeHead,
    answer,
    frame,
    split_invoke,
)

# Members looked up in their class cost 65 ns each before Python 3.12.
_INVOKE: Final = FrameKind.INVOKE
_SYNCHRONOUS: Final = InvocationType.REQUEST_RESPONSE

_MOST_TARGETS: Final = 10_000
_UNREAD_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of answers that a caller has not read; streams to it pause then."""
_HEADS: Final = msgspec.json.Decoder(InvokeHead)
_JSON: Final = msgspec.json.Decoder(msgspec.Raw)
"""Reads a document to its end, and keeps nothing of it."""
_ENCODER: Final = msgspec.json.Encoder()


class Permits(Protocol):
    """Who may invoke what: lang/invocation.py."""

    def check(self, standing: FunctionStanding, qualifier: str, caller: Caller) -> str | None:
        """Why `caller` may not; None where it may."""
        ...


class Target:
    """What an INVOKE's head leads to, as of the newest Change."""

    __slots__ = (
        "arn",
        "client_context",
        "found",
        "kind",
        "limit",
        "named",
        "pool",
        "refused",
        "streams",
        "tail",
        "written",
    )

    def __init__(self, head: InvokeHead, found: Found | FunctionFailure, denied: str | None) -> None:
        self.kind = InvocationType(head.type)
        self.arn = head.arn.encode()
        self.streams = head.streams
        self.tail = head.tail
        self.named = head.named
        self.written = head.written
        # Line breaks between the values of a JSON text are blanks; in a header they would be something else.
        self.client_context = " ".join(head.client_context.splitlines()).encode()
        self.limit = ASYNCHRONOUS_LIMIT if self.kind is InvocationType.EVENT else PAYLOAD_LIMIT
        self.refused = found if isinstance(found, FunctionFailure) else None
        self.found = None if isinstance(found, FunctionFailure) else found
        self.pool: Pool | None = None
        """Where one version serves all calls, once there was a first."""
        if denied is not None:
            self.refused = FunctionFailure(FailureKind.ACCESS_DENIED, denied)


class Host:
    """For one thread, on a running loop. `connect` makes the protocol of a caller's connection."""

    def __init__(self, catalogue: Catalogue, fleet: Fleet, events: Events, permits: Permits, clock: Clock) -> None:
        self._catalogue = catalogue
        self._permits = permits
        self.fleet = fleet
        self.events = events
        self.clock = clock
        self.ids = RequestIds()
        self.targets: dict[bytes, Target] = {}
        """By the heads that were seen."""
        self.connections: set[CallerConnection] = set()
        self.leaving = False

    def connect(self) -> "CallerConnection":
        return CallerConnection(self)

    def changed(self) -> None:
        """Functions are others than before."""
        self.targets.clear()

    def leave(self) -> None:
        """Ask callers to go elsewhere with what is not under way yet."""
        self.leaving = True
        for connection in self.connections:
            connection.tell_leaving()

    def target(self, head: bytes) -> Target:
        """Of a head that is seen first. Raises FrameError."""
        if len(self.targets) >= _MOST_TARGETS:
            self.targets.clear()
        target = self.targets[head] = self._look_up(head)
        return target

    def _look_up(self, head: bytes) -> Target:
        try:
            asked = _HEADS.decode(head)
            found = self._catalogue.find(asked.arn)
            denied = None
            if isinstance(found, Found):
                caller = Caller(asked.service, asked.source_arn, asked.source_account, asked.role)
                denied = self._permits.check(found.function, found.qualifier, caller)
            return Target(asked, found, denied)
        except (msgspec.MsgspecError, ValueError) as error:
            raise FrameError(f"the head of an INVOKE cannot be read: {error}") from None

    def pool(self, target: Target) -> Pool:
        """Which serves the next call."""
        found = target.found
        assert found is not None
        pool = self.fleet.pool(found.function, found.choose())
        if not found.others:
            target.pool = pool
        return pool

    def trace_id(self, request_id: str) -> bytes:
        """For a call that came without one."""
        return self.ids.trace_id(int(self.clock.now()), request_id[-8:]).encode()


class CallerConnection(asyncio.Protocol):
    """A worker or control: it chose the numbers of its calls. The FunctionReceiver of each of them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._calls: dict[int, Invocation] = {}
        self._ids: dict[int, str] = {}
        """Of the calls that want to know theirs."""
        self._full = False

    # The loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(_UNREAD_LIMIT)
        self._host.connections.add(self)
        if self._host.leaving:
            self.tell_leaving()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._host.connections.discard(self)
        for invocation in self._calls.values():
            invocation.forget()
        self._calls.clear()
        self._ids.clear()

    def pause_writing(self) -> None:
        self._full = True
        for invocation in self._calls.values():
            invocation.hold(Holder.CONNECTION)

    def resume_writing(self) -> None:
        self._full = False
        for invocation in self._calls.values():
            invocation.go_on(Holder.CONNECTION)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, content in self._reader.feed(data):
                if kind is _INVOKE:
                    self._invoke(number, content)
                else:
                    self._control(kind, number)
        except FrameError:
            if self._transport is not None:
                self._transport.abort()

    def tell_leaving(self) -> None:
        self._send(frame(FrameKind.LEAVING, 0))

    # Calls

    def _invoke(self, number: int, content: bytes) -> None:
        head, trace_id, event = split_invoke(content)
        host = self._host
        target = host.targets.get(head) or host.target(head)
        failure = _refusal(target, event)
        if failure is not None:
            self.on_failure(number, failure)
            return
        request_id = host.ids.pair()[0]
        if target.named:
            self._ids[number] = request_id
        invocation = Invocation(
            request_id,
            target.arn,
            event or b"{}",
            trace_id or host.trace_id(request_id),
            self,
            number,
            target.streams,
            target.tail,
            target.client_context,
        )
        if target.kind is not _SYNCHRONOUS:
            self._invoke_later(target, invocation)
            return
        self._calls[number] = invocation
        if self._full:
            invocation.hold(Holder.CONNECTION)
        failure = (target.pool or host.pool(target)).invoke(invocation)
        if failure is not None:
            self.on_failure(number, failure)

    def _invoke_later(self, target: Target, asked: Invocation) -> None:
        """Or never."""
        if target.kind is InvocationType.DRY_RUN:
            assert target.found is not None
            self.on_answer(asked.call, FunctionAnswer(b"", version=target.found.version.version, status=204))
            return
        now = self._host.clock.now()
        told = Event(asked.request_id, asked.arn, asked.trace_id, asked.client_context, asked.event, now)
        self._host.events.accept(told, self, asked.call)

    def _control(self, kind: FrameKind, number: int) -> None:
        """Raises FrameError."""
        if kind not in (FrameKind.CANCEL, FrameKind.PAUSE, FrameKind.RESUME):
            raise FrameError(f"a frame {kind.name}, which only the functions process sends")
        invocation = self._calls.get(number)
        if invocation is None:
            return  # its answer is on the way
        if kind is FrameKind.CANCEL:
            del self._calls[number]
            self._ids.pop(number, None)
            invocation.forget()
        elif kind is FrameKind.PAUSE:
            invocation.hold(Holder.CALLER)
        else:
            invocation.go_on(Holder.CALLER)

    # What comes of them

    def on_answer(self, number: int, told: FunctionAnswer) -> None:
        self._calls.pop(number, None)
        request_id = self._ids.pop(number, "") if self._ids else ""
        self._send(answer(number, _head(told, request_id), told.payload))

    def on_begin(self, number: int, request_id: str = "") -> None:
        self._send(frame(FrameKind.BEGIN, number, self._ids.pop(number, request_id).encode()))

    def on_data(self, number: int, data: bytes) -> None:
        self._send(frame(FrameKind.DATA, number, data))

    def on_end(self, number: int, error: str | None, log: bytes = b"") -> None:
        self._calls.pop(number, None)
        if log:
            self._send(frame(FrameKind.LOG, number, log))
        self._send(frame(FrameKind.END, number, (error or "").encode()))

    def on_failure(self, number: int, failure: FunctionFailure) -> None:
        self._calls.pop(number, None)
        self._ids.pop(number, None)
        head = _ENCODER.encode(FailureHead(failure.kind.name, failure.cause))
        self._send(frame(FrameKind.FAILURE, number, head))

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _refusal(target: Target, event: bytes) -> FunctionFailure | None:
    """Why an event is not taken; None where it is."""
    if target.refused is not None:
        return target.refused
    if len(event) > target.limit:
        cause = f"an event of {len(event)} bytes, more than the {target.limit} of {target.kind.value}"
        return FunctionFailure(FailureKind.TOO_LARGE, cause)
    try:
        if event and not target.written:
            read(_JSON.decode, event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # clients nest as deep as they like
        return FunctionFailure(FailureKind.INVALID, f"Could not parse request body into json: {error}")
    return None


def _head(told: FunctionAnswer, request_id: str) -> bytes:
    if told.log or request_id:
        log = base64.b64encode(told.log).decode()
        return _ENCODER.encode(AnswerHead(told.status, told.error, told.version, log, request_id))
    key = (told.status, told.error, told.version)
    head = _heads.get(key)
    if head is None:
        if len(_heads) >= _MOST_TARGETS:
            _heads.clear()
        head = _heads[key] = _ENCODER.encode(AnswerHead(*key))
    return head


_heads: dict[tuple[Any, ...], bytes] = {}
