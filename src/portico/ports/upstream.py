"""What the data plane asks of HTTP backends. Adapter: adapters/http_client.py.

One call is one request and at most one answer. Nothing is awaited: the adapter calls the Receiver back, with the
context that came with the call, so that a route's one Receiver serves all of its requests.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, Protocol, TypeVar

from portico.ports.client import Client
from portico.wire.http1 import ResponseHead

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_WHOLE_ALONE = "a Receiver that buffers is told whole answers"


class Origin(NamedTuple):
    """Who is called, and how."""

    secure: bool
    host: str
    port: int
    verify: bool = True
    """False only where an integration's tlsConfig says insecureSkipVerification."""
    identity: str = ""
    """The id of the client certificate that is presented, where the backend asks for one."""
    via: tuple[tuple[str, int], ...] = ()
    """Host and port of each machine that is called instead, in turns: `host` is then but a name, in TLS too."""


class FailureKind(Enum):
    TIMEOUT = "the backend did not answer in time"
    CONNECT = "the backend could not be reached"
    RESOLVE = "the backend's name does not resolve"
    TLS = "the backend's certificate was not accepted"
    FORBIDDEN = "the backend's address may not be called from here"
    PROTOCOL = "the backend broke HTTP"
    CLOSED = "the backend closed the connection before its answer was complete"
    TOO_LARGE = "the backend's answer is larger than allowed"


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    kind: FailureKind
    cause: str
    """For the operator."""


class Receiver(Protocol[T_contra]):
    """Gets an answer: `on_response` alone, or `on_begin`, `on_data` any number of times, `on_end`.

    `on_failure` may come instead of any of them, and is then the last.
    """

    @property
    def buffers(self) -> bool:
        """True: the answer's body is collected (to `BODY_LIMIT` bytes) and always told by `on_response`."""
        ...

    def on_response(self, context: T_contra, head: ResponseHead, body: bytes) -> None: ...

    def on_begin(self, context: T_contra, head: ResponseHead, length: int | None) -> None:
        """`length` is the body's, None where the backend did not say (chunked, or until it closes)."""
        ...

    def on_data(self, context: T_contra, data: bytes) -> None: ...

    def on_end(self, context: T_contra) -> None: ...

    def on_failure(self, context: T_contra, failure: UpstreamFailure) -> None: ...


class Buffering:
    """The part that all Receivers have in common that are told whole answers alone."""

    buffers = True

    def on_begin(self, context: object, head: ResponseHead, length: int | None) -> None:
        raise AssertionError(_WHOLE_ALONE)

    def on_data(self, context: object, data: bytes) -> None:
        raise AssertionError(_WHOLE_ALONE)

    def on_end(self, context: object) -> None:
        raise AssertionError(_WHOLE_ALONE)


class UpstreamCall(Protocol):
    """A call under way."""

    @property
    def unsent(self) -> int:
        """Of a call that is over before its time: bytes that were handed over and did not reach the client's socket."""
        ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def hand_over(self, client: Client, prefix: bytes, /) -> bool:
        """Send `prefix` and the rest of a body of known length past the Receiver, straight to `client`.

        To be asked inside `on_begin`. True: only `on_end` or `on_failure` follow. False: it cannot be done here (TLS,
        no splice, unsent bytes), and `on_data` follows.
        """
        ...

    def cancel(self) -> None:
        """Forget the call; its Receiver hears nothing more. The connection is not used again."""
        ...


class NeverLent:
    """What calls have in common of which nothing is handed over, so that nothing of it is unsent."""

    __slots__ = ()
    unsent = 0

    def hand_over(self, _client: Client, _prefix: bytes, /) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class UpstreamRequest(Generic[T]):
    """Constant parts of a route's calls, made at deployment."""

    receiver: Receiver[T]
    timeout: float
    """Seconds from the call to the end of the answer. Time in which our own client is slow does not count."""
    streams: bool = False
    """True: `on_begin` comes with the head and `on_data` with each piece, where else the first bytes are collected. The
    timeout is then that of the next piece, and the whole has `LONGEST_STREAM` seconds."""


class Destination(Protocol):
    """One Origin, ready to be called."""

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[T], context: T, /) -> UpstreamCall:
        """Send `request` (head and body, ready for the wire). `method` decides what may be retried."""
        ...


class Upstream(Protocol):
    def to(self, origin: Origin, /) -> Destination:
        """The Destination of an Origin, the same one for the same Origin. A Route asks once, when it is compiled."""
        ...


LONGEST_STREAM = 900.0
"""Seconds that a streamed answer may take (API Gateway guide, "Set up response streaming")."""

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a backend's answer: AWS's payload quota, semantics section 23."""

WHOLE = 64 * 1024
"""Bytes of a body that are collected before an answer is told: a failure on the way can then still be a clean 5xx."""
