"""What time it is. Everything below the shell takes a Clock, so that tests own time."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time: `now` for people and records, `monotonic` for measuring and deadlines."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, never going back."""
        ...


class SystemClock:
    """The machine's own clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
