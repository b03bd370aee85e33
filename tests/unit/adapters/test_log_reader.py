"""Logs are read from their end, from a time, and as they are written."""

import os
from pathlib import Path

import pytest

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
