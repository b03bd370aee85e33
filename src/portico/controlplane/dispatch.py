"""From a request on the control listener to its answer: authenticate, route, parse, run, serialise.

    handled = ControlPlane(store, identities, realm, observe).handle(request)

Nothing of a body is looked into before its signature holds. The order of the checks is written here, once.
"""

import traceback
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, cast

import portico.controlplane.rest  # noqa: F401  importing the families registers their operations
from portico.controlplane.authentication import authenticate
from portico.controlplane.identities import Identities
from portico.controlplane.operation import OPERATIONS, Call, Operation, Realm
from portico.kernel.ids import RequestIds
from portico.kernel.observe import Observer, UnexpectedError
from portico.ports.store import Document, Store, StoreConflict, StoreUnavailable, WritingUnit
from portico.wire.aws import model
from portico.wire.aws.faults import AwsError, ConflictException, ServiceUnavailableException
from portico.wire.aws.rest_json import request, response
from portico.wire.http1 import Request, Response

MAX_BODY: Final = 6 * 1024 * 1024
"""Bytes of a control-plane request's body. The shell stops reading there too."""

SERVICES: Final = ("apigateway",)
"""The models that are answered, by botocore's names."""


class Handled(NamedTuple):
    """An answer, and the sequence number of the last Change it committed (0 where none): what the barrier waits for."""

    response: Response
    seq: int


class InternalFailure(AwsError):
    """Portico's own fault."""


class NotImplementedException(AwsError):
    """An operation or service that AWS has and Portico does not have yet."""

    code = "NotImplementedException"
    status = 501


class UnknownOperationException(AwsError):
    """No operation has this method and path."""

    code = "UnknownOperationException"
    status = 404


class RequestEntityTooLargeException(AwsError):
    code = "RequestEntityTooLargeException"
    status = 413


class ControlPlane:
    """Answers the AWS wire API. Safe to call from several threads, as far as its store is."""

    def __init__(
        self,
        store: Store,
        identities: Identities,
        realm: Realm,
        observe: Observer,
        operations: Mapping[tuple[str, str], Operation] = OPERATIONS,
    ) -> None:
        self._store = store
        self._identities = identities
        self._realm = realm
        self._observe = observe
        self._operations = operations

    def handle(self, received: Request) -> Handled:
        """The answer to any request whatever; never raises."""
        request_id, extended_id = RequestIds().pair()  # its own, because threads may not share a count
        identity = (("x-amzn-RequestId", request_id), ("x-amz-apigw-id", extended_id))
        try:
            return self._answer(received, identity)
        except AwsError as error:
            return Handled(response.fail(error, identity), 0)
        except StoreConflict:
            return Handled(response.fail(ConflictException(_CONCURRENT), identity), 0)
        except StoreUnavailable:
            return Handled(response.fail(ServiceUnavailableException(_UNAVAILABLE), identity), 0)
        except Exception:
            where = f"{received.method} {received.target}"
            self._observe(UnexpectedError(request_id, where, traceback.format_exc()))
            return Handled(response.fail(InternalFailure("Internal failure"), identity), 0)

    def _answer(self, received: Request, identity: response.Headers) -> Handled:
        if len(received.body) > MAX_BODY:
            raise RequestEntityTooLargeException(f"Request must be smaller than {MAX_BODY} bytes")
        claim = authenticate(received, self._identities, self._realm.region, self._realm.clock.now())
        service = _service(claim.scope.service)
        path, query = request.split_target(received.target)
        match = service.route(received.method, path, query)
        if match is None:
            raise UnknownOperationException(f"Unknown operation: {received.method} {path}")
        operation = self._built(service.name, match.target)
        shape = service.operation(match.target)
        params = request.parse(shape, match, query, received)
        return self._run(operation, params, lambda document: response.succeed(shape, document, identity))

    def _built(self, service: str, name: str) -> Operation:
        operation = self._operations.get((service, name))
        if operation is None:
            raise NotImplementedException(f"Portico does not implement {service} {name} yet.")
        return operation

    def _run(self, operation: Operation, params: Document, answer: Callable[[Document], Response]) -> Handled:
        """The operation in its transaction, the writing of its answer included: a call that fails changes nothing.

        Operations that only read may run beside a writer.
        """
        if not operation.writes:
            with self._store.read() as reading:
                return Handled(answer(operation.run(Call(params, cast(WritingUnit, reading), self._realm))), 0)
        with self._store.write() as unit:
            answered = answer(operation.run(Call(params, unit, self._realm)))
        return Handled(answered, unit.seq)


_CONCURRENT: Final = "Unable to complete operation due to concurrent modification. Please try again later."
_UNAVAILABLE: Final = "The definition store does not answer. Nothing was changed. Please try again later."


def _service(signing_name: str) -> model.ServiceModel:
    for name in SERVICES:
        service = model.load(name)
        if service.signing_name == signing_name:
            return service
    raise NotImplementedException(f"Portico does not implement the service {signing_name} yet.")
