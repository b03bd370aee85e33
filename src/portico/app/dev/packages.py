"""What a function's requirements.txt names, installed once into the project's own folder and zipped with the code."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from portico.adapters.function_host.runtimes import Runtimes
from portico.app.dev.problems import ProjectError
from portico.app.dev.project import Function

_TOLD_LINES: Final = 5
"""Of what pip says of a failure: the last ones tell."""


def python_for(here: Runtimes, runtime: str) -> str:
    """The Python that will run functions of that runtime: the one it names, or else the one that Portico runs on.

    That one as it is called here: in a virtual environment it has the environment's pip.
    """
    minor = int(runtime.removeprefix("python3."))
    found = here.python([sys.executable, f"python3.{minor}"], (3, minor))
    return sys.executable if found is None or found.version == sys.version_info[:2] else found.program


class Packages:
    def __init__(self, folder: Path, here: Runtimes, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._here = here
        self._say = say

    def of(self, function: Function) -> Path | None:
        """The folder with what the function requires; None where that is nothing. Raises ProjectError.

        Blocking, for as long as pip takes.
        """
        folder = self._place(function)
        if folder is not None and not folder.is_dir():
            self._say(f"installing what {function.name} requires")
            self._install(function.requirements, python_for(self._here, function.runtime), folder)
        return folder

    def keep_only(self, functions: Iterable[Function]) -> None:
        """Remove what nothing requires any more."""
        wanted = {self._place(one) for one in functions}
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    def _place(self, function: Function) -> Path | None:
        if not function.runtime.startswith("python") or not function.requirements.is_file():
            return None
        program = python_for(self._here, function.runtime)
        told = program.encode() + b"\0" + function.requirements.read_bytes()
        return self._folder / hashlib.sha256(told).hexdigest()[:32]

    def _install(self, requirements: Path, program: str, folder: Path) -> None:
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        pip = (program, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
        done = subprocess.run(  # noqa: S603  the interpreter that was found
            (*pip, "--target", str(draft), "--requirement", str(requirements)),
            cwd=requirements.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if "No module named pip" in done.stdout:
            text = f"{program} has no pip: install it, or lay what is required beside the code"
            raise ProjectError.at(requirements, text)
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise ProjectError.at(requirements, "pip: " + "\n".join(done.stdout.strip().splitlines()[-_TOLD_LINES:]))
        draft.mkdir(parents=True, exist_ok=True)  # pip makes none where the file names nothing
        draft.rename(folder)
