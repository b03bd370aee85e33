"""A server process under test: started, listened to, told things, and gone at the end."""

import http.client
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

PATIENCE = 60.0
"""Seconds that a test waits for what must happen."""


class RunningServer:
    """`with RunningServer(command) as server:`. What it writes is read as JSON lines; other lines are in `text`."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> None:
        self.text: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.process = subprocess.Popen(  # the folder and the environment are the test's own
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environ, cwd=cwd, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            time_left(self.process)
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                self.text.append(line)
            else:
                self._events.put(event)
        self._events.put(None)

    def wait_for(self, event: str, **fields: Any) -> dict[str, Any]:
        """The next Observation of that name with those fields. Fails where the server ends, or stays silent."""
        end = time.monotonic() + PATIENCE
        while True:
            told = self._events.get(timeout=max(0.0, end - time.monotonic()))
            assert told is not None, f"the server ended before {event}: {self.text} {self.seen}"
            self.seen.append(told)
            if told["event"] == event and all(told[name] == value for name, value in fields.items()):
                return told

    def hear(self) -> None:
        """Take in what it has told so far, without waiting."""
        while not self._events.empty():
            told = self._events.get()
            if told is not None:
                self.seen.append(told)

    def signal(self, number: signal.Signals, pid: int | None = None) -> None:
        os.kill(pid or self.process.pid, number)

    def end(self) -> int:
        """Wait until it ends by itself; its exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status


def time_left(process: "subprocess.Popen[str]") -> None:
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def get(address: str, target: str = "/", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of one GET on a connection of its own. `address` may be a URL."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=PATIENCE)
    try:
        connection.request("GET", target, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
