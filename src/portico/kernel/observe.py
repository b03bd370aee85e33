"""The closed set of things worth telling an operator. Whoever sees one happen hands it to an Observer.

Each Observation is frozen and says what happened in past tense; how it is shown (a JSON line, a counter) is decided by
the shell. The hot path makes none of these for a request that went well: access log and meters read the Exchange.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that happened."""


@dataclass(frozen=True, slots=True)
class FaultRaised(Observation):
    """A request ended in a gateway response. `cause` is for the operator and never reaches the client."""

    request_id: str
    api_id: str
    stage: str
    method: str
    path: str
    kind: str
    status: int
    cause: str


@dataclass(frozen=True, slots=True)
class UnexpectedError(Observation):
    """A bug of ours. The client saw a 500 that says nothing; `traceback` is the operator's."""

    request_id: str
    where: str
    traceback: str


@dataclass(frozen=True, slots=True)
class NotServed(Observation):
    """Part of a definition will be refused at run time, because something that it asks for is not enforced yet."""

    api_id: str
    stage: str
    method: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class DefinitionWarning(Observation):
    """An operation of the control plane was done, and something about its definition is worth knowing."""

    message: str


@dataclass(frozen=True, slots=True)
class BadClient(Observation):
    """A connection broke the protocol or a limit and was refused."""

    peer: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class ServerReady(Observation):
    """Every process is ready. The addresses are as bound: a port 0 of the settings has become a real one."""

    control: tuple[str, ...]
    """URLs."""
    gateway: tuple[str, ...]
    credentials: str
    """Where the root access key is: a file's path, or that the environment gave it."""
    seconds: float
    """Since the server was started."""


@dataclass(frozen=True, slots=True)
class ServerStopping(Observation):
    """The server was asked to stop; its processes finish what is under way."""

    drain_seconds: float


@dataclass(frozen=True, slots=True)
class ServerStopped(Observation):
    """Every process is gone."""


@dataclass(frozen=True, slots=True)
class ProcessReady(Observation):
    """A process serves. `role` is "control" or "worker"."""

    role: str
    slot: int
    process: int
    seconds: float
    """Since it was forked."""


@dataclass(frozen=True, slots=True)
class ProcessDied(Observation):
    """A process ended though nobody had asked it to."""

    role: str
    slot: int
    process: int
    how: str
    """Its signal or its exit status, in words."""
    respawn_seconds: float
    """When its successor starts."""


@dataclass(frozen=True, slots=True)
class ProcessKilled(Observation):
    """A process did not leave in time, or never became ready, and was killed."""

    role: str
    slot: int
    process: int
    why: str


@dataclass(frozen=True, slots=True)
class Draining(Observation):
    """A worker stopped accepting; `connections` were still open."""

    slot: int
    process: int
    connections: int


@dataclass(frozen=True, slots=True)
class Drained(Observation):
    """A worker left. `cut` connections were still busy when its time was over."""

    slot: int
    process: int
    cut: int


@dataclass(frozen=True, slots=True)
class RestartBegan(Observation):
    """A rolling restart: each process is replaced by a successor that is ready before it leaves."""


@dataclass(frozen=True, slots=True)
class SettingsChanged(Observation):
    """SIGHUP found new values of these options: they act in every process that the restart makes."""

    options: str


@dataclass(frozen=True, slots=True)
class SettingsKept(Observation):
    """SIGHUP found new values of these options, which act after a new start only. The server keeps what it has."""

    options: str


@dataclass(frozen=True, slots=True)
class RestartFinished(Observation):
    """Every process is a new one."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RestartAbandoned(Observation):
    """A rolling restart stopped: what runs goes on serving."""

    reason: str


@dataclass(frozen=True, slots=True)
class FewDescriptors(Observation):
    """The system lets a worker open fewer files than its connections may need."""

    allowed: int
    wanted: int


@dataclass(frozen=True, slots=True)
class ChangesNotApplied(Observation):
    """A process could not follow the change feed: it goes on with what it has, and tries again."""

    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotMetered(Observation):
    """A worker serves without counting: its meters could not be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class LogLinesDropped(Observation):
    """Lines of an access log could not be written."""

    path: str
    lines: int
    reason: str


@dataclass(frozen=True, slots=True)
class OverloadBegan(Observation):
    """A worker is asked more than it can serve: what it has no time for is answered 503 at once."""

    late_seconds: float
    """How long its loop kept the last timer waiting."""


@dataclass(frozen=True, slots=True)
class RequestsRefused(Observation):
    """A worker refused so many requests since it said so last, because it had no time for them."""

    requests: int


@dataclass(frozen=True, slots=True)
class OverloadEnded(Observation):
    """A worker has refused nobody for a while, and serves everything again."""

    seconds: float
    """How long it lasted."""


@dataclass(frozen=True, slots=True)
class LinesWithheld(Observation):
    """So many more of an event happened and were not logged one by one: strangers must not fill the disk."""

    withheld: str
    """The event."""
    lines: int


@dataclass(frozen=True, slots=True)
class FunctionsLessConfined(Observation):
    """This system cannot keep functions from everything that they should not reach. Run only code that you trust."""

    reason: str


@dataclass(frozen=True, slots=True)
class RuntimeSubstituted(Observation):
    """A function's runtime is not installed here: another version of the interpreter runs it."""

    function: str
    runtime: str
    used: str


@dataclass(frozen=True, slots=True)
class FunctionFailed(Observation):
    """An invocation ended in a function error: the caller got it with status 200 and X-Amz-Function-Error."""

    function: str
    version: str
    request_id: str
    error_type: str
    """As Lambda names it, or as the handler raised it."""
    cause: str


@dataclass(frozen=True, slots=True)
class InstanceFailed(Observation):
    """An instance of a function failed outside of any invocation, or could not be started here."""

    function: str
    version: str
    cause: str


@dataclass(frozen=True, slots=True)
class FunctionsLeft(Observation):
    """The functions process ended its instances and left. `cut` calls were under way when its time was over."""

    process: int
    cut: int


@dataclass(frozen=True, slots=True)
class EventDiscarded(Observation):
    """An asynchronous event was given up: its function failed too often, or it became too old."""

    function: str
    request_id: str
    attempts: int
    cause: str


@dataclass(frozen=True, slots=True)
class EventsNotKept(Observation):
    """Asynchronous events cannot be stored, or what is stored cannot be read: they are refused until it can."""

    reason: str


@dataclass(frozen=True, slots=True)
class RoleNotAssumed(Observation):
    """STS gave no credentials of a role. Those at hand are used until they expire; then calls in its name fail."""

    role: str
    sts: str
    cause: str


class Observer(Protocol):
    def __call__(self, observation: Observation, /) -> None: ...
