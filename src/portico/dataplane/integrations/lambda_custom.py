"""AWS with a function's URI: called with what the request template renders, and its value mapped back.

The function's errorMessage selects the integration response; its success takes the one that matches an empty text, and
a status is never looked at (recorded fact 138). Mapped headers are those of Lambda's Invoke operation: they say how the
function is called. URIs of other services are aws_service's.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

from portico.dataplane.answer_collector import AnswerCollector
from portico.dataplane.backend import Mappings, evaluate, trace_line, view_of
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.function_head import FunctionHead, section_of
from portico.dataplane.integration_response import IntegrationResponses
from portico.dataplane.invocation import NO_EVENT, Callee
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.overrides import request_overrides
from portico.dataplane.request_body import RequestBody
from portico.dataplane.request_ids import HEADER
from portico.dataplane.step import DONE, PENDING, Outcome
from portico.lang.errors import NotBuilt
from portico.ports.functions import InvocationType
from portico.wire.lambda_answers import error_message

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps
    from portico.lang.mapping import Mapped
    from portico.ports.functions import FunctionAnswer

KIND: Final = "AWS"
_TYPE: Final = "x-amz-invocation-type"
_LOG: Final = "x-amz-log-type"
_TYPES: Final = {kind.value: kind for kind in InvocationType}
_UNBUILT_HEADER: Final = "x-amz-client-context"


def compile(spec: Spec) -> Steps:
    """The Steps that invoke the function and map its answer. Raises lang's errors for what cannot be compiled."""
    custom = LambdaCustom(spec)
    return (custom.send, custom.respond)


class LambdaCustom:
    """One method's calls: the Step before the function and the Step behind it."""

    def __init__(self, spec: Spec) -> None:
        integration = spec.integration
        self._callee = Callee(spec, AnswerCollector(spec), integration.timeout_in_millis / 1000)
        if self._callee.streams:
            raise NotBuilt(f"URI {integration.uri!r}", "only integrations of type AWS_PROXY stream")
        mappings = Mappings(integration.request_parameters, KIND, integration.request_templates)
        self._poison = mappings.poison
        self._options = _options(mappings)
        self._overridable = mappings.overridable
        binary = BinaryTypes(spec.binary_media_types)
        self._body = RequestBody(integration, binary)
        self._responses = IntegrationResponses(spec.method, integration.integration_responses, binary, messages=True)

    def send(self, exchange: Exchange) -> Outcome:
        if self._poison:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {self._poison} cannot be mapped")
        event = self._body.of(exchange) or NO_EVENT
        asks = self._options or self._overridable
        kind, tail = self._asked(exchange) if asks else (InvocationType.REQUEST_RESPONSE, False)
        self._callee.invoke(exchange, event, kind, tail=tail)
        return PENDING

    def _asked(self, exchange: Exchange) -> tuple[InvocationType, bool]:
        """How the function is to be called, and whether with its log. Raises the 500 of a type that Lambda has not."""
        view = view_of(exchange)
        values = {name: evaluate(source, view) for name, source in self._options.items()}
        values |= {name.lower(): ",".join(texts) for name, texts in request_overrides(exchange, "header").items()}
        asked = values.get(_TYPE) or InvocationType.REQUEST_RESPONSE.value
        kind = _TYPES.get(asked) if isinstance(asked, str) else None
        if kind is None:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"Lambda knows no invocation type {asked!r}")
        return kind, values.get(_LOG) == "Tail"

    def respond(self, exchange: Exchange) -> Outcome:
        """The Step behind `send`: the function has answered."""
        assert isinstance(exchange.backend, FunctionHead)
        answer = exchange.backend.answer
        exchange.backend = FunctionHead(answer, section_of(_headers(answer)))
        exchange.backend.code = answer.status
        exchange.payload = answer.payload
        message = None if answer.error is None else error_message(answer.payload)
        self._responses.apply_message(exchange, message)
        exchange.lines.append(trace_line(exchange))
        return DONE


def _options(mappings: Mappings) -> dict[str, Mapped]:
    """The mapped headers that change the call. Raises NotBuilt for those of Invoke's parameters that are not built."""
    headers = {name.lower(): source for name, source in mappings.headers}
    if _UNBUILT_HEADER in headers:
        raise NotBuilt("integration.request.header.X-Amz-Client-Context", "client contexts are not built yet")
    if any(name == "Qualifier" for name, _ in mappings.query):
        raise NotBuilt("integration.request.querystring.Qualifier", "name the version or alias in the URI")
    return {name: headers[name] for name in (_TYPE, _LOG) if name in headers}


def _headers(answer: FunctionAnswer) -> list[tuple[bytes, bytes]]:
    """The headers of Lambda's Invoke operation, for response mappings."""
    headers = [(b"Content-Type", b"application/json"), (b"X-Amz-Executed-Version", answer.version.encode())]
    if answer.error is not None:
        headers.append((b"X-Amz-Function-Error", answer.error.encode()))
    if answer.request_id:
        headers.append((HEADER, answer.request_id.encode()))
    if answer.log:
        headers.append((b"X-Amz-Log-Result", b64encode(answer.log)))
    return headers
