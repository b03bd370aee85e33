"""The to-do application of the examples, running: by boto3 or by `portico dev`, over SQLite or over PostgreSQL."""

import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from contract_scene import Scene, clean_environment, running
from dev_scene import call, developing
from running_server import PATIENCE

EXAMPLE = Path(__file__).parents[1] / "examples" / "todo"
POINT = "fsap-0123456789abcdef0"
ARN = f"arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/{POINT}"


@contextmanager
def by_boto3(folder: Path, *options: str, workers: int = 1) -> Iterator[tuple[str, Scene]]:
    """The URL of its stage, and the server."""
    with running(folder, workers, *options) as scene:
        (scene.data / "files" / POINT).mkdir(parents=True)
        yield f"{scene.gateway}/_aws/execute-api/{deploy(scene)}/prod", scene


def deploy(scene: Scene) -> str:
    """examples/todo/deploy.py; the API's id."""
    done = subprocess.run(
        [sys.executable, EXAMPLE / "deploy.py", "--access-point", ARN],
        env={**clean_environment(), **scene.environ()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def by_dev(folder: Path, *options: str) -> Iterator[str]:
    """The URL of its stage."""
    copy = folder / "todo"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(".portico", "__pycache__"))
    with developing(copy, *options) as dev:
        yield dev.ready().url("/todos").removesuffix("/todos")


@contextmanager
def another_origin(api: str) -> Iterator[str]:
    """The page, from a server that knows nothing but files; its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(EXAMPLE / "page"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/?api={quote(api)}"
        server.shutdown()


class Asking(threading.Thread):
    """A client that asks again, like the page four times at most, where it got no answer of the application's; and
    counts what was lost even so."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._over = threading.Event()
        self.answered = 0
        self.asked_again = 0
        self.lost: list[str] = []

    def run(self) -> None:
        while not self._over.wait(0.005):
            outcome = self._ask()
            if outcome != "200":
                self.asked_again += 1
                outcome = next(filter("200".__eq__, (self._ask_later() for _ in range(4))), outcome)
            if outcome == "200":
                self.answered += 1
            else:
                self.lost.append(outcome)

    def more(self, count: int = 20) -> None:
        """So many answers from now on."""
        wanted = self.answered + count
        end = time.monotonic() + PATIENCE
        while self.answered < wanted:
            assert time.monotonic() < end, f"no answers any more: {self.lost}"
            time.sleep(0.005)

    def _ask_later(self) -> str:
        time.sleep(0.1)
        return self._ask()

    def _ask(self) -> str:
        try:
            return str(call(self._url)[0])
        except (OSError, urllib.error.URLError) as error:
            return repr(error)


@contextmanager
def asking(url: str, clients: int = 2) -> Iterator[list[Asking]]:
    crowd = [Asking(url) for _ in range(clients)]
    with ExitStack() as stack:
        for one in crowd:
            one.start()
            stack.callback(one.join, PATIENCE)
            stack.callback(one._over.set)
        yield crowd


def instance_of(scene: Scene, name: str) -> int:
    """The process of the instance that logged last."""
    log = (scene.data / "logs" / "functions" / f"{name}.log").read_text()
    streams = dict.fromkeys(line.split(" ")[1] for line in reversed(log.splitlines()))
    for stream in streams:  # the last one may have ended since
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                told = environ.read_bytes()
            except OSError:
                continue
            if re.search(rf"AWS_LAMBDA_LOG_STREAM_NAME=[^\0]*{stream}\0".encode(), told):
                return int(environ.parent.name)
    raise AssertionError(f"no instance of {name} with one of the log streams {list(streams)}")


def process_of(scene: Scene, role: str) -> int:
    """The newest that serves in a role; an instance of the function that lists, where that is the role."""
    assert scene.server is not None
    if role == "instance":
        return instance_of(scene, "todo-list")
    scene.server.hear()
    told = [one for one in scene.server.seen if one["event"] == "ProcessReady" and one["role"] == role]
    return int(told[-1]["process"])
