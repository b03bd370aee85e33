"""Who the client is when proxies stand in front: X-Forwarded-For and X-Forwarded-Proto, believed from whom we trust.

What a stranger writes there is never believed. Each proxy appends the address it was called from, so the list is read
from its right end: the right-most address that is not itself a trusted proxy is the client.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED = 4096
_MOST_HOPS = 32
"""Elements of X-Forwarded-For that are looked at: nobody has more proxies, and a longer list is somebody's joke."""


class TrustedProxies:
    """The networks whose word on the client is believed. Falsy where there are none."""

    __slots__ = ("_networks", "trusts")

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)
        self.trusts = lru_cache(_REMEMBERED)(self._trusts)
        """Whether an address (as text) is in one of the networks. 0.1 µs for an address seen before."""

    def __bool__(self) -> bool:
        return bool(self._networks)

    def _trusts(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str | None) -> str:
        """The client's address: `peer`, from the socket, unless it is a trusted proxy that names another.

        `forwarded_for` is X-Forwarded-For, several lines joined by commas in their order. An element that is no
        address ends the search at the proxy that passed it on.
        """
        client = peer
        if forwarded_for is None or not self.trusts(peer):
            return client
        for element in reversed(forwarded_for.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
            address = _address(element)
            if address is None:
                return client
            client = address
            if not self.trusts(address):
                return client
        return client

    def scheme(self, peer: str, own: str, forwarded_proto: str | None) -> str:
        """ "http" or "https": the last word of a trusted peer's X-Forwarded-Proto, else `own`, the connection's."""
        if forwarded_proto is None or not self.trusts(peer):
            return own
        told = forwarded_proto.rsplit(",", 1)[-1].strip().lower()
        return told if told in ("http", "https") else own


def _address(element: str) -> str | None:
    """The address in one element, which may carry a port: `10.1.2.3:4711`, `[fd00::1]:4711`."""
    text = element.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    parsed = _parsed(text)
    return None if parsed is None else str(parsed)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
