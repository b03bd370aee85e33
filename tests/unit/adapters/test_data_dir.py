"""The data directory: made private, taken by one Portico at a time, refused in words a person can act on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portico.adapters.data_dir import DataDirError, open_data_dir
from unprivileged import as_nobody, folder_for_everybody


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


class TestOpening:
    def test_it_is_made_for_its_owner_alone(self, path: Path) -> None:
        directory = open_data_dir(path)
        assert path.stat().st_mode & 0o777 == 0o700
        assert (path / "portico.lock").stat().st_mode & 0o777 == 0o600
        assert (directory.database, directory.state, directory.credentials) == (
            path / "portico.db",
            path / "state",
            path / "credentials",
        )
        directory.close()

    def test_a_file_in_its_place(self, path: Path) -> None:
        path.parent.mkdir()
        path.touch()
        with pytest.raises(DataDirError, match="deep/data is not a directory"):
            open_data_dir(path)

    def test_a_parent_that_is_a_file(self, path: Path) -> None:
        path.parent.touch()
        with pytest.raises(DataDirError, match="cannot be made: Not a directory"):
            open_data_dir(path)

    def test_one_that_cannot_be_made(self) -> None:
        with folder_for_everybody() as folder:
            folder.chmod(0o555)
            assert "cannot be made: Permission denied" in as_nobody(lambda: open_data_dir(folder / "data"))

    def test_one_that_cannot_be_written_to(self) -> None:
        with folder_for_everybody() as folder:
            folder.chmod(0o555)
            told = as_nobody(lambda: open_data_dir(folder))
            assert told.startswith(f"the data directory {folder} cannot be written to: Permission denied")
            assert "--data-dir" in told


class TestTheLock:
    def test_a_second_instance_is_refused_by_the_first_ones_process_id(self, path: Path) -> None:
        first = open_data_dir(path)
        with pytest.raises(DataDirError, match=rf"in use by another Portico, process {os.getpid()}\."):
            open_data_dir(path)
        first.close()

    def test_it_is_free_again_after_close(self, path: Path) -> None:
        first = open_data_dir(path)
        first.close()
        first.close()
        open_data_dir(path).close()

    def test_it_is_free_again_after_kill_9(self, path: Path) -> None:
        code = (
            "import sys, signal; from pathlib import Path; from portico.adapters.data_dir import open_data_dir; "
            "held = open_data_dir(Path(sys.argv[1])); print('open', flush=True); signal.pause()"
        )
        with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(DataDirError, match=rf"process {other.pid}\."):
                open_data_dir(path)
            other.send_signal(signal.SIGKILL)
        open_data_dir(path).close()
        assert (path / "portico.lock").read_text() == f"{os.getpid()}\n"

    def test_a_shorter_process_id_leaves_nothing_of_a_longer_one(self, path: Path) -> None:
        path.mkdir(parents=True)
        (path / "portico.lock").write_text("4194304999999\n")
        open_data_dir(path).close()
        assert (path / "portico.lock").read_text() == f"{os.getpid()}\n"

    def test_a_process_that_replaces_itself_keeps_it(self, path: Path) -> None:
        code = """
import os, sys
from pathlib import Path
from portico.adapters.data_dir import DataDirError, open_data_dir
path, *handed = sys.argv[1:]
if not handed:
    lock = open_data_dir(Path(path)).lock
    os.set_inheritable(lock, True)
    os.execv(sys.executable, [sys.executable, "-c", os.environ["CODE"], path, str(lock)])
try:
    open_data_dir(Path(path))
except DataDirError:
    print(open_data_dir(Path(path), inherited_lock=int(handed[0])).lock == int(handed[0]))
"""
        ran = subprocess.run(
            [sys.executable, "-c", code, path], env={**os.environ, "CODE": code}, capture_output=True, text=True
        )
        assert (ran.stdout, ran.stderr) == ("True\n", "")

    def test_a_descriptor_that_is_none_is_refused(self, path: Path) -> None:
        with pytest.raises(DataDirError, match="cannot be locked: Bad file descriptor"):
            open_data_dir(path, inherited_lock=999)
