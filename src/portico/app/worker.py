"""A worker, put together. Imports no botocore, database or YAML: a worker's memory is for Programs."""

import asyncio
import socket
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from portico.adapters import json_log
from portico.adapters.access_log import AccessLogs
from portico.adapters.client_identities import ClientIdentities
from portico.adapters.egress import Anywhere, EgressPolicy
from portico.adapters.http_client import HttpClient
from portico.adapters.log_limit import LimitedLog
from portico.adapters.meters import MeterFiles
from portico.adapters.nowhere import Nowhere
from portico.adapters.state_dir import Reset, StateAbsent, StateReader
from portico.app.functions import check_functions, open_functions
from portico.app.services import check_services, open_services
from portico.dataplane.front import Gateway
from portico.dataplane.headers import backend_table, client_table
from portico.dataplane.ports import Ports
from portico.kernel.clock import SystemClock
from portico.kernel.errors import PorticoError
from portico.kernel.ids import RequestIds
from portico.kernel.observe import NotMetered, Observer
from portico.server import tuning
from portico.server.accepting import Door
from portico.server.children import Ready
from portico.server.connections import ConnectionLimits, Connections
from portico.server.departures import Departures
from portico.server.loop import run
from portico.server.overload import Gate
from portico.server.protocol import Connection
from portico.server.tls import server_context
from portico.server.worker import Worker, WorkerParts
from portico.settings import Settings
from portico.wire.forwarded import TrustedProxies


def run_worker(
    settings: Settings, slot: int, sockets: list[socket.socket], own_ports: Sequence[int], ready: Ready
) -> int:
    """All of a worker process's life. `own_ports`: of the control listeners, which no backend may be."""
    tuning.keep_buffers()

    observer = LimitedLog(json_log.observer(settings.log_format))

    async def life() -> int:
        return await build_worker(settings, slot, sockets, own_ports, observer).serve(ready)

    return run(life, observer)


def check(settings: Settings) -> None:
    """Raises TlsError, NoCredentials, NotCallable."""
    server_context(settings.tls_cert, settings.tls_key)
    check_functions(settings)
    check_services(settings)


def build_worker(
    settings: Settings, slot: int, sockets: list[socket.socket], own_ports: Sequence[int], observer: LimitedLog
) -> Worker:
    """On a running loop. Raises TlsError, NoCredentials."""
    data = settings.data_dir
    identities = ClientIdentities()
    departures = Departures(asyncio.get_running_loop().call_soon)
    upstream = HttpClient(
        backend_table(),
        EgressPolicy(own_ports),
        backends=dict(settings.backend),
        identities=identities,
        gather=departures.gather,
    )
    services = HttpClient(backend_table(), Anywhere(), gather=departures.gather)
    functions = open_functions(settings)
    logs = AccessLogs(data / "logs", asyncio.get_running_loop().call_later, observer)
    meters = _meters(data / "metrics", observer)
    ports = Ports(
        clock=SystemClock(),
        ids=RequestIds(),
        observer=observer,
        upstream=upstream,
        functions=functions,
        services=open_services(settings, upstream, services, observer),
        access_log=logs,
        meters=meters,
        account_id=settings.account_id,
        region=settings.region,
        domains=("localhost", "amazonaws.com", settings.domain),
        trusted_proxies=TrustedProxies(settings.trusted_proxy),
        functions_elsewhere=settings.lambda_endpoint is not None,
        link_targets=dict(settings.vpc_link_target),
        turns=asyncio.get_running_loop().call_soon,
    )
    gateway = Gateway(ports, StateReader(data / "state").snapshot)
    gate = Gate(gateway, asyncio.get_running_loop().call_soon, observer)
    connections = Connections(_limits(settings), departures)
    parts = WorkerParts(
        slot=slot,
        door=_door(settings, sockets, gate, connections, observer),
        connections=connections,
        follow=_Following(data / "state", gateway, identities),
        bell=data / "run" / "changes.sock",
        sweeps=(
            connections.sweep,
            gateway.read_again,
            meters.fold,
            upstream.sweep,
            services.sweep,
            functions.sweep,
            observer.sweep,
        ),
        report=_report(logs, meters),
        beat=gate.beat,
        closes=(upstream.close, services.close, functions.close, logs.close, meters.close, observer.close),
        observer=observer,
        drain_seconds=settings.drain_seconds,
    )
    return Worker(parts)


def _meters(directory: Path, observer: Observer) -> MeterFiles | Nowhere:
    """A full disk is no reason not to serve."""
    try:
        return MeterFiles(directory)
    except OSError as error:
        observer(NotMetered(f"{directory}: {error.strerror}"))
        return Nowhere()


def _report(logs: AccessLogs, meters: MeterFiles | Nowhere) -> Callable[[], None]:
    """Requests are counted where their lines are made."""

    def report() -> None:
        logs.flush()
        meters.fold()

    return report


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        connections=settings.max_connections, connections_per_address=settings.max_connections_per_address
    )


def _door(
    settings: Settings, sockets: list[socket.socket], gate: Gate, connections: Connections, observer: Observer
) -> Door:
    tls = server_context(settings.tls_cert, settings.tls_key)
    table = client_table()

    def connect() -> Connection:
        return Connection(gate, connections, table, observer, secure=tls is not None)

    return Door(sockets, connect, tls, connections, observer)


class NotApplied(PorticoError):
    """A Change could not be acted on. The text has the traceback: it is a bug of ours."""


class _Following:
    """Brings a Gateway, and who it is toward backends, to where the state directory is."""

    def __init__(self, state: Path, gateway: Gateway, identities: ClientIdentities) -> None:
        self._state = state
        self._gateway = gateway
        self._identities = identities
        self._reader = StateReader(state)

    def __call__(self) -> int:
        """The Change that is served now; 0 before control has written any state. Raises StateError, NotApplied."""
        try:
            news = self._reader.poll()
        except StateAbsent:
            return 0
        try:
            if isinstance(news, Reset):
                self._identities.reset(news.changes)
                self._gateway.reset(news.changes)
            else:
                self._identities.apply(news)
                self._gateway.apply(news)
        except Exception:
            self._reader = StateReader(self._state)  # it has told its news; the next one tells all of it
            raise NotApplied(traceback.format_exc()) from None
        return self._reader.seq
