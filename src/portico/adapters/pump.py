"""Moving a long body from one socket to another inside the kernel: Linux's splice, through a pipe.

A megabyte through Python is copied four times; through a pipe its pages change owner. What is saved is most of the cost
of a large answer, so that a pure Python gateway is cheaper there than nginx, which copies. The loop is asked only to
wait: for the source while the pipe is empty, for the sink while it is not.
"""

import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Final

AVAILABLE: Final = hasattr(os, "splice")
PIPE_BYTES: Final = 256 * 1024
"""Of one pipe. The kernel's default of 64 KB makes four times the calls; more would be held for each slow reader."""
_TURNS: Final = 16
"""Moves in one turn of the loop, so that one fast transfer does not hold up everybody else."""
_KEPT_PIPES: Final = 32

_kept: list[tuple[int, int]] = []


class Pump:
    """One transfer. `done` or `failed` is called once, unless it is stopped before.

    `waiting(True)` is called when the sink does not take more, `waiting(False)` when it does again.
    """

    __slots__ = ("_done", "_failed", "_in_pipe", "_left", "_loop", "_pipe", "_prefix", "_sink", "_source", "_waiting")

    def __init__(
        self,
        source: int,
        sink: int,
        *,
        done: Callable[[], None],
        failed: Callable[[str], None],
        waiting: Callable[[bool], None],
    ) -> None:
        """`source` and `sink` are descriptors of non-blocking sockets; the pump works on duplicates of its own.

        Raises OSError where the process may open no more.
        """
        self._loop = asyncio.get_running_loop()
        self._source = os.dup(source)
        try:
            self._sink = os.dup(sink)
        except OSError:
            os.close(self._source)
            raise
        try:
            self._pipe = _kept.pop() if _kept else _new_pipe()
        except OSError:
            os.close(self._source)
            os.close(self._sink)
            raise
        self._done = done
        self._failed = failed
        self._waiting = waiting
        self._prefix: list[bytes] = []
        self._left = 0
        self._in_pipe = 0

    def start(self, prefix: list[bytes], length: int) -> None:
        """Write the pieces of `prefix` to the sink, then move `length` bytes from the source to it."""
        self._prefix = prefix
        self._left = length
        self._turn()

    def stop(self) -> None:
        """Give everything back. Nothing is called any more."""
        if self._source < 0:
            return
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)
        os.close(self._source)
        os.close(self._sink)
        self._source = self._sink = -1
        if self._in_pipe or len(_kept) >= _KEPT_PIPES:
            os.close(self._pipe[0])
            os.close(self._pipe[1])
        else:
            _kept.append(self._pipe)

    def _turn(self) -> None:
        try:
            for _ in range(_TURNS):
                if not self._move():
                    return
        except OSError as error:
            self.stop()
            self._failed(f"the transfer broke: {error.strerror}")
            return
        self._loop.call_soon(self._turn_again)

    def _turn_again(self) -> None:
        if self._source >= 0:
            self._turn()

    def _move(self) -> bool:
        """One write or splice. False where there is nothing to do now: it waits, has failed, or is done."""
        if self._prefix or self._in_pipe:
            return self._empty()
        if self._left:
            return self._fill()
        self.stop()
        self._done()
        return False

    def _empty(self) -> bool:
        try:
            if self._prefix:
                self._prefix = _rest(self._prefix, os.writev(self._sink, self._prefix))
            else:
                self._in_pipe -= os.splice(self._pipe[0], self._sink, self._in_pipe, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            self._waiting(True)
            self._loop.add_writer(self._sink, self._sink_ready)
            return False
        except (BrokenPipeError, ConnectionResetError):
            self.stop()  # the client has gone: its own connection is told so, and ends the transfer
            return False
        return True

    def _fill(self) -> bool:
        try:
            moved = os.splice(self._source, self._pipe[1], min(self._left, PIPE_BYTES), flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            self._loop.add_reader(self._source, self._source_ready)
            return False
        if moved == 0:
            self.stop()
            self._failed("the backend closed the connection before its answer was complete")
            return False
        self._in_pipe = moved
        self._left -= moved
        return True

    def _sink_ready(self) -> None:
        self._loop.remove_writer(self._sink)
        self._waiting(False)
        self._turn()

    def _source_ready(self) -> None:
        self._loop.remove_reader(self._source)
        self._turn()


def unread(descriptor: int) -> int:
    """Bytes that wait in a socket."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def _rest(pieces: list[bytes], written: int) -> list[bytes]:
    """What is left of `pieces` after their first `written` bytes."""
    for at, piece in enumerate(pieces):
        if written < len(piece):
            return [piece[written:], *pieces[at + 1 :]]
        written -= len(piece)
    return []


def _new_pipe() -> tuple[int, int]:
    pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    with suppress(OSError):  # the user's share of pipe memory is spent: the default size serves, in more calls
        fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return pipe
