"""An instance's log: its own lines, Lambda's about it, and the tail for a caller."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portico.adapters.function_host import verdicts
from portico.adapters.function_host.instance_log import BURST, LONGEST_LINE, PER_SECOND, InstanceLog, Report


class Scene:
    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        os.set_blocking(reading, False)
        self._taken: list[tuple[Callable[[Any], bytes], Any]] = []
        self.log = InstanceLog(lambda line, told: self._taken.append((line, told)), "3f2a9c1d", reading)

    def prints(self, text: bytes) -> None:
        os.write(self.writing, text)

    @property
    def lines(self) -> list[str]:
        whole = "\n".join(line(told).decode() for line, told in self._taken)
        assert all(line[24:34] == " 3f2a9c1d " for line in whole.splitlines())
        return [line[34:] for line in whole.splitlines()]


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    os.close(made.writing)
    made.log.close()


def report(verdict: verdicts.Verdict | None = None, init: float | None = None) -> Report:
    return Report("id-1", 12.344, 128, 31, init, verdict)


LINE = (
    "REPORT RequestId: id-1\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\t"
)


def test_the_lines_of_an_invocation(scene: Scene) -> None:
    scene.log.start("id-1", "$LATEST", tail=False)
    scene.prints(b"one\ntwo\nunfinished")
    assert scene.log.finish(report(init=80.0)) == b""
    assert scene.lines == [
        "START RequestId: id-1 Version: $LATEST",
        "one",
        "two",
        "unfinished",
        "END RequestId: id-1",
        LINE + "Init Duration: 80.00 ms\t",
    ]


def test_a_line_in_pieces_is_one_line(scene: Scene) -> None:
    for piece in (b"on", b"e\ntw", b"o\n"):
        scene.prints(piece)
        assert scene.log.read()
    assert scene.lines == ["one", "two"]


def test_a_timeout_and_a_crash_say_what_happened(scene: Scene) -> None:
    scene.log.finish(report(verdicts.timed_out(3)))
    scene.log.finish(report(verdicts.exited(1)))
    stamped, *lines = scene.lines
    assert stamped[24:] == " id-1 Task timed out after 3.00 seconds"
    assert lines == [
        "END RequestId: id-1",
        LINE + "Status: timeout",
        "RequestId: id-1 Error: Runtime exited with error: exit status 1",
        "Runtime.ExitError",
        "END RequestId: id-1",
        LINE + "Status: error\tError Type: Runtime.ExitError",
    ]


def test_the_tail_is_of_its_invocation_alone(scene: Scene) -> None:
    scene.log.write(b"before")
    scene.log.start("id-1", "7", tail=True)
    scene.prints(b"inside\n")
    assert scene.log.finish(report()).decode() == (
        "START RequestId: id-1 Version: 7\ninside\nEND RequestId: id-1\n" + LINE + "\n"
    )
    scene.log.start("id-2", "7", tail=False)
    assert scene.log.finish(report()) == b""


def test_the_tail_is_the_last_4_kb(scene: Scene) -> None:
    scene.log.start("id-1", "7", tail=True)
    for _ in range(100):
        scene.log.write(b"x" * 1000)
    tail = scene.log.finish(report())
    assert len(tail) == 4096
    assert tail.endswith(LINE.encode() + b"\n")


def test_a_line_without_an_end_is_cut(scene: Scene) -> None:
    for _ in range(LONGEST_LINE // 16384 + 1):
        scene.prints(b"x" * 16384)
        scene.log.read()
    assert [len(line) for line in scene.lines] == [LONGEST_LINE]


def test_who_floods_its_log_is_not_waited_for(scene: Scene) -> None:
    scene.prints(b"x\n" * 30000)
    scene.log.drain()
    assert scene.lines.count("x") == 30000


def test_who_writes_more_than_is_good_is_made_to_wait(scene: Scene) -> None:
    now = 1000.0
    assert scene.log.pause(now) == 0.0
    for _ in range(int(BURST) // 16384):
        scene.prints(b"x" * 16383 + b"\n")
        scene.log.read()
    assert scene.log.pause(now) == 0.0
    scene.prints(b"x" * 16384)
    scene.log.read()
    pause = scene.log.pause(now)
    assert pause == pytest.approx(16384 / PER_SECOND)
    assert scene.log.pause(now + pause / 2) == pytest.approx(pause / 2)
    assert scene.log.pause(now + pause) == pytest.approx(0.0)
    assert scene.log.pause(now + 3600) == 0.0
    scene.prints(b"x" * 16384)
    scene.log.read()
    assert scene.log.pause(now + 3600) == 0.0


def test_the_end_of_the_pipe_is_told() -> None:
    scene = Scene()
    os.close(scene.writing)
    assert not scene.log.read()
    scene.log.close()
