"""The server of a project: `portico serve` as a child that ends with its parent, however that ends."""

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from portico.adapters.function_host.system_calls import die_with_parent
from portico.kernel.errors import PorticoError
from portico.settings import Settings

_PROGRAM: Final = (
    "import sys; from portico.app.start import start; from portico.kernel.errors import PorticoError;"
    " from portico.settings import loads\n"
    "try: start(loads(sys.stdin.read()))\n"
    "except PorticoError as error: sys.exit(f'portico: {error}')"
)
"""Settings come on standard input: a command line is for everybody to read, and a database's address has a password."""


class Ready(NamedTuple):
    control: str
    gateway: str
    """URLs."""
    seconds: float


class ServerEnded(PorticoError):
    """The server is not there any more, or never was. The text is what it said."""


class Server:
    """`with Server(settings) as server: ready = server.wait_until_ready(print)`."""

    def __init__(self, settings: Settings) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603  our own program
            (sys.executable, "-P", "-c", _PROGRAM),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is told to it by us, once
            preexec_fn=_depend,
        )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(settings.dumps())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        """To stop it. Whoever is impatient, and says so again, has what is under way cut off."""
        try:
            self._end()
        except KeyboardInterrupt:
            self._end()

    def wait_until_ready(self, tell: Callable[[dict[str, Any]], None]) -> Ready:
        """`tell` is given what it observes meanwhile. Raises ServerEnded."""
        words = ""
        while (line := self._lines.get()) is not None:
            event = _event(line)
            if event.get("event") == "ServerReady":
                return Ready(event["control"][0], event["gateway"][0], event["seconds"])
            if event:
                tell(event)
            else:
                words += line
        raise ServerEnded(words.strip().removeprefix("portico: ") or "the server has ended")

    def events(self, seconds: float) -> list[dict[str, Any]]:
        """What it has observed, after waiting so long at most for something. Raises ServerEnded."""
        events: list[dict[str, Any]] = []
        with suppress(queue.Empty):
            line = self._lines.get(timeout=seconds)
            while line is not None:
                events.append(_event(line) or {"level": "error", "event": line.rstrip()})
                line = self._lines.get_nowait()
            raise ServerEnded("the server has ended by itself")
        return events

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line)
        self._lines.put(None)

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()


def _depend() -> None:
    if sys.platform == "linux":
        die_with_parent(signal.SIGTERM)


def _event(line: str) -> dict[str, Any]:
    """An Observation; nothing of a line in words."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}
