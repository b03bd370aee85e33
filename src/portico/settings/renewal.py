"""What a server that runs takes over from its sources when it is told to read them again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from portico.settings import OPTIONS, SettingError, Settings
from portico.settings.sources import Sources, check, flag_name

_FOR_LIFE: Final = frozenset({"control", "gateway", "workers", "data_dir", "account_id", "region"})
"""Of the supervisor's: the sockets that it holds, a set for each worker; the directory whose lock it has; and who the
server is, which two generations of processes side by side cannot disagree about."""


class Renewal(NamedTuple):
    settings: Settings
    """What acts from now on."""
    changed: tuple[str, ...]
    """Options that have a new value, as `--drain-seconds`."""
    kept: tuple[str, ...]
    """Options that have the old value still: the new one acts after a new start."""


def renew(running: Settings, sources: Sources, environ: Mapping[str, str]) -> Renewal:
    """Raises SettingError where the sources say what cannot be, alone or beside what is kept."""
    wanted = sources.load(environ)
    differing = [name for name in OPTIONS if getattr(wanted, name) != getattr(running, name)]
    kept = {name for name in differing if name in _FOR_LIFE or _moves_functions(name, running, wanted)}
    settings = replace(wanted, **{name: getattr(running, name) for name in kept})
    try:
        check(settings)
    except SettingError as error:
        raise SettingError(f"{error} (a new {', '.join(_flags(kept))} acts after a new start)") from None
    return Renewal(settings, _flags(set(differing) - kept), _flags(kept))


def _moves_functions(name: str, running: Settings, wanted: Settings) -> bool:
    """Whether functions would run here and did not, or the other way round: there is a process for them, or none."""
    return name == "lambda_endpoint" and (running.lambda_endpoint is None) != (wanted.lambda_endpoint is None)


def _flags(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(flag_name(name) for name in names))
