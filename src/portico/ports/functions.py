"""What the planes ask of Lambda functions. Adapters: adapters/function_client.py (the functions process of this host)
and adapters/lambda_endpoint.py (another Lambda, behind `--lambda-endpoint`).

One invocation is one event and at most one answer. As with backends nothing is awaited: the adapter calls the Receiver
back with the context that came with the call, so that a Route's one Receiver serves all of its requests.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec

from portico.ports.upstream import UpstreamCall

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

PAYLOAD_LIMIT: Final = 6 * 1024 * 1024
"""Bytes of a synchronous event, and of a buffered answer: Lambda's quota (guide, "Lambda quotas")."""
ASYNCHRONOUS_LIMIT: Final = 1024 * 1024
"""Bytes of an event of type Event (the same page)."""


class InvocationType(Enum):
    """Lambda's header X-Amz-Invocation-Type."""

    REQUEST_RESPONSE = "RequestResponse"
    EVENT = "Event"
    DRY_RUN = "DryRun"


class Caller(NamedTuple):
    """On whose behalf a function is invoked: what its resource policy is asked about.

    With `role` (an integration's `credentials`) the role's permission counts instead; with neither role nor service
    the caller is this account's root, who may.
    """

    service: str | None = None
    """`apigateway.amazonaws.com`."""
    source_arn: str | None = None
    """`arn:aws:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{resource path}`."""
    source_account: str | None = None
    role: str | None = None


class Invocable(NamedTuple):
    """What a Route (or an Invoke operation) calls, all of it known before the first event."""

    arn: str
    """`arn:aws:lambda:{region}:{account}:function:{name}[:{qualifier}]`."""
    caller: Caller
    streams: bool = False
    """True: the answer is told as it comes (InvokeWithResponseStream), and has no limit of size."""
    tail: bool = False
    """True: the answer brings the last 4 KB of the invocation's log."""
    client_context: str = ""
    """JSON text that the function finds in its context; of an Invoke operation that brings one."""
    named: bool = False
    """True: the answer brings the request id of the invocation."""
    written: bool = False
    """True: every event is JSON that the gateway wrote itself, which nobody has to read to know."""


class FailureKind(Enum):
    """Why there is no answer of a function."""

    TIMEOUT = "the function did not answer within the integration's timeout"
    NOT_FOUND = "there is no such function, version or alias"
    ACCESS_DENIED = "the function's policy does not allow the call"
    THROTTLED = "the function's concurrency is used up"
    TOO_LARGE = "the event is larger than Lambda takes"
    INVALID = "the event is not JSON"
    UNAVAILABLE = "the function cannot be run now"


@dataclass(frozen=True, slots=True)
class FunctionFailure:
    kind: FailureKind
    cause: str
    """For the operator. With ACCESS_DENIED it has the AddPermission that would help."""


class FunctionAnswer(msgspec.Struct, frozen=True, gc=False):
    """What a function returned, or what became of it."""

    payload: bytes
    """JSON of the handler's value or error. Empty for Event and DryRun."""
    error: str | None = None
    """Lambda's header X-Amz-Function-Error: `Unhandled` (crash, timeout, out of memory, raised), else None."""
    version: str = "$LATEST"
    log: bytes = b""
    """The tail of the log, not yet base64, where it was asked for."""
    status: int = 200
    """200, 202 for Event, 204 for DryRun."""
    request_id: str = ""
    """Of the invocation, where it was asked for."""


class FunctionReceiver(Protocol[T_contra]):
    """Gets an answer: `on_answer` alone; for a stream `on_begin`, `on_data` any number of times, `on_end`.

    A stream that breaks before its first byte is told by `on_answer` with its error. `on_failure` may come instead of
    any of them; whichever comes is told once and last.
    """

    def on_answer(self, context: T_contra, answer: FunctionAnswer) -> None: ...
    def on_begin(self, context: T_contra, request_id: str = "") -> None:
        """`request_id`: of the invocation, where it was asked for."""
        ...

    def on_data(self, context: T_contra, data: bytes) -> None: ...
    def on_end(self, context: T_contra, error: str | None, log: bytes = b"") -> None:
        """`error`: JSON of what broke the stream midway, else None. `log`: its tail, where it was asked for."""
        ...

    def on_failure(self, context: T_contra, failure: FunctionFailure) -> None: ...


class FunctionCall(UpstreamCall, Protocol):
    """An invocation under way. `pause`: of a stream, our own client is slow. `cancel`: forget the call; its Receiver
    hears nothing more. The function goes on, as on AWS."""


class FunctionDestination(Protocol[T_contra]):
    """One Invocable, ready to be called with one Receiver."""

    def invoke(
        self,
        payload: bytes,
        context: T_contra,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> FunctionCall:
        """Send the event (JSON). Its Receiver may be called before this returns only with `on_failure`."""
        ...


class Functions(Protocol):
    def to(self, invocable: Invocable, receiver: FunctionReceiver[T], timeout: float, /) -> FunctionDestination[T]:
        """What a Route asks for once, when it is compiled. `timeout` is in seconds, from the call to the whole answer
        (of a stream: to each next byte, and 15 minutes in all)."""
        ...
