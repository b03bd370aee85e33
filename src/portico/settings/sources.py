"""Where the values of options come from.

An option `--drain-seconds` is also `PORTICO_DRAIN_SECONDS` in the environment and the key `drain-seconds` in a file:
the command line wins over the environment, the environment over the file, the file over the default. Wherever a value
comes from, it is checked by the same parser, and a bad one is told with the name it had there. `--lambda-endpoint` is
also AWS_ENDPOINT_URL_LAMBDA, as AWS's own tools have it; PORTICO_LAMBDA_ENDPOINT wins over that.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from portico.settings import OPTIONS, Raw, SettingError, Settings, from_raw
from portico.settings.endpoint import leads_to

CONFIG_FILE: Final = "portico.toml"
_PREFIX: Final = "PORTICO_"
_NEARLY: Final = 0.8
"""How much alike names are of which one is a slip: WROKERS and WORKERS are 0.86, GATEWAY_PORT and GATEWAY 0.74."""
_LAMBDA: Final = "AWS_ENDPOINT_URL_LAMBDA"
"""Not AWS_ENDPOINT_URL, which may name Portico itself: docs/decisions/0025-lambda-elsewhere.md."""
_MACHINES: Final = "; its machines go into one value"


def flag_name(name: str) -> str:
    """`drain_seconds` as `--drain-seconds`."""
    return "--" + name.replace("_", "-")


def load(flags: Mapping[str, Any], environ: Mapping[str, str], config: str | None = None) -> Settings:
    """Settings from the command line (None: not given), the environment and a file. Raises SettingError.

    `config` is the file's path; without it `PORTICO_CONFIG`, or `portico.toml` in the working directory where that is.
    """
    return Sources.of(flags, environ, config).load(environ)


@dataclass(frozen=True, slots=True)
class Sources:
    """What was said when a server was started, besides its environment: enough to read its settings again."""

    flags: dict[str, Any]
    """Options of the command line that were given."""
    file: str
    needed: bool
    """Whether somebody named the file, or it was there: then it has to be there again."""

    @classmethod
    def of(cls, flags: Mapping[str, Any], environ: Mapping[str, str], config: str | None) -> "Sources":
        given = {name: value for name, value in flags.items() if value not in (None, [], ())}
        path = config or environ.get(_PREFIX + "CONFIG")
        return cls(given, path or CONFIG_FILE, bool(path) or Path(CONFIG_FILE).is_file())

    def load(self, environ: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        _no_other_spelling(environ)
        raw = dict(_from_file(Path(self.file))) if self.needed or Path(self.file).is_file() else {}
        for name in OPTIONS:
            variable = _PREFIX + name.upper()
            if name == "lambda_endpoint" and variable not in environ and environ.get(_LAMBDA):
                variable = _LAMBDA
            if variable in environ:
                raw[name] = (variable, environ[variable])
            if name in self.flags:
                raw[name] = (flag_name(name), self.flags[name])
        settings = _without_itself(from_raw(raw), raw)
        check(settings)
        return settings


def check(settings: Settings) -> None:
    """What no option can say alone. Raises SettingError."""
    for one in _CHECKS:
        one(settings)


def _from_file(path: Path) -> Iterator[tuple[str, Raw]]:
    import tomllib  # only the command line reads files; the supervisor need not carry a parser

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{path}: cannot be read as TOML: {error}") from None
    known = {name.replace("_", "-"): name for name in OPTIONS}
    for key, value in document.items():
        name = known.get(key.replace("_", "-"))
        if name is None:
            near = difflib.get_close_matches(key, known, 1)
            raise SettingError(f"{path}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        yield name, (f"{path}, {key}", value)


def _no_other_spelling(environ: Mapping[str, str]) -> None:
    """Refuse a variable that nearly is an option: somebody believes that it acts.

    Others are left alone: Kubernetes makes PORTICO_SERVICE_HOST and its like of a service called portico.
    """
    known = {name.upper() for name in OPTIONS}
    for variable in environ:
        name = variable.removeprefix(_PREFIX)
        near = [] if name == variable or name in known else difflib.get_close_matches(name, known, 1, _NEARLY)
        if near:
            raise SettingError(f"{variable}: unknown variable; did you mean {_PREFIX}{near[0]}?")


def _without_itself(settings: Settings, raw: Mapping[str, Raw]) -> Settings:
    """Who tells AWS's tools that Lambda is here, says nothing else to Portico."""
    named = raw.get("lambda_endpoint", ("", None))[0] == _LAMBDA
    return replace(settings, lambda_endpoint=None) if named and _calls_itself(settings) else settings


def _calls_itself(settings: Settings) -> bool:
    return settings.lambda_endpoint is not None and leads_to(settings.lambda_endpoint, settings.control)


def _lambda_is_elsewhere(settings: Settings) -> None:
    if _calls_itself(settings):
        raise SettingError(
            f"--lambda-endpoint: {settings.lambda_endpoint} is this server's own --control; leave it away to run"
            " functions here"
        )


def _tls_pairs(settings: Settings) -> None:
    for cert, key in (("tls_cert", "tls_key"), ("control_tls_cert", "control_tls_key")):
        if (getattr(settings, cert) is None) != (getattr(settings, key) is None):
            raise SettingError(f"{flag_name(cert)} and {flag_name(key)} are given together or not at all")


def _control_is_private(settings: Settings) -> None:
    if settings.control_tls_cert is not None or settings.insecure_control:
        return
    for address in settings.control:
        if not address.is_loopback:
            raise SettingError(
                f"--control: {address} is reachable from other machines; give --control-tls-cert and"
                " --control-tls-key, or --insecure-control to serve the AWS API there without TLS"
            )


def _values_differ(settings: Settings) -> None:
    """Each value of an option that is repeated is about something else."""
    _once("--control, --gateway", (address for address in (*settings.control, *settings.gateway) if address.port))
    _once("--role", (role.principal for role in settings.role))
    _once("--vpc-link-target", (link.arn for link in settings.vpc_link_target), _MACHINES)
    _once("--backend", (backend.named for backend in settings.backend), _MACHINES)


def _once(flags: str, keys: Iterable[object], advice: str = "") -> None:
    seen = set()
    for key in keys:
        if key in seen:
            raise SettingError(f"{flags}: {key} is given twice{advice}")
        seen.add(key)


_CHECKS: Final[tuple[Callable[[Settings], None], ...]] = (
    _tls_pairs,
    _control_is_private,
    _values_differ,
    _lambda_is_elsewhere,
)
