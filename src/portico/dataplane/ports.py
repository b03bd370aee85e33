"""What the data plane was given to work with: its ports and the facts of where it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate

from portico.kernel.clock import Clock
from portico.kernel.ids import RequestIds
from portico.kernel.observe import Observer
from portico.ports.access_log import AccessLog
from portico.ports.functions import Functions
from portico.ports.meters import Meters
from portico.ports.services import Services
from portico.ports.turns import Turns, nobodys_turn
from portico.ports.upstream import Upstream
from portico.wire.forwarded import TrustedProxies


class Dates:
    """The `Date` header's line, formatted once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._line = b""

    def line(self, epoch: float) -> bytes:
        second = int(epoch)
        if second != self._second:
            self._second = second
            self._line = b"Date: " + formatdate(second, usegmt=True).encode() + b"\r\n"
        return self._line


@dataclass(frozen=True, slots=True)
class Ports:
    """One object per worker; every Program and Exchange reaches the world through it."""

    clock: Clock
    ids: RequestIds
    observer: Observer
    upstream: Upstream
    functions: Functions
    services: Services
    access_log: AccessLog
    meters: Meters
    account_id: str
    region: str
    domains: tuple[str, ...] = ("localhost", "amazonaws.com")
    """Suffixes under which `{api}.execute-api.` and `{api}.execute-api.{region}.` are APIs of ours."""
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)
    functions_elsewhere: bool = False
    """Functions are behind another Lambda, which has accounts and regions of its own."""
    link_targets: Mapping[str, Sequence[tuple[str, int | None]]] = field(default_factory=dict)
    """Host and port of the machines behind a load balancer, by its ARN. No port: that of the integration's URI."""
    turns: Turns = nobodys_turn
    dates: Dates = field(default_factory=Dates)
