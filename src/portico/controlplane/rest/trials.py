"""TestInvokeMethod: a request to a method as it is defined now, without a deployment.

What is tried is put together here; the data plane that tries it is asked when the transaction is over.
"""

from typing import Any
from urllib.parse import quote

import msgspec

from portico.controlplane.deploy import collections
from portico.controlplane.links import link_uses, targets_of
from portico.controlplane.operation import Call, DeferredTrial, operation
from portico.controlplane.rest.clientcertificates import require_client_certificate
from portico.controlplane.rest.lookups import require_resource
from portico.controlplane.rest.methodplace import NO_INTEGRATION, NO_METHOD
from portico.controlplane.rest.methods import VERBS
from portico.model.rest import Snapshot
from portico.ports.store import Document
from portico.ports.tryout import Trial, Tried
from portico.wire.aws.faults import BadRequestException, NotFoundException

_SENT_AS_IT_IS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"#')
"""What a request line may hold; the rest is percent-encoded."""
_ANY = "ANY"


@operation("TestInvokeMethod", writes=False)
def test_invoke_method(call: Call) -> DeferredTrial:
    resource = require_resource(call)
    verb = call.params["httpMethod"]
    method = _method(resource, verb)
    certificate = call.params.get("clientCertificateId") or None
    if certificate is not None:
        require_client_certificate(call.unit, certificate)
    snapshot, variables = _snapshot(call, resource, method), call.params.get("stageVariables") or {}
    trial = Trial(
        snapshot=snapshot,
        http_method=verb,
        target=_target(call.params.get("pathWithQueryString") or resource["path"]),
        headers=_headers(call.params),
        body=(call.params.get("body") or "").encode(),
        variables=variables,
        client_certificate_id=certificate,
        signer=call.signer,
        vpc_links=targets_of(call.unit, link_uses(snapshot, variables)),
    )
    return DeferredTrial(trial, _answer)


def _method(resource: Document, verb: str) -> Document:
    """The method that answers `verb`. Raises NotFoundException, and BadRequestException for ANY: no request has it."""
    methods = resource.get("resourceMethods") or {}
    method: Document | None = methods.get(verb) or (methods.get(_ANY) if verb in VERBS else None)
    if method is None:
        raise NotFoundException(NO_METHOD)
    if verb == _ANY:
        verbs = ",".join(one for one in VERBS if one != _ANY)
        raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {verbs}")
    if "methodIntegration" not in method:
        raise NotFoundException(NO_INTEGRATION)
    return method


def _snapshot(call: Call, resource: Document, method: Document) -> Snapshot:
    """The API with this method alone: what the others say, or lack, is of no account."""
    api = call.unit.get("restapi", "", call.params["restApiId"])
    assert api is not None, "a resource is one of an API's"
    alone = {**resource, "resourceMethods": {method["httpMethod"]: method}}
    rows: dict[str, Any] = {**collections(call.unit, api["id"]), "resources": [alone]}
    return msgspec.convert({**api, "apiId": api["id"], **rows}, Snapshot)


def _target(path: str) -> str:
    return quote(path if path.startswith("/") else f"/{path}", safe=_SENT_AS_IT_IS)


def _headers(params: Document) -> tuple[tuple[str, str], ...]:
    """Those of both maps; one name in both has the values of `multiValueHeaders`."""
    several: dict[str, list[str]] = params.get("multiValueHeaders") or {}
    named = {name.lower() for name in several}
    single: dict[str, str] = params.get("headers") or {}
    pairs = [(name, value) for name, value in single.items() if name.lower() not in named]
    return (*pairs, *((name, value) for name, values in several.items() for value in values))


def _answer(tried: Tried) -> Document:
    values: dict[str, list[str]] = {}
    for name, value in tried.headers:
        values.setdefault(name, []).append(value)
    return {
        "status": tried.status,
        "body": tried.body.decode("utf-8", "replace"),
        "headers": {name: all_of[-1] for name, all_of in values.items()},
        "multiValueHeaders": values,
        "log": tried.log,
        "latency": int(tried.latency * 1000),
    }
