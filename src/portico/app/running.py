"""What one run of a server is told by the program before it: the command line tells the supervisor, and a supervisor
the one that replaces it. It travels in one environment variable, as JSON.
"""

import json
import os
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

from portico.settings import Settings, loads

VARIABLE: Final = "PORTICO_RUN"
SUPERVISOR: Final = (sys.executable, "-P", "-m", "portico.app")
"""`-P`: modules in the directory where somebody happened to type `portico serve` are none of ours."""


@dataclass(frozen=True, slots=True)
class Running:
    settings: Settings
    lock: int
    """Descriptor of the data directory's lock."""
    handed: dict[str, Any] | None = None
    """Sockets and children of a supervisor that replaced itself."""

    def environment(self) -> dict[str, str]:
        """The environment for the next program."""
        told = {"settings": self.settings.dumps(), "lock": self.lock, "handed": self.handed}
        return {**os.environ, VARIABLE: json.dumps(told)}

    def handing(self, handed: dict[str, Any]) -> "Running":
        return replace(self, handed=handed)


def told() -> Running:
    """What the program before this one said. Raises SettingError, KeyError."""
    document = json.loads(os.environ[VARIABLE])
    return Running(loads(document["settings"]), document["lock"], document["handed"])
