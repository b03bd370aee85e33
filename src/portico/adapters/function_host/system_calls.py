"""Linux system calls that Python has no name for. Each raises OSError as `os` would; ENOSYS on another system."""

import ctypes
import errno
import os
import platform
import sys
from typing import Final

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWPID: Final = 0x2000_0000

MS_NOSUID: Final = 1 << 1
MS_NODEV: Final = 1 << 2
MS_NOEXEC: Final = 1 << 3
MS_BIND: Final = 1 << 12
MS_REC: Final = 1 << 14
MS_PRIVATE: Final = 1 << 18
_MNT_DETACH: Final = 2

_MOUNT_ATTR_RDONLY: Final = 1
_MOUNT_ATTR_NOSUID: Final = 2
_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2

_MOUNT_SETATTR: Final = 442
"""System calls since 2019 have one number on every architecture; pivot_root is older."""
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41, "ppc64le": 203, "s390x": 217}

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def unshare(namespaces: int) -> None:
    _done("unshare", _linux().unshare(namespaces))


def setns(descriptor: int, namespaces: int) -> None:
    _done("setns", _linux().setns(descriptor, namespaces))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _done(f"mount {target}", _linux().mount(*_encoded(source, target, kind), ctypes.c_ulong(flags), options.encode()))


def detach(target: str) -> None:
    """Unmount once nobody uses it any more."""
    _done(f"umount {target}", _linux().umount2(os.fsencode(target), _MNT_DETACH))


def make_read_only(mountpoint: str) -> None:
    """The mount and everything mounted below it: read only, and no set-user-id programs."""
    wanted = _MountAttributes(set=_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID)
    path = ctypes.c_char_p(os.fsencode(mountpoint))
    system_call(_MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, ctypes.byref(wanted), ctypes.sizeof(wanted))


def pivot_root_here() -> None:
    """Make the working directory, a mountpoint, the root; the old root is laid over it, to be detached at `.`."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "pivot_root has no number known here")
    system_call(number, ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))


def die_with_parent(number: int) -> None:
    """Have this process sent a signal when the one that made it is gone. Forgotten when the user changes."""
    _done("prctl", _linux().prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0))


def be_unreadable() -> None:
    """Until a program is run nobody of the same user may look into this process or at its descriptors."""
    _done("prctl", _linux().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))


def gain_no_privileges() -> None:
    """From now on no program of this process gets rights by set-user-id or file capabilities."""
    _done("prctl", _linux().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def filter_system_calls(program: object) -> None:
    """`program`: a pointer to a struct sock_fprog."""
    _done("seccomp", _linux().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0))


def system_call(number: int, *arguments: object) -> int:
    return _done(f"system call {number}", _linux().syscall(ctypes.c_long(number), *arguments))


def _linux() -> ctypes.CDLL:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "this is not Linux")
    return _libc


def _encoded(*names: str) -> tuple[bytes, ...]:
    return tuple(os.fsencode(name) for name in names)


def _done(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
