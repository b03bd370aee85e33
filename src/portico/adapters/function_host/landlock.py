"""Landlock: a process gives up, for itself and all it starts, every file that it does not name.

Constants and the growth of the interface by version ("ABI") are those of the kernel's userspace-api/landlock.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from typing import Final

from portico.adapters.function_host import system_calls

SIGNALS_SINCE: Final = 6
"""The first version that keeps a process from signalling those outside."""

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIRECTORY: Final = 1 << 3
_FIRST: Final = (1 << 13) - 1
"""Every right of the first version."""
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_RIGHTS_SINCE: Final = {1: _FIRST, 2: _REFER, 3: _TRUNCATE}
_SCOPES: Final = 0b11
"""Abstract unix sockets and signals."""

_READING: Final = _EXECUTE | _READ_FILE | _READ_DIRECTORY
_OF_A_FILE: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
"""The rights that mean something where the rule names a file; others are refused there."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """The kernel's version of Landlock; 0 where it has none, or has it switched off."""
    try:
        return system_calls.system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leave this process what is below these paths, and nothing else; a path that is not there is nothing.

    Readable is also executable; writable is everything. The network stays open. The process must have given up new
    privileges. Raises OSError.
    """
    abi = version()
    rights = sum(right for since, right in _RIGHTS_SINCE.items() if since <= abi)
    ruleset = _create(abi, rights)
    try:
        for path in readable:
            _allow(ruleset, path, rights & _READING)
        for path in writable:
            _allow(ruleset, path, rights)
        system_calls.system_call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _create(abi: int, rights: int) -> int:
    wanted = _Ruleset(files=rights, net=0, scopes=_SCOPES if abi >= SIGNALS_SINCE else 0)
    size = 24 if abi >= SIGNALS_SINCE else 8
    return system_calls.system_call(_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.ENOTDIR):
            return
        raise
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_A_FILE
        rule = _PathBeneath(allowed=rights, parent=descriptor)
        system_calls.system_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
