"""The listening sockets: opened once by the supervisor and kept for its life, so that no queued connection is lost.

A worker that owned its SO_REUSEPORT socket would reset the connections that wait in it when it exits. So each worker
slot has one socket per gateway address, which the supervisor holds too and every worker of that slot inherits. Nobody
ever calls `shutdown` on one: that would end it for all who hold it.

Only the standard library is imported.
"""

import errno
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

from portico.kernel.errors import PorticoError
from portico.settings import Address

BACKLOG: Final = 4096
"""Connections that wait for a worker; the kernel's net.core.somaxconn may allow fewer."""
_ORPHANS_SECONDS: Final = 2.0
"""How long a taken port is asked for again: workers whose supervisor was killed let go of theirs as soon as they run,
and whoever restarts a service does not wait for that."""
_ASK_SECONDS: Final = 0.05
_BALANCES: Final = sys.platform == "linux"
"""Whether the kernel spreads connections over SO_REUSEPORT sockets. Elsewhere all slots share one socket."""
_WHY: Final = {
    errno.EADDRINUSE: "the port is taken by another process",
    errno.EACCES: "the port may only be opened by root",
    errno.EADDRNOTAVAIL: "this machine does not have the address",
}


class ListenError(PorticoError):
    """A listener cannot be opened. The text names its option and address."""


class Listeners:
    """Every listening socket of a server: `control`, and for each worker slot one per gateway address."""

    def __init__(self, control: list[socket.socket], gateway: list[list[socket.socket]]) -> None:
        self.control = control
        self.gateway = gateway

    @classmethod
    def open(cls, control: Iterable[Address], gateway: Iterable[Address], slots: int) -> "Listeners":
        """Raises ListenError for the first address that cannot be had."""
        for_control = [_open(address, 1, "--control")[0] for address in control]
        by_address = [_open(address, slots, "--gateway") for address in gateway]
        return cls(for_control, [list(of_slot) for of_slot in zip(*by_address, strict=True)])

    @classmethod
    def inherited(cls, descriptors: dict[str, Any]) -> "Listeners":
        """Those that `descriptors` named, in the program that replaced the one that opened them."""
        control = [socket.socket(fileno=number) for number in descriptors["control"]]
        return cls(control, [[socket.socket(fileno=number) for number in slot] for slot in descriptors["gateway"]])

    def descriptors(self) -> dict[str, Any]:
        """The descriptors as numbers, kept open over an exec from now on."""
        for one in self:
            one.set_inheritable(True)
        return {
            "control": [one.fileno() for one in self.control],
            "gateway": [[one.fileno() for one in slot] for slot in self.gateway],
        }

    def __iter__(self) -> Iterator[socket.socket]:
        yield from self.control
        for slot in self.gateway:
            yield from slot

    def close(self, keep: Iterable[socket.socket] = ()) -> None:
        """Close all but `keep` in this process. Others that hold them go on."""
        kept = set(keep)
        for one in self:
            if one not in kept:
                one.close()


def bound_address(listener: socket.socket) -> Address:
    name = listener.getsockname()
    return Address(name[0], name[1])


def _open(address: Address, slots: int, option: str) -> list[socket.socket]:
    """One socket for each slot, all on the same port. Raises ListenError."""
    try:
        first = _bind_patiently(address)
        actual = bound_address(first)
        if not _BALANCES or slots == 1:
            first.listen(BACKLOG)
            return [first, *(first.dup() for _ in range(slots - 1))]
        first.close()  # it was there to learn the port, and that nobody else listens: SO_REUSEPORT would not tell
        sockets = [_bind(actual, reuse_port=True) for _ in range(slots)]
        for one in sockets:
            one.listen(BACKLOG)
    except OSError as error:
        why = _WHY.get(error.errno or 0) or os.strerror(error.errno or 0)
        raise ListenError(f"{option}: cannot listen on {address}: {why}") from error
    return sockets


def _bind_patiently(address: Address) -> socket.socket:
    end = time.monotonic() + _ORPHANS_SECONDS
    while True:
        try:
            return _bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= end:
                raise
        time.sleep(_ASK_SECONDS)


def _bind(address: Address, *, reuse_port: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if reuse_port:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one
