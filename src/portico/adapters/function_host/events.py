"""Asynchronous invocations: accepted when they are on the disk, then delivered at least once, or given up aloud.

The rules are Lambda's (guide, "How Lambda handles errors and retries with asynchronous invocation"): a function error
is tried again after one minute, then after two; what was throttled or could not be run, after 1 s, then twice as long
each time up to 5 minutes. A function says how often and how long (MaximumRetryAttempts, MaximumEventAgeInSeconds).

What another run of this process left is taken over when that one is gone: it holds a lock as long as it lives.
"""

import fcntl
import heapq
import os
from itertools import count
from pathlib import Path
from typing import Final

from portico.adapters.function_host.catalogue import Catalogue, Found
from portico.adapters.function_host.event_file import Event, EventFile, Rows
from portico.adapters.function_host.fleet import Fleet
from portico.adapters.function_host.invocation import Invocation
from portico.kernel.clock import Clock
from portico.kernel.observe import EventDiscarded, EventsNotKept, Observer
from portico.ports.functions import FailureKind, FunctionAnswer, FunctionFailure, FunctionReceiver

MOST_EVENTS: Final = 100_000
"""Waiting at a time; more are throttled. They are known by half a kilobyte each, their payloads are on the disk."""
HELD_BYTES: Final = 32 * 1024 * 1024
"""Of payloads that are kept in memory too, so that a first attempt need not read them back."""
RETRY_SECONDS: Final = (60.0, 120.0)
_FIRST_THROTTLE: Final = 1.0
_LONGEST_THROTTLE: Final = 300.0


class _Waiting:
    """An event that is not over. Times are the clock's `monotonic`: one moved by hours changes nothing here."""

    __slots__ = ("accepted", "arn", "attempts", "cause", "content", "id", "number", "throttles")

    def __init__(self, event_id: str, number: int, arn: bytes, accepted: float) -> None:
        self.id = event_id
        self.number = number
        self.arn = arn
        self.accepted = accepted
        self.attempts = 0
        self.throttles = 0
        self.content: tuple[bytes, bytes, bytes] | None = None
        """Trace id, client context and payload, where they are in memory."""
        self.cause = ""
        """Why it failed last."""


class Events:
    """For one thread, on a running loop. The FunctionReceiver of its own deliveries."""

    def __init__(
        self,
        file: EventFile,
        lock: Path,
        catalogue: Catalogue,
        fleet: Fleet,
        clock: Clock,
        observer: Observer,
        most: int,
    ) -> None:
        """`most`: deliveries at a time."""
        self._file = file
        self._lock_path = lock
        self._lock = -1
        self._adopted = False
        self._catalogue = catalogue
        self._fleet = fleet
        self._clock = clock
        self._observer = observer
        self._most = most
        self._numbers = count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._due: list[tuple[float, int]] = []
        self._under_way = 0
        self._held = 0
        self._leaving = False
        self._failing = False
        self._adopt()

    def __len__(self) -> int:
        return len(self._waiting)

    # Accepting

    def accept(self, event: Event, receiver: FunctionReceiver[int], call: int) -> None:
        """Keep an event and deliver it. `receiver` is told, with `call`, that it is kept (202) or why it is not."""
        if len(self._waiting) >= MOST_EVENTS:
            failure = FunctionFailure(FailureKind.THROTTLED, f"{MOST_EVENTS} asynchronous events wait already")
            receiver.on_failure(call, failure)
            return

        def kept(rows: Rows | None, reason: str) -> None:
            if rows is None:
                self._tell_not_kept(reason)
                cause = f"the event cannot be kept: {reason}"
                receiver.on_failure(call, FunctionFailure(FailureKind.UNAVAILABLE, cause))
                return
            self._failing = False
            self._enqueue(event)
            receiver.on_answer(call, FunctionAnswer(b"", status=202))

        self._file.put(event, kept)

    def _enqueue(self, event: Event) -> None:
        now = self._clock.monotonic()
        waiting = _Waiting(event.id, next(self._numbers), event.arn, now)
        if self._held + len(event.payload) <= HELD_BYTES:
            self._held += len(event.payload)
            waiting.content = (event.trace_id, event.client_context, event.payload)
        self._schedule(waiting, now)
        self._deliver(now)

    def _tell_not_kept(self, reason: str) -> None:
        if not self._failing:
            self._failing = True
            self._observer(EventsNotKept(reason))

    # Taking over

    def _hold(self) -> bool:
        """Whether this run is the one that delivers what others left. Raises OSError."""
        if self._lock < 0:
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _adopt(self) -> None:
        """Take over what the run before this one left, once that is gone."""
        try:
            self._adopted = self._hold()
        except OSError as error:
            self._tell_not_kept(f"{self._lock_path}: {error.strerror}")
        if self._adopted:
            self._file.adopt(self._take_over)

    def _take_over(self, rows: Rows | None, reason: str) -> None:
        if rows is None:
            self._tell_not_kept(reason)
            self._adopted = False
            return
        now, wall = self._clock.monotonic(), self._clock.now()
        for event_id, arn, accepted, attempts, throttles, due in rows:
            waiting = _Waiting(event_id, next(self._numbers), bytes(arn), now - max(0.0, wall - accepted))
            waiting.attempts, waiting.throttles = attempts, throttles
            self._schedule(waiting, now + min(max(0.0, due - wall), _LONGEST_THROTTLE))

    # Delivering

    def sweep(self) -> None:
        if self._leaving:
            return
        if not self._adopted:
            self._adopt()
        self._deliver(self._clock.monotonic())

    def leave(self) -> None:
        """Deliver no more: the successor does."""
        self._leaving = True

    def close(self) -> None:
        """Blocking: what happened is written first."""
        self._leaving = True
        self._file.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _schedule(self, waiting: _Waiting, due: float) -> None:
        self._waiting[waiting.number] = waiting
        heapq.heappush(self._due, (due, waiting.number))

    def _deliver(self, now: float) -> None:
        if not self._catalogue.loaded:
            return  # every function would seem to be gone
        while self._due and self._due[0][0] <= now and self._under_way < self._most and not self._leaving:
            waiting = self._waiting[heapq.heappop(self._due)[1]]
            self._under_way += 1
            if waiting.content is None:
                self._fetch(waiting)
            else:
                self._invoke(waiting, *waiting.content)

    def _fetch(self, waiting: _Waiting) -> None:
        def fetched(rows: Rows | None, reason: str) -> None:
            if rows is None:
                self._tell_not_kept(reason)
                self.on_failure(waiting.number, FunctionFailure(FailureKind.UNAVAILABLE, reason))
            elif not rows:
                self.on_failure(
                    waiting.number, FunctionFailure(FailureKind.NOT_FOUND, "it is not in the file any more")
                )
            else:
                self._invoke(waiting, *rows[0])

        self._file.fetch(waiting.id, fetched)

    def _invoke(self, waiting: _Waiting, trace_id: bytes, client_context: bytes, payload: bytes) -> None:
        found = self._catalogue.find(waiting.arn.decode())
        if not isinstance(found, Found):
            self.on_failure(waiting.number, found)
            return
        if self._clock.monotonic() - waiting.accepted > found.function.maximum_event_age:
            self._discard(waiting, f"it was older than {found.function.maximum_event_age} s. {waiting.cause}".rstrip())
            return
        invocation = Invocation(
            waiting.id, waiting.arn, payload, trace_id, self, waiting.number, client_context=client_context
        )
        failure = self._fleet.pool(found.function, found.choose()).invoke(invocation)
        if failure is not None:
            self.on_failure(waiting.number, failure)

    # What comes of it

    def on_answer(self, number: int, told: FunctionAnswer) -> None:
        waiting = self._waiting[number]
        if told.error is None:
            self._end(waiting)
            return
        waiting.attempts += 1
        found = self._catalogue.find(waiting.arn.decode())
        allowed = found.function.maximum_retry_attempts if isinstance(found, Found) else 0
        if waiting.attempts > allowed:
            self._discard(waiting, told.payload[:500].decode("utf-8", "replace"))
            return
        waiting.cause = told.payload[:500].decode("utf-8", "replace")
        self._postpone(waiting, RETRY_SECONDS[min(waiting.attempts, len(RETRY_SECONDS)) - 1])

    def on_failure(self, number: int, failure: FunctionFailure) -> None:
        waiting = self._waiting[number]
        if failure.kind is FailureKind.NOT_FOUND:
            self._discard(waiting, failure.cause)
            return
        waiting.cause = failure.cause
        pause = min(_LONGEST_THROTTLE, _FIRST_THROTTLE * 2.0 ** min(waiting.throttles, 20))
        waiting.throttles += 1
        self._postpone(waiting, pause)

    def on_begin(self, number: int, request_id: str = "") -> None:
        raise AssertionError("an event is not answered by a stream")

    def on_data(self, number: int, data: bytes) -> None:
        raise AssertionError("an event is not answered by a stream")

    def on_end(self, number: int, error: str | None, log: bytes = b"") -> None:
        raise AssertionError("an event is not answered by a stream")

    def _postpone(self, waiting: _Waiting, seconds: float) -> None:
        self._under_way -= 1
        self._let_go(waiting)
        self._file.postpone(waiting.id, waiting.attempts, waiting.throttles, self._clock.now() + seconds)
        self._schedule(waiting, self._clock.monotonic() + seconds)

    def _discard(self, waiting: _Waiting, cause: str) -> None:
        name = waiting.arn.decode().split(":")[6]
        self._observer(EventDiscarded(name, waiting.id, waiting.attempts, cause))
        self._end(waiting)

    def _end(self, waiting: _Waiting) -> None:
        self._under_way -= 1
        self._let_go(waiting)
        del self._waiting[waiting.number]
        self._file.remove(waiting.id)

    def _let_go(self, waiting: _Waiting) -> None:
        if waiting.content is not None:
            self._held -= len(waiting.content[2])
            waiting.content = None
