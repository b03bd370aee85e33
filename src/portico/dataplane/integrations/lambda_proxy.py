"""AWS_PROXY: the request is a Lambda function's event, payload format 1.0, and its value is the answer.

Mappings, templates and integration responses have no part in it (recorded fact 119), but for the mapped headers that
make every request a 500 (fact 124).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.answer_collector import AnswerCollector
from portico.dataplane.backend import Mappings, trace_line
from portico.dataplane.binary import decoded
from portico.dataplane.fault import API_CONFIGURATION_ERROR, MALFORMED_ANSWER, Fault
from portico.dataplane.function_error import function_error
from portico.dataplane.function_head import FunctionHead
from portico.dataplane.function_lines import answer_lines
from portico.dataplane.function_stream import FunctionStream
from portico.dataplane.invocation import Callee
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.step import DONE, PENDING, Outcome
from portico.dataplane.streaming import streams
from portico.dataplane.trial_event import event_maker
from portico.lang.errors import NotBuilt
from portico.wire.lambda_answers import MalformedAnswer, parse_answer

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps

KIND: Final = "AWS_PROXY"
_MALFORMED: Final = "Malformed Lambda proxy response"


def compile(spec: Spec) -> Steps:
    """The Steps that invoke the function and read its answer. Raises lang's errors for what cannot be compiled."""
    proxy = LambdaProxy(spec)
    return (proxy.send,) if streams(spec.integration) else (proxy.send, proxy.respond)


class LambdaProxy:
    """One method's calls: the Step before the function and the Step behind it."""

    def __init__(self, spec: Spec) -> None:
        self._poison = Mappings(spec.integration.request_parameters, KIND).poison
        self._events = event_maker(spec)
        self._callee = _callee(spec)
        self._binary = BinaryTypes(spec.binary_media_types)

    def send(self, exchange: Exchange) -> Outcome:
        if self._poison:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {self._poison} cannot be mapped")
        self._callee.invoke(exchange, self._events.event(exchange))
        return PENDING

    def respond(self, exchange: Exchange) -> Outcome:
        """The Step behind `send`: the function has answered."""
        head = exchange.backend
        assert isinstance(head, FunctionHead)
        if head.answer.error is not None:
            raise function_error(head.answer)
        try:
            answer = parse_answer(head.answer.payload)
            lines, status = answer_lines(answer), answer.status()
        except MalformedAnswer as error:
            # AWS's words for its log, and for the operator what is wrong
            words = f"Execution failed due to configuration error: {_MALFORMED}"
            raise Fault(MALFORMED_ANSWER, cause=f"{_MALFORMED}: {error}", words=words) from None
        exchange.status = head.code = status
        exchange.lines = [lines, trace_line(exchange)]
        content = (answer.body or "").encode()
        exchange.content = self._decoded(exchange, content) if answer.is_base64_encoded else content
        return DONE

    def _decoded(self, exchange: Exchange, content: bytes) -> bytes:
        """Base64 is decoded where the client asks for a binary media type, and nowhere else (fact 118)."""
        if self._binary.match(exchange.head.section.digest.accept):
            return decoded(content)
        return content


def _callee(spec: Spec) -> Callee:
    """Raises NotBuilt for a URI that does not go with the transfer mode: AWS takes none such."""
    if streams(spec.integration):
        stream = FunctionStream(spec)
        callee = Callee(spec, stream, stream.timeout, written=True)
    else:
        callee = Callee(spec, AnswerCollector(spec), spec.integration.timeout_in_millis / 1000, written=True)
    if callee.streams != streams(spec.integration):
        words = "STREAM takes a URI that ends in /response-streaming-invocations, and no other mode does"
        raise NotBuilt(f"URI {spec.integration.uri!r}", words)
    return callee
