"""`portico logs`: the logs of functions or of stages' executions, on whatever standard output is."""

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

from portico.adapters.access_log import file_name
from portico.adapters.log_reader import Line, LogError, LogReader, merged
from portico.dataplane.execution_log.method import group_name
from portico.kernel.terminal import harmless

FOLLOW_SECONDS: Final = 0.2
_LOG: Final = re.compile(r"(.+)\.log(?:\.\d+)?", re.DOTALL)
"""A file, or what it was before it was rotated."""
_AGO: Final = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COLOURS: Final = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


class SinceError(LogError):
    """`--since` cannot be understood."""


class Shelf(NamedTuple):
    """Where logs of one kind are: one file each, called by the name of its log group."""

    folder: str
    """Below the data directory."""
    group: str
    """What the names of their groups begin with, in front of their own."""
    nothing: str
    """What to say where there are none."""

    def path(self, data_dir: Path, name: str) -> Path:
        return data_dir / self.folder / file_name(f"log-group:{self.group}{name}")

    def names(self, data_dir: Path) -> list[str]:
        """Of those that something was written to. Raises LogError."""
        folder = data_dir / self.folder
        try:
            files = sorted({unquote(match[1]) for one in folder.iterdir() if (match := _LOG.fullmatch(one.name))})
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LogError(f"the logs in {folder} cannot be read: {error.strerror}") from error
        return [name.removeprefix(self.group) for name in files if name.startswith(self.group)]


FUNCTIONS: Final = Shelf("logs/functions", "", "no function has written a log")
EXECUTIONS: Final = Shelf("logs", group_name("", "").rstrip("/"), "no stage with a loggingLevel has written a log")


class Wanted(NamedTuple):
    shelf: Shelf
    names: tuple[str, ...]
    """Of functions, or `API/STAGE`. None of them: every one that has a log."""
    lines: int
    since: str | None
    follow: bool


class Screen(NamedTuple):
    write: Callable[[bytes], object]
    terminal: bool
    """Whether to colour names and to show what a terminal would obey instead of sending it. Elsewhere lines are told
    as they were written, to the byte."""
    flush: Callable[[], object]


def show(data_dir: Path, wanted: Wanted, screen: Screen, notice: Callable[[str], object]) -> None:
    """Raises LogError. With `follow` it does not return. `notice` is told what is worth knowing and is no log line."""
    shelf = wanted.shelf
    there = shelf.names(data_dir)
    names = wanted.names or tuple(there)
    missing = [name for name in names if name not in there]
    if missing or not names:
        _complain(shelf, data_dir, missing, wanted.follow, notice)
    since = since_when(wanted.since, datetime.now(UTC)) if wanted.since else None
    readers = {name: LogReader(name, shelf.path(data_dir, name)) for name in names}
    labels = Labels(names, screen) if len(names) != 1 or (wanted.follow and not wanted.names) else None
    first = [reader.since(since) if since else reader.last(wanted.lines) for reader in readers.values()]
    _put(merged(first), labels, screen)
    while wanted.follow:
        time.sleep(FOLLOW_SECONDS)
        if not wanted.names:
            for name in shelf.names(data_dir):
                readers.setdefault(name, LogReader(name, shelf.path(data_dir, name)))
        _put(merged([reader.new() for reader in readers.values()]), labels, screen)


def since_when(text: str, now: datetime) -> str:
    """The time as lines have it of `90s`, `10m`, `2h`, `1d` ago, or of ISO 8601 (UTC where that says nothing). Raises
    SinceError."""
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        words = f"--since {text}: neither a time such as 2025-01-31T12:00 nor an age such as 90s, 10m, 2h or 1d"
        raise SinceError(words) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Labels:
    """Whose a line is, in front of it: where there are several."""

    def __init__(self, names: Iterable[str], screen: Screen) -> None:
        self._colours: dict[str, int] = {}
        self._screen = screen
        self._width = max((len(name) for name in names), default=0)

    def of(self, name: str) -> str:
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        label = f"{name:{self._width}} |"
        return f"\x1b[{colour}m{harmless(label)}\x1b[0m " if self._screen.terminal else f"{label} "


def _put(lines: Iterable[Line], labels: Labels | None, screen: Screen) -> None:
    for line in lines:
        text = line.text
        if screen.terminal:
            text = harmless(text.decode("utf-8", "backslashreplace")).encode()
        label = labels.of(line.name).encode() if labels else b""
        screen.write(b"%b%b\n" % (label, text))
    screen.flush()


def _complain(shelf: Shelf, data_dir: Path, missing: list[str], follow: bool, notice: Callable[[str], object]) -> None:
    there = shelf.names(data_dir)
    folder = data_dir / shelf.folder
    known = f"there are logs of {', '.join(there)}" if there else f"{shelf.nothing} in {folder} yet"
    what = f"there is no log of {', '.join(missing)}; {known}" if missing else known
    if not follow:
        raise LogError(what)
    notice(f"{what}; waiting for the first line")
