"""Events that strangers can cause are logged one by one only up to a rate; of the rest there is a count.

For each kind of event a bucket of `BURST` lines that fills at `PER_SECOND`: at some 300 bytes a line a worker writes at
most 260 MB a day of each, however many clients break the protocol or find a broken backend.
"""

import time
from collections.abc import Callable
from typing import Final

from portico.kernel.observe import (
    BadClient,
    FaultRaised,
    FunctionFailed,
    LinesWithheld,
    Observation,
    Observer,
    UnexpectedError,
)

BURST: Final = 100.0
PER_SECOND: Final = 10.0
TOLD_EVERY_SECONDS: Final = 10.0
LIMITED: Final[tuple[type[Observation], ...]] = (BadClient, FaultRaised, FunctionFailed, UnexpectedError)


class _Bucket:
    __slots__ = ("filled_at", "lines", "told_at", "withheld")

    def __init__(self, now: float) -> None:
        self.lines = BURST
        self.filled_at = now
        self.withheld = 0
        self.told_at = now

    def take(self, now: float) -> bool:
        """Whether there is room for a line."""
        self.lines = min(BURST, self.lines + (now - self.filled_at) * PER_SECOND)
        self.filled_at = now
        if self.lines < 1.0:
            self.withheld += 1
            return False
        self.lines -= 1.0
        return True


class LimitedLog:
    """An Observer in front of another one. For one thread; call `sweep` now and then, and `close` at the end."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        self._observer = observer
        self._clock = clock
        self._buckets = {kind: _Bucket(clock()) for kind in LIMITED}

    def __call__(self, observation: Observation, /) -> None:
        bucket = self._buckets.get(type(observation))
        if bucket is None or bucket.take(self._clock()):
            self._observer(observation)

    def sweep(self) -> None:
        """Tell what was withheld, at most every ten seconds."""
        now = self._clock()
        for kind, bucket in self._buckets.items():
            if bucket.withheld and now - bucket.told_at >= TOLD_EVERY_SECONDS:
                self._tell(kind, bucket, now)

    def close(self) -> None:
        for kind, bucket in self._buckets.items():
            if bucket.withheld:
                self._tell(kind, bucket, self._clock())

    def _tell(self, kind: type[Observation], bucket: _Bucket, now: float) -> None:
        withheld, bucket.withheld, bucket.told_at = bucket.withheld, 0, now
        self._observer(LinesWithheld(kind.__name__, withheld))
