"""The address of another service's HTTP API, and whether it is our own."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from portico.settings.values import Address, SettingError

_URL: Final = re.compile(
    r"https?://(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~%/-]*)?"
)
_SCHEME_PORTS: Final = {"http": 80, "https": 443}


def endpoint(text: str) -> str:
    """The URL as it was, without a slash at its end. Raises SettingError, ValueError."""
    if "@" in text:
        raise SettingError("a user or password does not belong in the URL; calls are signed with AWS credentials")
    if _URL.fullmatch(text) is None or not 0 < _place(text)[1] <= 65535:
        raise ValueError(text)
    return text.rstrip("/")


def leads_to(url: str, listeners: Iterable[Address]) -> bool:
    """Whether `url` is one of `listeners`, as far as its text says."""
    host, port = _place(url)
    return any(port == one.port and _is_at(host, one) for one in listeners)


def _place(url: str) -> tuple[str, int]:
    """Raises ValueError."""
    parts = urlsplit(url)
    return parts.hostname or "", _SCHEME_PORTS[parts.scheme] if parts.port is None else parts.port


def _is_at(host: str, listener: Address) -> bool:
    here = ipaddress.ip_address(listener.host)
    if host == "localhost" or host.endswith(".localhost"):
        return here.is_loopback or here.is_unspecified
    try:
        named = ipaddress.ip_address(host)
    except ValueError:
        return False
    return named == here or (here.is_unspecified and named.is_loopback)
