"""A compiled Snapshot under one stage's Standing: what serves the requests of a stage.

A Route is compiled when it is first used: a deployment of 500 methods is then served at once, and methods that nobody
calls cost nothing. Compiling can raise no surprise here, because control compiled everything before it acknowledged the
deployment. A Program refers to nothing that refers to it, so that a swapped one is freed without the collector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from portico.dataplane.routes import Tree
from portico.model.rest import Method, Resource, Snapshot
from portico.model.standing import StageStanding
from portico.ports.access_log import Sink
from portico.ports.meters import Meter

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.fault import Fault
    from portico.dataplane.gateway_responses import GatewayResponses
    from portico.dataplane.log_format import Format
    from portico.dataplane.step import Steps


@dataclass(frozen=True, slots=True)
class Route:
    """One compiled method: its Steps, and what logs, templates and events tell of it."""

    steps: Steps
    behind_body: int
    """Index of the first Step that a request without a body has to do with."""
    resource_path: str
    resource_id: str
    parameter_names: tuple[str, ...]
    meter: Meter


class Spot:
    """Where a Route is in the tree: its definition until it is first used, then also the Route."""

    __slots__ = ("method", "resource", "route")

    def __init__(self, resource: Resource, method: Method) -> None:
        self.resource = resource
        self.method = method
        self.route: Route | None = None


class Stage(NamedTuple):
    """What is told of the stage in logs, templates and headers."""

    api_id: str
    name: str
    deployment_id: str
    account_id: str
    region: str
    variables: dict[str, str]
    canary: bool | None = None
    """Whether the requests are those of the stage's canary; None where it has none."""


CompileRoute = Callable[[Snapshot, StageStanding, Resource, Method], Route]


class Program:
    """Everything that one stage's requests need. `standing` and `snapshot` are what it was compiled from."""

    __slots__ = (
        "_compile",
        "_line",
        "_sink",
        "_tree",
        "canary",
        "lost",
        "meter",
        "place",
        "refusal",
        "responses",
        "share",
        "snapshot",
        "special",
        "stage",
        "standing",
    )

    def __init__(
        self,
        stage: Stage,
        standing: StageStanding,
        snapshot: Snapshot,
        compile_route: CompileRoute,
        responses: GatewayResponses,
        sink: Sink[Exchange],
        log: Format,
        meter: Meter,
    ) -> None:
        self.stage = stage
        self.standing = standing
        self.snapshot = snapshot
        self.responses = responses
        self._compile = compile_route
        self._sink = sink
        self._line, self.place = log.line, log.place
        self.meter = meter
        """Of the requests that no Route got."""
        self.refusal: Fault | None = None
        """Why no request of this stage is served."""
        self.lost = False
        """Its Snapshot could not be read."""
        self.canary: Program | None = None
        self.share = 0.0
        """Percent of the stage's requests that are the canary's."""
        self.special = False
        """Whether it has a refusal or a canary: one look for each request."""
        self._tree: Tree[Spot] = Tree()
        for resource in snapshot.resources:
            for verb, method in resource.resource_methods.items():
                self._tree.add(resource.path, verb, Spot(resource, method))

    def refuse(self, refusal: Fault | None) -> None:
        self.refusal = refusal
        self.special = refusal is not None or self.canary is not None

    def split(self, canary: Program, share: float) -> None:
        """Let `canary` serve `share` percent of the requests, whoever asks."""
        self.canary = canary
        self.share = share
        self.special = True

    def match(self, method: bytes, segments: list[bytes]) -> tuple[Route, tuple[bytes, ...]] | None:
        """The Route for a path cut at its slashes, and the values of its parameters."""
        found = self._tree.match(method, segments)
        if found is None:
            return None
        spot, captures = found
        route = spot.route
        if route is None:
            route = spot.route = self._compile(self.snapshot, self.standing, spot.resource, spot.method)
        return route, captures

    def served(self, exchange: Exchange) -> None:
        """Tell of one answered request: its line is made and it is counted with its batch."""
        if not exchange.latency:
            exchange.latency = exchange.ports.clock.monotonic() - exchange.started
        exchange.body = exchange.content = exchange.payload = b""  # a line of the log waits for its batch without them
        self._sink(self._line, exchange)
