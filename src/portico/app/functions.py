"""Where a process finds functions: in this host's functions process, or behind another Lambda's API."""

import os
from functools import partial

from portico.adapters.aws_credentials import aws_credentials
from portico.adapters.function_client import FunctionClient
from portico.adapters.lambda_endpoint import LambdaEndpoint
from portico.server.unix_sockets import connected
from portico.settings import Settings

SOCKET = "functions.sock"
"""In the data directory's run/."""
FUNCTIONS_BELL = "functions-changes.sock"
"""Beside it: the bell for the functions process."""


def open_functions(settings: Settings) -> FunctionClient | LambdaEndpoint:
    """On a running loop. Raises NoCredentials."""
    if settings.lambda_endpoint is None:
        return FunctionClient(partial(connected, settings.data_dir / "run" / SOCKET))
    return LambdaEndpoint(settings.lambda_endpoint, aws_credentials(os.environ))


def check_functions(settings: Settings) -> None:
    """Raises NoCredentials."""
    if settings.lambda_endpoint is not None:
        aws_credentials(os.environ)
