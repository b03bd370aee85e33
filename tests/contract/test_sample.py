"""What `make run` shows is so: the sample answers, every line that it prints can be pasted, Ctrl-C stops all of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contract_scene import clean_environment
from running_server import PATIENCE, get

SAMPLE = Path(__file__).parents[2] / "examples" / "sample.py"
SHOWN = "Ctrl-C stops"
SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/prod/pets", ("Minka", "Bello", "Wanda")),
    ("/prod/pets?type=cat'", ("Minka",)),
    ("/prod/pets", ('"name": "Polly", "id": 4',)),
    ("/prod/echo/whatever/is/here", ('"method": "PATCH"', '"/echo/whatever/is/here"', '"anything"', "X-Request-Id")),
    ("/prod/hello", ("Hello from stage prod",)),
    ("/prod/pets", ("204 No Content", "Access-Control-Allow-Methods: GET,POST,DELETE,OPTIONS")),
    ("apigateway get-rest-apis", ('"name": "Pet Store"',)),
    ("--stage-name prod", ('"stageName": "prod"', '"greeting": "Hello"')),
    ("value=Servus", ('"greeting": "Servus"',)),
    ("/prod/hello", ("Servus from stage prod",)),
    ("'", ()),
    ("/prod/hello", ("Changed by boto3",)),
)
"""How each command ends, in order, and what its answer holds."""


class Sample:
    """The program in a process of its own, and what it has printed until it is ready or has ended."""

    def __init__(self, folder: Path, *options: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, SAMPLE, "--data-dir", str(folder), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**clean_environment(), **environ},
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(SHOWN):
                break

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def address(self, name: str) -> str:
        """The URL beside `name`."""
        return next(line.split()[-1] for line in self.lines if line.startswith(f"  {name}"))

    def commands(self) -> list[str]:
        """What is to be pasted: a command each, of one line or more, without the comments."""
        heading = next(number for number, line in enumerate(self.lines) if line.startswith("Paste"))
        commands: list[str] = []
        for line in self.lines[heading + 1 : -2]:
            if commands and commands[-1].count("'") % 2:
                commands[-1] += f"\n{line}"
            elif not line.startswith("#"):
                commands.append(line)
        return commands

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


Start = Callable[..., Sample]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(*options: str, **environ: str) -> Sample:
            free = () if options else ("--control", "127.0.0.1:0", "--gateway", "127.0.0.1:0")
            sample = Sample(tmp_path / "kept", *free, *options, **environ)
            stack.callback(sample.stop)
            return sample

        yield started


def refuses(url: str) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", urlsplit(url).port or 80)) != 0


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="NOT RUN: no curl or no bash here")
def test_every_line_that_is_shown_works_when_it_is_pasted(start: Start, tmp_path: Path) -> None:
    commands = start(AWS_PROFILE="of-somebody-else").commands()
    exports = [one for one in commands if one.startswith(("export ", "unset "))]
    told = [one for one in commands if one not in exports]
    assert [one.partition("=")[0].split()[-1] for one in exports] == [
        "AWS_PROFILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ENDPOINT_URL",
        "AWS_DEFAULT_REGION",
    ]
    environ = {**clean_environment(), "HOME": str(tmp_path), "AWS_PROFILE": "of-somebody-else"}
    for command, (end, words) in zip(told, SPOKEN, strict=True):
        assert command.endswith(end)
        script = "\n".join([*exports, command])
        done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, env=environ, timeout=240)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        for expected in words:
            assert expected in done.stdout, command


def test_it_serves_the_same_api_again_and_stops_whole(start: Start) -> None:
    first = start()
    assert "GET /pets answered 200" in first.lines
    assert first.stop() == 0
    assert refuses(first.address("AWS API"))
    assert refuses(first.address("Pet Store"))

    second = start(PATH=os.devnull)
    assert "GET /pets answered 200" in second.lines
    url = second.address("Pet Store")
    assert api_of(first) in url, "without curl it is the address by path that is shown"
    assert url.endswith("/prod")
    assert get(second.address("AWS API"), "/_portico/ready")[0] == 200
    status, body = get(url.partition("/_aws")[0], f"/{url.partition('//')[2].partition('/')[2]}/pets/2")
    assert (status, b"Bello" in body) == (200, True)
    assert second.stop(signal.SIGTERM) == 0
    assert refuses(second.address("AWS API"))


def test_a_taken_port_is_told_with_what_to_do(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        sample = start("--control", "127.0.0.1:0", "--gateway", taken)
        assert sample.stop() == 1
    assert f"portico: --gateway: cannot listen on {taken}: the port is taken by another process" in sample.text
    assert "make run CONTROL=127.0.0.1:4567 GATEWAY=127.0.0.1:9090" in sample.text


def test_a_second_one_beside_it_is_told_so(start: Start) -> None:
    start()
    second = start()
    assert second.stop() == 1
    assert "is in use by another Portico" in second.text
    assert "make run DATA_DIR=" in second.text


def api_of(sample: Sample) -> str:
    """The id in `http://{api-id}.execute-api...`, or in the same by path."""
    address = urlsplit(sample.address("Pet Store"))
    named = address.path.split("/")[3:4] if address.path.startswith("/_aws/") else [str(address.hostname).split(".")[0]]
    return named[0]
