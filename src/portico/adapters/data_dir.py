"""The data directory: one running Portico's home on the disk, its lock, and where things are in it.

- `portico.lock`: held while a Portico runs here; its text is that one's process id.
- `credentials`: the root access key (adapters/credentials.py).
- `portico.db`: the database (adapters/sqlite.py).
- `state/`: the data plane's copy (adapters/state_dir).
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from portico.kernel.errors import PorticoError

_ADVICE: Final = "Choose another with --data-dir, or see its owner and permissions"


class DataDirError(PorticoError):
    """The data directory cannot be used. The text says why and what to do, for the person who started Portico."""


class DataDir:
    """An opened data directory. It belongs to this process, and to the children it forks, until `close`.

    `lock` is the descriptor that holds it. A child that must not keep the directory taken after its parent died closes
    that descriptor; a process that replaces itself with execve makes it inheritable and hands its number over.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock

    @property
    def database(self) -> Path:
        return self.path / "portico.db"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials"

    def close(self) -> None:
        """Let go of the directory. A child that was forked meanwhile keeps it until it ends or closes `lock`."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def open_data_dir(path: Path, *, inherited_lock: int | None = None) -> DataDir:
    """Make the directory (mode 0700) where there is none, and take it. Raises DataDirError.

    `inherited_lock` is the descriptor of a lock that this process already holds, from before an execve.
    """
    path = path.expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise DataDirError(f"the data directory {path} is not a directory") from None
    except OSError as error:
        raise DataDirError(f"the data directory {path} cannot be made: {error.strerror}. {_ADVICE}") from error
    if inherited_lock is not None:
        _take(path, inherited_lock)
        return DataDir(path, inherited_lock)
    lock = _open_lock(path)
    try:
        _take(path, lock)
    except DataDirError:
        os.close(lock)
        raise
    return DataDir(path, lock)


def _open_lock(directory: Path) -> int:
    try:
        return os.open(directory / "portico.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DataDirError(
            f"the data directory {directory} cannot be written to: {error.strerror}. {_ADVICE}"
        ) from error


def _take(directory: Path, lock: int) -> None:
    """flock, because the kernel lets go of it when the last process that has the descriptor dies, however it dies."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise DataDirError(
            f"the data directory {directory} is in use by another Portico, process {holder}. "
            "Stop that one, or choose another directory with --data-dir"
        ) from None
    except OSError as error:
        raise DataDirError(f"the data directory {directory} cannot be locked: {error.strerror}") from error
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    except OSError as error:
        raise DataDirError(f"the data directory {directory} cannot be written to: {error.strerror}") from error
