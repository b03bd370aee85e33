"""Ports that lead nowhere: for compiling without serving, as control does before it acknowledges a deployment."""

from collections.abc import Callable
from typing import Any, TypeVar

from portico.ports.access_log import Sink
from portico.ports.upstream import Origin, UpstreamCall, UpstreamRequest

T = TypeVar("T")


class Nowhere:
    """An Upstream that nobody may call, an AccessLog that keeps nothing, and Meters that count nothing."""

    def to(self, origin: Origin, /) -> "Nowhere":
        """A Destination too."""
        return self

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, /) -> UpstreamCall:
        raise AssertionError("what is only compiled calls nobody")

    def sink(self, destination_arn: str | None, line: Callable[[T], bytes], /) -> Sink[T]:
        return _discard

    def meter(self, api_id: str, stage: str, method: str, resource_path: str, /) -> "Nowhere":
        return self

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        """A Meter too: for itself."""

    def close(self) -> None:
        """Nothing was opened."""


def _discard(_told: object) -> None:
    """Nothing is served, so nothing is logged."""
