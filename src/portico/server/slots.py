"""The places of a server's processes: for control, for functions, for each worker. A slot outlives who is in it."""

import socket
from dataclasses import dataclass
from typing import Final

from portico.server.children import Child

_YOUNG_SECONDS: Final = 2.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


@dataclass(slots=True)
class Slot:
    role: str
    number: int
    sockets: list[socket.socket]
    child: Child | None = None
    successor: Child | None = None
    """In a rolling restart: who takes the child's place once it is ready."""
    deaths: int = 0
    """Of children that died young, in a row."""
    due: float = 0.0
    """When to start a child, where there is none. Monotonic."""

    def occupants(self) -> list[Child]:
        return [child for child in (self.child, self.successor) if child is not None]

    def lost(self, child: Child, now: float) -> float:
        """The child died unasked. Seconds until its replacement is due: 0, or more for a slot whose children keep
        dying young, doubling to 5 s."""
        self.deaths = self.deaths + 1 if now - child.born < _YOUNG_SECONDS else 0
        pause = min(_FIRST_PAUSE * 2 ** (self.deaths - 2), _LONGEST_PAUSE) if self.deaths > 1 else 0.0
        self.due = now + pause
        return pause
