"""`portico serve`, from checked settings to the supervisor: takes the data directory and makes way by exec."""

import os
from pathlib import Path
from typing import NoReturn

from portico.adapters import durable
from portico.adapters.credentials import root_credentials
from portico.adapters.data_dir import DataDirError, open_data_dir
from portico.app.functions import check_functions
from portico.app.running import SUPERVISOR, Running
from portico.app.services import check_services
from portico.server.takeover import become
from portico.server.tls import server_context
from portico.settings import Settings
from portico.settings.sources import Sources

FOLDERS = ("logs", "metrics", "run", "state")
"""What every process may expect to be there."""


def start(settings: Settings, sources: Sources | None = None) -> NoReturn:
    """Become the supervisor. SIGHUP lets it read `sources` again.

    Raises TlsError for certificates that cannot be used, DataDirError where the data directory or its credentials
    cannot, NoCredentials where those for another Lambda are missing, NotCallable where a profile of `--role` has none.
    """
    server_context(settings.tls_cert, settings.tls_key)
    server_context(settings.control_tls_cert, settings.control_tls_key)
    check_functions(settings)
    check_services(settings)
    data = open_data_dir(settings.data_dir)
    environ = os.environ
    root_credentials(data.credentials, environ.get("PORTICO_ACCESS_KEY_ID"), environ.get("PORTICO_SECRET_ACCESS_KEY"))
    for folder in FOLDERS:
        _make(data.path / folder)
    os.set_inheritable(data.lock, True)
    become(SUPERVISOR, Running(settings, data.lock, sources).environment())


def _make(folder: Path) -> None:
    try:
        durable.make_directory(folder)
    except OSError as error:
        raise DataDirError(f"the data directory's {folder} cannot be made: {error.strerror}") from error
