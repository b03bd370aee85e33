"""The control process, put together."""

import os
import socket

from portico.adapters import json_log, meters
from portico.adapters.collection import Collector
from portico.adapters.credentials import root_credentials
from portico.adapters.function_host.launch import files_path
from portico.adapters.late_store import StoreAndChanges
from portico.adapters.log_limit import LimitedLog
from portico.adapters.nowhere import NoFunctions, Nowhere
from portico.adapters.state_dir import StateWriter
from portico.app import told
from portico.app.databases import listen, open_database
from portico.app.functions import FUNCTIONS_BELL, open_functions
from portico.app.services import open_services
from portico.app.trials import TrialPlane, stageless_ports
from portico.controlplane.dispatch import SERVICES, ControlPlane
from portico.controlplane.identities import RootIdentity
from portico.controlplane.operation import Realm
from portico.dataplane.compile.rest import Compiler
from portico.kernel.clock import SystemClock
from portico.kernel.ids import resource_id
from portico.kernel.observe import DefinitionWarning, Observer
from portico.server.accepting import Door
from portico.server.asking import ControlApplication
from portico.server.children import Ready
from portico.server.connections import Connections
from portico.server.control import Control, ControlParts
from portico.server.loop import run
from portico.server.protocol import Connection
from portico.server.tls import server_context
from portico.settings import Settings
from portico.wire.aws import model
from portico.wire.http1 import HeaderTable
from portico.wire.loopback import stays_here


def run_control(settings: Settings, sockets: list[socket.socket], ready: Ready) -> int:
    """All of the control process's life."""

    observer = json_log.observer(settings.log_format)

    async def life() -> int:
        return await build_control(settings, sockets, observer).serve(ready)

    return run(life, observer)


def check(settings: Settings) -> None:
    """Raises TlsError."""
    server_context(settings.control_tls_cert, settings.control_tls_key)


def build_control(settings: Settings, sockets: list[socket.socket], observer: Observer) -> Control:
    """On a running loop. Raises TlsError, DataDirError, NoCredentials."""
    data = settings.data_dir
    told.leave(settings, os.environ)
    store, collect = open_database(settings.store_url)
    collector = Collector(collect)
    state = StateWriter(data / "state")
    for service in SERVICES:
        model.load(service)  # 0.1 s that the first caller need not wait
    functions = open_functions(settings)
    strangers = LimitedLog(observer)
    trials = TrialPlane(settings, functions, [own.getsockname()[1] for own in sockets], observer)
    plane = _plane(settings, store, observer)
    parts = ControlParts(
        handle=plane.handle,
        catch_up=lambda: state.catch_up(store),
        meters=lambda: meters.prometheus(meters.read(data / "metrics")),
        refuse_metrics=lambda request: None if settings.open_metrics or stays_here(request) else plane.refuse(request),
        open_door=lambda application, connections: _door(settings, sockets, application, connections, strangers),
        listen=lambda ring: listen(settings.store_url, ring),
        functions=functions,
        tryout=trials,
        sweeps=(functions.sweep, trials.sweep, strangers.sweep),
        bell=data / "run" / "changes.sock",
        functions_bell=data / "run" / FUNCTIONS_BELL,
        workers=settings.workers,
        closes=(trials.close, functions.close, collector.close, store.close, strangers.close),
        observer=observer,
    )
    return Control(parts)


def _plane(settings: Settings, store: StoreAndChanges, observer: Observer) -> ControlPlane:
    environ = os.environ
    root = root_credentials(
        settings.data_dir / "credentials",
        environ.get("PORTICO_ACCESS_KEY_ID"),
        environ.get("PORTICO_SECRET_ACCESS_KEY"),
    )
    realm = Realm(
        account_id=settings.account_id,
        region=settings.region,
        clock=SystemClock(),
        compilation=_compiler(settings, observer),
        new_id=resource_id,
        warn=lambda message: observer(DefinitionWarning(message)),
        max_integration_timeout=settings.max_integration_timeout,
        lambda_endpoint=settings.lambda_endpoint,
        has_access_point=lambda name: files_path(settings.data_dir, name).is_dir(),
    )

    return ControlPlane(store, RootIdentity(*root), realm, observer)


def _compiler(settings: Settings, observer: Observer) -> Compiler:
    nowhere = Nowhere()
    services = open_services(settings, nowhere, nowhere, observer)
    return Compiler(stageless_ports(settings, nowhere, NoFunctions(), services, observer))


def _door(
    settings: Settings,
    sockets: list[socket.socket],
    application: ControlApplication,
    connections: Connections,
    observer: Observer,
) -> Door:
    tls = server_context(settings.control_tls_cert, settings.control_tls_key)
    table = HeaderTable()

    def connect() -> Connection:
        return Connection(application, connections, table, observer, secure=tls is not None)

    return Door(sockets, connect, tls, connections, observer)
