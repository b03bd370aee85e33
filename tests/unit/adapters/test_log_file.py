"""Logs that are rotated: how large they become, and what of them is lost."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portico.adapters.log_file import RotatedFile, predecessors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pets.log"


@pytest.fixture
def log(path: Path) -> Iterator[RotatedFile]:
    """Of files of 100 bytes, two of which are kept beside the newest."""
    with closing(RotatedFile(path, 100, 2)) as made:
        yield made


def numbered(begin: int, end: int) -> bytes:
    """Lines of ten bytes."""
    return b"".join(b"line %4d\n" % number for number in range(begin, end))


def every(path: Path) -> list[bytes]:
    """The log and its predecessors, the oldest first."""
    return [one.read_bytes() for one in (*reversed(list(predecessors(path))), path)]


def test_a_log_that_is_full_makes_room_for_another(path: Path, log: RotatedFile) -> None:
    for number in range(25):
        log.write(numbered(number, number + 1))
    assert every(path) == [numbered(0, 10), numbered(10, 20), numbered(20, 25)]


def test_the_oldest_goes(path: Path, log: RotatedFile) -> None:
    for number in range(0, 99, 3):
        log.write(numbered(number, number + 3))
    assert b"".join(every(path)) == numbered(70, 99)
    assert sorted(one.name for one in path.parent.iterdir()) == ["pets.log", "pets.log.1", "pets.log.2"]


def test_what_is_written_at_once_is_parted_where_lines_end(path: Path, log: RotatedFile) -> None:
    log.write(b"short\n")
    assert log.write(numbered(0, 25)) == 250
    assert every(path) == [b"short\n" + numbered(0, 9), numbered(9, 19), numbered(19, 25)]


def test_a_log_goes_on_where_another_process_left_it(path: Path, log: RotatedFile) -> None:
    log.write(numbered(0, 7))
    with closing(RotatedFile(path, 100, 2)) as after:
        after.write(numbered(7, 12))
    assert every(path) == [numbered(0, 10), numbered(10, 12)]


def test_two_processes_rotate_it_once(path: Path, log: RotatedFile) -> None:
    with closing(RotatedFile(path, 100, 2)) as other:
        for number in range(0, 24, 2):
            log.write(numbered(number, number + 1))
            other.write(numbered(number + 1, number + 2))
    assert every(path) == [numbered(0, 10), numbered(10, 20), numbered(20, 24)]


def test_whoever_renames_it_needs_to_tell_nobody(path: Path, log: RotatedFile) -> None:
    log.write(b"before\n")
    path.rename(path.with_name("elsewhere"))
    log.write(b"behind\n")
    assert path.read_bytes() == b"behind\n"


def test_a_rotation_that_was_broken_off_has_lost_nothing(path: Path, log: RotatedFile) -> None:
    for number in range(20):
        log.write(numbered(number, number + 1))
    os.replace(f"{path}.1", f"{path}.2")  # and there it was killed
    log.write(numbered(20, 21))
    assert every(path) == [numbered(0, 10), numbered(10, 20), numbered(20, 21)]


def test_a_log_that_cannot_be_rotated_does_not_grow(path: Path, log: RotatedFile) -> None:
    log.write(numbered(0, 9))
    (path.parent / "pets.log.1").mkdir()
    (path.parent / "pets.log.1" / "in the way").touch()
    (path.parent / "pets.log.2").mkdir()
    (path.parent / "pets.log.2" / "in the way").touch()
    with pytest.raises(OSError, match=r"pets\.log\.1"):
        log.write(b"long " * 10 + b"\n")
    assert path.stat().st_size == 90


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
def test_a_full_disk_is_told(path: Path, log: RotatedFile) -> None:
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        log.write(b"lost\n")


def test_only_numbers_are_predecessors(path: Path) -> None:
    for name in ("pets.log.10", "pets.log.9", "pets.log.gz", "pets.log.1.gz", "pets2.log.1", "pets.log"):
        (path.parent / name).touch()
    assert [one.name for one in predecessors(path)] == ["pets.log.9", "pets.log.10"]
