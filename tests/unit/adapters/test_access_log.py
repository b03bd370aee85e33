"""Access logs: batches, files, and what cannot be written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portico.adapters.access_log import BATCH_LINES, AccessLogs, file_name
from portico.kernel.observe import LogLinesDropped, Observation

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:"


class Timer:
    """A loop's call_later, and time passing."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, _seconds: float, action: Callable[[], None]) -> None:
        self.waiting.append(action)

    def passes(self) -> None:
        actions, self.waiting = self.waiting, []
        for action in actions:
            action()


@pytest.fixture
def timer() -> Timer:
    return Timer()


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def test_a_line_is_written_when_the_batch_is_old_enough(tmp_path: Path, timer: Timer) -> None:
    write = AccessLogs(tmp_path, timer, print).sink(None)
    write(bytes, b"one")
    write(bytes, b"two")
    assert lines(tmp_path / "access.log") == []
    assert len(timer.waiting) == 1
    timer.passes()
    assert lines(tmp_path / "access.log") == [b"one", b"two"]
    write(bytes, b"three")
    timer.passes()
    assert lines(tmp_path / "access.log")[-1] == b"three"


def test_a_full_batch_is_written_at_once(tmp_path: Path, timer: Timer) -> None:
    write = AccessLogs(tmp_path, timer, print).sink(GROUP + "pets")
    for _ in range(BATCH_LINES + 1):
        write(bytes, b"line")
    assert len(lines(tmp_path / "pets.log")) == BATCH_LINES


def test_two_workers_append_to_one_file_and_closing_writes_what_waits(tmp_path: Path, timer: Timer) -> None:
    for worker in (b"one", b"two"):
        logs = AccessLogs(tmp_path, timer, print)
        logs.sink(None)(bytes, worker)
        logs.close()
    assert lines(tmp_path / "access.log") == [b"one", b"two"]


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (None, "access.log"),
        (GROUP + "pets", "pets.log"),
        (GROUP + "pets:*", "pets.log"),
        (GROUP + "/aws/api/pets", "%2Faws%2Fapi%2Fpets.log"),
        (GROUP + "a%2Fb", "a%252Fb.log"),
        (GROUP + "..", "-5ec1f7e700f37c3d.log"),
    ],
)
def test_a_log_group_is_a_file_with_its_name(arn: str | None, name: str) -> None:
    assert file_name(arn) == name


def test_long_names_that_begin_alike_are_different_files() -> None:
    names = {file_name(GROUP + "g" * 500 + end) for end in "ab"}
    assert len(names) == 2
    assert all(len(name) < 255 for name in names)


def test_what_cannot_be_written_is_dropped_counted_and_told_once(tmp_path: Path, timer: Timer) -> None:
    told: list[Observation] = []
    logs = AccessLogs(tmp_path / "missing", timer, told.append)
    write = logs.sink(None)
    for _ in range(3):
        write(bytes, b"lost")
        write(bytes, b"lost")
        timer.passes()
    assert told == [LogLinesDropped(str(tmp_path / "missing" / "access.log"), 2, "No such file or directory")]
    (tmp_path / "missing").mkdir()
    write(bytes, b"kept")
    timer.passes()
    assert lines(tmp_path / "missing" / "access.log") == [b"kept"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
def test_a_full_disk_loses_lines_but_no_request(tmp_path: Path, timer: Timer) -> None:
    told: list[Observation] = []
    (tmp_path / "access.log").symlink_to("/dev/full")
    AccessLogs(tmp_path, timer, told.append).sink(None)(bytes, b"lost")
    timer.passes()
    assert told == [LogLinesDropped(str(tmp_path / "access.log"), 1, "No space left on device")]


def test_a_line_that_cannot_be_made_does_not_take_its_batch_with_it(tmp_path: Path) -> None:
    told: list[Observation] = []
    logs = AccessLogs(tmp_path, lambda _delay, _act: None, told.append)
    write = logs.sink(None)
    for number in (1, 0, 2):
        write(lambda told: b"%d" % (6 // told), number)
    logs.flush()
    assert (tmp_path / "access.log").read_bytes() == b"6\n3\n"
    assert [type(one).__name__ for one in told] == ["LogLinesDropped"]


class SmallDisk:
    """A log file on a disk with room for so many bytes."""

    def __init__(self, _path: Path) -> None:
        self.held = b""
        self.room = 9

    def write(self, lines: bytes) -> int:
        fits = lines[: self.room - len(self.held)]
        self.held += fits
        return len(fits)

    def close(self) -> None: ...


def test_a_line_that_a_full_disk_tore_is_not_gone_on_with(tmp_path: Path, timer: Timer) -> None:
    told: list[Observation] = []
    disk = SmallDisk(tmp_path)
    write = AccessLogs(tmp_path, timer, told.append, lambda _path: disk).sink(None)
    for line in (b"whole", b"torn apart", b"lost"):
        write(bytes, line)
    timer.passes()
    disk.room = 1000
    write(bytes, b"whole again")
    timer.passes()
    assert disk.held == b"whole\ntor\nwhole again\n"
    assert told == [LogLinesDropped(str(tmp_path / "access.log"), 2, "the disk is full")]
