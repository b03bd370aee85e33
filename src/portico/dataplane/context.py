"""The variables of `$context`, each as one expression over an Exchange `x`: semantics sections 10 and 20.

Expressions rather than functions, because an access log puts a dozen of them into one compiled formatter: a call for
each variable of each request would cost more than the rest of the log line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from portico.dataplane.function_head import FunctionHead
from portico.dataplane.streaming import StreamHead

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

EXPRESSIONS: Final[dict[str, str]] = {
    "accountId": "x.program.stage.account_id",
    "apiId": "x.program.stage.api_id",
    "awsEndpointRequestId": "backend_request_id(x)",
    "deploymentId": "x.program.stage.deployment_id or None",
    "domainName": "domain_name(x)",
    "domainPrefix": "domain_name(x).partition('.')[0]",
    "endpointType": "endpoint_type(x)",
    "error.message": "None if x.fault is None else x.fault.message",
    "error.messageString": "None if x.fault is None else dumps(x.fault.message)",
    "error.responseType": "None if x.fault is None else x.fault.kind.name",
    "error.validationErrorString": "None if x.fault is None else x.fault.validation",
    "extendedRequestId": "x.extended_id",
    "httpMethod": "x.method.decode()",
    "identity.sourceIp": "x.source_ip",
    "identity.userAgent": "x.head.section.digest.user_agent",
    "integration.error": "None if x.fault is None else x.fault.cause or None",
    "integration.integrationStatus": "None if x.backend is None else x.backend.status",
    "integration.requestId": "backend_request_id(x)",
    "integration.latency": "None if x.integration_latency is None else int(x.integration_latency * 1000)",
    "integration.responseTransferMode": "transfer_mode(x)",
    "integration.status": "integration_status(x)",
    "integration.timeToAllHeaders": "time_to_all_headers(x)",
    "integration.timeToFirstContent": "time_to_first_content(x)",
    "integrationErrorMessage": "None if x.fault is None else x.fault.cause or None",
    "integrationLatency": "None if x.integration_latency is None else int(x.integration_latency * 1000)",
    "integrationStatus": "None if x.backend is None else x.backend.status",
    "isCanaryRequest": "x.program.stage.canary",
    "path": "full_path(x)",
    "protocol": "'HTTP/1.1'",
    "requestId": "x.request_id",
    "requestTime": "clf(x.epoch)",
    "requestTimeEpoch": "int(x.epoch * 1000)",
    "resourceId": "None if x.route is None else x.route.resource_id",
    "resourcePath": "None if x.route is None else x.route.resource_path",
    "responseLatency": "int(x.latency * 1000)",
    "responseLength": "x.length",
    "stage": "x.program.stage.name",
    "status": "x.status",
    "xrayTraceId": "x.trace_id or None",
}
"""AWS's name of the variable, without `$context.`, and how to get at it. None where there is no value."""

ACCESS_LOG_ONLY: Final = frozenset(
    {"endpointType", "integrationErrorMessage", "integrationLatency", "integrationStatus", "responseLatency"}
    | {"responseLength", "status", "xrayTraceId"}
    | {name for name in EXPRESSIONS if name.startswith("integration.")}
)
"""Variables that templates and mappings do not have."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Clf:
    """`22/Nov/2026:14:31:52 +0000`, formatted once a second."""

    __slots__ = ("second", "text")

    def __init__(self) -> None:
        self.second = -1
        self.text = ""

    def __call__(self, epoch: float) -> str:
        second = int(epoch)
        if second != self.second:
            self.second = second
            at = time.gmtime(second)
            self.text = f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{time.strftime('%H:%M:%S', at)} +0000"
        return self.text


clf: Final = _Clf()


def domain_name(exchange: Exchange) -> str:
    host = (exchange.head.host or b"").decode("latin-1")
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def full_path(exchange: Exchange) -> str:
    """With the stage; where nothing is deployed, at no stage or in a trial, what the client asked for."""
    stage = exchange.program.stage
    if not stage.deployment_id:
        return exchange.head.target.partition(b"?")[0].decode("latin-1")
    return f"/{stage.name}{exchange.path.decode('latin-1')}"


def _backend_request_id(exchange: Exchange) -> str | None:
    backend = exchange.backend
    if isinstance(backend, FunctionHead) and backend.answer.request_id:
        return backend.answer.request_id
    for header in backend.headers if backend is not None else ():
        if header.name in (b"x-amzn-requestid", b"x-amz-request-id"):
            return header.value.decode("latin-1")
    return None


def _integration_status(exchange: Exchange) -> int | None:
    """Of a Lambda proxy integration what the function's code says; `integrationStatus` is what Lambda itself says."""
    backend = exchange.backend
    if isinstance(backend, FunctionHead | StreamHead):
        return backend.code
    return None if backend is None else backend.status


def _transfer_mode(exchange: Exchange) -> str | None:
    if exchange.backend is None:
        return None
    return "STREAMED" if isinstance(exchange.backend, StreamHead) else "BUFFERED"


def _time_to_all_headers(exchange: Exchange) -> int | None:
    """Milliseconds, of streams alone."""
    latency = exchange.integration_latency
    return int(latency * 1000) if isinstance(exchange.backend, StreamHead) and latency is not None else None


def _time_to_first_content(exchange: Exchange) -> int | None:
    """Milliseconds, of streams alone."""
    first = exchange.backend.first_content if isinstance(exchange.backend, StreamHead) else None
    return None if first is None else int(first * 1000)


def _endpoint_type(exchange: Exchange) -> str:
    return exchange.program.snapshot.endpoint_configuration.types[0]


NAMESPACE: Final[dict[str, Any]] = {
    "backend_request_id": _backend_request_id,
    "clf": clf,
    "domain_name": domain_name,
    "dumps": json.dumps,
    "endpoint_type": _endpoint_type,
    "full_path": full_path,
    "integration_status": _integration_status,
    "time_to_all_headers": _time_to_all_headers,
    "time_to_first_content": _time_to_first_content,
    "transfer_mode": _transfer_mode,
}
"""What the expressions may name besides `x`."""


def _getter(name: str) -> Callable[[Exchange], object]:
    # The source is our own table above; nothing of a request or of a definition gets into it.
    read: Callable[[Exchange], object] = eval(f"lambda x: {EXPRESSIONS[name]}", dict(NAMESPACE))  # noqa: S307
    return read


GETTERS: Final = {name: _getter(name) for name in EXPRESSIONS}


READABLE: Final = {name: getter for name, getter in GETTERS.items() if name not in ACCESS_LOG_ONLY}
"""Those that templates and mappings have."""
