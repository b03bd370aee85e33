"""Ports that lead nowhere: for compiling without serving, as control does before it acknowledges a deployment."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from portico.ports.access_log import Sink
from portico.ports.functions import (
    FailureKind,
    FunctionDestination,
    FunctionFailure,
    FunctionReceiver,
    Invocable,
    InvocationType,
)
from portico.ports.upstream import NeverLent, Origin, UpstreamCall, UpstreamRequest

T = TypeVar("T")


class Nowhere:
    """An Upstream that nobody may call, an AccessLog that keeps nothing, and Meters that count nothing."""

    def to(self, origin: Origin, /) -> "Nowhere":
        """A Destination too."""
        return self

    def call(self, method: bytes, request: bytes, plan: UpstreamRequest[Any], context: Any, /) -> UpstreamCall:
        raise AssertionError("what is only compiled calls nobody")

    def sink(self, destination_arn: str | None, /) -> Sink[Any]:
        return _discard

    def meter(self, api_id: str, stage: str, method: str, resource_path: str, /) -> "Nowhere":
        return self

    def record(self, status: int, latency: float, integration_latency: float | None, /) -> None:
        """A Meter too: for itself."""

    def fold(self) -> None:
        """Nothing was counted."""

    def close(self) -> None:
        """Nothing was opened."""


class NoFunctions:
    """Functions where there are none: whatever is invoked cannot be run."""

    def to(self, invocable: Invocable, receiver: FunctionReceiver[T], timeout: float, /) -> FunctionDestination[T]:
        return _NoFunction(invocable.arn, receiver)


class _NoFunction(NeverLent, Generic[T]):
    """A FunctionDestination, and the call to it, which is over before it began."""

    def __init__(self, arn: str, receiver: FunctionReceiver[T]) -> None:
        self._cause = f"{arn}: this process runs no functions"
        self._receiver = receiver

    def invoke(
        self,
        payload: bytes,
        context: T,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> "_NoFunction[T]":
        self._receiver.on_failure(context, FunctionFailure(FailureKind.UNAVAILABLE, self._cause))
        return self

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing comes."""

    def cancel(self) -> None:
        """Its Receiver has heard everything."""


def _discard(_line: Callable[[T], bytes], _told: T) -> None:
    """Nothing is served, so nothing is logged."""
