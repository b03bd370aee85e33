"""What the functions process asks of whoever turns a function's code into a confined process.

launcher = open_launcher(data_dir, read_code, observer)      once (launcher.py); starts the starter, a small process
prepared = launcher.prepare(version, "pets")                 blocking: unpacks, allocates, looks for the runtime
started = prepared.start("127.0.0.1:40001", log, {...})      2 ms: one instance, with a /tmp of its own
loop.add_reader(started.exited, ...)                         readable when the instance is gone
started.outcome()                                            how it went
started.end()                                                kills it and whatever it started
started.close()                                              after the end: its descriptors and its /tmp
"""

from pathlib import Path
from typing import NamedTuple, Protocol

from portico.kernel.errors import PorticoError
from portico.model.function import FunctionVersion


class LaunchError(PorticoError):
    """The function cannot be started here. The text tells the operator what is missing."""

    def __init__(self, text: str, error_type: str | None = None) -> None:
        super().__init__(text)
        self.error_type = error_type
        """Lambda's name of the error where Lambda has it too (the text is then Lambda's); None: it is the server's."""


class Outcome(NamedTuple):
    """How an instance ended."""

    code: int
    """Its exit status; negative: the signal that killed it."""
    reason: str
    """Why its program was never run, in Lambda's form (`fork/exec /var/task/bootstrap: exec format error`, which Lambda
    tells as Runtime.InvalidEntrypoint); "" where it ran."""


class Started(Protocol):
    """An instance that was started. Own session, own process group; dies when the functions process does."""

    pid: int
    """0 where it was gone before it could be asked."""
    pidfd: int | None
    """Where the system has such things; closed by `close`."""
    exited: int
    """A descriptor that becomes readable when the instance is gone, on every system; closed by `close`."""

    def outcome(self) -> Outcome | None:
        """None as long as it runs. The same answer again afterwards."""
        ...

    def end(self) -> None:
        """Kill it with everything it started. Nothing happens where it is gone already."""
        ...

    def resident_bytes(self) -> int:
        """Memory that its processes have resident, to hold against the memory limit; 0 when they are gone."""
        ...

    def holds(self, inode: int) -> bool:
        """Whether one of its processes has the socket of this number open."""
        ...

    def close(self) -> None:
        """Give back the descriptors and remove its /tmp. It must be gone."""
        ...


class Prepared(Protocol):
    """A version of a function, ready to be started any number of times."""

    uid: int | None
    """The user that instances run as and that their connections come from; None: this process's own."""
    inherits: bool
    """Whether its runtime takes a connection to the Runtime API that it is born with: ours do, nobody else's."""

    def start(
        self, runtime_api: str, output: int, environment: dict[str, str], connection: int | None = None
    ) -> Started:
        """Start an instance. Raises LaunchError.

        - runtime_api: `host:port`, which it gets as AWS_LAMBDA_RUNTIME_API.
        - output: a descriptor for its stdout and stderr; the caller closes its own copy.
        - environment: what only the caller knows (region, credentials, AWS_LAMBDA_LOG_STREAM_NAME …); wins over all.
          The function's own variables, and what follows from its version and place (_HANDLER, LAMBDA_TASK_ROOT,
          AWS_LAMBDA_FUNCTION_NAME, _VERSION, _MEMORY_SIZE, AWS_LAMBDA_LOG_GROUP_NAME, PATH …) are there already.
        - connection: a descriptor that it is born with, where it `inherits`; the caller closes its own copy.
        """
        ...


class Launcher(Protocol):
    def prepare(self, version: FunctionVersion, name: str) -> Prepared:
        """Blocking (the first time of a zip: as long as it takes to unpack). Raises LaunchError."""
        ...

    def keep_only(self, digests: frozenset[str]) -> None:
        """Remove the unpacked code of every other zip from the disk. Blocking."""
        ...

    def close(self) -> None:
        """End the starter, and with it every instance."""
        ...


def files_path(data_dir: Path, access_point: str) -> Path:
    """Where an access point of a file system is: a folder, or a link to one, that the operator put there."""
    return data_dir / "files" / access_point
