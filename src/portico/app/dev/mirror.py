"""Brings the server to what the folder says, each part by itself: what is wrong with one keeps no other back."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from portico.adapters.function_host.runtimes import Runtimes
from portico.app.dev.deployer import API, Deployer, Route, Unreachable
from portico.app.dev.document import Document, Place
from portico.app.dev.package import packed
from portico.app.dev.packages import Packages
from portico.app.dev.problems import Problem, ProjectError
from portico.app.dev.project import STAGE_FILE, Function, Project
from portico.app.dev.syntax import check
from portico.app.dev.watch import Look, below


class News(NamedTuple):
    """What came of bringing one part up to date."""

    what: str
    """A function's name, or API."""
    deployed: bool
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


class Mirror:
    def __init__(self, project: Project, deployer: Deployer, here: Place, say: Callable[[str], None]) -> None:
        self._project = project
        self._deployer = deployer
        self._here = here
        self._runtimes = Runtimes()
        self._packages = Packages(project.own / "packages", self._runtimes, say)
        self._tried: dict[str, object] = {}
        """What each part looked like when it was tried last."""
        self._readable: dict[str, Look] = {}
        """What a function's code looked like when all of it could be read last."""
        self.owes = False
        """Whether something is to be tried again though no file changes: the server did not answer."""
        self._functions: dict[str, Function] = {}
        self._named: frozenset[str] = frozenset()
        """Functions that the deployed document calls."""

    def bring(self, look: Look) -> Iterable[News]:
        """Try every part that looks otherwise than before. The files are as `look` says."""
        self.owes = False
        names = self._project.names()
        for name in names:
            yield from self._try(name, partial(self._bring_function, name, look))
        yield from self._try(API, partial(self._bring_document, look, frozenset(names)))
        for name in self._deployer.functions.keys() - set(names) - self._named:
            yield from self._try(name, partial(self._remove, name))
        self._packages.keep_only(self._functions.values())

    def code_of(self, name: str) -> Path | None:
        """Where a function's code is."""
        function = self._functions.get(name)
        return function.code if function else None

    def _try(self, what: str, bring: Callable[[], News | None]) -> Iterable[News]:
        try:
            news = bring()
        except Unreachable as error:
            self._tried.pop(what, None)
            self.owes = True
            news = News(what, False, error.problems)
        except ProjectError as error:
            news = News(what, False, error.problems)
        except OSError as error:
            news = News(what, False, (Problem(Path(error.filename or self._project.folder), None, str(error)),))
        return () if news is None else (news,)

    def _bring_function(self, name: str, look: Look) -> News | None:
        folder = self._project.folder / "functions" / name
        known = self._functions.get(name)
        if known and below(look, folder) | below(look, known.code) == self._tried.get(name):
            return None
        self._tried.pop(name, None)  # what keeps it from being read may lie anywhere
        function = self._functions[name] = self._project.function(name)
        code = below(look, function.code)
        self._tried[name] = below(look, folder) | code
        problems = check(self._runtimes, function.runtime, _to_check(function, code, self._readable.get(name)))
        if problems:
            raise ProjectError(problems)
        self._readable[name] = code
        return News(name, self._deployer.function(function, packed(function.code, self._packages.of(function))))

    def _bring_document(self, look: Look, names: frozenset[str]) -> News | None:
        path = self._project.document
        stage = self._project.folder / STAGE_FILE
        seen = (path, look.get(str(path)), look.get(str(stage)), names)
        if seen == self._tried.get(API):
            return None
        self._tried[API] = seen
        variables = self._project.variables()
        document = Document(path)
        called = document.functions(self._here, variables)
        missing = document.missing(self._here, variables, names)
        if missing:
            raise ProjectError(missing)
        warnings = self._deployer.document(document, variables)
        self._named = called
        if warnings is None:
            return News(API, False)
        return News(API, True, warnings=tuple(warnings), routes=tuple(self._deployer.routes()))

    def _remove(self, name: str) -> News:
        self._deployer.remove(name)
        for kept in (self._tried, self._readable, self._functions):
            kept.pop(name, None)
        return News(f"{name} (removed)", True)


def _to_check(function: Function, code: Look, before: Look | None) -> list[Path]:
    """The files that changed; at first those at the top: what lies deeper may be others' and for other interpreters."""
    if before is not None:
        return [Path(path) for path, print_ in code.items() if before.get(path) != print_]
    return [Path(path) for path in code if Path(path).parent == function.code]
