"""Whether a request came from this machine and was meant for it."""

import ipaddress

from portico.wire.http1 import Request


def stays_here(request: Request) -> bool:
    """Whether its peer and its Host are both of the loopback.

    The peer alone would not do: a proxy on this machine carries the Host that somebody elsewhere asked for, and so does
    a browser whose page has its name lead to 127.0.0.1.
    """
    hosts = [value for name, value in request.headers if name.lower() == "host"]
    return _is_loopback(request.peer) and len(hosts) == 1 and _is_loopback(_without_port(hosts[0]))


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
