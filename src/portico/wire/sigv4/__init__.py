"""AWS Signature Version 4, both sides: in a header or a presigned query string. Pure functions.

    claim = read_claim(request)                      what the request says of its signer
    verify(claim, request, secret, now, rules)       whether the signer held the secret
    sign(request, credentials, place, now, rules)    the request with a signature in a header
    Signer(place, rules).lines(…)                    the same for who signs often, as lines of a head

Text of a request stands for its octets, one character each (latin-1) as the wire layer decodes it; text with other
characters is taken as UTF-8. Every refusal is an AwsError with AWS's own code, status 403 and sentence.
"""

from portico.wire.sigv4.canonical import UNSIGNED_PAYLOAD, Rules, canonical_request
from portico.wire.sigv4.claim import Claim, Scope, read_claim
from portico.wire.sigv4.faults import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)
from portico.wire.sigv4.signer import Signer
from portico.wire.sigv4.signing import Credentials, Place, presign, sign
from portico.wire.sigv4.verification import SKEW_SECONDS, signing_key, string_to_sign, verify

__all__ = [
    "SKEW_SECONDS",
    "UNSIGNED_PAYLOAD",
    "Claim",
    "Credentials",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "Place",
    "Rules",
    "Scope",
    "Signer",
    "canonical_request",
    "presign",
    "read_claim",
    "sign",
    "signing_key",
    "string_to_sign",
    "verify",
]
