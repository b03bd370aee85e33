"""The users that functions run as where Portico is root: a number for each function, its own for ever."""

import fcntl
import json
import os
import zlib
from pathlib import Path
from typing import Final

from portico.adapters import durable
from portico.adapters.function_host.launch import LaunchError

_FIRST: Final = 1_900_000_000
"""systemd's table of users has nothing between 1 879 048 192 and 2 147 483 647."""
_PER_SERVER: Final = 100_000
_SERVERS: Final = 2_000
_FIRST_OF_FEW: Final = 40_000
"""In a container that has 65 536 users: above what Debian gives to people and services, below what systemd uses."""
_FEW: Final = 20_000


class Users:
    """Numbers by function's name, kept in a file so that a new functions process gives the same while the old one's
    instances still run. A name that is gone keeps its number: what another function gets was nobody's before."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.first, self._most = _range(file)

    def of(self, name: str) -> int:
        """Raises LaunchError."""
        try:
            with open(self._file.with_name("uids.lock"), "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return self.first + self._number(name)
        except (OSError, ValueError) as error:
            raise LaunchError(f"the functions' users cannot be kept in {self._file}: {error}") from error

    def _number(self, name: str) -> int:
        try:
            numbers: dict[str, int] = json.loads(self._file.read_text())
        except FileNotFoundError:
            numbers = {}
        if name not in numbers:
            if len(numbers) >= self._most:
                raise LaunchError(f"there are no users left: {self._file} has {self._most} functions already")
            numbers[name] = max(numbers.values(), default=0) + 1
            durable.replace(self._file, json.dumps(numbers).encode())
        return numbers[name]


def _range(file: Path) -> tuple[int, int]:
    """The first number and how many there are. Two servers on one machine have different ones."""
    if _exists(_FIRST + _PER_SERVER * _SERVERS):
        place = zlib.crc32(os.fsencode(file.resolve())) % _SERVERS
        return _FIRST + place * _PER_SERVER, _PER_SERVER - 1
    return _FIRST_OF_FEW, _FEW - 1


def _exists(user: int) -> bool:
    """Whether this system (a container may have few) has users up to that number."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [tuple(int(number) for number in line.split()) for line in lines]
    return any(first <= user < first + count for first, _, count in ranges)
