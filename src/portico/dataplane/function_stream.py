"""The streamed answer of a Lambda proxy integration: JSON of its head, eight NUL bytes, and the body as it comes.

Source: guide, response-transfer-mode-lambda. The delimiter is within the first 16 KB; what has another form is a 500.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import trace_line
from portico.dataplane.failures import function_fault
from portico.dataplane.fault import FUNCTION_ERROR, INTEGRATION_FAILURE, INTERNAL, Fault
from portico.dataplane.function_error import function_error
from portico.dataplane.function_head import NO_HEADERS, section_of
from portico.dataplane.function_lines import header_lines
from portico.dataplane.request_ids import HEADER
from portico.dataplane.streaming import Limits, StreamHead, cut
from portico.ports.functions import FunctionAnswer
from portico.wire.http1 import BODILESS, ResponseHead
from portico.wire.lambda_answers import MalformedAnswer, Prelude, parse_prelude

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.ports.functions import FunctionFailure

DELIMITER: Final = bytes(8)
_LONGEST_PRELUDE: Final = 16 * 1024
_LENGTH = re.compile("[0-9]{1,18}")


class FunctionStream:
    """The Receiver of streamed answers. Until the delimiter comes, an Exchange's `payload` is what came before it."""

    def __init__(self, spec: Spec) -> None:
        self._limits = Limits(spec)

    @property
    def timeout(self) -> float:
        """Seconds from piece to piece."""
        return self._limits.piece

    def on_answer(self, context: Exchange, answer: FunctionAnswer) -> None:
        if answer.error is not None:
            context.fail(function_error(answer))
            return
        self.on_data(context, answer.payload)
        if not context.over:
            self.on_end(context, None)

    def on_begin(self, context: Exchange, request_id: str = "") -> None:
        """The function has begun to answer: nothing that a client could be told of yet."""
        if request_id:
            context.backend = ResponseHead(200, section_of([(HEADER, request_id.encode())]))

    def on_data(self, context: Exchange, data: bytes) -> None:
        if context.streaming:
            self._limits.send(context, data)
            return
        gathered = context.payload + data
        prelude, delimiter, body = gathered.partition(DELIMITER)
        if not delimiter and len(gathered) < _LONGEST_PRELUDE + len(DELIMITER):
            context.payload = gathered
        elif not delimiter or len(prelude) > _LONGEST_PRELUDE:
            cut(context, _malformed(f"no delimiter within {_LONGEST_PRELUDE} bytes"))
        else:
            self._begin(context, prelude, body)

    def _begin(self, exchange: Exchange, prelude: bytes, body: bytes) -> None:
        try:
            answer = parse_prelude(prelude)
            length = _announced(answer)
            exchange.lines = header_lines(line for line in answer.lines if line[0].lower() != "content-length")
        except MalformedAnswer as error:
            cut(exchange, _malformed(str(error)))
            return
        exchange.payload = b""
        exchange.status = answer.status
        exchange.lines.append(trace_line(exchange))
        told = NO_HEADERS if exchange.backend is None else exchange.backend.section
        head = StreamHead(200, told, answer.status)
        head.announced = length
        self._limits.begin(exchange, head)
        if answer.status in BODILESS:
            if exchange.call is not None:
                exchange.call.cancel()
            exchange.finish()
            return
        exchange.begin_stream(length, lend=False)
        if body and not exchange.over:
            self._limits.send(exchange, body)

    def on_end(self, context: Exchange, error: str | None, log: bytes = b"") -> None:
        if error is not None:
            context.fail(Fault(FUNCTION_ERROR, cause=f"the function failed in the midst of its answer: {error[:1024]}"))
        elif not context.streaming:
            context.fail(_malformed("it ended before the delimiter"))
        elif _missing(context):
            context.fail(Fault(INTEGRATION_FAILURE, cause=f"{_missing(context)} bytes fewer than its Content-Length"))
        else:
            context.end_stream()

    def on_failure(self, context: Exchange, failure: FunctionFailure) -> None:
        context.fail(function_fault(failure))


def _malformed(reason: str) -> Fault:
    return Fault(INTERNAL, cause=f"Malformed Lambda proxy response: {reason}")


def _announced(answer: Prelude) -> int | None:
    """The Content-Length that the function says its body has. Raises MalformedAnswer."""
    told = {value for name, value in answer.lines if name.lower() == "content-length"}
    if not told:
        return None
    (first, *more) = told
    if more or _LENGTH.fullmatch(first) is None:
        raise MalformedAnswer("it has no single Content-Length")
    return int(first)


def _missing(exchange: Exchange) -> int:
    """How many bytes of what was announced did not come."""
    head = exchange.backend
    announced = head.announced if isinstance(head, StreamHead) else None
    return 0 if announced is None else announced - exchange.length
