"""Logs are read from their end, from a time, and as they are written."""

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from portico.adapters.log_file import RotatedFile
from portico.adapters.log_reader import Line, LogError, LogReader, merged


def stamped(minute: int, text: str = "x") -> str:
    return f"2025-01-31T12:{minute:02d}:00.000Z 3f2a9c1d {text}"


def texts(lines: list[Line]) -> list[str]:
    return [line.text.decode() for line in lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pets.log"


def write(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(lines) + end)


@pytest.mark.parametrize("count", [0, 1, 3, 10, 11, 500])
@pytest.mark.parametrize("width", [1, 30_000])
def test_the_last_lines(path: Path, count: int, width: int) -> None:
    lines = [f"{number} " + "x" * width for number in range(10)]
    write(path, *lines)
    assert texts(LogReader("pets", path).last(count)) == lines[max(0, 10 - count) :] * (count > 0)


@pytest.mark.parametrize(("minute", "first"), [(0, 0), (5, 5), (6, 10), (10, 10), (49, 50), (60, 60)])
def test_lines_since_a_time(path: Path, minute: int, first: int) -> None:
    write(path, *(stamped(number, f"{number} " + "x" * (number * 997 % 3000)) for number in range(0, 60, 5)))
    found = LogReader("pets", path).since(stamped(minute)[:24])
    assert [int(line.split()[2]) for line in texts(found)] == list(range(first, 60, 5))


def test_a_log_that_is_not_there_has_no_lines(path: Path) -> None:
    reader = LogReader("pets", path)
    assert (reader.last(5), reader.since("2025"), reader.new()) == ([], [], [])
    write(path, "first")
    assert texts(reader.new()) == ["first"]


def test_an_empty_log_has_no_lines(path: Path) -> None:
    path.touch()
    assert LogReader("pets", path).last(5) == LogReader("pets", path).since("2025") == []


def test_what_is_written_later_follows(path: Path) -> None:
    write(path, "old")
    reader = LogReader("pets", path)
    reader.last(1)
    assert reader.new() == []
    write(path, "one", "two")
    assert texts(reader.new()) == ["one", "two"]
    assert reader.new() == []


def test_half_a_line_waits_for_its_other_half(path: Path) -> None:
    reader = LogReader("pets", path)
    write(path, "whole", "ha", end="")
    assert texts(reader.new()) == ["whole"]
    write(path, "lf")
    assert texts(reader.new()) == ["half"]


def test_rotation_loses_nothing(path: Path) -> None:
    write(path, "old")
    reader = LogReader("pets", path)
    reader.last(1)
    write(path, "late")
    path.rename(path.with_suffix(".1"))
    assert texts(reader.new()) == ["late"], "the new file is not there yet"
    write(path.with_suffix(".1"), "latest")
    write(path, "new")
    assert texts(reader.new()) == ["latest", "new"]
    write(path, "newer")
    assert texts(reader.new()) == ["newer"]


def test_a_log_that_was_cut_is_read_from_its_begin(path: Path) -> None:
    write(path, "a long line from before")
    reader = LogReader("pets", path)
    reader.last(1)
    os.truncate(path, 0)
    write(path, "new")
    assert texts(reader.new()) == ["new"]


def test_several_logs_are_one_in_the_order_of_time(path: Path) -> None:
    pets = [Line("pets", stamped(minute).encode()) for minute in (1, 4, 4)]
    orders = [Line("orders", stamped(minute).encode()) for minute in (2, 3, 5)]
    assert [line.name for line in merged([pets, orders])] == ["pets", "orders", "orders", "pets", "pets", "orders"]


def test_a_log_that_cannot_be_read_is_told(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(LogError, match=r"pets\.log cannot be read"):
        LogReader("pets", path).last(1)


# With predecessors


@pytest.fixture
def rotated(path: Path) -> Path:
    """Three files of ten lines, a minute each."""
    for age, name in ((0, "pets.log.2"), (10, "pets.log.1"), (20, "pets.log")):
        write(path.with_name(name), *(stamped(minute) for minute in range(age, age + 10)))
    return path


@pytest.mark.parametrize("count", [0, 3, 10, 11, 29, 30, 100])
def test_the_last_lines_are_of_predecessors_too(rotated: Path, count: int) -> None:
    found = texts(LogReader("pets", rotated).last(count))
    assert found == [stamped(minute) for minute in range(max(0, 30 - count), 30)]


@pytest.mark.parametrize("minute", [0, 9, 10, 19, 25, 30])
def test_lines_since_a_time_are_of_predecessors_too(rotated: Path, minute: int) -> None:
    found = texts(LogReader("pets", rotated).since(stamped(minute)[:24]))
    assert found == [stamped(each) for each in range(minute, 30)]


def test_what_was_rotated_and_not_begun_anew_is_read_and_followed(rotated: Path) -> None:
    rotated.unlink()
    reader = LogReader("pets", rotated)
    assert len(reader.last(100)) == 20
    assert reader.new() == []
    write(rotated, "new")
    assert texts(reader.new()) == ["new"]


@pytest.mark.parametrize("rotations", range(7))
def test_following_skips_no_file_however_often_it_is_rotated(path: Path, rotations: int) -> None:
    with closing(RotatedFile(path, 100, 4)) as log:
        log.write(b"000 before\n")
        reader = LogReader("pets", path)
        assert len(reader.last(1)) == 1
        wanted = [f"{number:03} behind" for number in range(1, 10 * rotations + 5)]
        for line in wanted:
            log.write(f"{line}\n".encode())
        kept = [line for line in wanted if f"{line}\n" in "".join(one.read_text() for one in path.parent.iterdir())]
        found = texts(reader.new())
        assert found[-len(kept) :] == kept
        assert set(found) <= set(wanted), "nothing is told twice"
        assert len(found) == len(set(found))
        assert reader.new() == []


def test_following_beside_who_writes(path: Path) -> None:
    reader, done = LogReader("pets", path), threading.Event()

    def writes() -> None:
        with closing(RotatedFile(path, 20_000, 200)) as log:
            for number in range(0, 20_000, 20):
                log.write(b"".join(b"%d\n" % each for each in range(number, number + 20)))
        done.set()

    writer = threading.Thread(target=writes)
    writer.start()
    found: list[Line] = []
    while not done.is_set():
        found += reader.new()
    writer.join()
    found += reader.new()
    assert texts(found) == [str(number) for number in range(20_000)]
