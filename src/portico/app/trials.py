"""The data plane that control tries methods out with. It serves no stage, and is in no log and no meter."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from portico.adapters.client_identities import ClientIdentities
from portico.adapters.egress import Anywhere, EgressPolicy
from portico.adapters.http_client import HttpClient
from portico.adapters.nowhere import Nowhere
from portico.adapters.state_dir import Reset, StateError, StateReader
from portico.app.services import open_services
from portico.dataplane.headers import backend_table
from portico.dataplane.ports import Ports
from portico.dataplane.tryout import Trials
from portico.kernel.clock import SystemClock
from portico.kernel.ids import RequestIds
from portico.kernel.observe import Observer
from portico.ports.functions import Functions
from portico.ports.services import Services
from portico.ports.tryout import Trial, Tried
from portico.ports.upstream import Upstream
from portico.settings import Settings


class TrialPlane:
    """TryOut, for the loop that it was made on."""

    def __init__(self, settings: Settings, functions: Functions, own_ports: Sequence[int], observer: Observer) -> None:
        """`own_ports` are the control listener's, which no backend may be."""
        identities = ClientIdentities()
        self._upstream = HttpClient(
            backend_table(), EgressPolicy(own_ports), backends=dict(settings.backend), identities=identities
        )
        self._services = HttpClient(backend_table(), Anywhere())
        services = open_services(settings, self._upstream, self._services, observer)
        ports = stageless_ports(settings, self._upstream, functions, services, observer)
        self._trials = Trials(replace(ports, turns=asyncio.get_running_loop().call_soon))
        self._certificates = _Certificates(settings.data_dir / "state", identities)

    def begin(self, trial: Trial, told: Callable[[Tried], None], /) -> Callable[[], None]:
        if trial.client_certificate_id is not None:
            self._certificates.follow()
        return self._trials.begin(trial, told)

    def sweep(self) -> None:
        self._upstream.sweep()
        self._services.sweep()

    def close(self) -> None:
        self._upstream.close()
        self._services.close()


class _Certificates:
    """The client certificates of Standing, read where the workers read them when a trial asks for one."""

    def __init__(self, state: Path, identities: ClientIdentities) -> None:
        self._reader = StateReader(state)
        self._identities = identities

    def follow(self) -> None:
        """A certificate that cannot be read is unknown: the call says so."""
        with suppress(StateError):
            news = self._reader.poll()
            if isinstance(news, Reset):
                self._identities.reset(news.changes)
            else:
                self._identities.apply(news)


def stageless_ports(
    settings: Settings, upstream: Upstream, functions: Functions, services: Services, observer: Observer
) -> Ports:
    nowhere = Nowhere()
    return Ports(
        clock=SystemClock(),
        ids=RequestIds(),
        observer=observer,
        upstream=upstream,
        functions=functions,
        services=services,
        access_log=nowhere,
        meters=nowhere,
        account_id=settings.account_id,
        region=settings.region,
        functions_elsewhere=settings.lambda_endpoint is not None,
        link_targets=dict(settings.vpc_link_target),
    )
