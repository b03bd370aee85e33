"""Lines that are appended to files, as they come."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from portico.adapters.log_reader import Line, LogError, LogReader
from portico.app.dev.legible import legible


class Tail:
    """One file: from its beginning, or from the end that it has now. It may be made later, rotated or cut."""

    def __init__(self, path: Path, *, from_its_end: bool = False) -> None:
        self._path = path
        self._file: int | None = None
        self._position = 0
        self._partial = b""
        if from_its_end and path.exists():
            found = path.stat()
            self._file, self._position = found.st_ino, found.st_size

    def lines(self) -> Iterator[str]:
        """Those that came since the last time."""
        try:
            with open(self._path, "rb") as file:
                found = os.fstat(file.fileno())
                if found.st_ino != self._file or found.st_size < self._position:
                    self._file, self._position, self._partial = found.st_ino, 0, b""
                file.seek(self._position)
                data = file.read()
        except OSError:
            return
        self._position += len(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")


class FunctionLogs:
    """What functions log, with their names; and without Lambda's own lines about each call."""

    _OURS = re.compile(r'(?:START|END|REPORT) RequestId: |INIT_REPORT |\{"time":"[^"]+","type":"platform\.')

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._readers: dict[str, LogReader] = {}
        for path in sorted(folder.glob("*.log")):
            with suppress(LogError):
                self._reader(path).last(0)

    def lines(self) -> Iterator[tuple[str, str]]:
        """(function, line). A line has its time and its instance in front."""
        for path in sorted(self._folder.glob("*.log")):
            for line in self._new(path):
                told = line.text.decode("utf-8", "replace").split(" ", 2)[-1]
                if not self._OURS.match(told):
                    yield from ((path.stem, one) for one in legible(told))

    def _new(self, path: Path) -> list[Line]:
        """None where it cannot be read: that stops nobody's work."""
        try:
            return self._reader(path).new()
        except LogError:
            return []

    def _reader(self, path: Path) -> LogReader:
        return self._readers.setdefault(path.stem, LogReader(path.stem, path))
