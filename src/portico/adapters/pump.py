"""Moving a long body from one socket to another inside the kernel: Linux's splice, through a pipe.

A megabyte through Python is copied four times; through a pipe its pages change owner. What is saved is most of the cost
of a large answer, so that a pure Python gateway is cheaper there than nginx, which copies. The loop is asked only to
wait: for the source while the pipe is empty, for the sink while it is not.
"""

import asyncio
import errno
import fcntl
import os
import socket
from contextlib import suppress
from typing import Final, Protocol

PIPE_BYTES: Final = 256 * 1024
"""Of one pipe. The kernel's default of 64 KB makes four times the calls; more would be held for each slow reader."""
_TURNS: Final = 16
"""Moves in one turn of the loop, so that one fast transfer does not hold up everybody else."""
MOST: Final = 256
"""Transfers at a time; what is more is copied. Each takes four descriptors more than a copy, which new clients need
too; and of more pipes at this size Linux lets the processes of one user have only the smallest (pipe(7))."""
_KEPT: Final = 32
_PIECES: Final = 64
"""Of a prefix, more are joined: the kernel takes 1024 in one call, and a backend that sends byte by byte makes tens of
thousands."""


def _splices() -> bool:
    """Whether the kernel splices for us. Sandboxes refuse it, and not every Unix has it."""
    if not hasattr(os, "splice"):
        return False
    source, sink = socket.socketpair()
    pipe = os.pipe()
    try:
        sink.send(b"x")
        return os.splice(source.fileno(), pipe[1], 1) == 1
    except OSError:
        return False
    finally:
        source.close()
        sink.close()
        _close(*pipe)


class _Pipes:
    """Those of this process. An empty one is kept for the next transfer."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, int]] = []
        self.taken = 0

    def take(self) -> tuple[int, int]:
        """Raises OSError where there are enough, or the process may open no more."""
        if self.taken >= MOST:
            raise OSError(errno.EMFILE, "enough transfers are under way")
        pipe = self.kept.pop() if self.kept else _new_pipe()
        self.taken += 1
        return pipe

    def give(self, pipe: tuple[int, int], *, empty: bool) -> None:
        self.taken -= 1
        if empty and len(self.kept) < _KEPT:
            self.kept.append(pipe)
        else:
            _close(*pipe)


PIPES: Final = _Pipes()


class Transfer(Protocol):
    """Whom a Pump tells. One of `done`, `broken` and `gone` is called once and last, unless the pump is stopped."""

    def done(self, clean: bool) -> None:
        """Everything is in the sink. `clean`: the source is still open, and nothing in it is unread."""
        ...

    def broken(self, cause: str) -> None:
        """The source ended or failed."""
        ...

    def gone(self) -> None:
        """The sink failed. Its owner may never hear of it otherwise: a socket tells its error once."""
        ...

    def waits(self, waiting: bool) -> None:
        """True: the sink takes no more. False: it does again."""
        ...


class Pump:
    """One transfer between two sockets."""

    __slots__ = ("_in_pipe", "_left", "_loop", "_pipe", "_prefix", "_sink", "_source", "_transfer")

    def __init__(self, source: int, sink: int, transfer: Transfer) -> None:
        """`source` and `sink` are descriptors of non-blocking sockets; the pump works on duplicates of its own.

        Raises OSError where there are enough, or the process may open no more.
        """
        self._pipe = PIPES.take()
        opened: list[int] = []
        try:
            opened.append(os.dup(source))
            opened.append(os.dup(sink))
        except OSError:
            PIPES.give(self._pipe, empty=True)
            _close(*opened)
            raise
        self._loop = asyncio.get_running_loop()
        self._source, self._sink = opened
        self._transfer = transfer
        self._prefix: list[bytes] = []
        self._left = 0
        self._in_pipe = 0

    def start(self, prefix: list[bytes], length: int) -> None:
        """Write the pieces of `prefix` to the sink, then move `length` bytes from the source to it."""
        self._prefix = prefix if len(prefix) <= _PIECES else [b"".join(prefix)]
        self._left = length
        self._turn()

    @property
    def unsent(self) -> int:
        """Bytes, those of the prefix included, that the sink has not taken."""
        return self._left + self._in_pipe + sum(map(len, self._prefix))

    def stop(self) -> None:
        """Give everything back. Nothing is called any more."""
        if self._source < 0:
            return
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)
        _close(self._source, self._sink)
        self._source = self._sink = -1
        PIPES.give(self._pipe, empty=not self._in_pipe)

    def _turn(self) -> None:
        for _ in range(_TURNS):
            if self._source < 0 or not self._move():
                return
        self._loop.call_soon(self._turn)

    def _move(self) -> bool:
        """One write or splice. False where there is nothing to do now: it waits, or is over."""
        if self._prefix or self._in_pipe:
            return self._pour()
        if self._left:
            return self._fill()
        clean = self._is_clean()
        self.stop()
        self._transfer.done(clean)
        return False

    def _pour(self) -> bool:
        try:
            if self._prefix:
                self._prefix = _rest(self._prefix, os.writev(self._sink, self._prefix))
            else:
                self._in_pipe -= os.splice(self._pipe[0], self._sink, self._in_pipe, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            self._loop.add_writer(self._sink, self._sink_ready)
            self._transfer.waits(True)
            return False
        except OSError:
            self.stop()
            self._transfer.gone()
            return False
        return True

    def _fill(self) -> bool:
        try:
            moved = os.splice(self._source, self._pipe[1], min(self._left, PIPE_BYTES), flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            self._loop.add_reader(self._source, self._source_ready)
            return False
        except OSError as error:
            self.stop()
            self._transfer.broken(error.strerror or repr(error))
            return False
        if moved == 0:
            self.stop()
            self._transfer.broken("end of stream")
            return False
        self._in_pipe = moved
        self._left -= moved
        return True

    def _is_clean(self) -> bool:
        try:
            os.read(self._source, 1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _sink_ready(self) -> None:
        self._loop.remove_writer(self._sink)
        self._transfer.waits(False)
        self._turn()

    def _source_ready(self) -> None:
        self._loop.remove_reader(self._source)
        self._turn()


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


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


AVAILABLE: Final = _splices()
