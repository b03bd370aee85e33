"""What a server was told when it was started, left in its data directory for the commands that say what it would do.

The options of `portico serve` and the environment that it was started in are not those of the shell in which somebody
types `portico routes`. Nothing secret is left: of credentials only that they were there.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from portico.adapters import durable
from portico.settings import SettingError, Settings, loads

_FILE: Final = Path("run", "told.json")
_SECRET: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PLAIN: Final = ("AWS_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
_FILES: Final = {
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONFIG_FILE": "~/.aws/config",
}
"""Where AWS's tools look, and Portico as they do."""


class Told(NamedTuple):
    settings: Settings
    environ: Mapping[str, str]
    """What of the environment says where AWS's services are and whose credentials call them."""


def leave(settings: Settings, environ: Mapping[str, str]) -> None:
    """Write it down, for a server that starts. On a disk that is full nothing is left, and the server starts."""
    path = settings.data_dir / _FILE
    document = {"settings": json.loads(replace(settings, database=None).dumps()), "environ": _kept(environ)}
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        durable.replace(path, json.dumps(document, indent=1).encode())


def found(settings: Settings) -> Told:
    """What the last server of this data directory was told; what this process was told where there was none."""
    try:
        document = json.loads((settings.data_dir / _FILE).read_bytes())
        return Told(loads(json.dumps(document["settings"])), document["environ"])
    except (OSError, ValueError, KeyError, TypeError, SettingError):  # none, or one of another version
        return Told(settings, os.environ)


def _kept(environ: Mapping[str, str]) -> dict[str, str]:
    files = {name: str(Path(environ.get(name) or usual).expanduser().absolute()) for name, usual in _FILES.items()}
    there = {name: "there" for name in _SECRET if environ.get(name)}
    plain = {name: value for name, value in environ.items() if name in _PLAIN or name.startswith("AWS_ENDPOINT_URL")}
    return files | there | plain
