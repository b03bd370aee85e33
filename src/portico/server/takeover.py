"""A program that replaces itself: the new one is tried first, because after the exec there is no way back."""

import os
import sys
from collections.abc import Sequence
from typing import Final

CHECK: Final = "--check"
"""The argument with which a program is tried: it loads everything that it would need, and exits with 0."""


def replace(command: Sequence[str], environment: dict[str, str]) -> str:
    """Exec `command`. Returns only where that would fail: the reason."""
    try:
        trial = os.posix_spawn(command[0], [*command, CHECK], environment, setsigmask=[])
        _, status = os.waitpid(trial, 0)
        if status:
            return f"the new program does not start: {' '.join(command)} {CHECK} failed"
        sys.stdout.flush()
        os.execve(command[0], [*command], environment)  # noqa: S606  our own program
    except OSError as error:
        return f"the new program does not start: {error.strerror}"
