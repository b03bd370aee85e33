"""The one function type of the data plane, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange


class Outcome(Enum):
    """What a Step says when the next one is not to run now. (None: go on. A Fault is raised.)"""

    DONE = "the answer is ready"
    PENDING = "the answer of a port, or the rest of the body, will resume the Exchange"


DONE: Final = Outcome.DONE
PENDING: Final = Outcome.PENDING

Step = Callable[["Exchange"], Outcome | None]
Steps = tuple[Step, ...]
