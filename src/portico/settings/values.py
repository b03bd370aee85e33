"""What the values of options look like, and how each is read from text."""

import ipaddress
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from portico.kernel.errors import PorticoError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingError(PorticoError):
    """An option's value cannot be used. The text names the option, the value and what was expected."""


class Address(NamedTuple):
    """Where a listener listens."""

    host: str
    """An IPv4 or IPv6 address."""
    port: int
    """0: the system chooses a free one."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.host).is_loopback


_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([0-9]{1,5})")
DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")


def at_commas(text: str) -> list[str]:
    return text.split(",")


def address(text: str) -> Address:
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match[3]) > 65535:
        raise ValueError(text)
    host = match[1] or ("127.0.0.1" if match[2] == "localhost" else match[2])
    return Address(str(ipaddress.ip_address(host)), int(match[3]))


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return parse


def seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 3600:
        raise ValueError(text)
    return number


def matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return parse


def directory(text: str) -> Path:
    if not text:
        raise ValueError(text)
    return Path(text).expanduser().absolute()


def path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def file(text: str) -> Path:
    """A file that can be read now."""
    found = path(text)
    if not found.is_file() or not os.access(found, os.R_OK):
        raise ValueError(text)
    return found


def not_built(what: str) -> Callable[[str], str]:
    def parse(_text: str) -> str:
        raise SettingError(f"not built yet: {what}")

    return parse


def flag(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
