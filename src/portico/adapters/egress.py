"""Which addresses backends may be called at. Judged on the resolved address, so that no name leads around it."""

import ipaddress
from collections.abc import Iterable
from typing import Final

_NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: instance metadata of every cloud
        "fe80::/10",
        "fd00:ec2::254/128",  # instance metadata over IPv6
        "0.0.0.0/32",  # reaches the local host on Linux
        "::/128",
    )
)


class EgressPolicy:
    """Link-local and metadata addresses are refused, and on the local host the ports in `own_ports`."""

    def __init__(self, own_ports: Iterable[int] = ()) -> None:
        self._own_ports = frozenset(own_ports)

    def allows(self, address: str, port: int) -> bool:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in _NEVER):
            return False
        return not (ip.is_loopback and port in self._own_ports)
