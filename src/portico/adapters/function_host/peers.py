"""Whose a connection on the loopback is: the user id that the kernel keeps with the other end's socket, and which of
the processes has that socket open, because users are not enough where functions are none of their own.

Asked of the kernel by its socket diagnosis (sock_diag(7)), which answers for one connection however many there are;
where that module is missing, /proc/net/tcp is read, which lists them all.
"""

import os
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_SOCK_DIAG: Final = 4
"""NETLINK_SOCK_DIAG"""
_BY_FAMILY: Final = 20
"""SOCK_DIAG_BY_FAMILY"""
_REQUEST_FLAG: Final = 1
_NETLINK: Final = struct.Struct("=IHHII")
_QUERY: Final = struct.Struct("=BBBxI")
_ENDS: Final = struct.Struct("!HH4s12x4s12x")
_INTERFACE_AND_COOKIE: Final = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_UID_AT: Final = _NETLINK.size + 4 + 48 + 12
"""In the answer, behind the netlink head: 4 bytes of state, 48 that name the socket, 12 of timer and queues."""
_OWNER: Final = struct.Struct("=II")
_ALL_STATES: Final = 0xFFFFFFFF
Ends = tuple[str, int]
"""An IPv4 address and a port."""


class Owner(NamedTuple):
    """Who opened a connection."""

    user: int
    inode: int
    """The number of their socket, as /proc/PID/fd has it."""


def owner_of(peer: Ends, ours: Ends) -> Owner | None:
    """Who opened the connection from `peer` to `ours`; None where nobody knows."""
    try:
        return _diagnosed(peer, ours)
    except OSError:
        return _listed(peer, ours)


def _diagnosed(peer: Ends, ours: Ends) -> Owner | None:
    ends = _ENDS.pack(peer[1], ours[1], socket.inet_aton(peer[0]), socket.inet_aton(ours[0]))
    query = _QUERY.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ALL_STATES) + ends + _INTERFACE_AND_COOKIE
    head = _NETLINK.pack(_NETLINK.size + len(query), _BY_FAMILY, _REQUEST_FLAG, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(0.1)
        kernel.send(head + query)
        answer = kernel.recv(4096)
    (_, kind, *_) = _NETLINK.unpack_from(answer)
    if kind != _BY_FAMILY or len(answer) < _UID_AT + _OWNER.size:
        raise OSError("no diagnosis")
    return Owner(*_OWNER.unpack_from(answer, _UID_AT))


def _listed(peer: Ends, ours: Ends, table: Path = Path("/proc/net/tcp")) -> Owner | None:
    wanted = [_hexadecimal(peer), _hexadecimal(ours)]
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return None
    for line in lines:
        columns = line.split()
        if columns[1:3] == wanted:
            return Owner(int(columns[7]), int(columns[9]))
    return None


def _hexadecimal(end: Ends) -> str:
    """As the kernel prints it: the address in the machine's byte order, the port as people write it."""
    (address,) = struct.unpack("=I", socket.inet_aton(end[0]))
    return f"{address:08X}:{end[1]:04X}"


def held(inode: int, processes: Iterable[int]) -> bool:
    """Whether one of the processes has this socket open. Those that may not be looked into have not."""
    wanted = f"socket:[{inode}]"
    return any(wanted in _descriptors(process) for process in processes)


def _descriptors(process: int) -> list[str]:
    found = []
    with suppress(OSError):
        for name in os.listdir(f"/proc/{process}/fd"):
            with suppress(OSError):  # closed meanwhile
                found.append(os.readlink(f"/proc/{process}/fd/{name}"))
    return found


def own_user() -> int:
    return os.geteuid()
