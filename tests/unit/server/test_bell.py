"""The bell and the barrier, both ends on one loop."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import pytest

from portico.server.bell import BellRope, BellTower


class Disk:
    """A state directory, and a worker that reads it."""

    def __init__(self) -> None:
        self.seq = 0
        self.stuck = False
        self.applied = 0

    def follow(self, _told: int) -> int:
        if not self.stuck:
            self.applied = self.seq
        return self.applied


def play(scene: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 10))


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110  what is waited for has no event
        await asyncio.sleep(0.001)


async def leave(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    return deep / "changes.sock"


def test_an_answer_waits_until_every_worker_has_applied_its_change(path: Path) -> None:
    async def scene() -> None:
        disk, tower = Disk(), BellTower()
        disk.seq = 3
        tower.seq = 3
        await tower.open(path)
        workers = [asyncio.create_task(BellRope(path, disk.follow).hold()) for _ in range(2)]
        await until(lambda: tower.ready() == 2)
        disk.seq = 4
        tower.ring(4)
        assert tower.ready() == 0
        assert await tower.applied(4, 5.0)
        assert tower.ready() == 2
        await leave(*workers)

    play(scene)


def test_a_worker_that_is_stuck_is_waited_for_no_longer_than_the_patience(path: Path) -> None:
    async def scene() -> None:
        disk, tower = Disk(), BellTower()
        await tower.open(path)
        rope = BellRope(path, disk.follow)
        worker = asyncio.create_task(rope.hold())
        await until(lambda: tower.ready() == 1)
        disk.stuck, disk.seq = True, 1
        tower.ring(1)
        assert not await tower.applied(1, 0.05)
        disk.stuck = False
        rope.tell(disk.follow(1))
        assert await tower.applied(1, 5.0)
        await leave(worker)

    play(scene)


def test_a_worker_that_dies_is_not_waited_for(path: Path) -> None:
    async def scene() -> None:
        disk, tower = Disk(), BellTower()
        await tower.open(path)
        _, writer = await asyncio.open_unix_connection(sock=_connected(path))
        writer.write((0).to_bytes(8, "big"))
        await until(lambda: tower.ready() == 1)
        disk.seq = 1
        tower.ring(1)
        waiting = asyncio.create_task(_wait(tower.applied(1, 5.0)))
        await asyncio.sleep(0)
        writer.transport.abort()
        assert await waiting

    play(scene)


def test_without_workers_nobody_waits(path: Path) -> None:
    async def scene() -> None:
        tower = BellTower()
        await tower.open(path)
        assert await tower.applied(7, 0.0)
        assert tower.ready() == 0

    play(scene)


def test_a_worker_finds_control_again(path: Path) -> None:
    async def scene() -> None:
        disk, first = Disk(), BellTower()
        worker = asyncio.create_task(BellRope(path, disk.follow).hold())
        await first.open(path)
        await until(lambda: first.ready() == 1)
        first.close()
        disk.seq = 9
        second = BellTower()
        second.seq = 9
        await second.open(path)
        await until(lambda: second.ready() == 1)
        assert disk.applied == 9
        await leave(worker)

    play(scene)


async def _wait(awaited: Awaitable[bool]) -> bool:
    return await awaited


def _connected(path: Path) -> "object":
    import os
    import socket

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = os.open(path.parent, os.O_RDONLY)
    connection.connect(f"/proc/self/fd/{directory}/{path.name}")
    os.close(directory)
    return connection
