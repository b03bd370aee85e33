"""Where the entries of a zip come to lie, all of them together: what no host can unpack is not kept.

A zip is a list of names. That two of them cannot be beside each other (a file and a folder of one name), that a name is
longer than a file system takes, or that a link leads out by way of another link shows only in the whole.
"""

import posixpath
import stat
import zipfile
from collections import deque
from enum import Enum, auto
from typing import Final

LONGEST_NAME: Final = 255
"""Bytes of one name: NAME_MAX of Linux."""
LONGEST_PATH: Final = 2048
"""Bytes of a path inside. Linux has 4096 (PATH_MAX), of which the folder that it is unpacked into takes a part."""
MOST_PLACES: Final = 100_000
"""Files and folders, those too that are only part of a path."""
_MOST_STEPS: Final = 1_000_000
"""Of following all links together; a chain of them may grow with each of its links."""
_MOST_LINKS_IN_A_ROW: Final = 40
"""As Linux follows (path_resolution(7))."""


class Unplaceable(ValueError):
    """An entry cannot be where its name says."""


class LeadsOut(Exception):
    """A link leads out of the zip, or to nowhere."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    LINK = auto()


class PackageTree:
    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {"": _Kind.FOLDER}
        self._links: dict[str, str] = {}
        self._steps = 0

    def add(self, entry: zipfile.ZipInfo) -> None:
        """Raises Unplaceable."""
        kind = _kind_of(entry)
        place = "/".join(part for part in entry.filename.split("/") if part not in ("", "."))
        parts = place.encode("utf-8", "surrogateescape").split(b"/")
        if sum(map(len, parts)) + len(parts) > LONGEST_PATH or max(map(len, parts)) > LONGEST_NAME or "\0" in place:
            raise Unplaceable(place[:256])
        self._put(place, kind)
        above = posixpath.dirname(place)
        while above not in self._kinds:
            self._put(above, _Kind.FOLDER)
            above = posixpath.dirname(above)
        if self._kinds[above] is not _Kind.FOLDER:
            raise Unplaceable(place[:256])

    def link(self, name: str, target: str) -> None:
        """What an entry that is a link leads to."""
        self._links[posixpath.normpath(name)] = target

    def check_links(self) -> None:
        """Each of them leads to somewhere inside, whatever other links it meets. Raises LeadsOut."""
        for name in self._links:
            self._follow(name)

    def _put(self, place: str, kind: _Kind) -> None:
        there = self._kinds.get(place)
        if there is None and len(self._kinds) > MOST_PLACES:
            raise Unplaceable(place[:256])
        if there is not None and (there is not kind or kind is _Kind.LINK):
            raise Unplaceable(place[:256])
        self._kinds[place] = kind

    def _follow(self, name: str) -> None:
        at: list[str] = []
        to_go, links = deque(name.split("/")), 0
        while to_go:
            part = to_go.popleft()
            self._steps += 1
            if self._steps > _MOST_STEPS or links > _MOST_LINKS_IN_A_ROW or (part == ".." and not at):
                raise LeadsOut(name)
            if part == "..":
                at.pop()
            elif part not in ("", "."):
                at.append(part)
                target = self._links.get("/".join(at))
                if target is not None:
                    links += 1
                    at.pop()
                    to_go.extendleft(reversed(target.split("/")))


def _kind_of(entry: zipfile.ZipInfo) -> _Kind:
    mode = entry.external_attr >> 16
    if entry.is_dir():
        return _Kind.FOLDER
    if stat.S_ISLNK(mode):
        return _Kind.LINK
    if stat.S_ISREG(mode) or not stat.S_IFMT(mode):
        return _Kind.FILE
    raise Unplaceable(entry.filename[:256])
