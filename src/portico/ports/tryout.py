"""What the control plane asks of the data plane for TestInvokeMethod: one request to a method that is not deployed.

The planes do not know each other: `app` gives control a data plane of its own, which reaches backends and functions as
a worker's does. Nothing is awaited: who asks is called back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from portico.kernel.errors import PorticoError
from portico.model.rest import Snapshot


class InvalidTrial(PorticoError):
    """What is to be tried is no request. The text says why."""


class Signer(NamedTuple):
    """Who asks for the trial: what the request's identity is made of."""

    access_key_id: str = ""
    user_agent: str = ""


NOBODY: Final = Signer()


@dataclass(frozen=True, slots=True)
class Trial:
    """A request to the one method of a Snapshot that has no other."""

    snapshot: Snapshot
    """One resource with one method, and what that method refers to."""
    http_method: str
    """One of the seven verbs, also where the method is of ANY."""
    target: str
    """Path and, behind `?`, query."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    variables: Mapping[str, str]
    client_certificate_id: str | None
    signer: Signer
    vpc_links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ARNs behind each VPC link that the method names."""


class Tried(NamedTuple):
    """What became of it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Those of the method's own answer."""
    body: bytes
    log: str
    """Its execution log, as AWS's operation answers it."""
    latency: float
    """Seconds."""


class TryOut(Protocol):
    def begin(self, trial: Trial, told: Callable[[Tried], None], /) -> Callable[[], None]:
        """Send the request; `told` is called once, perhaps before this returns, and always within the integration's
        timeout. What is returned gives up: `told` is then not called any more. Raises InvalidTrial."""
        ...
