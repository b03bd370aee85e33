"""Where an instance finds its code, its runtime and its /tmp, by what the system lets us arrange.

With private roots everything is where Lambda has it. Without them the paths are the host's, and Landlock and file modes
are what there is.
"""

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from portico.adapters.function_host.confinement import PROCESS_INFORMATION, SYSTEM
from portico.adapters.function_host.launch import LaunchError
from portico.adapters.function_host.private_root import DEVICES, SHARED_MEMORY, TMP, Bind, Root
from portico.adapters.function_host.runtimes import BOOTSTRAPS, TASK
from portico.adapters.function_host.shared_folders import Mount

_RUNTIME: Final = "/var/runtime"
_NAMES: Final = "/etc/resolv.conf"


class Place(NamedTuple):
    """One instance's. Paths are as it sees them, but for `to_remove`."""

    task: str
    runtime: str
    tmp: str
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    root: Root | None = None
    file_bytes: int | None = None
    """The largest file that it may write, where /tmp cannot be bounded as a whole."""
    to_remove: Path | None = None
    """What is left of it when it is gone."""
    moved: tuple[tuple[str, str], ...] = ()
    """Paths that the function asked for and that cannot be there, and what it finds instead."""


class Places(Protocol):
    def place(
        self, code: Path, readable: Iterable[str], user: int | None, temporary_mb: int, mounts: tuple[Mount, ...] = ()
    ) -> Place:
        """For one instance whose interpreter needs `readable`. Raises LaunchError, OSError."""
        ...

    def close(self) -> None:
        """When no instance is left."""
        ...


class PrivateRoots:
    def __init__(self, folder: Path) -> None:
        self._at = str(folder)
        self._system = tuple(Bind(path, path) for path in (*SYSTEM, *_where_names_are()))

    def place(
        self, code: Path, readable: Iterable[str], user: int | None, temporary_mb: int, mounts: tuple[Mount, ...] = ()
    ) -> Place:
        own = (
            Bind(str(code), TASK),
            Bind(str(BOOTSTRAPS), _RUNTIME),
            *(Bind(path, path) for path in _beyond(readable)),
        )
        shared = tuple(Bind(one.folder, one.path) for one in mounts)
        root = Root(self._at, self._system + own, temporary_mb, os.geteuid() if user is None else user, shared)
        writable = (TMP, SHARED_MEMORY, *DEVICES, *(one.path for one in mounts))
        return Place(TASK, _RUNTIME, TMP, ("/",), writable, root)

    def close(self) -> None:
        """Nothing: what instances had went with them."""


class OwnFolders:
    def __init__(self, folder: Path, shared_with_users: bool) -> None:
        """`shared_with_users`: instances are other users than this process, and must be let through to their code."""
        folder.mkdir(mode=0o711, exist_ok=True)
        _remove_what_is_nobody_s(folder)
        self._folder = folder / secrets.token_hex(8)
        self._folder.mkdir(mode=0o711)
        self._held = _hold(self._folder)
        self._shared = shared_with_users

    def place(
        self, code: Path, readable: Iterable[str], user: int | None, temporary_mb: int, mounts: tuple[Mount, ...] = ()
    ) -> Place:
        folders = tuple(one.folder for one in mounts)
        needed = (str(code), str(BOOTSTRAPS), *readable, *folders)
        if self._shared:
            self._let_through(code, needed)
        own = self._folder / secrets.token_hex(8)
        own.mkdir(mode=0o700)
        if user is not None:
            os.chown(own, user, user)
        open_to_all = (*SYSTEM, *_where_names_are(), *PROCESS_INFORMATION, *needed)
        return Place(
            task=str(code),
            runtime=str(BOOTSTRAPS),
            tmp=str(own),
            readable=open_to_all,
            writable=(str(own), *DEVICES, *folders),
            file_bytes=temporary_mb << 20,
            to_remove=own,
            moved=tuple((one.path, one.folder) for one in mounts),
        )

    def close(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1
            shutil.rmtree(self._folder, ignore_errors=True)

    def _let_through(self, code: Path, needed: Iterable[str]) -> None:
        """Our own folders become such that others may walk through them, not look into them; of the rest, we tell."""
        ours = self._folder.parent.parent.parent
        for folder in (ours, ours / "functions", ours / "files", code.parent):
            if folder.is_dir():
                folder.chmod(folder.stat().st_mode | 0o011)
        for path in needed:
            closed = _closed_to_others(Path(path))
            if closed is not None:
                raise LaunchError(
                    f"functions run as users of their own, and {closed} lets no other user through to {path}: open it "
                    f"(chmod o+x {closed}), or move what is below it"
                )


def _remove_what_is_nobody_s(folder: Path) -> None:
    """What functions processes left that were killed. One that is being replaced still holds its own."""
    for one in folder.iterdir():
        with suppress(BlockingIOError, FileNotFoundError):
            held = _hold(one)
            shutil.rmtree(one, ignore_errors=True)
            os.close(held)


def _hold(folder: Path) -> int:
    """Have a folder until the descriptor is closed, or this process is gone. Raises BlockingIOError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _closed_to_others(path: Path) -> Path | None:
    folders = path.resolve().parents
    return next((one for one in folders if not stat.S_IMODE(one.stat().st_mode) & 0o001), None)


def _where_names_are() -> tuple[str, ...]:
    """The folder of the file that says who resolves names, where /etc only links to it."""
    real = os.path.realpath(_NAMES)
    return () if os.path.dirname(real) == "/etc" else (os.path.dirname(real),)


def _beyond(readable: Iterable[str]) -> tuple[str, ...]:
    """Without what the system's folders have already, and without what another of them has."""
    paths = sorted(dict.fromkeys(readable))
    seen: list[str] = list(SYSTEM)
    for path in paths:
        if not any(path == one or path.startswith(f"{one}/") for one in seen):
            seen.append(path)
    return tuple(seen[len(SYSTEM) :])
