"""A real PostgreSQL of a test's own: started, stopped, killed, paused, made a standby, and gone at the end.

    with postgres_server() as server:
        url = server.new_database()
        with server.paused(): ...

Runs as an ordinary user, because PostgreSQL refuses root. Where its programs are not there the test says NOT RUN.
"""

import itertools
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from typing import Any

import psycopg
import pytest

from unprivileged import NOBODY

PASSWORD = "half-a-secret"
PATIENCE = 60.0
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "lc_messages": "C",
}


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs; the newest of Debian's, which are not in the PATH."""
    places = sorted(glob("/usr/lib/postgresql/*/bin"), key=lambda place: int(place.split("/")[4]), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))
    if found is None:
        pytest.skip(f"NOT RUN: PostgreSQL ({name}) is not installed")
    return found


class PostgresServer:
    """Over a data directory in `folder`, which its user owns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    # Its life

    def create(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        how = ["--username=postgres", f"--pwfile={secret}", "--auth-local=trust", "--auth-host=scram-sha-256"]
        command = [program("initdb"), *how, "--no-sync", "--encoding=UTF8", "--locale=C", "-D", str(self.data)]
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **_as_nobody())
        assert made.returncode == 0, made.stderr

    def start(self, largest_file: int | None = None) -> None:
        """Returns when it answers. With `largest_file` no file of it grows beyond so many bytes: a full disk."""

        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))

        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = [program("postgres"), "-D", str(self.data), "-k", str(self.folder), "-p", str(self.port), *settings]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--listen_addresses=127.0.0.1"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=limit,
                **_as_nobody(),
            )
        until(self._answers)

    def stop(self) -> None:
        """Sessions are cut off, transactions under way are undone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self._gone()

    def kill(self) -> None:
        """kill -9 of all of its processes."""
        self._signal(signal.SIGKILL)
        self._gone()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No process of it runs: whoever waits for it hears nothing, neither an answer nor an error."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def become_standby(self) -> None:
        """Restarts read-only, as a standby whose primary is nowhere."""
        self.stop()
        (self.data / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        """A standby becomes a primary, on a branch of history of its own."""
        self.sql("SELECT pg_promote()")

    # Its databases

    def new_database(self) -> str:
        """The URL of an empty one."""
        return self.database(f"portico_{next(self._names)}")

    def database(self, name: str) -> str:
        """The URL of the database of that name, which is made where there is none."""
        with suppress(psycopg.errors.DuplicateDatabase):
            self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def url(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """What the superuser is answered."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def backends(self, database: str, application: str = "portico") -> int:
        """How many connections it has."""
        where = f"datname = '{database}' AND application_name = '{application}'"
        return int(self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {where}")[0][0])

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
        try:
            self.sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        """To all of its processes. The postmaster is stopped meanwhile: it starts nobody, its children are known."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        for child in _children(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, number)
        self.process.send_signal(number)

    def _gone(self) -> None:
        assert self.process is not None
        self.process.wait(PATIENCE)
        self.process = None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server. Skips the test where PostgreSQL is not installed."""
    folder = Path(
        tempfile.mkdtemp(prefix="pg")
    )  # not pytest's: they let no other user in, and a socket's name is short
    server = PostgresServer(folder)
    try:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        server.create()
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.kill()
        shutil.rmtree(folder)


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Waits for it; how many seconds that took. Fails after so many."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s"
        time.sleep(0.01)
    return time.monotonic() - began


def _as_nobody() -> dict[str, Any]:
    """For subprocess: as which user PostgreSQL runs."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _children(parent: int) -> list[int]:
    """The processes whose parent that is; the fourth word of a process's `stat`, counted from behind its name."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
