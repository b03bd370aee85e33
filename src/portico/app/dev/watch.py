"""What changed in a folder, found by looking at it again and again.

Ten times a second in a folder of some thousand files, seldomer in a larger one: looking takes a tenth of the time at
most. Looking needs no notification of the system's, and so works on every file system, in containers and over networks;
see docs/decisions/0031-portico-dev.md.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portico.app.dev.package import is_ignored

EVERY_SECONDS: Final = 0.1
_SHARE: Final = 10
_SETTLE_SECONDS: Final = 0.02
_MOST_SETTLING: Final = 10

Print = tuple[int, int, int]
"""Of a file: when it was changed, its size, which file it is."""
Look = dict[str, Print]
"""By path."""


class Watch:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: Look = {}
        self._next = 0.0

    def look(self) -> Look:
        """The files as they are now, when nothing has been writing to them for a moment."""
        seen = self._look()
        for _ in range(_MOST_SETTLING):
            time.sleep(_SETTLE_SECONDS)  # an editor may have emptied a file that it is about to fill
            again = self._look()
            if again == seen:
                break
            seen = again
        self._seen = seen
        return seen

    def changed(self) -> Look | None:
        """The files as they are now; None where they are as they were, or where it is too soon to look again."""
        if time.monotonic() < self._next:
            return None
        return None if self._look() == self._seen else self.look()

    def _look(self) -> Look:
        began = time.monotonic()
        seen = dict(_files(str(self._folder)))
        took = time.monotonic() - began
        self._next = began + max(EVERY_SECONDS, took * _SHARE)
        return seen


def below(look: Look, folder: Path) -> Look:
    """What is in that folder."""
    start = f"{folder}{os.sep}"
    return {path: print_ for path, print_ in look.items() if path.startswith(start)}


def _files(folder: str) -> Iterator[tuple[str, Print]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # gone meanwhile
        return
    for entry in entries:
        if is_ignored(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            try:
                found = entry.stat()
            except OSError:
                continue
            yield entry.path, (found.st_mtime_ns, found.st_size, found.st_ino)
