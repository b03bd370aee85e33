"""The Receiver of functions' whole answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.dataplane.failures import function_fault
from portico.dataplane.function_head import FunctionHead

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.ports.functions import FunctionAnswer, FunctionFailure


class AnswerCollector:
    """It does not know who calls: no Route is part of a cycle."""

    def __init__(self, spec: Spec) -> None:
        self._clock = spec.ports.clock

    def on_answer(self, context: Exchange, answer: FunctionAnswer) -> None:
        context.integration_latency = self._clock.monotonic() - context.called_at
        context.backend = FunctionHead(answer)
        context.proceed()

    def on_begin(self, context: Exchange, request_id: str = "") -> None:
        raise AssertionError("a function that does not stream is told whole answers")

    def on_data(self, context: Exchange, data: bytes) -> None:
        raise AssertionError("a function that does not stream is told whole answers")

    def on_end(self, context: Exchange, error: str | None, log: bytes = b"") -> None:
        raise AssertionError("a function that does not stream is told whole answers")

    def on_failure(self, context: Exchange, failure: FunctionFailure) -> None:
        context.fail(function_fault(failure))
