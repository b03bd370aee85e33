"""A program that replaces itself: the new one is tried first, because after the exec there is no way back."""

import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from portico.kernel.errors import PorticoError

CHECK: Final = "--check"
"""The argument with which a program is tried: it loads everything that it would need, and exits with 0. On its standard
output it says what it wants to be started with, or why it cannot be."""


class NotReplaced(PorticoError):
    """The new program does not start. The text is the reason."""


def try_out(command: Sequence[str], environment: dict[str, str]) -> str:
    """What the new program says on its standard output when it is tried. Raises NotReplaced."""
    reading, writing = os.pipe()
    try:
        redirect = [(os.POSIX_SPAWN_DUP2, writing, 1)]
        trial = os.posix_spawn(command[0], [*command, CHECK], environment, file_actions=redirect, setsigmask=[])
    except OSError as error:
        os.close(reading)
        raise NotReplaced(f"the new program does not start: {error.strerror}") from None
    finally:
        os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as pipe:
        said = pipe.read().strip()
    _, status = os.waitpid(trial, 0)
    if status:
        raise NotReplaced(said or f"the new program does not start: {' '.join(command)} {CHECK} failed")
    return said


def become(command: Sequence[str], environment: dict[str, str]) -> NoReturn:
    """Exec. Raises NotReplaced where that fails."""
    sys.stdout.flush()
    try:
        os.execve(command[0], [*command], environment)  # noqa: S606  our own program
    except OSError as error:
        raise NotReplaced(f"the new program does not start: {error.strerror}") from None
