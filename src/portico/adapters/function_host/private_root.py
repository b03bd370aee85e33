"""A file system of an instance's own: what it may see is mounted into an empty root, and that root is all there is.

Needs namespaces: as root, or as anybody where the system lets users have namespaces of their own.
"""

import os
import stat
from contextlib import suppress
from typing import Final, NamedTuple

from portico.adapters.function_host.system_calls import (
    CLONE_NEWIPC,
    CLONE_NEWNS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_REC,
    detach,
    make_read_only,
    mount,
    pivot_root_here,
    unshare,
)

TMP: Final = "/tmp"  # noqa: S108  nobody else sees an instance's
SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  as above
_SHARED_MEMORY_MB: Final = 64
_LINKS: Final = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Bind(NamedTuple):
    """A file or directory of the host, and where the instance sees it. What is not there is left out."""

    source: str
    target: str


class Root(NamedTuple):
    at: str
    """An empty directory of the host to build on; nothing of it is left outside the instance."""
    binds: tuple[Bind, ...]
    temporary_mb: int
    """How much /tmp holds. It is memory, and goes with the instance."""
    owner: int
    """The user and group that /tmp belongs to."""
    shared: tuple[Bind, ...] = ()
    """Folders that it may write to, and others see."""


def enter(root: Root) -> None:
    """Make this process see the root and nothing else. Raises OSError."""
    unshare(CLONE_NEWNS | CLONE_NEWIPC)
    mount("portico", root.at, "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    os.umask(0o022)
    for directory in (TMP, "/dev", SHARED_MEMORY, "/proc"):
        os.mkdir(root.at + directory)
    _bind_all(root)
    make_read_only(root.at)
    _mount_writable(root)
    os.chdir(root.at)
    pivot_root_here()
    detach(".")
    os.chdir("/")


def _bind_all(root: Root) -> None:
    for bind in (*root.binds, *(Bind(device, device) for device in DEVICES)):
        if not _is_below_tmp(bind):
            _bind(bind, root.at + bind.target)
    for bind in root.shared:
        os.makedirs(root.at + bind.target)
    for name, target in _LINKS.items():
        os.symlink(target, f"{root.at}/dev/{name}")


def _mount_writable(root: Root) -> None:
    own = f"uid={root.owner},gid={root.owner},mode=0700"
    mount("none", root.at + TMP, "tmpfs", MS_NOSUID | MS_NODEV, f"{own},size={root.temporary_mb}m")
    for bind in root.binds:
        if _is_below_tmp(bind):
            _bind(bind, root.at + bind.target)
            make_read_only(root.at + bind.target)
    for bind in root.shared:
        mount(bind.source, root.at + bind.target, "", MS_BIND)
    shared = f"{own},size={_SHARED_MEMORY_MB}m"
    mount("none", root.at + SHARED_MEMORY, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, shared)
    with suppress(PermissionError):  # a container whose own /proc is covered in places gets no whole one: none, then
        mount("none", f"{root.at}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _is_below_tmp(bind: Bind) -> bool:
    """A Python that was installed below /tmp is seen there, although /tmp is another one."""
    return bind.target.startswith(f"{TMP}/")


def _bind(bind: Bind, target: str) -> None:
    try:
        mode = os.lstat(bind.source).st_mode
    except OSError:
        return
    if stat.S_ISLNK(mode) and bind.source == bind.target:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(bind.source), target)
        return
    if os.path.isdir(bind.source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    mount(bind.source, target, "", MS_BIND | MS_REC)
