"""AWS with the URI of any service but Lambda: a signed request of what is mapped, its answer mapped back by its status.

A method whose credentials have to be fetched has one Step more, in front. An error of the service is an answer like any
other: without an integration response of its own it is the default one's (recorded fact 145).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import Mappings, greedy_names, mapped_headers, trace_line
from portico.dataplane.backend_collector import BackendCollector
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.integration_response import IntegrationResponses
from portico.dataplane.key_collector import NOT_ASSUMED, HeldFetch, KeyCollector
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.principals import principal_of
from portico.dataplane.request_body import RequestBody
from portico.dataplane.service_request import ServiceHeaders, ServiceTarget
from portico.dataplane.step import DONE, PENDING, Outcome
from portico.lang.aws_services import S3
from portico.lang.errors import NotBuilt
from portico.lang.service_uri import ServiceUri, compile_service_uri
from portico.lang.uri import substitute
from portico.ports.services import NotCallable
from portico.ports.upstream import UpstreamRequest
from portico.wire.sigv4 import UNSIGNED_PAYLOAD, Place, Rules, Signer

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec
    from portico.dataplane.step import Steps
    from portico.ports.services import Keys, ServiceEndpoint

KIND: Final = "AWS"
_BODILESS: Final = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_HASH: Final = "x-amz-content-sha256"
_AS_S3: Final = Rules(normalise_path=False, double_encode_path=False, unsigned_payload=True)


def compile(spec: Spec) -> Steps:
    """The Steps that call the service and map its answer. Raises lang's errors for what cannot be compiled."""
    service = AwsService(spec)
    calls = (service.send, service.respond)
    return calls if service.keys.lasting else (service.sign_in, *calls)


class AwsService:
    """One method's calls: the Step that waits for credentials, the Step before the service, and the one behind it."""

    def __init__(self, spec: Spec) -> None:
        integration = spec.integration
        self._mappings = Mappings(integration.request_parameters, KIND, integration.request_templates)
        uri = compile_service_uri(integration.uri or "", spec.variables, greedy_names(self._mappings, spec.greedy))
        at, self.keys = _callable(spec, uri)
        self._destination = at.destination
        self._target = ServiceTarget(uri, at, self._mappings)
        self._headers = ServiceHeaders(uri.service, uri.operation, at.host, spec.api_id)
        self._s3 = uri.service is S3
        place = Place(uri.service.signing_region(uri.region), uri.service.signing)
        self._signer = Signer(place, _AS_S3) if self._s3 else Signer(place)
        verb = integration.http_method or "ANY"
        self._verb = None if verb == "ANY" else verb.encode()
        binary = BinaryTypes(spec.binary_media_types)
        self._body = RequestBody(integration, binary)
        self._responses = IntegrationResponses(spec.method, integration.integration_responses, binary)
        timeout = integration.timeout_in_millis / 1000
        self._plan: UpstreamRequest[Exchange] = UpstreamRequest(BackendCollector(spec), timeout)
        self._waiter = KeyCollector()
        self._clock = spec.ports.clock

    def sign_in(self, exchange: Exchange) -> Outcome | None:
        """The Step before `send` where credentials are fetched. Mostly they are at hand."""
        if self.keys.at_hand() is not None:
            return None
        fetch = self.keys.fetch(self._waiter, exchange)
        if not exchange.over:
            exchange.call = HeldFetch(fetch)
        return PENDING

    def send(self, exchange: Exchange) -> Outcome:
        mappings = self._mappings
        if mappings.poison:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"the header {mappings.poison} cannot be mapped")
        verb = self._verb or exchange.method
        body = self._body.of(exchange)
        mapped = mapped_headers(exchange, mappings) if mappings.headers or mappings.overridable else []
        signed, others = self._headers.split(mapped, typed=bool(body) and verb not in _BODILESS)
        front = self._front(verb.decode(), self._target.of(exchange), signed, body)
        request = b"".join((front, others, trace_line(exchange), b"Content-Length: %d\r\n\r\n" % len(body), body))
        exchange.called_at = self._clock.monotonic()
        exchange.call = self._destination.call(verb, request, self._plan, exchange)
        return PENDING

    def _front(self, verb: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        """The request line and the signed headers. Raises the 500 of credentials that came and are gone."""
        credentials = self.keys.at_hand()
        if credentials is None:
            raise Fault(API_CONFIGURATION_ERROR, cause=f"{NOT_ASSUMED}: its credentials expired at once")
        if not (self._s3 and headers.get(_HASH) == UNSIGNED_PAYLOAD):
            headers[_HASH] = sha256(body).hexdigest()
        lines = self._signer.lines(verb, target, headers, headers[_HASH], credentials, self._clock.now())
        return f"{verb} {target} HTTP/1.1\r\n{lines}".encode("latin-1")

    def respond(self, exchange: Exchange) -> Outcome:
        """The Step behind `send`: the service has answered."""
        assert exchange.backend is not None
        self._responses.apply(exchange, exchange.backend.status)
        exchange.lines.append(trace_line(exchange))
        return DONE


def _callable(spec: Spec, uri: ServiceUri) -> tuple[ServiceEndpoint, Keys]:
    """Where the service is, and whose credentials it is called with. Raises NotBuilt and UnknownStageVariable."""
    services = spec.ports.services
    try:
        at = services.endpoint(uri.service, uri.region, uri.subdomain)
        return at, services.keys(principal_of(substitute(spec.integration.credentials or "", spec.variables)), at)
    except NotCallable as error:
        raise NotBuilt(f"AWS service {uri.service.name}", str(error)) from None
