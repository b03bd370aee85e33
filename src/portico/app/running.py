"""What one run of a server is told by the program before it: the command line tells the supervisor, and a supervisor
the one that replaces it. It travels in one environment variable, as JSON.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from portico.settings import Settings, loads
from portico.settings.renewal import Renewal, renew
from portico.settings.sources import Sources

VARIABLE: Final = "PORTICO_RUN"
SUPERVISOR: Final = (sys.executable, "-P", "-m", "portico.app")
"""`-P`: modules in the directory where somebody happened to type `portico serve` are none of ours."""


@dataclass(frozen=True, slots=True)
class Running:
    settings: Settings
    lock: int
    """Descriptor of the data directory's lock."""
    sources: Sources | None = None
    """Where the settings came from; None where they are to stay as they are."""
    handed: dict[str, Any] | None = None
    """Sockets and children of a supervisor that replaced itself."""

    def environment(self) -> dict[str, str]:
        """The environment for the next program."""
        told = {
            "settings": self.settings.dumps(),
            "lock": self.lock,
            "sources": None if self.sources is None else asdict(self.sources),
            "handed": self.handed,
        }
        return {**os.environ, VARIABLE: json.dumps(told)}

    def renewal(self) -> Renewal:
        """The settings as their sources say them now. Raises SettingError."""
        if self.sources is None:
            return Renewal(self.settings, (), ())
        return renew(self.settings, self.sources, os.environ)

    def handing(self, settings: Settings, handed: dict[str, Any]) -> "Running":
        return replace(self, settings=settings, handed=handed)


def told() -> Running:
    """What the program before this one said. Raises SettingError, KeyError."""
    document = json.loads(os.environ[VARIABLE])
    sources = document["sources"] and Sources(**document["sources"])
    return Running(loads(document["settings"]), document["lock"], sources, document["handed"])
