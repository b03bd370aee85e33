"""One control-plane verb: a function from a Call to the answer's document.

    @operation("CreateResource")
    def create_resource(call: Call) -> Document: ...

The function loads, checks, changes, saves and returns a document under AWS's member names. It never sees a URL, a
status or JSON: botocore's model of the service decides those. Parameters have been validated against the model.

An operation that waits for a function (Invoke) returns a Deferred instead: what to invoke, and how the outcome becomes
its document. One that tries a method out (TestInvokeMethod) returns a DeferredTrial. Their transactions and threads are
over when a function or a backend is called.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from portico.kernel.clock import Clock
from portico.ports.compilation import Compilation
from portico.ports.functions import FunctionAnswer, FunctionFailure, Invocable, InvocationType
from portico.ports.store import Document, WritingUnit
from portico.ports.tryout import NOBODY, Signer, Trial, Tried
from portico.wire.aws.faults import AwsError

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Realm:
    """What every operation may know of where it runs: one account in one region."""

    account_id: str
    region: str
    clock: Clock
    compilation: Compilation
    new_id: Callable[[int], str]
    """A fresh lower-case alphanumeric id of that length."""
    warn: Callable[[str], None]
    """Tell the operator something about a definition, as a deployment that will not serve all its methods does."""
    max_integration_timeout: int = 29_000
    """Milliseconds that an integration may be given: AWS's quota, which it raises for accounts that ask."""
    lambda_endpoint: str | None = None
    """Where functions are managed and run instead of here (`--lambda-endpoint`)."""
    has_access_point: Callable[[str], bool] = lambda _: False
    """Whether the operator made this access point (`fsap-…`) of a file system."""


@dataclass(slots=True)
class Call:
    """One operation under way: its parameters under AWS's member names, its transaction and its realm.

    A timestamp that an operation stores or returns is a float of epoch seconds.
    """

    params: Params
    unit: WritingUnit
    realm: Realm
    link: Callable[[str], str] = str
    """From a path on this listener to a URL that is signed for the caller and good for some minutes."""
    signer: Signer = NOBODY
    """Who calls, for what is tried out in the caller's name."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How an answer that comes piece by piece is written."""

    head: Document
    """The members that are known before its first byte."""
    chunk: Callable[[bytes], bytes]
    end: Callable[[str | None, bytes], bytes]
    """From the JSON of what broke the stream midway, None where nothing did, and the tail of the log."""
    fail: Callable[[FunctionFailure], bytes]
    """The last that is written where nobody knows how the stream goes on."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The answer of an operation that waits for a function. What it is made of is pure: no transaction is left."""

    invocable: Invocable
    payload: bytes
    kind: InvocationType
    answer: Callable[[FunctionAnswer], Document]
    """May raise AwsError."""
    fail: Callable[[FunctionFailure], AwsError]
    stream: Stream | None = None
    """How pieces are written, where the function may answer in pieces."""


@dataclass(frozen=True, slots=True)
class DeferredTrial:
    """The answer of an operation that waits for a method that is tried out. No transaction is left."""

    trial: Trial
    answer: Callable[[Tried], Document]


Outcome = Document | Deferred | DeferredTrial


class Operation(NamedTuple):
    service: str
    """The model's name, "apigateway"."""
    name: str
    writes: bool
    run: Callable[[Call], Outcome]
    prepare: Callable[[Params], Params] | None = None
    """What takes long and needs no transaction, done before it begins: checks parameters, and may add to them."""


OPERATIONS: dict[tuple[str, str], Operation] = {}
"""Every operation that is built, by (service, name). Importing a family module fills it."""

_Run = TypeVar("_Run", bound=Callable[[Call], Outcome])


def operation(
    name: str,
    *,
    service: str = "apigateway",
    writes: bool | None = None,
    prepare: Callable[[Params], Params] | None = None,
) -> Callable[[_Run], _Run]:
    """Register the decorated function as operation `name`. It `writes` unless its name begins with Get."""

    def register(run: _Run) -> _Run:
        decided = not name.startswith("Get") if writes is None else writes
        OPERATIONS[service, name] = Operation(service, name, decided, run, prepare)
        return run

    return register
