"""Files that nothing refers to any more, kept for a grace: a worker may be about to read them."""

from pathlib import Path

from portico.kernel.clock import Clock


class Garbage:
    def __init__(self, clock: Clock, grace: float) -> None:
        """`grace` is in seconds."""
        self._clock = clock
        self._grace = grace
        self._since: dict[Path, float] = {}

    def retire(self, path: Path) -> None:
        """From now on nothing refers to the file. Saying so again does not prolong its grace."""
        self._since.setdefault(path, self._clock.monotonic())

    def rescue(self, path: Path) -> None:
        """Something refers to it after all."""
        self._since.pop(path, None)

    def sweep(self) -> None:
        """Remove the files whose grace is over. They are in the order of their retirement. Raises OSError."""
        deadline = self._clock.monotonic() - self._grace
        while self._since:
            path, since = next(iter(self._since.items()))
            if since > deadline:
                return
            path.unlink(missing_ok=True)
            del self._since[path]
