"""What a folder says: its functions and its stage's variables. The document is read by `document`."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from portico.adapters.function_host.runtimes import Runtimes
from portico.app.dev.problems import ProjectError
from portico.app.dev.toml_file import read_toml
from portico.controlplane.functions.runtimes import RUNTIMES

OWN_FOLDER: Final = ".portico"
"""Where `portico dev` keeps what it makes, in the project's folder."""
FUNCTION_FILE: Final = "function.toml"
STAGE_FILE: Final = "stage.toml"
DOCUMENTS: Final = ("openapi.yaml", "openapi.yml", "openapi.json")

_KEYS: Final = {
    "code": str,
    "runtime": str,
    "handler": str,
    "timeout": int,
    "memory": int,
    "mount": str,
    "environment": dict,
}


class _Kind(NamedTuple):
    """A family of runtimes, and what is usual in it."""

    prefix: str
    endings: tuple[str, ...]
    """Of the files that a handler may name."""
    handler: str


_KINDS: Final = (
    _Kind("python", (".py", "/__init__.py"), "app.handler"),
    _Kind("nodejs", (".mjs", ".js", ".cjs"), "index.handler"),
    _Kind("provided", ("",), "bootstrap"),
)


@dataclass(frozen=True)
class Function:
    """One function, as its folder wants it."""

    name: str
    folder: Path
    code: Path
    """What is zipped: the same folder, unless function.toml says otherwise."""
    runtime: str
    handler: str
    settings: dict[str, Any] = field(default_factory=dict)
    """Of function.toml."""

    @property
    def requirements(self) -> Path:
        return self.code / "requirements.txt"

    @property
    def access_point(self) -> str | None:
        """Functions that mount the same path share one folder."""
        mount = self.settings.get("mount")
        return None if mount is None else "fsap-" + hashlib.sha256(mount.encode()).hexdigest()[:17]

    def configuration(self, access_points: str) -> dict[str, Any]:
        """The parameters of CreateFunction that are no code. `access_points` is how their ARNs begin."""
        mounts = []
        if self.access_point is not None:
            mounts = [{"Arn": access_points + self.access_point, "LocalMountPath": self.settings["mount"]}]
        return {
            "Runtime": self.runtime,
            "Handler": self.handler,
            "Timeout": self.settings.get("timeout", 3),
            "MemorySize": self.settings.get("memory", 128),
            "Environment": {"Variables": self.settings.get("environment", {})},
            "FileSystemConfigs": mounts,
        }


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.own = self.folder / OWN_FOLDER
        self._here = Runtimes()

    @property
    def document(self) -> Path:
        """The OpenAPI document; the usual name of one where there is none."""
        paths = [self.folder / name for name in DOCUMENTS]
        return next((path for path in paths if path.is_file()), paths[0])

    def variables(self) -> dict[str, str]:
        """Of the stage. Raises ProjectError."""
        stage = read_toml(self.folder / STAGE_FILE, {"variables": dict})
        return dict(stage.get("variables", {}))

    def names(self) -> list[str]:
        """Of the functions that have a folder."""
        return sorted(path.name for path in self._folders())

    def function(self, name: str) -> Function:
        """Raises ProjectError."""
        folder = self.folder / "functions" / name
        file = folder / FUNCTION_FILE
        settings = read_toml(file, _KEYS)
        code = (folder / settings.get("code", ".")).resolve()
        if not code.is_dir() or not code.is_relative_to(self.folder):
            raise _no_code(folder, code, settings)
        kind, handler = self._entry(folder, code, settings)
        return Function(name, folder, code, settings.get("runtime") or self._usual(kind), handler, settings)

    def _folders(self) -> Iterator[Path]:
        try:
            found = list((self.folder / "functions").iterdir())
        except OSError:
            return
        yield from (path for path in found if path.is_dir() and not path.name.startswith((".", "_")))

    def _entry(self, folder: Path, code: Path, settings: dict[str, Any]) -> tuple[_Kind, str]:
        """Which kind of function it is, by its runtime or else by its files; and its handler."""
        runtime, handler = settings.get("runtime", ""), settings.get("handler", "")
        if runtime and runtime not in RUNTIMES:
            text = f"the runtime {runtime!r} is not one of {', '.join(RUNTIMES)}"
            raise ProjectError.at(folder / FUNCTION_FILE, text)
        kinds = [kind for kind in _KINDS if not runtime or runtime.startswith(kind.prefix)]
        for kind in kinds:
            named = handler or kind.handler
            if any((code / f"{_module(kind, named)}{ending}").is_file() for ending in kind.endings):
                return kind, named
        where = code.relative_to(self.folder)
        tried = [f"{_module(kind, handler or kind.handler)}{ending}" for kind in kinds for ending in kind.endings]
        raise ProjectError.at(folder, f"there is none of {', '.join(tried)} in {where}, where its handler would be")

    def _usual(self, kind: _Kind) -> str:
        """The runtime that is here, where a function names none."""
        if kind.prefix == "provided":
            return "provided.al2023"
        here = f"python3.{sys.version_info.minor}" if kind.prefix == "python" else self._node_here
        return here if here in RUNTIMES else next(one for one in RUNTIMES if one.startswith(kind.prefix))

    @cached_property
    def _node_here(self) -> str:
        node = self._here.node(["node", "nodejs"], 0)
        return f"nodejs{node.version[0]}.x" if node else ""


def _no_code(folder: Path, code: Path, settings: dict[str, Any]) -> ProjectError:
    if "code" in settings:
        return ProjectError.at(folder / FUNCTION_FILE, f"code: {settings['code']!r} is no folder of the project")
    if code.is_dir():
        return ProjectError.at(folder, f"it leads out of the project, to {code}, where nothing is watched")
    return ProjectError.at(folder, "there is no such folder any more")


def _module(kind: _Kind, handler: str) -> str:
    """The file that a handler is in, without its ending: `app.handler` is in app, `pets.list.handler` in pets/list."""
    if kind.prefix == "provided":
        return "bootstrap"
    module = handler.rpartition(".")[0]
    return module.replace(".", "/") if kind.prefix == "python" else module
