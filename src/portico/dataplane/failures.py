"""What a client is answered when a backend or a function was not: the failures of their ports as Faults."""

from typing import Final

from portico.dataplane.fault import (
    API_CONFIGURATION_ERROR,
    EVENT_TOO_LARGE,
    INTEGRATION_FAILURE,
    INTEGRATION_TIMEOUT,
    INTERNAL,
    Fault,
    Kind,
)
from portico.ports import functions
from portico.ports.functions import FunctionFailure
from portico.ports.upstream import FailureKind, UpstreamFailure

_KINDS: Final[dict[FailureKind, Kind]] = {
    FailureKind.TIMEOUT: INTEGRATION_TIMEOUT,
    FailureKind.CONNECT: INTEGRATION_FAILURE,
    FailureKind.RESOLVE: API_CONFIGURATION_ERROR,
    FailureKind.TLS: INTEGRATION_FAILURE,
    FailureKind.FORBIDDEN: API_CONFIGURATION_ERROR,
    FailureKind.PROTOCOL: INTEGRATION_FAILURE,
    FailureKind.CLOSED: INTEGRATION_FAILURE,
    FailureKind.TOO_LARGE: API_CONFIGURATION_ERROR,
}
"""Refused or reset is a 504, an address that cannot be called a 500: corrections.md 8. AWS logs an answer that is too
large as a configuration error, with status 500 (seen in the field)."""


_FUNCTION_KINDS: Final[dict[functions.FailureKind, Kind]] = {
    functions.FailureKind.TIMEOUT: INTEGRATION_TIMEOUT,
    functions.FailureKind.NOT_FOUND: API_CONFIGURATION_ERROR,
    functions.FailureKind.ACCESS_DENIED: API_CONFIGURATION_ERROR,
    functions.FailureKind.THROTTLED: INTERNAL,
    functions.FailureKind.TOO_LARGE: EVENT_TOO_LARGE,
    functions.FailureKind.INVALID: API_CONFIGURATION_ERROR,
    functions.FailureKind.UNAVAILABLE: INTERNAL,
}
"""`Invalid permissions on Lambda function` is a configuration error, status 500, in every log of it. Throttling and
Lambda's own failures are a plain 500 (docs/decisions/0022-failures-of-functions.md)."""


_WORDS: Final[dict[FailureKind | functions.FailureKind, str]] = {
    FailureKind.RESOLVE: "Execution failed due to configuration error: Invalid endpoint address",
    functions.FailureKind.ACCESS_DENIED: (
        "Execution failed due to configuration error: Invalid permissions on Lambda function"
    ),
    functions.FailureKind.THROTTLED: "Lambda invocation failed with status: 429.",
}
"""What AWS's execution logs say: the first is recorded (fact 148), the others are in every log of such a failure."""


def function_fault(failure: FunctionFailure) -> Fault:
    kind = failure.kind
    return Fault(_FUNCTION_KINDS[kind], cause=f"{kind.value}: {failure.cause}", words=_WORDS.get(kind, ""))


def fault_of(failure: UpstreamFailure) -> Fault:
    kind = failure.kind
    return Fault(_KINDS[kind], cause=f"{kind.value}: {failure.cause}", words=_WORDS.get(kind, ""))
