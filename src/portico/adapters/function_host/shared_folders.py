"""What Lambda calls file systems: folders that functions share. An access point is a folder that the operator made.

Where functions are users of their own, those who mount a folder are also of its group, and what they make in it belongs
to that group. What was there before needs the operator's hand.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from portico.adapters.function_host.launch import LaunchError, files_path
from portico.adapters.function_host.users import Users
from portico.model.function import FileSystem

_MODE: Final = stat.S_ISGID | 0o770


class Mount(NamedTuple):
    folder: str
    """Of the host, links followed."""
    path: str
    """Where the function asked for it."""
    group: int | None
    """Which an instance is to be of, to write there; None: it is this user anyway."""


class SharedFolders:
    def __init__(self, data_dir: Path, users: Users | None) -> None:
        self._data_dir = data_dir
        self._users = users

    def of(self, file_systems: Iterable[FileSystem]) -> tuple[Mount, ...]:
        """Blocking. Raises LaunchError where one of them is not there."""
        return tuple(self._mount(one) for one in file_systems)

    def _mount(self, wanted: FileSystem) -> Mount:
        folder = Path(os.path.realpath(files_path(self._data_dir, wanted.access_point)))
        if not folder.is_dir():
            raise LaunchError(f"the access point {wanted.access_point} is not there any more: {folder} is no folder")
        if self._users is None:
            return Mount(str(folder), wanted.path, None)
        group = self._users.of(f"files/{wanted.access_point}")  # no function's name has a slash
        try:
            _give(folder, group)
        except OSError as error:
            raise LaunchError(f"{folder} cannot be given to the functions that share it: {error.strerror}") from error
        return Mount(str(folder), wanted.path, group)


def _give(folder: Path, group: int) -> None:
    found = folder.stat()
    if found.st_gid != group:
        os.chown(folder, -1, group)
    if found.st_gid != group or stat.S_IMODE(found.st_mode) & _MODE != _MODE:
        folder.chmod(stat.S_IMODE(found.st_mode) | _MODE)
