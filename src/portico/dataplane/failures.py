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
    FailureKind.TOO_LARGE: INTEGRATION_FAILURE,
}
"""Refused or reset is a 504, an address that cannot be called a 500: corrections.md 8."""


def fault_of(failure: UpstreamFailure) -> Fault:
    return Fault(_KINDS[failure.kind], cause=f"{failure.kind.value}: {failure.cause}")
