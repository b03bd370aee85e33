"""The usual ports, or free ones where another server has those."""

import socket
from dataclasses import replace

from portico.settings import OPTIONS, Address, Settings


def free_where_taken(settings: Settings) -> Settings:
    """Only of addresses that nobody chose: who names a port wants that one."""
    return replace(settings, control=_free(settings, "control"), gateway=_free(settings, "gateway"))


def _free(settings: Settings, name: str) -> tuple[Address, ...]:
    wanted: tuple[Address, ...] = getattr(settings, name)
    option = OPTIONS[name]
    if option.default is None or wanted != (option.parse(option.default),) or not _is_taken(wanted[0]):
        return wanted
    return (wanted[0]._replace(port=0),)


def _is_taken(address: Address) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return True
    return False
