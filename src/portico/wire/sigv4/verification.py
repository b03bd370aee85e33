"""Whether a signature holds: in its time, over this very request, made with the secret."""

import hashlib
import hmac
from typing import Final

from portico.wire.http1 import Request
from portico.wire.sigv4.canonical import Rules, canonical_request
from portico.wire.sigv4.claim import ALGORITHM, TERMINATOR, Claim, Scope
from portico.wire.sigv4.dates import basic, epoch
from portico.wire.sigv4.faults import InvalidSignatureException
from portico.wire.sigv4.octets import octets

SKEW_SECONDS: Final = 300
"""How far a signer's clock may be off, both ways."""
_AS_AWS: Final = Rules()


_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.\n\n"
    "The Canonical String for this request should have been\n'{canonical}'\n\n"
    "The String-to-Sign should have been\n'{to_sign}'\n"
)


def verify(claim: Claim, request: Request, secret: str, now: float, rules: Rules = _AS_AWS) -> None:
    """Raises InvalidSignatureException unless `secret` signed this very request and `now` is within its time."""
    _check_time(claim, now)
    canonical = canonical_request(claim, request, rules)
    expected = signature(signing_key(secret, claim.scope), claim, canonical)
    matches = hmac.compare_digest(expected.encode(), octets(claim.signature))
    if not (matches and _covers(claim, request)):
        to_sign = string_to_sign(claim, canonical)
        text = _MISMATCH.format(canonical=octets(canonical).decode(errors="replace"), to_sign=to_sign)
        raise InvalidSignatureException(text)


def _covers(claim: Claim, request: Request) -> bool:
    """Host is signed, and every header said to be signed is there."""
    sent = {name.lower() for name, _ in request.headers}
    return "host" in claim.signed_headers and sent.issuperset(claim.signed_headers)


def _check_time(claim: Claim, now: float) -> None:
    signed = epoch(claim.timestamp)
    life = SKEW_SECONDS if claim.expires is None else claim.expires
    if signed > now + SKEW_SECONDS:
        raise InvalidSignatureException(
            f"Signature not yet current: {claim.timestamp} is still later than {basic(now + SKEW_SECONDS)} "
            f"({basic(now)} + {_span(SKEW_SECONDS)})"
        )
    if signed < now - life:
        raise InvalidSignatureException(
            f"Signature expired: {claim.timestamp} is now earlier than {basic(now - life)} "
            f"({basic(now)} - {_span(life)})"
        )


def _span(seconds: int) -> str:
    return f"{seconds // 60} min." if seconds % 60 == 0 else f"{seconds} sec."


def signing_key(secret: str, scope: Scope) -> bytes:
    """The key of one day, region and service, derived from a secret access key."""
    key = b"AWS4" + secret.encode()
    for part in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, octets(part), "sha256")
    return key


def signature(key: bytes, claim: Claim, canonical: str) -> str:
    return hmac.digest(key, string_to_sign(claim, canonical).encode(), "sha256").hex()


def string_to_sign(claim: Claim, canonical: str) -> str:
    digest = hashlib.sha256(octets(canonical)).hexdigest()
    return f"{ALGORITHM}\n{claim.timestamp}\n{claim.scope}\n{digest}"
