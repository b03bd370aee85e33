"""Which addresses backends may be called at. Judged on the resolved address, so that no name leads around it."""

import ipaddress
from collections.abc import Iterable
from typing import Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: instance metadata of every cloud
        "fe80::/10",
        "fd00:ec2::/32",  # AWS's metadata over IPv6
        "fd20:ce::254/128",  # Google's
        "fd00:c1::a9fe:a9fe/128",  # Oracle's
        "100.100.100.200/32",  # Alibaba's, outside link-local
        "168.63.129.16/32",  # Azure's platform address
        "0.0.0.0/8",  # reaches the local host on Linux
        "::/128",
    )
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""The last four bytes are the IPv4 address that a translator on the way calls (RFC 6052)."""


class EgressPolicy:
    """Link-local and metadata addresses are refused, and on the local host the ports in `own_ports`."""

    def __init__(self, own_ports: Iterable[int] = ()) -> None:
        self._own_ports = frozenset(own_ports)

    def allows(self, address: str, port: int, local: str = "") -> bool:
        """`local`: the address of our end, once connected. Where both are the same, it is this host that was called."""
        ip = _inner(ipaddress.ip_address(address.split("%", 1)[0]))
        if any(ip in network for network in _NEVER):
            return False
        here = ip.is_loopback or (local != "" and ip == _inner(ipaddress.ip_address(local.split("%", 1)[0])))
        return not (here and port in self._own_ports)


class Anywhere(EgressPolicy):
    """Of what only an operator names, in an option: nothing is refused, this host's own ports included."""

    def allows(self, address: str, port: int, local: str = "") -> bool:
        return True


def _inner(ip: IPAddress) -> IPAddress:
    """The IPv4 address in an IPv6 address that stands for one."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
