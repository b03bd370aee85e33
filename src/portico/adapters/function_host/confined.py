"""A confined process, as the functions process has it in its hand."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

from portico.adapters.function_host import peers
from portico.adapters.function_host.launch import Outcome
from portico.adapters.function_host.starting import Born

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MOST_TOLD: Final = 4096


class ConfinedProcess:
    def __init__(self, born: Born, folder: Path | None, guarded: bool) -> None:
        """`folder` is removed by `close`. `guarded`: its first process only waits for the others."""
        self.pid = born.pid
        self.pidfd = born.pidfd
        self.exited = born.report
        self._folder = folder
        self._guards = int(guarded)
        self._told = b""
        self._outcome: Outcome | None = None

    def outcome(self) -> Outcome | None:
        if self._outcome is None:
            self._outcome = self._read()
        return self._outcome

    def _read(self) -> Outcome | None:
        """What the starter's report says by now. Where it ends without an end, the starter was killed, and this too."""
        with suppress(BlockingIOError):
            told = os.read(self.exited, _MOST_TOLD)
            self._told += told
            head, _, code = self._told.partition(b"\n")
            if code or not told:
                reason, _, own = head.partition(b"\0")
                return Outcome(int(own or code or -signal.SIGKILL), reason.decode("utf-8", "replace").removeprefix("!"))
        return None

    def end(self) -> None:
        if self.outcome() is not None:
            return
        if self.pid > 1:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if self.pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def resident_bytes(self) -> int:
        return sum(_resident(pid) for pid in family(self.pid)[self._guards :]) if self.pid > 1 else 0

    def holds(self, inode: int) -> bool:
        return self.pid > 1 and peers.held(inode, family(self.pid))

    def close(self) -> None:
        for descriptor in (self.exited, self.pidfd):
            if descriptor is not None:
                os.close(descriptor)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def family(pid: int) -> list[int]:
    """The process and all that descend from it. A child whose parent died is the instance's first process's."""
    members = [pid]
    for member in members:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{member}/task"):
                members += _children(member, thread)
    return members


def _children(pid: int, thread: str) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in _read(f"/proc/{pid}/task/{thread}/children").split()]
    return []


def _resident(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE
    return 0


def _read(path: str) -> bytes:
    """A file of the kernel's: memory is looked at often, and half of the time that a Path takes is not reading."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        told = b""
        while piece := os.read(descriptor, _MOST_TOLD):
            told += piece
        return told
    finally:
        os.close(descriptor)
