"""From a request on the control listener to its answer: authenticate, route, parse, run, serialise.

    handled = ControlPlane(store, identities, realm, observe).handle(request)

Nothing of a body is looked into before its signature holds. The order of the checks is written here, once.
"""

import traceback
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

import portico.controlplane.rest  # noqa: F401  importing the families registers their operations
from portico.controlplane.answering import Asking, Handled, Invoking, Trying
from portico.controlplane.authentication import authenticate
from portico.controlplane.bodies import body_limit
from portico.controlplane.functions import download
from portico.controlplane.identities import Identities
from portico.controlplane.operation import OPERATIONS, Call, Deferred, DeferredTrial, Operation, Outcome, Realm
from portico.kernel.observe import Observer, UnexpectedError
from portico.ports.store import Document, Store, StoreConflict, StoreInDoubt, StoreUnavailable, WritingUnit
from portico.ports.tryout import Signer
from portico.wire import sigv4
from portico.wire.aws import model
from portico.wire.aws.faults import AwsError, ConflictException, ServiceUnavailableException
from portico.wire.aws.rest_json import request, response
from portico.wire.http1 import Request, Response

SERVICES: Final = ("apigateway", "lambda")
"""The models that are answered, by botocore's names."""


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


_T = TypeVar("_T")


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

    def handle(self, received: Request) -> Handled | Invoking | Trying:
        """The answer to any request whatever, or the function or the trial that it waits for; never raises."""
        asking = Asking(received)
        done = self._guarded(asking, lambda: self._answer(asking))
        return Handled(done, 0) if isinstance(done, Response) else done

    def refuse(self, received: Request) -> Response | None:
        """What to answer to a request whose signature does not hold, or that has none; None where it does hold."""
        asking = Asking(received)
        done = self._guarded(asking, lambda: self._claim(received))
        return done if isinstance(done, Response) else None

    def _claim(self, received: Request) -> sigv4.Claim:
        return authenticate(received, self._identities, self._realm.region, self._realm.clock.now())

    def _guarded(self, asking: Asking, run: Callable[[], _T]) -> _T | Response:
        """What `run` returns, or the answer that tells the caller of its error."""
        try:
            return run()
        except AwsError as error:
            return asking.fail(error)
        except StoreConflict:
            return asking.fail(ConflictException(_CONCURRENT))
        except StoreInDoubt:
            return asking.fail(ServiceUnavailableException(_IN_DOUBT))
        except StoreUnavailable:
            return asking.fail(ServiceUnavailableException(_UNAVAILABLE))
        except Exception:
            where = f"{asking.received.method} {asking.received.target}"
            self._observe(UnexpectedError(asking.request_id, where, traceback.format_exc()))
            return asking.fail(InternalFailure("Internal failure"))

    def _answer(self, asking: Asking) -> Handled | Invoking | Trying:
        received = asking.received
        limit = body_limit(received.method, received.target)
        if len(received.body) > limit.bytes:
            raise limit.error()
        claim = self._claim(received)
        service = self._service(claim.scope.service)
        asking.service = service.name
        path, query = request.split_target(received.target)
        if download.is_for(received.method, path):
            with self._store.read() as unit:
                return Handled(download.answer(unit, path), 0)
        match = service.route(received.method, path, query)
        if match is None:
            raise UnknownOperationException(f"Unknown operation: {received.method} {path}")
        operation = self._built(service.name, match.target)
        shape = service.operation(match.target)
        params = request.parse(shape, match, query, received)
        if operation.prepare is not None:
            params = operation.prepare(params)
        link, signer = self._link(claim, received), Signer(claim.access_key_id, _user_agent(received))

        def call(unit: WritingUnit) -> Call:
            return Call(params, unit, self._realm, link, signer)

        return self._run(operation, call, lambda ran: self._finish(ran, shape, asking))

    def _link(self, claim: sigv4.Claim, received: Request) -> Callable[[str], str]:
        """What signs a path for who signed `received`."""

        def link(path: str) -> str:
            identity = self._identities.find(claim.access_key_id)
            assert identity is not None, "who signed the request was known a moment ago"
            place = sigv4.Place(claim.scope.region, claim.scope.service)
            return download.link(received, path, sigv4.Credentials(*identity), place, self._realm.clock.now())

        return link

    def _service(self, signing_name: str) -> model.ServiceModel:
        service = _service(signing_name)
        elsewhere = self._realm.lambda_endpoint
        if service.name == "lambda" and elsewhere is not None:
            raise NotImplementedException(
                f"The functions of this server are those of {elsewhere}, which --lambda-endpoint names: ask there."
            )
        return service

    def _built(self, service: str, name: str) -> Operation:
        operation = self._operations.get((service, name))
        if operation is None:
            raise NotImplementedException(f"Portico does not implement {service} {name} yet.")
        return operation

    def _run(
        self,
        operation: Operation,
        call: Callable[[WritingUnit], Call],
        finish: Callable[[Outcome], Handled | Invoking | Trying],
    ) -> Handled | Invoking | Trying:
        """The operation in its transaction, the writing of its answer included: a call that fails changes nothing.

        Operations that only read may run beside a writer.
        """
        if not operation.writes:
            with self._store.read() as reading:
                return finish(operation.run(call(cast(WritingUnit, reading))))
        with self._store.write() as unit:
            done = finish(operation.run(call(unit)))
        return done._replace(seq=unit.seq) if isinstance(done, Handled) else done

    def _finish(self, ran: Outcome, shape: model.OperationModel, asking: Asking) -> Handled | Invoking | Trying:
        def succeed(document: Document) -> Response:
            return response.succeed(shape, document, asking.identity)

        def later(make: Callable[[], Document]) -> Response:
            return self._guarded(asking, lambda: succeed(make()))

        if isinstance(ran, Deferred):
            return Invoking(ran, later, asking.fail)
        if isinstance(ran, DeferredTrial):
            return Trying(ran, later, asking.fail)
        return Handled(succeed(ran), 0)


_CONCURRENT: Final = "Unable to complete operation due to concurrent modification. Please try again later."
_UNAVAILABLE: Final = "The definition store does not answer. Nothing was changed. Please try again later."
_IN_DOUBT: Final = "The definition store stopped answering. Look whether it was changed before you try again."


def _user_agent(received: Request) -> str:
    return next((value for name, value in received.headers if name.lower() == "user-agent"), "")


def _service(signing_name: str) -> model.ServiceModel:
    for name in SERVICES:
        service = model.load(name)
        if service.signing_name == signing_name:
            return service
    raise NotImplementedException(f"Portico does not implement the service {signing_name} yet.")
