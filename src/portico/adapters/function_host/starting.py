"""The functions process's end of the starter: starts it, asks it for instances, starts another where it died."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import portico
from portico.adapters.function_host import starter
from portico.adapters.function_host.confinement import Abilities, Plan
from portico.adapters.function_host.launch import LaunchError

_BEGIN: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from portico.adapters.function_host.starter import main; "
    "main(sys.argv[2], int(sys.argv[3]))"
)


class Born(NamedTuple):
    pid: int
    pidfd: int | None
    report: int
    """The reading end of what the starter tells of the instance's end."""


class StarterLink:
    """Safe to use from several threads."""

    def __init__(self, place: Path, user: int) -> None:
        """Starts the starter. Raises LaunchError."""
        self._arguments = (str(place), str(user))
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        with self._lock:
            self.abilities = self._begin()

    def start(self, plan: Plan, output: int, connection: int | None = None) -> Born:
        """Raises LaunchError."""
        report, told = os.pipe()
        handed = (output, told) if connection is None else (output, told, connection)
        try:
            with self._lock:
                answer, descriptors = self._ask(plan, *handed)
            if "error" in answer:
                raise LaunchError(str(answer["error"]))
        except BaseException:
            os.close(report)
            raise
        finally:
            os.close(told)
        os.set_blocking(report, False)
        if not descriptors:
            return Born(int(answer["pid"]), None, report)
        return Born(_seen_from_here(descriptors[0]), descriptors[0], report)

    def close(self) -> None:
        """Ends the starter: it takes the instances along."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _ask(self, plan: Plan, *descriptors: int) -> tuple[dict[str, str | int], list[int]]:
        for _ in range(2):  # a starter that died is found out by asking it
            if self._socket is None:
                self._begin()
            assert self._socket is not None
            with suppress(EOFError, OSError):
                starter.tell(self._socket, plan, *descriptors)
                return starter.hear(self._socket)
            self._socket.close()
            self._socket = None
        raise LaunchError("the process that starts functions dies when it is asked")

    def _begin(self) -> Abilities:
        mine, its = socket.socketpair()
        source = str(Path(portico.__file__).parent.parent)
        command = (sys.executable, "-I", "-S", "-c", _BEGIN, source, *self._arguments)
        try:
            child = subprocess.Popen(command, stdin=its.fileno(), env={}, start_new_session=True)  # noqa: S603  our own
            its.close()
            told, _ = starter.hear(mine)
        except (OSError, EOFError) as error:
            mine.close()
            raise LaunchError(f"the process that starts functions cannot be started: {error}") from error
        abilities = Abilities(**told)
        if abilities.private_roots:
            child.wait()  # it left the work to a child of its own
        self._socket = mine
        return abilities


def _seen_from_here(pidfd: int) -> int:
    """The number of a process that lives in a world of its own, as this process sees it; 0 where it is gone already."""
    lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines()
    return next((max(0, int(line.split()[1])) for line in lines if line.startswith("Pid:")), 0)
