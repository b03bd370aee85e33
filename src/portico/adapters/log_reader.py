"""Logs of functions, as somebody reads them: their last lines, those since a time, and what is still being written.

A line begins with its time, `2025-01-31T12:00:00.123Z `, so that times compare as text. A log may be renamed and begun
anew (rotation), or cut (truncation), while it is followed: what was written before is still told, then what comes.
"""

import heapq
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from portico.kernel.errors import PorticoError

_BLOCK: Final = 1 << 16
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
        file = self._open()
        if file is None:
            return []
        file.seek(_start_of_last(file, lines))
        return self._read(file)

    def since(self, time: str) -> list[Line]:
        """From the first that is not older. Raises LogError."""
        file = self._open()
        if file is None:
            return []
        file.seek(_start_since(file, time.encode()))
        return self._read(file)

    def new(self) -> list[Line]:
        """What was written since the last read; nothing where there is no such log yet. Raises LogError."""
        lines: list[Line] = []
        file = self._open()
        if file is None:
            return lines
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
            self._partial = b""
        lines += self._read(file)
        if self._was_replaced(file):
            if self._partial:
                lines.append(Line(self.name, self._partial))
            self.close()
            lines += self.new()
        return lines

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._partial = b""

    def _open(self) -> BinaryIO | None:
        if self._file is None:
            try:
                self._file = open(self._path, "rb", buffering=0)  # noqa: SIM115  followed until `close`
            except FileNotFoundError:
                return None
            except OSError as error:
                raise LogError(f"the log {self._path} cannot be read: {error.strerror}") from error
        return self._file

    def _read(self, file: BinaryIO) -> list[Line]:
        """Whole lines; of one that is being written, the rest comes with the next read."""
        *lines, self._partial = (self._partial + file.read()).split(b"\n")
        return [Line(self.name, line) for line in lines]

    def _was_replaced(self, file: BinaryIO) -> bool:
        try:
            there = os.stat(self._path)
        except OSError:
            return False  # renamed, and the next one is not there yet
        return not os.path.samestat(there, os.fstat(file.fileno()))


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
