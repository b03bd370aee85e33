"""All of one `portico dev`: a server, a project, and the loop that brings the one to the other."""

import json
import os
import re
import secrets
import signal
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from portico.adapters.credentials import root_credentials
from portico.app.dev.addresses import free_where_taken
from portico.app.dev.deployer import API, STAGE, Deployer
from portico.app.dev.document import Place
from portico.app.dev.mirror import Mirror, News
from portico.app.dev.problems import Problem
from portico.app.dev.project import DOCUMENTS, Project
from portico.app.dev.screen import Screen, short
from portico.app.dev.server import Ready, Server
from portico.app.dev.tail import FunctionLogs, Tail
from portico.app.dev.watch import Look, Watch, below
from portico.settings import SettingError, Settings

_TICK_SECONDS: Final = 0.05
_AGAIN_SECONDS: Final = 1.0


def develop(folder: Path, settings: Settings, screen: Screen | None = None) -> None:
    """Until SIGINT (Ctrl-C), SIGTERM or SIGHUP. Raises SettingError, DataDirError, ServerEnded."""
    project = Project(folder)
    _check(project, settings)
    shown = screen or Screen()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    settings = replace(free_where_taken(settings), log_format="json")
    _prepare(project)
    try:
        with Server(settings) as server:
            Session(project, settings, server, server.wait_until_ready(shown.event), shown).run()
    except KeyboardInterrupt:
        shown.said("stopped")


def _check(project: Project, settings: Settings) -> None:
    if not project.folder.is_dir():
        raise SettingError(f"{project.folder} is not a folder")
    if not project.document.is_file() and not project.names():
        raise SettingError(f"{project.folder} has neither {', '.join(DOCUMENTS)} nor functions/NAME/")
    if settings.lambda_endpoint is not None:
        raise SettingError("--lambda-endpoint: portico dev runs the functions itself")
    if settings.control_tls_cert is not None:
        raise SettingError("--control-tls-cert: portico dev speaks to its own server without TLS")


def _prepare(project: Project) -> None:
    """What is made there is nobody's to commit."""
    project.own.mkdir(mode=0o700, exist_ok=True)
    (project.own / ".gitignore").write_text("*\n")


def _mark(project: Project) -> str:
    """What is ours in a database that others may use too: a word for this folder, wherever it is moved."""
    file = project.own / "project"
    if not file.exists():
        file.write_text(secrets.token_hex(8))
    return file.read_text()


def _stop(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number).name)


class Session:
    def __init__(self, project: Project, settings: Settings, server: Server, ready: Ready, screen: Screen) -> None:
        self._project = project
        self._server = server
        self._ready = ready
        self._screen = screen
        data = settings.data_dir
        self._credentials = data / "credentials"
        self._calls = Tail(data / "logs" / "access.log", from_its_end=True)
        self._logs = FunctionLogs(data / "logs" / "functions")
        environ = os.environ
        given = (environ.get("PORTICO_ACCESS_KEY_ID"), environ.get("PORTICO_SECRET_ACCESS_KEY"))
        credentials = root_credentials(self._credentials, *given)
        self._deployer = Deployer(ready.control, credentials, settings, _mark(project))
        self._mirror = Mirror(project, self._deployer, Place(settings.region, settings.account_id), screen.said)
        self._watch = Watch(project.folder)
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._brought = 0.0

    def run(self) -> None:
        """Raises ServerEnded."""
        self._welcome()
        self._deployer.find()
        self._bring(self._watch.look())
        self._screen.said("watching; Ctrl-C stops")
        while True:
            for event in self._server.events(_TICK_SECONDS):
                self._screen.event(event)
            self._show_logs()
            look = self._watch.changed() or self._again()
            if look is not None:
                self._bring(look)

    def _again(self) -> Look | None:
        """The files once more, where the server did not answer a second ago."""
        if not self._mirror.owes or time.monotonic() < self._brought + _AGAIN_SECONDS:
            return None
        return self._watch.look()

    def _welcome(self) -> None:
        ready = self._ready
        self._screen.said(f"portico dev {short(self._project.folder)}: ready in {ready.seconds:.1f} s")
        credentials = short(self._credentials)
        self._screen.addresses({"AWS API": ready.control, "your APIs": ready.gateway, "credentials": credentials})

    # The folder

    def _bring(self, look: Look) -> None:
        began = time.monotonic()
        told = list(self._mirror.bring(look))
        self._tell_problems(told)
        self._forget_gone(look)
        deployed = [news.what for news in told if news.deployed]
        if deployed:
            self._screen.deployed(deployed, time.monotonic() - began)
        self._brought = time.monotonic()
        url = f"{self._ready.gateway}/_aws/execute-api/{self._deployer.api}/{STAGE}"
        for news in told:
            self._screen.routes(url, news.routes)

    def _tell_problems(self, told: Iterable[News]) -> None:
        """Each once, also where several functions have it; none that was told before and is still so."""
        problems: dict[Problem, None] = {}
        going_on = []
        for news in told:
            before = self._problems.pop(news.what, ())
            for warning in news.warnings:
                problems[Problem(self._project.document, None, f"warning: {warning}")] = None
            if news.problems:
                self._problems[news.what] = news.problems
                if news.problems != before:
                    problems |= dict.fromkeys(news.problems)
                    going_on += [news.what] * self._deployer.has(news.what)
            elif before and not news.deployed:
                self._screen.said(f"{news.what}: nothing is wrong any more")
        for problem in problems:
            self._screen.problem(problem)
        if going_on:
            self._screen.said(f"{', '.join(going_on)}: the last good version goes on")

    def _forget_gone(self, look: Look) -> None:
        """What was wrong with functions that have no folder any more: one that comes again is told again."""
        for name in self._problems.keys() - {API, *self._project.names()}:
            folder = self._project.folder / "functions" / name
            if str(folder) not in look and not below(look, folder):  # else it went just now, and the next look tells
                del self._problems[name]
                self._screen.said(f"{name}: nothing is wrong any more")

    # The logs

    def _show_logs(self) -> None:
        for name, line in self._logs.lines():
            self._screen.function_line(name, self._at_home(name, line))
        for line in self._calls.lines():
            try:
                self._screen.call(json.loads(line))
            except ValueError:  # half of a line that a full disk left
                continue

    def _at_home(self, name: str, line: str) -> str:
        """Paths of the instance's as paths of the project's, so that an editor finds them."""
        code = self._mirror.code_of(name)
        return line if code is None else _TASK.sub(f"{short(code)}/", line)


_TASK: Final = re.compile(r"/var/task/|[^\s\"']*/functions/code/[0-9a-f]{64}/")
"""A function's code as it sees it: with a private root, and without one."""
