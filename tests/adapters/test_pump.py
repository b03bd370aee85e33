"""A pump between two sockets: what it moves, whom it waits for, what it says of either side, what it leaves open."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from chain_scene import descriptors, noise, reset
from edge_scene import play, until
from portico.adapters import pump

HUGE = 4_000_000


class Scene:
    """A source and a sink, each with its far end, and the Transfer that is told."""

    def __init__(self) -> None:
        self.near_source, self.far_source = connected()
        self.near_sink, self.far_sink = connected()
        self.told: list[str] = []
        self.pump = pump.Pump(self.near_source.fileno(), self.near_sink.fileno(), self)

    def done(self, clean: bool) -> None:
        self.told.append("done" if clean else "done, not clean")

    def broken(self, cause: str) -> None:
        self.told.append(f"broken: {cause}")

    def gone(self) -> None:
        self.told.append("gone")

    def waits(self, waiting: bool) -> None:
        self.told.append("waits" if waiting else "goes on")

    @property
    def over(self) -> bool:
        return bool(self.told) and self.told[-1].split(":")[0] in ("done", "done, not clean", "broken", "gone")

    async def heard(self, size: int) -> bytes:
        """What arrives, read while it arrives."""
        loop, pieces, left = asyncio.get_running_loop(), list[bytes](), size
        while left:
            pieces.append(await loop.sock_recv(self.far_sink, min(left, 65_536)))
            left -= len(pieces[-1])
        return b"".join(pieces)

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.far_source, data)

    async def fill(self) -> None:
        """Send until the sink takes no more and the pump waits for it."""
        sending = asyncio.ensure_future(self.send(noise(HUGE) * 5))
        await until(lambda: self.told == ["waits"])
        sending.cancel()
        await asyncio.wait([sending])

    def close(self) -> None:
        self.pump.stop()
        for link in (self.near_source, self.far_source, self.near_sink, self.far_sink):
            link.close()


def connected() -> tuple[socket.socket, socket.socket]:
    """Both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        far = socket.create_connection(listening.getsockname())
        near, _ = listening.accept()
    near.setblocking(False)
    far.setblocking(False)
    return near, far


@contextmanager
def pumping() -> Iterator[Scene]:
    before = descriptors()
    scene = Scene()
    try:
        yield scene
    finally:
        scene.close()
    assert descriptors() == before
    assert pump.PIPES.taken == 0
    assert not any(map(unread, pump.PIPES.kept)), "a kept pipe holds bytes of another answer"


def unread(pipe: tuple[int, int]) -> int:
    (size,) = struct.unpack("i", fcntl.ioctl(pipe[0], termios.FIONREAD, bytes(4)))
    return int(size)


@play
async def test_the_prefix_and_then_the_source() -> None:
    with pumping() as scene:
        scene.far_source.send(b"body")
        scene.pump.start([b"head ", b"", b"first "], 4)
        assert (await scene.heard(15), scene.told) == (b"head first body", ["done"])


@play
async def test_no_more_than_it_was_told() -> None:
    with pumping() as scene:
        scene.far_source.send(b"body and more")
        scene.pump.start([b"head "], 4)
        assert (await scene.heard(9), scene.told) == (b"head body", ["done, not clean"])


@play
async def test_a_source_that_ended_behind_it_is_not_clean() -> None:
    with pumping() as scene:
        scene.far_source.send(b"body")
        scene.far_source.close()
        scene.pump.start([], 4)
        assert (await scene.heard(4), scene.told) == (b"body", ["done, not clean"])


@play
async def test_a_source_that_was_reset_behind_it_is_not_clean() -> None:
    with pumping() as scene:
        scene.pump.start([b"only this"], 0)
        assert scene.told == ["done"]
    with pumping() as scene:
        reset(scene.far_source.fileno())
        scene.far_source.close()
        scene.pump.start([b"only this"], 0)
        assert scene.told == ["done, not clean"]


@play
async def test_pieces_without_number() -> None:
    pieces = [bytes([at % 251]) for at in range(70_000)]
    with pumping() as scene:
        scene.pump.start(pieces, 0)
        assert (await scene.heard(70_000), scene.told) == (b"".join(pieces), ["done"])


@play
async def test_a_sink_that_takes_it_slowly() -> None:
    body = noise(HUGE)
    with pumping() as scene:
        scene.near_sink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
        scene.far_sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        scene.pump.start([b"x" * 300_000, b"y" * 300_000], HUGE)
        sending = asyncio.ensure_future(scene.send(body))
        assert await scene.heard(600_000 + HUGE) == b"x" * 300_000 + b"y" * 300_000 + body
        await sending
        *before, last = scene.told
        assert last == "done" and before == ["waits", "goes on"] * (len(before) // 2) != []
        assert scene.pump.unsent == 0


@play
async def test_a_source_that_ends_early() -> None:
    with pumping() as scene:
        scene.far_source.send(b"bo")
        scene.pump.start([], 4)
        scene.far_source.close()
        await until(lambda: scene.over)
        assert (scene.told, scene.pump.unsent) == (["broken: end of stream"], 2)


@play
async def test_a_source_that_is_reset() -> None:
    with pumping() as scene:
        scene.pump.start([], 4)
        reset(scene.far_source.fileno())
        scene.far_source.close()
        await until(lambda: scene.over)
        assert scene.told == ["broken: Connection reset by peer"]


@play
async def test_a_sink_that_is_reset_while_it_is_waited_for() -> None:
    with pumping() as scene:
        scene.pump.start([], 5 * HUGE)
        await scene.fill()
        reset(scene.far_sink.fileno())
        scene.far_sink.close()
        await until(lambda: scene.over)
        assert scene.told == ["waits", "goes on", "gone"]
        assert 0 < scene.pump.unsent < 5 * HUGE


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, TimeoutError, OSError])
@play
async def test_whatever_breaks_the_sink_is_not_the_sources_fault(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    def broken(*_: Any) -> int:
        raise error

    monkeypatch.setattr(pump.os, "writev", broken)
    with pumping() as scene:
        scene.pump.start([b"head"], 4)
        assert scene.told == ["gone"]


@play
async def test_stopped_twice_and_it_says_nothing_more() -> None:
    with pumping() as scene:
        scene.pump.start([], HUGE)
        scene.pump.stop()
        scene.pump.stop()
        scene.far_source.send(b"too late")
        for _ in range(5):
            await asyncio.sleep(0)
        assert scene.told == []


@pytest.mark.parametrize("when", ["waits", "goes on"])
@play
async def test_stopped_by_whom_it_tells(when: str) -> None:
    with pumping() as scene:

        def waits(waiting: bool) -> None:
            Scene.waits(scene, waiting)
            if scene.told[-1] == when:
                scene.pump.stop()

        scene.waits = waits  # type: ignore[method-assign]
        scene.pump.start([], 5 * HUGE)
        await scene.fill()
        for _ in range(50):
            with suppress(BlockingIOError):
                scene.far_sink.recv(1_000_000)
            await asyncio.sleep(0)
        assert scene.told == ["waits", "goes on"][: 1 + (when == "goes on")]


@play
async def test_a_fast_transfer_gives_the_loop_away(monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[int] = []

    def splice(_source: int, _sink: int, count: int, flags: int = 0) -> int:
        moves.append(count)
        return min(count, 1000)

    monkeypatch.setattr(pump.os, "splice", splice)
    with pumping() as scene:
        scene.pump.start([], 100_000)
        seen = [len(moves)]
        while not scene.over:
            await asyncio.sleep(0)
            seen.append(len(moves))
        assert scene.told == ["done"] and len(moves) == 200
        assert max(after - before for before, after in zip([0, *seen], seen, strict=False)) <= 32


@play
async def test_a_pipe_that_holds_something_is_not_kept() -> None:
    with pumping() as scene:
        scene.pump.start([], 5 * HUGE)
        await scene.fill()
        assert scene.pump._in_pipe
    with pumping() as scene:
        scene.far_source.send(b"body")
        scene.pump.start([], 4)
        assert await scene.heard(4) == b"body"


@play
async def test_enough_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "MOST", 1)
    with pumping() as scene, pytest.raises(OSError, match="enough transfers"):
        pump.Pump(scene.near_source.fileno(), scene.near_sink.fileno(), scene)
    with pumping() as scene:
        scene.pump.start([b"again"], 0)
        assert scene.told == ["done"]
