"""What a client is answered when a backend was not: the failures of the Upstream port as Faults."""

from typing import Final

from portico.dataplane.fault import API_CONFIGURATION_ERROR, INTEGRATION_FAILURE, INTEGRATION_TIMEOUT, Fault, Kind
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


def fault_of(failure: UpstreamFailure) -> Fault:
    return Fault(_KINDS[failure.kind], cause=f"{failure.kind.value}: {failure.cause}")
