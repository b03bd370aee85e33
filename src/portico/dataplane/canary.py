"""What is told of a canary's requests: to its stage like all others, and again apart (guide, "canary release").

Apart means under the stage's name with `/Canary` behind it, which no stage can be called: in a log group beside the
stage's, where the stage has one, and in meters beside the stage's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from portico.model.standing import StageStanding
from portico.ports.access_log import AccessLog, Sink
from portico.ports.meters import Meter, Meters

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.log_format import Formatter

APART: Final = "/Canary"


def meter_of(meters: Meters, standing: StageStanding, verb: str, path: str) -> Meter:
    """The Meter of a method under a stage, or with neither verb nor path of what no method got."""
    meter = meters.meter(standing.api_id, standing.stage_name, verb, path)
    if not standing.canary:
        return meter
    return _Both(meter, meters.meter(standing.api_id, standing.stage_name + APART, verb, path))


class _Both:
    """A Meter that is two."""

    __slots__ = ("_apart", "_stage")

    def __init__(self, stage: Meter, apart: Meter) -> None:
        self._stage = stage
        self._apart = apart

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        self._stage.record(status, latency, integration_latency)
        self._apart.record(status, latency, integration_latency)


def sink_of(logs: AccessLog, standing: StageStanding, again: Formatter) -> Sink[Exchange]:
    """Where a stage's lines go. A canary's go to two logs; `again` makes the second line, which counts nothing."""
    settings = standing.access_log_settings
    group = settings.destination_arn if settings is not None else None
    sink: Sink[Exchange] = logs.sink(group)
    if not standing.canary or group is None:
        return sink
    apart: Sink[Exchange] = logs.sink(group.removesuffix(":*") + APART)

    def both(line: Callable[[Exchange], bytes], exchange: Exchange) -> None:
        sink(line, exchange)
        apart(again, exchange)

    return both
