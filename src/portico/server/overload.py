"""More requests than can be served: some are refused at once, so that the others are answered in time.

A worker is one loop, and its queue is what lies in its sockets when a turn begins: whoever comes during a turn waits
for its end. While there is time enough this gate is not there: `begin` is the application's own, and all it costs is
a timer every 20 ms. Its laws:

- It closes when a turn was long and a quarter longer than the one before, twice in a row: what comes is more than what
  is served. A pause (a deployment, a burst, a stop of the machine) makes one long turn, and shorter ones after it:
  nobody is refused then. Where it grows more slowly, it closes after two turns of a tenth of a second and more.
- Only turns that were spent working count, and where the processor is shared only long ones.
- Closed, a turn begins requests for `TURN_SECONDS` and refuses the rest with a constant answer.
- What a turn has for serving grows with how many the turn before refused, so that half of the time goes on serving:
  clients that come back at once cannot make a worker do nothing but refuse.
- It opens after `CALM_SECONDS` without a refusal. Both are told, and every ten seconds how many were refused.
- It opens after `PATIENCE_SECONDS` in any case, and after twice as long each time that this was too early: clients that
  come back as soon as they are refused may be no more than can be served, and would keep it closed for ever.

A refused connection stays open, because opening another one costs more than the answer.
"""

import time
from collections.abc import Callable
from typing import Final

from portico.kernel.observe import Observer, OverloadBegan, OverloadEnded, RequestsRefused
from portico.ports.client import Application, Client, Served
from portico.wire.http1 import Head

BEAT_SECONDS: Final = 0.02
LATE_SECONDS: Final = 0.01
"""A beat that is later than this was kept waiting by a long turn. At 20 µs a request it was a queue of 500 and more."""
GROWTH: Final = 1.25
TOO_LATE_SECONDS: Final = 0.1
SHRINKING: Final = 0.9
"""A turn this much shorter than the one before makes good what was late: no overload."""
BUSY_SHARE: Final = 0.75
IDLE_SHARE: Final = 0.25
"""Of the time since the last beat that the process had the processor. Above the first a late beat is its own work's
doing; below the second it is not; between them somebody shares the processor, and only a long turn tells of a queue."""
TURN_SECONDS: Final = 0.004
"""Whoever is served waits for the turn before and for this one: some 10 ms with what a turn does beside."""
REFUSAL_SECONDS: Final = 5e-6
"""Of a refusal: its reading, the look-up of its head, a write. An HTTP_PROXY request costs 20 µs, a MOCK one 9."""
CALM_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 30.0
LONGEST_PATIENCE_SECONDS: Final = 480.0
"""To have opened too early costs those of a tenth of a second their short wait: fewer than 1 in 200."""
TOO_EARLY_SECONDS: Final = 1.0
"""A gate that closes again within this was opened too early."""
TOLD_EVERY_SECONDS: Final = 10.0

_BODY: Final = b'{"message":"Service Unavailable"}'
_HEAD: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Retry-After: 1\r\nConnection: %b\r\n\r\n"
)
_HEADS: Final = {closing: _HEAD % (len(_BODY), name) for closing, name in ((False, b"keep-alive"), (True, b"close"))}
_ANSWERS: Final = {closing: head + _BODY for closing, head in _HEADS.items()}

AfterTurn = Callable[[Callable[[], None]], object]
"""An event loop's `call_soon`."""


class _Refused:
    """A request that was answered when it came: the shell has nothing to tell it."""

    wants_body = False
    body_limit = 0

    def _nothing(self, *_: object) -> None:
        return

    on_body = on_body_too_large = gone = pause = resume = _nothing


_REFUSED: Final = _Refused()


class Gate:
    """The Application in front of a worker's own."""

    begin: Callable[[Client, Head], Served]
    """The application's while the gate is open."""

    def __init__(
        self,
        application: Application,
        after_turn: AfterTurn,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        """`processor` tells how long the process has worked, in seconds."""
        self._serve = application.begin
        self.begin = self._serve
        self.closed = False
        self._after_turn = after_turn
        self._observer = observer
        self._clock = clock
        self._processor = processor
        self._due = clock() + BEAT_SECONDS
        self._worked = processor()
        self._late = 0.0
        self._growing = 0
        """Beats in a row that were late, each later than the one before."""
        self._too_late = 0
        """Beats in a row that were far too late, none much less than the one before."""
        self._in_turn = False
        self._turn_ends = 0.0
        self._allowed = TURN_SECONDS
        self._refused = 0
        """In this turn."""
        self._untold = 0
        """Refused since it was told."""
        self._told_at = self._refused_at = self._closed_at = self._opened_at = 0.0
        self._patience = PATIENCE_SECONDS

    def beat(self) -> None:
        """To be called by a timer of the loop, `BEAT_SECONDS` after the last time."""
        now = self._clock()
        late, self._due = now - self._due, now + BEAT_SECONDS
        before, self._worked = self._worked, self._processor()
        share = (self._worked - before) / (late + BEAT_SECONDS)
        if share < IDLE_SHARE or (share < BUSY_SHARE and late < TOO_LATE_SECONDS):
            late = 0.0
        if self.closed:
            self._see_to_opening(now)
            return
        self._growing = self._growing + 1 if late > max(self._late * GROWTH, LATE_SECONDS) else 0
        self._too_late = self._too_late + 1 if late > max(self._late * SHRINKING, TOO_LATE_SECONDS) else 0
        self._late = late
        if self._growing >= 2 or self._too_late >= 2:
            self._close(now, late)

    def _close(self, now: float, late: float) -> None:
        self.closed = True
        too_early = now - self._opened_at < TOO_EARLY_SECONDS
        self._patience = min(2 * self._patience, LONGEST_PATIENCE_SECONDS) if too_early else PATIENCE_SECONDS
        self._closed_at = self._refused_at = self._told_at = now
        self._allowed = TURN_SECONDS
        self._growing = self._too_late = 0
        self.begin = self._choose
        self._observer(OverloadBegan(late))

    def _see_to_opening(self, now: float) -> None:
        if now - self._refused_at < CALM_SECONDS and now - self._closed_at < self._patience:
            if now - self._told_at >= TOLD_EVERY_SECONDS:
                self._tell(now)
            return
        self.closed = False
        self._opened_at = now
        self.begin = self._serve
        self._late = 0.0
        self._tell(now)
        self._observer(OverloadEnded(now - self._closed_at))

    def _tell(self, now: float) -> None:
        untold, self._untold, self._told_at = self._untold, 0, now
        if untold:
            self._observer(RequestsRefused(untold))

    # While it is closed

    def _choose(self, client: Client, head: Head) -> Served:
        now = self._clock()
        if not self._in_turn:
            self._in_turn = True
            self._turn_ends = now + self._allowed
            self._after_turn(self._end_turn)
        if now < self._turn_ends:
            return self._serve(client, head)
        self._refused += 1
        answers = _HEADS if head.method == b"HEAD" else _ANSWERS
        client.answer(answers[client.closing])
        return _REFUSED

    def _end_turn(self) -> None:
        self._in_turn = False
        refused, self._refused = self._refused, 0
        self._allowed = max(TURN_SECONDS, refused * REFUSAL_SECONDS)
        if refused:
            self._untold += refused
            self._refused_at = self._clock()
