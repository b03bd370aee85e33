"""Whether the caller of the control plane is who the signature says. Fails closed: every doubt is AWS's 403."""

import hmac
from typing import Final

from portico.controlplane.identities import Identities, Identity
from portico.wire import sigv4
from portico.wire.aws.faults import AwsError
from portico.wire.http1 import Request


class UnrecognizedClientException(AwsError):
    """No such credentials."""

    code = "UnrecognizedClientException"
    status = 403


_UNKNOWN: Final = "The security token included in the request is invalid."


def authenticate(request: Request, identities: Identities, region: str, now: float) -> sigv4.Claim:
    """Who signed `request`, for which service. Raises AwsError with status 403."""
    claim = sigv4.read_claim(request)
    identity = identities.find(claim.access_key_id)
    if identity is None or not _same_token(claim, identity):
        raise UnrecognizedClientException(_UNKNOWN)
    sigv4.verify(claim, request, identity.secret_access_key, now)
    if claim.scope.region != region:
        raise sigv4.InvalidSignatureException(
            f"Credential should be scoped to a valid region, not '{claim.scope.region}'. "
        )
    return claim


def _same_token(claim: sigv4.Claim, identity: Identity) -> bool:
    if claim.session_token is None or identity.session_token is None:
        return claim.session_token is identity.session_token
    return hmac.compare_digest(claim.session_token.encode(), identity.session_token.encode())
