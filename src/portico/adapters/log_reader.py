"""Logs of functions, as somebody reads them: their last lines, those since a time, and what is still being written.

A line begins with its time, `2025-01-31T12:00:00.123Z `, so that times compare as text. A log may be renamed and begun
anew (rotation), any number of times, or cut (truncation), while it is followed: what was written before is still told,
then what comes. Predecessors that are called as log_file.py does are read as the log that they were.
"""

import heapq
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from portico.adapters.log_file import is_at, predecessors
from portico.kernel.errors import PorticoError

_BLOCK: Final = 1 << 16
_TRIES: Final = 10
"""At finding out what is where, while it is rotated."""
_TIME: Final = len("2025-01-31T12:00:00.123Z")


class LogError(PorticoError):
    """A log cannot be read. The text says why."""


class Line(NamedTuple):
    name: str
    text: bytes
    """Without its line feed."""


class LogReader:
    """One log. Reading goes on where the last read ended."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._file: BinaryIO | None = None
        self._partial = b""

    def last(self, lines: int) -> list[Line]:
        """That many from the end. Raises LogError."""
        return self._tell(lambda file, had: _start_of_last(file, max(0, lines - had)))

    def since(self, time: str) -> list[Line]:
        """From the first that is not older. Raises LogError."""
        return self._tell(lambda file, _: _start_since(file, time.encode()))

    def new(self) -> list[Line]:
        """What was written since the last read; nothing where there is no such log yet. Raises LogError."""
        file = self._file
        if file is None:
            return self._tell(lambda _, __: 0)
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
            self._partial = b""
        lines = self._read(file)
        while (successor := self._successor(file)) is not None:
            lines += self._read(file)
            if self._partial:
                lines.append(Line(self.name, self._partial))
                self._partial = b""
            file.close()
            self._file = file = successor
            lines += self._read(file)
        return lines

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._partial = b""

    def _tell(self, start: Callable[[BinaryIO, int], int]) -> list[Line]:
        """Of the log and its predecessors from where `start` says, by the file and how many lines there are behind it.
        The log itself is read on from there."""
        self.close()
        files = self._open_all()
        if not files:
            return []
        self._file, *older = files
        self._file.seek(start(self._file, 0))
        lines = self._read(self._file)
        for file in older:
            with file:
                file.seek(start(file, len(lines)))
                whole = file.read().removesuffix(b"\n")
                lines[:0] = [Line(self.name, line) for line in whole.split(b"\n")] if whole else []
        return lines

    def _read(self, file: BinaryIO) -> list[Line]:
        """Whole lines; of one that is being written, the rest comes with the next read."""
        *lines, self._partial = (self._partial + file.read()).split(b"\n")
        return [Line(self.name, line) for line in lines]

    def _open_all(self) -> list[BinaryIO]:
        """The log and its predecessors, the youngest first. Raises LogError."""
        files: list[BinaryIO] = []
        for _ in range(_TRIES):
            there = self._there()
            files = [file for path in there if (file := _open(path)) is not None]
            if there == self._there() and all(map(_is_at, files, there)):
                break
            while files:
                files.pop().close()
        return files

    def _successor(self, file: BinaryIO) -> BinaryIO | None:
        """The log that was begun when this one was renamed; None as long as there is none. Raises LogError."""
        for _ in range(_TRIES):
            if _is_at(file, self._path):
                return None
            there = self._there()
            age = next((age for age, path in enumerate(there) if _is_at(file, path)), None)
            younger = self._younger_than(file, there) if age is None else age
            if not younger:
                return None
            found = _open(there[younger - 1])
            if found is not None and (age is None or _is_at(file, there[age])):
                return found
            if found is not None:
                found.close()
        return None

    def _younger_than(self, file: BinaryIO, there: list[Path]) -> int:
        """How many of the logs were begun after one that is not among them: it was the oldest, or has another name."""
        last = os.fstat(file.fileno()).st_mtime_ns
        return sum(path == self._path or _written(path) >= last for path in there)

    def _there(self) -> list[Path]:
        """Raises LogError."""
        try:
            older = list(predecessors(self._path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self._path, error) from error
        return [self._path, *older] if os.path.lexists(self._path) else older


def _open(path: Path) -> BinaryIO | None:
    """None where it is not there. Raises LogError."""
    try:
        return open(path, "rb", buffering=0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> LogError:
    return LogError(f"the log {path} cannot be read: {error.strerror}")


def _is_at(file: BinaryIO, path: Path) -> bool:
    return is_at(file.fileno(), path)


def _written(path: Path) -> int:
    """When, in nanoseconds; 0 where it is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def merged(logs: Sequence[list[Line]]) -> Iterator[Line]:
    """The lines of several logs in the order of their times."""
    return heapq.merge(*logs, key=lambda line: line.text[:_TIME])


def _start_of_last(file: BinaryIO, lines: int) -> int:
    """Where the last lines begin."""
    at = file.seek(0, os.SEEK_END)
    missing = lines + 1  # the line feed before them, too
    while at > 0:
        begin = max(0, at - _BLOCK)
        file.seek(begin)
        block = file.read(at - begin)
        found = block.count(b"\n")
        if found >= missing:
            return begin + _nth_from_end(block, missing) + 1
        missing -= found
        at = begin
    return 0


def _nth_from_end(block: bytes, number: int) -> int:
    at = len(block)
    for _ in range(number):
        at = block.rindex(b"\n", 0, at)
    return at


def _start_since(file: BinaryIO, time: bytes) -> int:
    """Where the first line begins that is not older, found by halving: lines are in the order of their times."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        start, line = _line_from(file, middle)
        if line is not None and line[:_TIME] < time:
            low = start + len(line)
        else:
            high = middle
    return low


def _line_from(file: BinaryIO, at: int) -> tuple[int, bytes | None]:
    """Where the first line at `at` or behind it begins, and the line with its line feed; None where there is none."""
    if at:
        file.seek(at - 1)
        skipped = _read_line(file)
        at = at - 1 + len(skipped)
    file.seek(at)
    line = _read_line(file)
    return at, line if line.endswith(b"\n") else None


def _read_line(file: BinaryIO) -> bytes:
    pieces = []
    while piece := file.read(_BLOCK):
        end = piece.find(b"\n")
        if end >= 0:
            pieces.append(piece[: end + 1])
            break
        pieces.append(piece)
    return b"".join(pieces)
