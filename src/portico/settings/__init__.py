"""Every option of `portico serve`: what it is called, what it may be, what it is for.

Only the standard library is imported: the supervisor reads this too.
"""

# ruff: noqa: RUF009  _option returns a dataclass field
import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from portico.settings import backends, database_url, endpoint, link_targets, roles, values
from portico.settings.values import Address, Network, SettingError

__all__ = [
    "NOT_BUILT",
    "OPTIONS",
    "Address",
    "Network",
    "Option",
    "Raw",
    "SettingError",
    "Settings",
    "from_raw",
    "loads",
]

Raw = tuple[str, Any]
"""Where a value came from, as its author would call it, and the value as it was there."""


class Option(NamedTuple):
    """How one option is read."""

    parse: Callable[[str], Any]
    """Raises ValueError for what is not `expected`, SettingError where there is more to say."""
    default: str | None
    expected: str
    help: str
    many: bool = False
    flag: bool = False
    split: Callable[[str], list[str]] = values.at_commas
    """How one text is the values of an option that takes many."""


def _option(
    parse: Callable[[str], Any],
    default: str | None,
    expected: str,
    help: str,
    *,
    many: bool = False,
    flag: bool = False,
    secret: bool = False,
    split: Callable[[str], list[str]] = values.at_commas,
) -> Any:
    """`secret`: the value is not shown where Settings are."""
    option = Option(parse, default, expected, help, many, flag, split)
    return field(default_factory=lambda: _default(option), repr=not secret, metadata={"option": option})


def _default(option: Option) -> Any:
    if option.default is None:
        return () if option.many else None
    value = option.parse(option.default)
    return (value,) if option.many else value


def default_data_dir() -> str:
    """The same place from whichever directory the server is started: the XDG base directory for user data."""
    return os.path.join(os.environ.get("XDG_DATA_HOME") or "~/.local/share", "portico")


def _cores() -> str:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return str(min(count, 256))


_ANY_ADDRESS = "an IP address with a port, such as 127.0.0.1:8080 or [::1]:8080"
_READABLE = "a file that can be read"
NOT_BUILT: Final = "Not built yet."
"""The help of options that are refused still."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of one server, checked. Made by `load`, or with defaults for what a test does not name."""

    control: tuple[Address, ...] = _option(
        values.address, "127.0.0.1:4566", _ANY_ADDRESS, "Where the AWS API answers (repeatable).", many=True
    )
    gateway: tuple[Address, ...] = _option(
        values.address, "127.0.0.1:8080", _ANY_ADDRESS, "Where the deployed APIs answer (repeatable).", many=True
    )
    data_dir: Path = _option(
        values.directory, default_data_dir(), "a directory", "Definitions, credentials, logs: everything that is kept."
    )
    workers: int = _option(
        values.whole(1, 256),
        _cores(),
        "a whole number from 1 to 256",
        "Processes that serve APIs; one per core by default.",
    )
    domain: str = _option(
        values.matching(values.DOMAIN),
        "localhost",
        "a domain name in lower case",
        "APIs answer at {api-id}.execute-api.NAME too.",
    )
    database: str | None = _option(
        database_url.database,
        None,
        "sqlite:///PATH or postgresql://…",
        "Where definitions are stored; a file in the data directory by default.",
        secret=True,
    )
    valkey: str | None = _option(values.not_built("limits are not shared between hosts"), None, "", NOT_BUILT)
    account_id: str = _option(
        values.matching(re.compile("[0-9]{12}")), "000000000000", "12 digits", "The AWS account that this server plays."
    )
    region: str = _option(
        values.matching(values.REGION),
        "us-east-1",
        "an AWS region such as eu-west-1",
        "The AWS region that this server plays.",
    )
    lambda_endpoint: str | None = _option(
        endpoint.endpoint,
        None,
        "an http or https URL such as https://lambda.eu-west-1.amazonaws.com",
        "Call functions at this Lambda API instead of running them here.",
    )
    role: tuple[roles.Role, ...] = _option(
        roles.role,
        None,
        "ARN=PROFILE, such as arn:aws:iam::111122223333:role/pets=pets",
        "Whose credentials stand for a role in calls of AWS services (repeatable).",
        many=True,
    )
    backend: tuple[backends.Backend, ...] = _option(
        backends.backend,
        None,
        "HOST[:PORT]=HOST[:PORT][,HOST[:PORT]], such as pets.example.com:80=127.0.0.1:9000",
        "Where a backend is that URIs name otherwise: machines that are called in turns (repeatable).",
        many=True,
        split=backends.split,
    )
    vpc_link_target: tuple[link_targets.LinkTarget, ...] = _option(
        link_targets.link_target,
        None,
        "ARN=HOST[:PORT][,HOST[:PORT]], such as arn:aws:elasticloadbalancing:…:loadbalancer/net/pets/01=10.0.0.7:80",
        "Where the load balancer of VPC links is: machines that are called in turns (repeatable).",
        many=True,
        split=link_targets.split,
    )
    tls_cert: Path | None = _option(values.file, None, _READABLE, "Certificate chain (PEM) of the gateway listeners.")
    tls_key: Path | None = _option(values.file, None, _READABLE, "Private key (PEM) of --tls-cert.")
    control_tls_cert: Path | None = _option(
        values.file, None, _READABLE, "Certificate chain (PEM) of the control listeners."
    )
    control_tls_key: Path | None = _option(values.file, None, _READABLE, "Private key (PEM) of --control-tls-cert.")
    insecure_control: bool = _option(
        values.flag, "false", "true or false", "Let --control listen beyond this machine without TLS.", flag=True
    )
    open_metrics: bool = _option(
        values.flag,
        "false",
        "true or false",
        "Let whoever reaches --control read the metrics; they name APIs. Else a signature is asked of other machines.",
        flag=True,
    )
    trusted_proxy: tuple[Network, ...] = _option(
        ipaddress.ip_network,
        None,
        "a network such as 10.0.0.0/8 or fd00::/8",
        "Believe X-Forwarded-For and X-Forwarded-Proto of these peers (repeatable).",
        many=True,
    )
    max_connections: int = _option(
        values.whole(1, 1_000_000), "20000", "a whole number from 1 to 1000000", "Client connections of each worker."
    )
    max_connections_per_address: int = _option(
        values.whole(1, 1_000_000),
        "10000",
        "a whole number from 1 to 1000000",
        "Client connections of each worker from one address; raise it behind a proxy.",
    )
    max_integration_timeout: int = _option(
        values.whole(29_000, 900_000),
        "29000",
        "milliseconds from 29000 to 900000",
        "The longest timeout that an integration may ask for; AWS's quota by default.",
    )
    function_instances: int = _option(
        values.whole(1, 10_000),
        "100",
        "a whole number from 1 to 10000",
        "Instances of all functions together; as many calls of them run at a time.",
    )
    drain_seconds: float = _option(
        values.seconds, "30", "seconds from 0 to 3600", "How long requests under way may take when a process leaves."
    )
    log_format: str | None = _option(
        values.matching(re.compile("json|text")),
        None,
        "json or text",
        "Form of the log; text on a terminal by default.",
    )

    @property
    def store_url(self) -> str:
        """Where definitions are stored: `--database`, or the file in the data directory."""
        return self.database or f"sqlite:///{self.data_dir / 'portico.db'}"

    def dumps(self) -> str:
        """As JSON text that `loads` reads: how settings travel to the supervisor."""
        return json.dumps({name: _texts(getattr(self, name)) for name in OPTIONS if _is_told(getattr(self, name))})


OPTIONS: Final[dict[str, Option]] = {item.name: item.metadata["option"] for item in fields(Settings)}
"""Every option by its field name."""


def _is_told(value: object) -> bool:
    return value is not None and value != ()


def _texts(value: object) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, tuple) and not isinstance(value, Address) else str(value)


def loads(text: str) -> Settings:
    """The Settings that `dumps` wrote. Whether their files are still there is not asked."""
    texts = json.loads(text)
    return Settings(**{name: _value(_travelled(OPTIONS[name]), "settings", value) for name, value in texts.items()})


def _travelled(option: Option) -> Option:
    return option._replace(parse=values.path) if option.parse is values.file else option


def from_raw(raw: Mapping[str, Raw]) -> Settings:
    """Settings of raw values by field name. Raises SettingError."""
    return Settings(**{name: _value(OPTIONS[name], source, value) for name, (source, value) in raw.items()})


def _value(option: Option, source: str, value: Any) -> Any:
    if option.many:
        parts = [part.strip() for one in _listed(value) for part in option.split(str(one))]
        return tuple(_parsed(option, source, part) for part in parts)
    return _parsed(option, source, value)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _parsed(option: Option, source: str, value: Any) -> Any:
    try:
        if not isinstance(value, str | int | float) or (isinstance(value, bool) and not option.flag):
            raise ValueError(value)
        return option.parse(str(value))
    except SettingError as error:
        raise SettingError(f"{source}: {error}") from None
    except (ValueError, KeyError):
        raise SettingError(f"{source}: {value!r} is not {option.expected}") from None
