"""Files that logs are appended to: for as long as somebody else looks after their size, or rotated here.

A rotated log is `pets.log`; what it was before is `pets.log.1`, and so on up to the oldest that is kept. Files end
where a line does. Dying in the middle loses nothing: a rotation is a few renames, the oldest file's first, each of them
whole.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file that is rotated. The longest line of any log is far shorter."""
KEPT: Final = 4
"""Predecessors. With the log itself they are all that a function's lines can take of the disk: 80 MB."""
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_MODE: Final = 0o640


class LogFile(Protocol):
    """Where whole lines go."""

    def write(self, lines: bytes) -> int:
        """How many bytes could be written: not all of them where the disk is full. Raises OSError where none could."""
        ...

    def close(self) -> None:
        """It is opened anew when something is written."""
        ...


class AppendedFile:
    """A file that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def write(self, lines: bytes) -> int:
        return os.write(self.open(), lines)

    def open(self) -> int:
        """Its descriptor. Raises OSError."""
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, _FLAGS, _MODE)
        return self._descriptor

    def is_current(self) -> bool:
        """Whether it is open, and nobody has renamed it."""
        return self._descriptor >= 0 and is_at(self._descriptor, self.path)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class RotatedFile:
    """A file that is rotated before it becomes larger than `largest` bytes; `kept` predecessors stay.

    Several processes may write to it: each looks whether another has rotated it, and one at a time does.
    """

    def __init__(self, path: Path, largest: int = LARGEST, kept: int = KEPT) -> None:
        self._file = AppendedFile(path)
        self._largest = largest
        self._kept = kept

    def write(self, lines: bytes) -> int:
        written = 0
        while written < len(lines):
            try:
                end = self._end(lines, written)
                written += self._file.write(lines[written:end])
            except OSError:
                if not written:
                    raise
                break
            if written < end:
                break
        return written

    def close(self) -> None:
        self._file.close()

    def _end(self, lines: bytes, begin: int) -> int:
        """Up to where they go into the file that is there now, which is another one if need be. Raises OSError."""
        for _ in range(2):
            room = self._room()
            if len(lines) - begin <= room:
                break
            end = lines.rfind(b"\n", begin, begin + room) + 1
            if end > begin:
                return end
            self._rotate()
        return len(lines)  # all of them fit, or another process rotates it just now

    def _room(self) -> int:
        """Bytes that the file has left. Raises OSError."""
        if not self._file.is_current():
            self._file.close()
        return max(0, self._largest - os.fstat(self._file.open()).st_size)

    def _rotate(self) -> None:
        """Unless another process does it or has done it. Raises OSError."""
        descriptor, path = self._file.open(), self._file.path
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back when it is closed
            if is_at(descriptor, path):
                rotate(path, self._kept)


def rotate(path: Path, kept: int) -> None:
    """Make room for a new log at `path`. Raises OSError."""
    for number in range(kept - 1, 0, -1):
        with suppress(FileNotFoundError):
            os.replace(_predecessor(path, number), _predecessor(path, number + 1))
    os.replace(path, _predecessor(path, 1))


def predecessors(path: Path) -> Iterator[Path]:
    """Those that are there, whoever rotates the log, the youngest first. Raises OSError."""
    with os.scandir(path.parent) as entries:
        endings = [one.name.removeprefix(f"{path.name}.") for one in entries if one.name.startswith(f"{path.name}.")]
    for number in sorted(int(ending) for ending in endings if ending.isascii() and ending.isdigit()):
        yield _predecessor(path, number)


def is_at(descriptor: int, path: Path) -> bool:
    """Whether it is this file that is there."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _predecessor(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
