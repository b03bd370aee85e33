"""What the control plane asks of the data plane's compiler before it acknowledges a deployment.

The planes do not know each other: `app` hands the one's compiler to the other through this port.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from portico.kernel.errors import PorticoError
from portico.model.rest import Snapshot
from portico.model.standing import StageStanding


class Unserved(NamedTuple):
    """A method (or with method and path empty a whole API or stage) that will be refused at run time, and why."""

    method: str
    path: str
    reason: str


class CompileError(PorticoError):
    """The definition cannot be served at all; the text tells an API author where and why."""


class Compilation(Protocol):
    def check(self, snapshot: Snapshot, stage: StageStanding | None) -> Sequence[Unserved]:
        """Compile everything once. What would not be enforced is listed, for the deployment's warning.

        Raises CompileError where a template, mapping or pattern cannot be compiled: the deployment is then a 400.
        """
        ...
