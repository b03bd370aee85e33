"""Host names of backends: looked up while in use, once at a time, and kept for a short while."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import Final

from portico.ports.upstream import FailureKind

RESOLVE_SECONDS: Final = 10.0
"""A name is looked up again after this long."""

Clock = Callable[[], float]


class Unreachable(Exception):
    """There is no connection to an origin."""

    def __init__(self, kind: FailureKind, cause: str) -> None:
        super().__init__(cause)
        self.kind = kind


class Names:
    """The addresses of a host, in the order in which they are tried."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._fixed = _is_address(host)
        self.addresses: list[str] = [host] if self._fixed else []
        self._resolved_at = self._asked_at = 0.0
        self._lookup: asyncio.Task[None] | None = None

    async def resolve(self) -> list[str]:
        """Raises Unreachable. Callers share one lookup: the resolver has few threads, and a bad name keeps them."""
        if not self._fixed and not (self.addresses and self._clock() - self._resolved_at < RESOLVE_SECONDS):
            await asyncio.shield(self._ask())
        return self.addresses

    def refresh(self) -> None:
        """Ask again, where it is time to. If there is no answer, what is known stays."""
        if not self._fixed and self._lookup is None and self._clock() - self._asked_at >= RESOLVE_SECONDS:
            self._ask()

    def try_last(self, address: str) -> None:
        if address in self.addresses:
            self.addresses.remove(address)
            self.addresses.append(address)

    def close(self) -> None:
        if self._lookup is not None:
            self._lookup.cancel()

    def _ask(self) -> asyncio.Task[None]:
        if self._lookup is None:
            self._lookup = asyncio.get_running_loop().create_task(self._look_up())
            self._lookup.add_done_callback(self._asked)
        return self._lookup

    def _asked(self, lookup: asyncio.Task[None]) -> None:
        self._lookup = None
        if not lookup.cancelled():
            lookup.exception()  # whoever waited has heard it

    async def _look_up(self) -> None:
        self._asked_at = self._clock()
        try:
            found = await _addresses_of(self._host, self._port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(FailureKind.RESOLVE, f"{self._host}: {error}") from None
        self._resolved_at = self._asked_at
        self.addresses = found


async def _addresses_of(host: str, port: int) -> list[str]:
    """In the system's order of preference. Raises OSError and UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
