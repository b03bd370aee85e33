"""A running `portico dev`: what it shows, what it serves, and its end."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from contract_scene import clean_environment
from running_server import PATIENCE, time_left

DOCUMENT = """\
openapi: 3.0.1
info:
  title: A project
  version: "1"
paths:
"""
METHOD = """\
  /{name}:
    get:
      responses: {{}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def document(*names: str) -> str:
    """An OpenAPI document with a path for each function."""
    return DOCUMENT + "".join(METHOD.format(name=name, arn=ARN + name) for name in names)


def says(text: str) -> str:
    """A function in Python that answers this."""
    return f'def handler(event, context):\n    return {{"statusCode": 200, "body": "{text}"}}\n'


def folder_of(place: Path, **functions: str) -> Path:
    """A project with these functions in Python."""
    for name, code in functions.items():
        write(place / "functions" / name / "app.py", code)
    write(place / "openapi.yaml", document(*functions))
    return place


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Dev:
    def __init__(self, folder: Path, *options: str, **environ: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.begin = 0
        """What was shown before this line is of an earlier test."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "portico", "dev", str(folder), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder.parent,
            env={**clean_environment(), **environ},
        )
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, pattern: str, after: int | None = None) -> re.Match[str]:
        """Until it has shown that, beyond its first `after` lines."""
        after = self.begin if after is None else after
        end = time.monotonic() + PATIENCE
        with self._told:
            while True:
                match = re.search(pattern, "".join(self.lines[after:]), re.MULTILINE)
                if match:
                    return match
                assert time.monotonic() < end and self.process.poll() is None, f"no {pattern!r} in:\n{self.text}"
                self._told.wait(0.5)

    def ready(self) -> "Dev":
        self.wait_for("watching; Ctrl-C stops")
        return self

    def url(self, path: str) -> str:
        """As it was shown, of a GET."""
        return self.wait_for(rf"^  GET +(\S+{re.escape(path)})  ", 0)[1]

    def restore(self, files: Mapping[str, str]) -> None:
        """Have nothing but these files in the folder, and wait until they are deployed."""
        for path in self.folder.iterdir():
            if path.name != ".portico":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        nobody = f"n{time.monotonic_ns() % 10**9}"  # when it is missed, what tests before saved has been dealt with
        write(self.folder / "openapi.yaml", document(nobody))
        self.wait_for(f"no function '{nobody}'")
        self.begin = len(self.lines)
        for name, text in files.items():
            if name != "openapi.yaml":
                write(self.folder / name, text)
        write(
            self.folder / "openapi.yaml", files["openapi.yaml"] + f"# {nobody}\n"
        )  # something to deploy, and the last
        self.wait_for("^.{9}deployed .*the API")
        self.begin = len(self.lines)

    def get(self, path: str) -> tuple[int, str]:
        return call(self.url(path))

    def save(self, name: str, text: str) -> int:
        """Write a file; how many lines were shown before."""
        shown = len(self.lines)
        write(self.folder / name, text)
        return shown

    def seconds_until(self, path: str, answer: tuple[int, str]) -> float:
        """From now on, until that is answered."""
        url = self.url(path)
        began = time.monotonic()
        until(lambda: call(url) == answer, f"{path} never said {answer}:\n{self.text}")
        return time.monotonic() - began

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
            time_left(self.process)
        self._reader.join(PATIENCE)
        return self.process.returncode

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._told:
                self.lines.append(line)
                self._told.notify_all()


@contextmanager
def developing(folder: Path, *options: str, **environ: str) -> Iterator[Dev]:
    dev = Dev(folder, "--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0", *options, **environ)
    try:
        yield dev
    finally:
        dev.stop()


def call(url: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(happened: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, otherwise
        time.sleep(0.01)


def family(pid: int) -> list[int]:
    """A process's children, theirs included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(stat.parent.name)
                found += [child, *family(child)]
        except OSError:
            continue
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
