"""The function that an integration invokes: which one, in whose name, and the call as an Exchange knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.fault import WRONG_VERB, Fault
from portico.dataplane.principals import role_of
from portico.dataplane.trace import trace_id
from portico.lang.function_uri import Home, compile_function_uri
from portico.lang.uri import substitute
from portico.ports.functions import Caller, Invocable, InvocationType

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.ports.functions import FunctionDestination, FunctionReceiver

SERVICE: Final = "apigateway.amazonaws.com"
NO_EVENT: Final = b"{}"
"""What a function is called with where nothing was sent (recorded). This very object: a log tells that nothing was."""


_Destinations = dict[bytes, "FunctionDestination[Exchange]"]


class Callee:
    """One integration's function. Its Destinations differ in the verb that the function's policy is asked about."""

    def __init__(
        self, spec: Spec, receiver: FunctionReceiver[Exchange], timeout: float, *, written: bool = False
    ) -> None:
        """`written`: events are JSON of the gateway's own. Raises NotBuilt and UnknownStageVariable."""
        ports, integration = spec.ports, spec.integration
        home = None if ports.functions_elsewhere else Home(ports.region, ports.account_id)
        uri = compile_function_uri(integration.uri or "", spec.variables, home)
        self.streams = uri.streams
        self._arn = uri.arn
        self._role = role_of(substitute(integration.credentials or "", spec.variables))
        self._stage_arn = f"arn:aws:execute-api:{ports.region}:{ports.account_id}:{spec.api_id}/{spec.place.stage}"
        self._path = spec.place.resource_path
        self._account = ports.account_id
        self._functions = ports.functions
        self._receiver = receiver
        self._timeout = timeout
        self._verb = integration.http_method
        self._named = spec.request_ids
        self._written = written
        self._known: tuple[_Destinations, _Destinations] = ({}, {})
        """By verb: without the log's tail and with it."""
        self._clock = ports.clock

    def invoke(
        self,
        exchange: Exchange,
        event: bytes,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        tail: bool = False,
    ) -> None:
        """Send the event. The Exchange may be over when this returns. Raises the 500 of a verb other than POST."""
        if self._verb != "POST":
            raise Fault(WRONG_VERB, cause=f"the integration's httpMethod is {self._verb}: functions are called by POST")
        known = self._known[tail]
        destination = known.get(exchange.method)
        if destination is None:
            destination = known[exchange.method] = self._to(exchange.method.decode(), tail)
        exchange.called_at = self._clock.monotonic()
        call = destination.invoke(event, exchange, kind, exchange.trace_id or trace_id(exchange))
        if not exchange.over:
            exchange.call = call

    def _to(self, verb: str, tail: bool) -> FunctionDestination[Exchange]:
        """A method of ANY has a Destination for each of its seven verbs."""
        if self._role is not None:
            caller = Caller(role=self._role)
        else:
            caller = Caller(SERVICE, f"{self._stage_arn}/{verb}{self._path}", self._account)
        invocable = Invocable(self._arn, caller, self.streams, tail, named=self._named, written=self._written)
        return self._functions.to(invocable, self._receiver, self._timeout)
