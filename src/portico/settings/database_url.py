"""Addresses of databases: `sqlite:///PATH` and `postgresql://USER:PASSWORD@HOST:PORT/NAME`, as libpq reads them.

What is wrong with one is told without quoting it: a part that was mistaken for a port may be half of a password.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote

from portico.settings.values import SettingError

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = ("postgresql://", "postgres://")
_FORM: Final = "postgresql://USER:PASSWORD@HOST:PORT/NAME"

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]@]*)(?::([0-9]{1,5}))?")
_PARAMETERS: Final = frozenset(
    {
        "application_name", "channel_binding", "connect_timeout", "gssencmode", "host", "hostaddr", "keepalives",
        "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts", "options",
        "passfile", "port", "require_auth", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert",
        "sslcertmode", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslrootcert",
        "target_session_attrs", "tcp_user_timeout", "user",
    }
)  # fmt: skip
"""Parameters of libpq 17 that make sense here. What the server must be told is told by `options`."""
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def database(text: str) -> str:
    """The address as it was. Raises SettingError."""
    if text.startswith(SQLITE):
        if text == SQLITE:
            raise SettingError(f"that names no file; expected {SQLITE}PATH")
        return text
    if text.startswith(POSTGRESQL):
        _check_postgresql(text)
        return text
    scheme, found, _ = text.partition("://")
    what = f"{scheme!r} databases are not known" if found else "that is not the address of a database"
    raise SettingError(f"{what}; expected {SQLITE}PATH or {_FORM}")


def is_postgresql(url: str) -> bool:
    return url.startswith(POSTGRESQL)


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix(SQLITE)).expanduser().absolute()


def label(url: str) -> str:
    """What messages call a database: its address without the password and without parameters."""
    if not is_postgresql(url):
        return str(sqlite_path(url))
    authority, _, rest = url.partition("://")[2].partition("/")
    user, at, hosts = authority.rpartition("@")
    return f"postgresql://{user.partition(':')[0]}{at}{hosts}/{rest.partition('?')[0]}"


def _check_postgresql(url: str) -> None:
    rest, _, query = url.partition("://")[2].partition("?")
    authority, _, name = rest.partition("/")
    if "#" in url or "/" in name or "@" in query or not url.isprintable() or " " in url:
        raise SettingError(f"in {_FORM} the characters / ? # @ : % and spaces of a part are written as %2F, %3F …")
    if not name:
        raise SettingError(f"the address has no database's name; expected {_FORM}")
    for host in authority.rpartition("@")[2].split(","):
        _check_host(host)
    _check_parameters(query)


def _check_host(host: str) -> None:
    match = _HOST.fullmatch(host)
    if match is None or (match[1] and not 0 < int(match[1]) < 65536):
        raise SettingError(f"a host or port of the address cannot be read; expected {_FORM}")


def _check_parameters(query: str) -> None:
    try:
        parameters = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError:
        raise SettingError("the address's parameters cannot be read; expected ?NAME=VALUE&NAME=VALUE") from None
    if "password" in parameters or "sslpassword" in parameters:
        raise SettingError(f"a password belongs where {_FORM} has it, or into the file of libpq's PGPASSFILE")
    for name in parameters:
        if name not in _PARAMETERS:
            raise SettingError(f"the address's parameter {name!r} is not known")
    mode = parameters.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise SettingError(f"sslmode {unquote(mode)!r} is not one of {', '.join(_SSL_MODES)}")
