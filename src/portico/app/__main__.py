"""The supervisor's program. It imports only the standard library until it has forked, so that the first children start
at once; they import what they run. What workers need it loads when all of them are ready."""

import gc
import json
import os
import socket
import sys
from typing import Any

from portico.adapters import json_log
from portico.app.running import SUPERVISOR, Running, told
from portico.kernel.errors import PorticoError
from portico.kernel.observe import Observer, ServerReady, SettingsChanged, SettingsKept
from portico.server.children import CONTROL, FUNCTIONS, Ready
from portico.server.sockets import Listeners, bound_address
from portico.server.supervisor import Duties, Supervisor
from portico.server.takeover import CHECK, NotReplaced, become, try_out
from portico.settings import loads


def main() -> int:
    """The server's exit status: 0 after a stop, 1 where it could not start."""
    if CHECK in sys.argv:
        return _check()
    try:
        running = told()
        listeners = _listeners(running)
    except PorticoError as error:
        os.write(2, f"portico: {error}\n".encode())
        return 1
    settings = running.settings
    supervisor = Supervisor(_duties(running, listeners, json_log.observer(settings.log_format)), listeners)
    if running.handed is not None:
        supervisor.take_over(running.handed)
    return supervisor.run()


def _listeners(running: Running) -> Listeners:
    if running.handed is not None:
        return Listeners.inherited(running.handed["listeners"])
    settings = running.settings
    return Listeners.open(settings.control, settings.gateway, settings.workers)


def _duties(running: Running, listeners: Listeners, observer: Observer) -> Duties:
    settings = running.settings
    control_scheme = "http" if settings.control_tls_cert is None else "https"
    gateway_scheme = "http" if settings.tls_cert is None else "https"
    control = tuple(f"{control_scheme}://{bound_address(one)}" for one in listeners.control)
    gateway = tuple(f"{gateway_scheme}://{bound_address(one)}" for one in listeners.gateway[0])
    ports = tuple(bound_address(one).port for one in listeners.control)

    def run(role: str, slot: int, sockets: list[socket.socket], ready: Ready) -> int:
        os.close(running.lock)  # the supervisor's alone: a server is there as long as that one is
        if role == CONTROL:
            from portico.app.control import run_control

            return run_control(settings, sockets, ready)
        if role == FUNCTIONS:
            from portico.app.function_host import run_functions

            return run_functions(settings, ready)
        from portico.app.worker import run_worker

        return run_worker(settings, slot, sockets, ports, ready)

    def on_ready(seconds: float) -> None:
        given = os.environ.get("PORTICO_ACCESS_KEY_ID")
        credentials = f"{given}, from the environment" if given else str(settings.data_dir / "credentials")
        observer(ServerReady(control, gateway, credentials, seconds))

    def replace_program(handed: dict[str, Any]) -> str:
        try:
            said = json.loads(try_out(SUPERVISOR, running.environment()))
            if said["changed"]:
                observer(SettingsChanged(", ".join(said["changed"])))
            if said["kept"]:
                observer(SettingsKept(", ".join(said["kept"])))
            become(SUPERVISOR, running.handing(loads(said["settings"]), handed).environment())
        except NotReplaced as error:
            return str(error)

    functions = settings.lambda_endpoint is None
    return Duties(run, observer, on_ready, replace_program, settings.drain_seconds, functions, _load_ahead)


def _load_ahead() -> None:
    """What workers import, so that the next one is forked with it: half of the time until it serves."""
    import portico.app.worker  # noqa: F401

    gc.freeze()


def _check() -> int:
    """Whether the children of this program would start: the settings can be read again, modules and certificates load.

    Says with which settings, or why not.
    """
    import portico.app.control
    import portico.app.function_host
    import portico.app.worker

    try:
        renewal = told().renewal()
        portico.app.control.check(renewal.settings)
        portico.app.worker.check(renewal.settings)
        portico.app.function_host.check(renewal.settings)
    except PorticoError as error:
        sys.stdout.write(str(error))
        return 1
    said = {"settings": renewal.settings.dumps(), "changed": renewal.changed, "kept": renewal.kept}
    sys.stdout.write(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
