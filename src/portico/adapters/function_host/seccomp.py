"""A filter of system calls for instances that see the host's files: no unix sockets, which Landlock lets through.

The server's own sockets are in its data directory, and whoever connects to them is believed. Pairs of connected sockets
(socketpair) stay; so do all other calls, for this is not a sandbox of its own.
"""

import ctypes
import errno
import platform
import socket
from typing import Final

from portico.adapters.function_host import system_calls

_ARCHITECTURES: Final = {
    # As linux/audit.h has them, and the number of `socket` there.
    "x86_64": (0xC000_003E, 41),
    "aarch64": (0xC000_00B7, 198),
    "riscv64": (0xC000_00F3, 198),
}
_IO_URING_SETUP: Final = 425
"""It makes sockets without the system call."""
_X32: Final = 0x4000_0000
"""On x86_64 calls from here on are another interface's, with other numbers."""

_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in struct seccomp_data."""
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL = 0x7FFF_0000, 0x0005_0000


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def known() -> bool:
    """Whether this machine's numbers are."""
    return platform.machine() in _ARCHITECTURES


def refuse_unix_sockets() -> None:
    """For this process and all that it starts: EACCES. It must have given up new privileges. Raises OSError."""
    architecture, socket_number = _ARCHITECTURES[platform.machine()]
    instructions = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 5, 0, _X32),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 2, socket_number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 2, 0, int(socket.AF_UNIX)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
        (_RETURN, 0, 0, _FAIL | errno.EACCES),
    )
    program = _Program(
        len(instructions), (_Instruction * len(instructions))(*(_Instruction(*one) for one in instructions))
    )
    system_calls.filter_system_calls(ctypes.byref(program))
