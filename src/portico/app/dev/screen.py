"""What `portico dev` shows. Colours on a terminal only, and not where NO_COLOR is set."""

import os
import time
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from portico.app.dev.deployer import Route
from portico.app.dev.problems import Problem
from portico.kernel.terminal import harmless

_COLOURS: Final = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
_OF_STATUS: Final = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}
_NOT_SHOWN: Final = frozenset({"FunctionFailed", "OverloadBegan"})
"""The function's own log and the fault that the request ended in say it; a machine that also builds is often late."""
_NO_WORDS: Final = frozenset({"time", "level", "event", "pid", "request_id", "api_id", "stage"})


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def addresses(self, rows: Mapping[str, str]) -> None:
        for name, value in rows.items():
            self._print(f"  {name:12} ", (value, "bold"))

    def routes(self, url: str, routes: Iterable[Route]) -> None:
        for route in routes:
            self._print(f"  {route.verb:7} {url}{route.path}  ", (route.target, "dim"))

    def deployed(self, what: Iterable[str], seconds: float) -> None:
        self._line(("deployed ", "green"), (", ".join(what), "bold"), f" in {seconds * 1000:.0f} ms")

    def said(self, text: str) -> None:
        self._line((text, "dim"))

    def problem(self, problem: Problem) -> None:
        line = f":{problem.line}" if problem.line else ""
        self._line((f"{short(problem.path)}{line}: ", "bold red"), problem.text)

    def call(self, entry: Mapping[str, Any]) -> None:
        """One line of the access log."""
        status = str(entry.get("status", ""))
        self._line(
            f"{entry.get('httpMethod', ''):7} {entry.get('path', '')} ",
            (status, _OF_STATUS.get(status[:1], "")),
            (f" {entry.get('responseLatency', '-')} ms", "dim"),
        )

    def function_line(self, name: str, text: str) -> None:
        colour = _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
        self._line((f"{name} | ", colour), text)

    def event(self, event: Mapping[str, Any]) -> None:
        """What the server has observed; only what asks for attention."""
        if event.get("level") == "info" or event["event"] in _NOT_SHOWN:
            return
        words = " ".join(str(value) for name, value in event.items() if name not in _NO_WORDS)
        self._line((f"{event['event']} ", "red" if event["level"] == "error" else "yellow"), words)

    def _line(self, *parts: str | tuple[str, str]) -> None:
        self._print((time.strftime("%H:%M:%S "), "dim"), *parts)

    def _print(self, *parts: str | tuple[str, str]) -> None:
        self._console.print(Text.assemble(*(self._shown(part) for part in parts)))

    def _shown(self, part: str | tuple[str, str]) -> str | tuple[str, str]:
        """What functions and clients wrote is obeyed by no terminal."""
        if not self._console.is_terminal:
            return part
        return harmless(part) if isinstance(part, str) else (harmless(part[0]), part[1])


def short(path: Path) -> str:
    """As a person in the working directory calls it."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near
