"""Child processes of the supervisor: forked, told apart, and never left behind.

Only the standard library is imported: what a child runs is handed in.
"""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from portico.kernel.errors import PorticoError

CONTROL: Final = "control"
WORKER: Final = "worker"
FUNCTIONS: Final = "functions"
UNFIT: Final = 78
"""A child's exit status (EX_CONFIG) where it cannot serve with these settings: trying again would not help."""
_CRASHED: Final = 70
_PR_SET_PDEATHSIG: Final = 1
_DEATH_SIGNALS: Final = {CONTROL: signal.SIGKILL, WORKER: signal.SIGTERM, FUNCTIONS: signal.SIGTERM}
"""What a child gets when the supervisor dies: workers and functions finish what they serve, control must never be there
twice."""

Ready = Callable[[], None]
"""A child calls it once, when it serves."""


@dataclass(slots=True)
class Child:
    """A process in a slot. Times are monotonic, which all processes of a machine share."""

    role: str
    slot: int
    pid: int
    ready_pipe: int
    """Says one byte when the child is ready; -1 once that is known."""
    born: float
    ready: bool = False
    kill_at: float | None = None
    """When it is killed, unless it has become ready (or, where it was told to leave, has left)."""
    leaving: bool = False

    def told(self) -> dict[str, Any]:
        """As plain data, for the program that replaces the supervisor."""
        if self.ready_pipe >= 0:
            os.set_inheritable(self.ready_pipe, True)
        return asdict(self)

    def hear(self) -> bool:
        """Read the pipe once it says something. False where the child closed it without a word: it is dying."""
        self.ready = os.read(self.ready_pipe, 1) != b""
        os.close(self.ready_pipe)
        self.ready_pipe = -1
        return self.ready

    def leave(self, kill_at: float) -> None:
        self.leaving = True
        self.kill_at = kill_at
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def forget(self) -> None:
        """It is gone."""
        if self.ready_pipe >= 0:
            os.close(self.ready_pipe)
            self.ready_pipe = -1


def fork(role: str, slot: int, ready_seconds: float, enter: Callable[[], None], run: Callable[[Ready], int]) -> Child:
    """Start a child that has `ready_seconds` to become ready. In it, `enter` lets go of what is the supervisor's."""
    reading, writing = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _live(role, supervisor, writing, enter, run)
    os.close(writing)
    now = time.monotonic()
    return Child(role, slot, pid, reading, now, kill_at=now + ready_seconds)


def _live(role: str, supervisor: int, ready_pipe: int, enter: Callable[[], None], run: Callable[[Ready], int]) -> None:
    """All of a child's life. Never returns."""
    status = _CRASHED
    try:
        _own_signals()
        _die_with(supervisor, _DEATH_SIGNALS[role])
        enter()
        status = run(lambda: _say_ready(ready_pipe))
    except PorticoError as error:
        status = UNFIT
        os.write(2, f"portico: {error}\n".encode())
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        sys.stdout.flush()
        os._exit(status)


def _say_ready(pipe: int) -> None:
    with suppress(OSError):
        os.write(pipe, b"\1")
    os.close(pipe)


def _own_signals() -> None:
    """Ctrl-C and a lost terminal are told to the whole group; only the supervisor acts on them."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _die_with(supervisor: int, number: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != supervisor:  # it died before we asked
        os._exit(0)


def reap() -> list[tuple[int, str, int]]:
    """Children that ended: pid, how in words, exit status (-1 for a signal)."""
    ended: list[tuple[int, str, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, *_how(status)))


def _how(status: int) -> tuple[str, int]:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}", -1
    code = os.waitstatus_to_exitcode(status)
    return f"exited with status {code}", code
