"""Access logs as files under `<data-dir>/logs/`, one for each log group and one for the server.

Lines are collected and written together: one write for 64 lines, or 100 ms after the first of a batch. Files are
opened for appending, so that the workers share them: a batch is one write. What cannot be written is dropped and
counted; the operator is told at most every ten seconds. A rolling restart (SIGHUP) opens the files anew. Logs of
functions are written in the same way, to files that are rotated (log_file.py).
"""

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from portico.adapters.log_file import AppendedFile, LogFile
from portico.kernel.observe import LogLinesDropped, Observer
from portico.ports.access_log import Sink

BATCH_LINES: Final = 64
BATCH_SECONDS: Final = 0.1
TOLD_EVERY_SECONDS: Final = 10.0
_LONGEST_NAME: Final = 200
_LINE_FEED: Final = 0x0A
_UNSAFE = re.compile(r"[^A-Za-z0-9._#-]")

T = TypeVar("T")
CallLater = Callable[[float, Callable[[], None]], object]
"""An event loop's `call_later`."""


class _LogFile:
    """One file and what waits for it: how a line is made, and of what."""

    def __init__(self, logs: "AccessLogs", path: Path) -> None:
        self._logs = logs
        self._path = path
        self._file = logs.file(path)
        self._torn = False
        """The disk was full in the middle of a line: the next one does not go on with it."""
        self._waiting: list[tuple[Callable[[Any], bytes], Any]] = []
        self._dropped = 0
        self._told_at = 0.0

    def take(self, line: Callable[[T], bytes], told: T) -> None:
        """The Sink."""
        waiting = self._waiting
        waiting.append((line, told))
        if len(waiting) >= BATCH_LINES:
            self.flush()
        elif len(waiting) == 1:
            self._logs.wake()

    def flush(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        lines = self._lines(waiting)
        data = b"\n" * self._torn + b"\n".join(lines) + b"\n"
        try:
            written = self._file.write(data)
        except OSError as error:
            self._drop(data.count(b"\n", self._torn), error.strerror or str(error))
        else:
            self._torn = data[written - 1] != _LINE_FEED
            if written < len(data):
                self._drop(data.count(b"\n", written), "the disk is full")

    def _lines(self, waiting: list[tuple[Callable[[Any], bytes], Any]]) -> list[bytes]:
        lines = []
        for line, told in waiting:
            try:
                lines.append(line(told))
            except Exception as error:  # a bug of ours; it does not take the batch with it
                self._drop(1, f"a line cannot be made: {error!r}")
        return lines

    def _drop(self, lines: int, reason: str) -> None:
        self._dropped += lines
        now = time.monotonic()
        if self._told_at == 0.0 or now - self._told_at >= TOLD_EVERY_SECONDS:
            self._logs.observer(LogLinesDropped(str(self._path), self._dropped, reason))
            self._dropped = 0
            self._told_at = now

    def close(self) -> None:
        self.flush()
        self._file.close()


class AccessLogs:
    """The access logs of one worker. For one thread, like the loop whose `call_later` it uses."""

    def __init__(
        self,
        directory: Path,
        call_later: CallLater,
        observer: Observer,
        file: Callable[[Path], LogFile] = AppendedFile,
    ) -> None:
        """`file`: what lines are written to."""
        self._directory = directory
        self._call_later = call_later
        self.observer = observer
        self.file = file
        self._files: dict[str, _LogFile] = {}
        self._awake = False

    def sink(self, destination_arn: str | None, /) -> Sink[Any]:
        """The Sink of a destination. Two ARNs of one log group (`…:*` or not) are one file."""
        name = file_name(destination_arn)
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _LogFile(self, self._directory / name)
        return file.take

    def wake(self) -> None:
        """See to it that what waits is written within `BATCH_SECONDS`."""
        if not self._awake:
            self._awake = True
            self._call_later(BATCH_SECONDS, self.flush)

    def flush(self) -> None:
        self._awake = False
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def file_name(destination_arn: str | None) -> str:
    """The file for `arn:aws:logs:REGION:ACCOUNT:log-group:NAME[:*]`: its NAME, what is unsafe percent-encoded."""
    if destination_arn is None:
        return "access.log"
    group = destination_arn.removesuffix(":*").rpartition(":")[2]
    name = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), group)
    if name.startswith(".") or len(name) > _LONGEST_NAME:
        name = f"{name.lstrip('.')[:_LONGEST_NAME]}-{hashlib.sha256(group.encode()).hexdigest()[:16]}"
    return (name or "unnamed") + ".log"
