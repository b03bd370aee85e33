"""`portico serve` as a child: where it answers once it is ready, what it logs meanwhile, its end."""

import configparser
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NamedTuple

STOP_SECONDS = 40.0
"""Portico lets requests under way finish for 30 s."""


class Place(NamedTuple):
    """A running Portico, as a client needs to know it."""

    control: str
    """URL of the AWS API."""
    gateway: str
    """URL of the deployed APIs."""
    data_dir: Path
    seconds: float
    """What the start took."""

    @property
    def credentials(self) -> Path:
        return self.data_dir / "credentials"

    @property
    def log(self) -> Path:
        return self.data_dir / "portico.log"

    def access_key(self) -> tuple[str, str]:
        """Its id and its secret."""
        parser = configparser.RawConfigParser()
        parser.read(self.credentials)
        return parser["default"]["aws_access_key_id"], parser["default"]["aws_secret_access_key"]


class PorticoEnded(Exception):
    """Portico is not there any more, or never was. `words` are what it said of it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Portico:
    """`with Portico(control, gateway, data_dir) as portico:`. It is stopped at the end."""

    def __init__(self, control: str, gateway: str, data_dir: Path) -> None:
        self._data_dir = data_dir.absolute()
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = ("--control", control, "--gateway", gateway, "--data-dir", str(self._data_dir))
        self._process = subprocess.Popen(
            (sys.executable, "-P", "-m", "portico", "serve", "--log-format", "json", *options),
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._data_dir,  # a portico.toml in the folder of the caller is not this server's
            env={name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")},
            start_new_session=True,  # so that Ctrl-C is told to it once, by us
        )
        self._log = open(self._data_dir / "portico.log", "a", buffering=1)  # noqa: SIM115  closed at the end of `with`

    def __enter__(self) -> "Portico":
        return self

    def __exit__(self, *_: object) -> None:
        """Whoever is impatient, and says so again, has what is under way cut off: to Portico the second signal says
        that.
        """
        self._process.terminate()
        try:
            self._finish()
        except KeyboardInterrupt:
            self._process.terminate()
            self._finish()
        self._log.close()

    def _finish(self) -> None:
        _, words = self._process.communicate(timeout=STOP_SECONDS)
        self._log.write(words)

    @property
    def _lines(self) -> IO[str]:
        assert self._process.stderr is not None
        return self._process.stderr

    def wait_until_ready(self) -> Place:
        """Raises PorticoEnded."""
        words = ""
        for line in self._lines:
            told = self._read(line)
            if told.get("event") == "ServerReady":
                return Place(told["control"][0], told["gateway"][0], self._data_dir, told["seconds"])
            if not told:
                words += line
        raise PorticoEnded(self._process.wait(), words.strip())

    def watch(self) -> None:
        """Keep its log, and repeat warnings and errors here, until it ends. Raises PorticoEnded."""
        for line in self._lines:
            if self._read(line).get("level", "error") != "info":
                sys.stderr.write(line)
        raise PorticoEnded(self._process.wait(), "Portico has ended by itself.")

    def _read(self, line: str) -> dict[str, Any]:
        """An Observation; nothing of a line in words."""
        self._log.write(line)
        try:
            return dict(json.loads(line))
        except ValueError:
            return {}
