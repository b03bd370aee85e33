"""Where backends are that a URI names otherwise: `--backend HOST[:PORT]=HOST[:PORT][,HOST[:PORT] …]`."""

import re
from typing import NamedTuple

from portico.settings.link_targets import Target, target


class Backend(NamedTuple):
    """What is called instead of one host."""

    named: Target
    """As a URI has it; without a port at any of its ports."""
    targets: tuple[Target, ...]

    def __str__(self) -> str:
        return f"{self.named}={','.join(map(str, self.targets))}"


def backend(text: str) -> Backend:
    """Raises ValueError."""
    name, _, machines = text.partition("=")
    return Backend(target(name), tuple(map(target, machines.split(","))))


def split(text: str) -> list[str]:
    """One value for each name: commas within one part its machines."""
    return re.split(r",(?=[^,=]*=)", text)
