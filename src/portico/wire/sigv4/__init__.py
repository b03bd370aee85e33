"""AWS Signature Version 4, the verifier's side: in a header or a presigned query string. Pure functions.

    claim = read_claim(request)                      what the request says of its signer
    verify(claim, request, secret, now, rules)       whether the signer held the secret

Text of a request stands for its octets, one character each (latin-1) as the wire layer decodes it; text with other
characters is taken as UTF-8. Every refusal is an AwsError with AWS's own code, status 403 and sentence.
"""

from portico.wire.sigv4.canonical import Rules, canonical_request
from portico.wire.sigv4.claim import Claim, Scope, read_claim
from portico.wire.sigv4.faults import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)
from portico.wire.sigv4.verification import SKEW_SECONDS, signing_key, string_to_sign, verify

__all__ = [
    "SKEW_SECONDS",
    "Claim",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "Rules",
    "Scope",
    "canonical_request",
    "read_claim",
    "signing_key",
    "string_to_sign",
    "verify",
]
