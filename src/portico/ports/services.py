"""What the data plane asks of AWS's services: where each one is, and with whose credentials it is called.

Adapter: adapters/aws_services.py. Both questions are asked when a Route is compiled; what cannot be called is known
then, and the method is refused with the reason. The calls themselves go by ports/upstream.py.
"""

from typing import NamedTuple, Protocol, TypeVar

from portico.kernel.errors import PorticoError
from portico.lang.aws_services import Service
from portico.ports.upstream import Destination
from portico.wire.sigv4 import Credentials

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

GATEWAY_PRINCIPAL = "apigateway.amazonaws.com"
"""In whose name an integration without `credentials` calls."""


class NotCallable(PorticoError):
    """A service has no endpoint here, or a principal no credentials. The text tells an operator what to do."""


class ServiceEndpoint(NamedTuple):
    """Where a service is."""

    destination: Destination
    host: str
    """For the Host header, with the port where it is not the scheme's own."""
    path: str
    """What goes in front of each path; mostly empty."""
    aws: bool
    """AWS's own. False: what an operator named in AWS_ENDPOINT_URL…, where one host serves all names."""
    secure: bool = True


class KeyWaiter(Protocol[T_contra]):
    """Is told how a fetch ended, with the context that came with it. Exactly one of the two is called, once."""

    def on_credentials(self, context: T_contra, /) -> None: ...

    def on_no_credentials(self, context: T_contra, cause: str, /) -> None:
        """`cause` is for the operator. May be told before `fetch` returns."""
        ...


class KeyFetch(Protocol):
    """Waiting for credentials."""

    def cancel(self) -> None:
        """The waiter hears nothing more."""
        ...


class Keys(Protocol):
    """The credentials of one principal, renewed before they expire."""

    @property
    def lasting(self) -> bool:
        """Whether they are at hand from the first request to the last."""
        ...

    def at_hand(self) -> Credentials | None:
        """To sign with now. None where none has been fetched yet, or the last ones have expired."""
        ...

    def fetch(self, waiter: KeyWaiter[T], context: T, /) -> KeyFetch:
        """Have them fetched; many who wait share one fetch."""
        ...


class Services(Protocol):
    def endpoint(self, service: Service, region: str, subdomain: str, /) -> ServiceEndpoint:
        """Raises NotCallable."""
        ...

    def keys(self, principal: str, at: ServiceEndpoint, /) -> Keys:
        """Of a role's ARN or GATEWAY_PRINCIPAL, the same object for the same principal. Raises NotCallable."""
        ...
