"""What one instance writes to its stdout and stderr, and Lambda's own lines about it, as lines of its function's log.

    2025-01-31T12:00:00.123Z 3f2a9c1d START RequestId: 79b4f56e-… Version: $LATEST
    2025-01-31T12:00:00.124Z 3f2a9c1d what the handler printed
    2025-01-31T12:00:00.125Z 3f2a9c1d END RequestId: 79b4f56e-…
    2025-01-31T12:00:00.125Z 3f2a9c1d REPORT RequestId: 79b4f56e-…	Duration: 1.72 ms	Billed Duration: 2 ms	…

The second column tells the instances of a function apart: it ends their log stream's name. Lines are made when their
batch is written (adapters/access_log.py), and what cannot be written is dropped and counted there.
"""

import fcntl
import math
import os
import termios
import time
from typing import Any, Final

import msgspec

from portico.adapters.function_host.verdicts import Verdict
from portico.ports.access_log import Sink

TAIL_BYTES: Final = 4096
"""Of the log of an invocation that a caller may have with its answer (LogType Tail)."""
LONGEST_LINE: Final = 256 * 1024
"""Bytes: the size of an event of CloudWatch Logs. A longer line is cut."""
_READ: Final = 16 * 1024
"""Bytes of one read. What comes of it may be twenty times as much, where all lines are empty: each gets its time."""
_NOTHING: Final = bytes(4)
_MOST_READS: Final = 16
"""Four times what a pipe holds. At the end of an invocation no more than this is read for it: who floods its log does
not stop others."""

BURST: Final = 16.0 * 1024 * 1024
PER_SECOND: Final = 4.0 * 1024 * 1024
"""Bytes that an instance may write at once, and steadily. Who writes more waits as one does at a full pipe: its lines
are kept, and neither the disk nor the functions process is one function's alone."""


class Report(msgspec.Struct, frozen=True, gc=False):
    """What the last lines of an invocation tell. Times in milliseconds, memory in megabytes."""

    request_id: str
    duration: float
    memory_size: int
    memory_used: int
    init: float | None
    """Where the instance was started for it."""
    verdict: Verdict | None

    def text(self) -> str:
        line = (
            f"REPORT RequestId: {self.request_id}\tDuration: {self.duration:.2f} ms\t"
            f"Billed Duration: {math.ceil(self.duration)} ms\tMemory Size: {self.memory_size} MB\t"
            f"Max Memory Used: {self.memory_used} MB\t"
        )
        if self.init is not None:
            line += f"Init Duration: {self.init:.2f} ms\t"
        # A runtime that posted an error ran to its end: Lambda reports it like any other.
        return line if self.verdict is None or self.verdict.body is not None else line + self.verdict.trouble


class InstanceLog:
    """For one thread. `descriptor` is the reading end of the instance's pipe, which is not to block; it is ours."""

    __slots__ = ("_begun", "_counted", "_left", "_partial", "_stream", "_tail", "_take", "descriptor")

    def __init__(self, take: Sink[Any], stream: str, descriptor: int) -> None:
        self._take = take
        self._stream = stream
        self.descriptor = descriptor
        self._partial = b""
        self._left = BURST
        self._counted = 0.0
        """When what is left was counted last."""
        self._tail: bytearray | None = None
        self._begun: tuple[float, str, str] | None = None
        """Time, request id and version of a START that was not told yet: it mostly goes with its END."""

    def read(self) -> bool:
        """Take in what the instance wrote, at most one piece of it. False when nothing can come any more."""
        return self._read() != 0

    def pause(self, now: float) -> float:
        """Seconds in which no more is to be read; 0 where it may go on."""
        self._left = min(BURST, self._left + (now - self._counted) * PER_SECOND)
        self._counted = now
        return max(0.0, -self._left / PER_SECOND)

    def drain(self) -> None:
        """Take in what the instance wrote until now, an unfinished line too."""
        for _ in range(_MOST_READS):
            if not self._waits() or self._read() < _READ:
                break
        if self._partial:
            partial, self._partial = self._partial, b""
            self._printed(partial)

    def write(self, lines: bytes) -> None:
        """One or several, without the last one's line feed."""
        if self._begun is not None:
            self.tell_start()
        self._take(_lines, (time.time(), self._stream, lines))
        if self._tail is not None:
            self._remember(lines)

    _printed = write
    """For what the function wrote."""

    def start(self, request_id: str, version: str, tail: bool) -> None:
        """An invocation begins. With `tail` its end is kept for the caller."""
        self._begun = (time.time(), request_id, version)
        if tail:
            self._tail = bytearray()
            self._remember(f"START RequestId: {request_id} Version: {version}".encode())

    def tell_start(self) -> None:
        """The invocation takes its time: its START is told without waiting for its END."""
        begun, self._begun = self._begun, None
        if begun is not None:
            self._take(_start, (begun, self._stream))

    def finish(self, report: Report) -> bytes:
        """An invocation ended: END and REPORT. The last of its log where that was asked for."""
        self.drain()
        if report.verdict is not None:
            self._explain(report.request_id, report.verdict)
        begun, self._begun = self._begun, None
        if begun is None:
            self._take(_finish, (time.time(), self._stream, report))
        else:
            self._take(_whole, (begun, time.time(), self._stream, report))
        if self._tail is None:
            return b""
        self._remember(f"END RequestId: {report.request_id}\n{report.text()}".encode())
        return self._cut_tail()

    def initialised(self, milliseconds: float, phase: str) -> None:
        """The instance is ready, after so long: the REPORT of its first invocation tells it."""

    def init_failed(self, milliseconds: float, phase: str, verdict: Verdict) -> None:
        """`phase`: `init`, or `invoke` where it was tried again within an invocation."""
        self.drain()
        self.write(f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\t{verdict.trouble}".encode())

    def _cut_tail(self) -> bytes:
        """The end of what was told since the invocation began; empty where nobody wants it."""
        tail, self._tail = self._tail, None
        return b"" if tail is None else bytes(tail[-TAIL_BYTES:])

    def close(self) -> None:
        self.tell_start()
        self.drain()
        os.close(self.descriptor)

    def _waits(self) -> bool:
        """Whether there is something to read: at the end of most invocations there is not, and an error costs more."""
        return fcntl.ioctl(self.descriptor, termios.FIONREAD, _NOTHING) != _NOTHING

    def _read(self) -> int:
        """How many bytes came; 0 where nothing can come any more, -1 where there is nothing now."""
        try:
            data = os.read(self.descriptor, _READ)
        except OSError:
            return -1
        if data:
            self._left -= len(data)
            self._receive(data)
        return len(data)

    def _explain(self, request_id: str, verdict: Verdict) -> None:
        """What Lambda says of an end that the runtime could not tell."""
        if verdict.status == "timeout":
            self.write(f"{stamp(time.time())} {request_id} {verdict.message}".encode())
        elif verdict.body is None:
            self.write(f"RequestId: {request_id} Error: {verdict.message}".encode())
            self.write(verdict.type.encode())

    def _receive(self, data: bytes) -> None:
        lines, feed, rest = data.rpartition(b"\n")
        if feed:
            self._printed(self._partial + lines)
            self._partial = rest
        else:
            self._partial += data
            while len(self._partial) >= LONGEST_LINE:
                self._printed(self._partial[:LONGEST_LINE])
                self._partial = self._partial[LONGEST_LINE:]

    def _remember(self, lines: bytes) -> None:
        assert self._tail is not None
        self._tail += lines
        self._tail += b"\n"
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]


def _lines(told: tuple[float, str, bytes]) -> bytes:
    now, stream, lines = told
    head = f"{stamp(now)} {stream} ".encode()
    return head + lines.replace(b"\n", b"\n" + head)


def _start(told: tuple[tuple[float, str, str], str]) -> bytes:
    return _start_line(*told).encode()


def _finish(told: tuple[float, str, Report]) -> bytes:
    return _finish_lines(*told).encode()


def _whole(told: tuple[tuple[float, str, str], float, str, Report]) -> bytes:
    begun, now, stream, report = told
    return f"{_start_line(begun, stream)}\n{_finish_lines(now, stream, report)}".encode()


def _start_line(begun: tuple[float, str, str], stream: str) -> str:
    now, request_id, version = begun
    return f"{stamp(now)} {stream} START RequestId: {request_id} Version: {version}"


def _finish_lines(now: float, stream: str, report: Report) -> str:
    head = f"{stamp(now)} {stream}"
    return f"{head} END RequestId: {report.request_id}\n{head} {report.text()}"


_second: tuple[int, str] = (-1, "")
"""The second that was formatted last: nearly all lines of a batch are of the same one."""
_MILLISECONDS: Final = [f".{number:03d}Z" for number in range(1000)]


def stamp(now: float) -> str:
    """UTC to the millisecond, as in `2025-01-31T12:00:00.123Z`."""
    global _second
    second = int(now)
    if second != _second[0]:
        _second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return _second[1] + _MILLISECONDS[int((now - second) * 1000)]
