"""How a process follows the state directory, and what it does every so often.

The law: what cannot be read or applied is tried again each second, and what was served before is served on.
"""

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from portico.kernel.errors import PorticoError
from portico.kernel.observe import ChangesNotApplied, Observer, UnexpectedError
from portico.server.bell import BellRope

_RETRY_SECONDS: Final = 1.0


class Following:
    """Keeps a process at the Change that control rings for."""

    def __init__(
        self,
        role: str,
        follow: Callable[[], int],
        bell: Path,
        observer: Observer,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        """`follow` applies what is new, and gives the Change that is served then. It may raise PorticoError.

        `report` is called before, whenever control rings.
        """
        self._role = role
        self._report = report
        self._follow = follow
        self._observer = observer
        self._applied = 0
        self._failed_at = 0.0
        """0.0 while following does not fail."""
        self._rope = BellRope(bell, self._heard)

    async def begin(self) -> None:
        """Serve what the state directory says, and be on the bell: a barrier waits for this process from now on."""
        self._look()
        await self._rope.reach()

    async def hold(self) -> None:
        """Stay on the bell until cancelled."""
        await self._rope.hold()

    def _heard(self, _seq: int) -> int:
        """Control rang. The Change that is served now."""
        self._report()
        self._look()
        return self._applied

    def catch_up(self) -> None:
        """Look again, where that failed a while ago. Call it in every sweep."""
        if self._failed_at and time.monotonic() - self._failed_at >= _RETRY_SECONDS:
            self._look()
            if not self._failed_at:
                self._rope.tell(self._applied)

    def _look(self) -> None:
        try:
            self._applied = self._follow()
            self._failed_at = 0.0
        except PorticoError as error:
            self._failed_at = time.monotonic()
            self._observer(ChangesNotApplied(self._role, str(error)))


async def sweeping(role: str, sweeps: Sequence[Callable[[], None]], seconds: float, observer: Observer) -> None:
    """Call all of `sweeps` every so many seconds, until cancelled. One that fails is observed and called again: without
    sweeps no timeout would fire any more."""
    while True:
        await asyncio.sleep(seconds)
        for sweep in sweeps:
            try:
                sweep()
            except Exception:
                observer(UnexpectedError("", f"a sweep of the {role} process", traceback.format_exc()))
