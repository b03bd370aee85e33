"""One control-plane verb: a function from a Call to the answer's document.

    @operation("CreateResource")
    def create_resource(call: Call) -> Document: ...

The function loads, checks, changes, saves and returns a document under AWS's member names. It never sees a URL, a
status or JSON: botocore's model of the service decides those. Parameters have been validated against the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from portico.kernel.clock import Clock
from portico.ports.compilation import Compilation
from portico.ports.store import Document, WritingUnit


@dataclass(frozen=True, slots=True)
class Realm:
    """What every operation may know of where it runs: one account in one region."""

    account_id: str
    region: str
    clock: Clock
    compilation: Compilation
    new_id: Callable[[int], str]
    """A fresh lower-case alphanumeric id of that length."""
    warn: Callable[[str], None]
    """Tell the operator something about a definition, as a deployment that will not serve all its methods does."""
    max_integration_timeout: int = 29_000
    """Milliseconds that an integration may be given: AWS's quota, which it raises for accounts that ask."""


@dataclass(slots=True)
class Call:
    """One operation under way: its parameters under AWS's member names, its transaction and its realm.

    A timestamp that an operation stores or returns is a float of epoch seconds.
    """

    params: dict[str, Any]
    unit: WritingUnit
    realm: Realm


class Operation(NamedTuple):
    service: str
    """The model's name, "apigateway"."""
    name: str
    writes: bool
    run: Callable[[Call], Document]


OPERATIONS: dict[tuple[str, str], Operation] = {}
"""Every operation that is built, by (service, name). Importing a family module fills it."""


def operation(
    name: str, *, service: str = "apigateway", writes: bool | None = None
) -> Callable[[Callable[[Call], Document]], Callable[[Call], Document]]:
    """Register the decorated function as operation `name`. It `writes` unless its name begins with Get."""

    def register(run: Callable[[Call], Document]) -> Callable[[Call], Document]:
        decided = not name.startswith("Get") if writes is None else writes
        OPERATIONS[service, name] = Operation(service, name, decided, run)
        return run

    return register
