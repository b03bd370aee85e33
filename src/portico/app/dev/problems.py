"""What is wrong with a folder, and where: for the person who has just saved a file."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from portico.kernel.errors import PorticoError


class Problem(NamedTuple):
    path: Path
    line: int | None
    text: str


class ProjectError(PorticoError):
    """Something cannot be deployed as it is."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.path}: {one.text}" for one in self.problems))

    @classmethod
    def at(cls, path: Path, text: str, line: int | None = None) -> "ProjectError":
        return cls([Problem(path, line, text)])
