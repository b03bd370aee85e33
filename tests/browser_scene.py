"""Chromium without a window, told what to do through a pair of pipes in its own protocol (DevTools).

    with browser() as chromium:
        page = chromium.open("http://127.0.0.1:8000/")
        page.does("document.title")

Where Chromium is not there the test says NOT RUN.
"""

import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

PATIENCE = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
_READS, _WRITES = 3, 4
"""The descriptors that it has its protocol on."""


class Browser:
    def __init__(self, program: str, folder: str) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]

        def place() -> None:
            os.dup2(ends[0], _READS)
            os.dup2(ends[1], _WRITES)

        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        self.process = subprocess.Popen(
            [program, *_OPTIONS, *root, f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place,
            close_fds=False,  # ours are closed by exec as they are; those two are not
        )
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        self._in, self._out = ours_in, ours_out
        self._numbers = itertools.count(1)
        self._received = b""

    def open(self, url: str) -> "Page":
        """A page of its own, when it has been loaded."""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        page.go(url)
        return page

    def ask(self, method: str, params: dict[str, Any], session: str | None = None) -> Any:
        """The result of a command. Fails where there is none."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        os.write(self._out, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            told = self._hear(end)
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]

    def close(self) -> None:
        """Asked, it ends its own processes; killed, it leaves them."""
        try:
            self.ask("Browser.close", {})
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
        os.close(self._in)
        os.close(self._out)

    def _hear(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._received:
            readable, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert readable, "Chromium says nothing"
            data = os.read(self._in, 1 << 20)
            assert data, "Chromium has ended"
            self._received += data
        message, _, self._received = self._received.partition(b"\0")
        return dict(json.loads(message))


class Page:
    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def go(self, url: str) -> None:
        gone = self._browser.ask("Page.navigate", {"url": url}, self._session)
        assert "errorText" not in gone, gone["errorText"]
        self.wait_for("document.readyState === 'complete'")

    def does(self, expression: str) -> Any:
        """The value of JavaScript; a promise's when it is fulfilled. Fails with what it throws."""
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        done = self._browser.ask("Runtime.evaluate", params, self._session)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Until that is so."""
        end = time.monotonic() + PATIENCE
        while not self.does(expression):
            assert time.monotonic() < end, f"never {expression}: {self.does('document.body.innerText')}"
            time.sleep(0.02)


@contextmanager
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("NOT RUN: Chromium (chromium) is not installed")
    with tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as folder:
        chromium = Browser(program, folder)
        try:
            yield chromium
        finally:
            chromium.close()
