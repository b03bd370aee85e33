"""Where the load balancers of VPC links are: `--vpc-link-target ARN=HOST[:PORT][,HOST[:PORT] …]`."""

import ipaddress
import re
from typing import Final, NamedTuple

from portico.settings.values import DOMAIN

_NAMED: Final = re.compile(r"(arn:aws[a-z-]*:[^\s=]+)=(\S+)")
_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


class Target(NamedTuple):
    """One machine."""

    host: str
    """A name in lower case, or an IP address without its brackets."""
    port: int | None
    """None: that of the integration's URI."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


class LinkTarget(NamedTuple):
    """What stands behind one target of VPC links."""

    arn: str
    targets: tuple[Target, ...]

    def __str__(self) -> str:
        return f"{self.arn}={','.join(map(str, self.targets))}"


def link_target(text: str) -> LinkTarget:
    """Raises ValueError."""
    match = _NAMED.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return LinkTarget(match[1], tuple(map(target, match[2].split(","))))


def split(text: str) -> list[str]:
    """One value for each ARN: commas within one part its machines."""
    return re.split(r",(?=\s*arn:)", text)


def target(text: str) -> Target:
    """Raises ValueError."""
    match = _HOST.fullmatch(text)
    if match is None or not 0 < int(match["port"] or 1) <= 65_535:
        raise ValueError(text)
    host = str(ipaddress.IPv6Address(match["v6"])) if match["v6"] else match["name"].lower()
    if not match["v6"] and not DOMAIN.fullmatch(host):
        raise ValueError(text)
    return Target(host, int(match["port"]) if match["port"] else None)
