"""What a link to the functions process writes, and when: the events of one turn of the loop together."""

import asyncio
from typing import Any

from edge_scene import play
from portico.adapters.function_call import Call, Plan
from portico.adapters.function_client import FunctionClient
from portico.adapters.function_link import Link
from portico.wire.function_frames import FrameKind, FrameReader, head_block, invoke


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed


class Scene:
    def __init__(self) -> None:
        self.transport = Transport()
        self.link = Link(FunctionClient(lambda: None))  # type: ignore[arg-type, return-value]
        self.link.connection_made(self.transport)

    def calls(self, *numbers: int, event: bytes = b"{}") -> None:
        for number in numbers:
            call = Call(Plan("arn", None, 29.0, False), number, None, 0.0, 29.0)  # type: ignore[arg-type]
            self.link.invoke(call, invoke(number, head_block(b"{}"), b"", event))

    def written(self) -> list[list[tuple[FrameKind, int]]]:
        """The kinds and calls of the frames of each write."""
        return [[frame[:2] for frame in FrameReader().feed(data)] for data in self.transport.writes]


def busy() -> Scene:
    """With eight calls under way, which were written already."""
    scene = Scene()
    scene.calls(*range(100, 108))
    assert scene.written() == [invokes(number) for number in range(100, 108)], "a few calls do not wait"
    scene.transport.writes.clear()
    return scene


def invokes(*numbers: int) -> list[tuple[FrameKind, int]]:
    return [(FrameKind.INVOKE, number) for number in numbers]


@play
async def test_the_calls_of_one_turn_are_written_together() -> None:
    scene = busy()
    scene.calls(1, 2, 3)
    assert scene.written() == []
    await asyncio.sleep(0)
    scene.calls(4)
    await asyncio.sleep(0)
    assert scene.written() == [invokes(1, 2, 3), invokes(4)]


@play
async def test_many_calls_do_not_wait_for_the_turn_to_end() -> None:
    scene = busy()
    scene.calls(*range(40))
    assert scene.written() == [invokes(*range(16)), invokes(*range(16, 32))]
    await asyncio.sleep(0)
    assert scene.written()[2:] == [invokes(*range(32, 40))]


@play
async def test_a_large_event_does_not_wait_and_overtakes_nothing() -> None:
    scene = busy()
    scene.calls(1)
    scene.calls(2, event=b"x" * 20_000)
    assert scene.written() == [invokes(1, 2)]


@play
async def test_a_call_that_is_forgotten_in_its_own_turn_is_begun_before_it_is_cancelled() -> None:
    scene = busy()
    scene.calls(1, 2)
    scene.link.calls[2].cancel()
    await asyncio.sleep(0)
    assert scene.written() == [[*invokes(1, 2), (FrameKind.CANCEL, 2)]]


@play
async def test_nothing_is_written_to_a_connection_that_closes() -> None:
    scene = busy()
    scene.calls(1)
    scene.transport.closed = True
    await asyncio.sleep(0)
    assert scene.written() == []
