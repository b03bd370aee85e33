"""The Launcher: from a version of a function to confined processes that run it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from portico.adapters.function_host.code import CodeCache
from portico.adapters.function_host.confined import ConfinedProcess
from portico.adapters.function_host.confinement import Abilities, Limits, Plan
from portico.adapters.function_host.landlock import SIGNALS_SINCE
from portico.adapters.function_host.launch import Launcher, LaunchError, Prepared, Started
from portico.adapters.function_host.places import OwnFolders, Place, Places, PrivateRoots
from portico.adapters.function_host.runtimes import Runtime, Runtimes
from portico.adapters.function_host.shared_folders import Mount, SharedFolders
from portico.adapters.function_host.starter import CONNECTION
from portico.adapters.function_host.starting import StarterLink
from portico.adapters.function_host.users import Users
from portico.kernel.observe import FunctionsLessConfined, Observer, RuntimeSubstituted
from portico.model.function import FunctionVersion

_INHERITED: Final = "_RUNTIME_API_DESCRIPTOR"
"""What tells our bootstraps of the connection that they are born with. A function cannot set it: names of its variables
begin with a letter (Lambda's pattern of EnvironmentVariableName)."""
_DESCRIPTORS: Final = 1_024
_PROCESSES: Final = 1_024
"""Lambda's quotas of an execution environment."""
_PROCESSES_OF_ALL: Final = 8_192
"""Where every function is the same user, whose processes are counted together."""
_DATA_BYTES: Final = 512 << 20
_DATA_TIMES: Final = 4


def open_launcher(data_dir: Path, read_code: Callable[[str], bytes], observer: Observer) -> Launcher:
    """Blocking. `read_code` gives a function's zip by its digest. Raises LaunchError; tells how well functions are kept
    apart where that is less than it could be."""
    folder = data_dir / "functions"
    try:
        for one in (folder, folder / "root"):
            one.mkdir(mode=0o700, exist_ok=True)
        link = StarterLink(folder / "root", Users(folder / "uids").first)
        weakness = _weakness(link.abilities)
        if weakness:
            observer(FunctionsLessConfined(weakness))
        return ConfiningLauncher(folder, CodeCache(folder / "code", read_code), link, observer)
    except OSError as error:
        raise LaunchError(f"functions cannot be kept in {folder}: {error.strerror}") from error


def _weakness(able: Abilities) -> str:
    """What a function can do that it should not, for the operator; "" for nothing."""
    if able.private_roots or able.users:
        return ""
    if not able.landlock:
        return f"functions can read and change whatever this user can: no Landlock, no namespaces ({able.why_not})"
    reasons = []
    if able.landlock < SIGNALS_SINCE:
        reasons.append("end this user's processes (this Landlock is an old one)")
    if not able.system_call_filters:
        reasons.append("connect to this user's unix sockets (no seccomp)")
    return f"functions can {' and '.join(reasons)}: no namespaces ({able.why_not})" if reasons else ""


class ConfiningLauncher:
    def __init__(self, folder: Path, code: CodeCache, link: StarterLink, observer: Observer) -> None:
        self._code = code
        self._link = link
        self._observer = observer
        self._runtimes = Runtimes()
        self._users = Users(folder / "uids") if link.abilities.users else None
        self._places: Places = (
            PrivateRoots(folder / "root")
            if link.abilities.private_roots
            else OwnFolders(folder / "tmp", link.abilities.users)
        )
        self._shared = SharedFolders(folder.parent, self._users)
        self._told: set[tuple[str, str]] = set()

    def prepare(self, version: FunctionVersion, name: str) -> Prepared:
        if os.geteuid() == 0 and self._users is None:
            raise LaunchError("functions are not run as root, and here root cannot become another user (setuid)")
        code = self._code.unpacked(version.code)
        runtime = self._runtimes.of(version, code)
        if runtime.substitute and (name, version.runtime) not in self._told:
            self._told.add((name, version.runtime))
            self._observer(RuntimeSubstituted(name, version.runtime, runtime.substitute))
        user = self._users.of(name) if self._users else None
        mounts = self._shared.of(version.file_systems)
        return PreparedVersion(self._link, self._places, version, name, code, runtime, user, mounts)

    def keep_only(self, digests: frozenset[str]) -> None:
        self._code.keep_only(digests)

    def close(self) -> None:
        self._link.close()
        self._places.close()


class PreparedVersion:
    def __init__(
        self,
        link: StarterLink,
        places: Places,
        version: FunctionVersion,
        name: str,
        code: Path,
        runtime: Runtime,
        user: int | None,
        mounts: tuple[Mount, ...] = (),
    ) -> None:
        self.uid = user
        self.inherits = runtime.inherits
        self._link = link
        self._places = places
        self._version = version
        self._name = name
        self._code = code
        self._runtime = runtime
        self._mounts = mounts

    def start(
        self, runtime_api: str, output: int, environment: dict[str, str], connection: int | None = None
    ) -> Started:
        try:
            needed = (self._code, self._runtime.readable, self.uid, self._version.ephemeral_storage, self._mounts)
            place = self._places.place(*needed)
        except OSError as error:
            raise LaunchError(f"an instance's /tmp cannot be made: {error}") from error
        own = variables(self._version, self._name, place)
        api = {"AWS_LAMBDA_RUNTIME_API": runtime_api}
        if connection is not None:
            api[_INHERITED] = str(CONNECTION)
        plan = Plan(
            command=tuple(part.format(task=place.task, runtime=place.runtime) for part in self._runtime.command),
            environment={**own, **api, **environment},
            directory=place.task,
            limits=self._limits(place),
            user=self.uid,
            root=place.root,
            readable=place.readable,
            writable=place.writable,
            groups=tuple(one.group for one in self._mounts if one.group is not None),
        )
        guarded = self._link.abilities.private_roots
        return ConfinedProcess(self._link.start(plan, output, connection), place.to_remove, guarded)

    def _limits(self, place: Place) -> Limits:
        processes = _PROCESSES if self.uid is not None else _PROCESSES_OF_ALL if place.root else None
        data = (self._version.memory_size << 20) * _DATA_TIMES + _DATA_BYTES
        return Limits(processes, _DESCRIPTORS, place.file_bytes, data)


def variables(version: FunctionVersion, name: str, place: Place) -> dict[str, str]:
    """The environment that follows from a version and its place. As on Lambda a function's own variables win over the
    first ones, and lose against the reserved ones."""
    reserved = {
        "_HANDLER": version.handler,
        "LAMBDA_TASK_ROOT": place.task,
        "LAMBDA_RUNTIME_DIR": place.runtime,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": version.log_group or f"/aws/lambda/{name}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }
    if version.json_logging is not None:
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = version.json_logging.application_level
    if not version.runtime.startswith("provided"):
        reserved["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{version.runtime}"
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": place.tmp,
        "TMPDIR": place.tmp,
        "LD_LIBRARY_PATH": f"{place.task}/lib:/opt/lib",
        "NODE_PATH": f"/opt/nodejs/node_modules:{place.task}",
        **{name: _where_it_is(value, place) for name, value in version.environment.items()},
        **reserved,
    }


def _where_it_is(value: str, place: Place) -> str:
    """A variable that names a mount, or what is below it, where that could not be put at the path asked for."""
    for asked, found in place.moved:
        if value == asked or value.startswith(f"{asked}/"):
            return found + value.removeprefix(asked)
    return value
