"""The Receiver of backends' whole answers, for the integrations that map them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.dataplane.failures import fault_of
from portico.ports.upstream import Buffering, UpstreamFailure
from portico.wire.http1 import ResponseHead

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec


class BackendCollector(Buffering):
    """It does not know who calls: no Route is part of a cycle."""

    def __init__(self, spec: Spec) -> None:
        self._clock = spec.ports.clock

    def on_response(self, context: Exchange, head: ResponseHead, body: bytes) -> None:
        context.integration_latency = self._clock.monotonic() - context.called_at
        context.backend = head
        context.payload = body
        context.proceed()

    def on_failure(self, context: Exchange, failure: UpstreamFailure) -> None:
        context.fail(fault_of(failure))
