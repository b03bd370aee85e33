"""AWS Signature Version 4, the verifier's side: in a header or a presigned query string. Pure functions.

    claim = read_claim(request)                      what the request says of its signer
    verify(claim, request, secret, now, rules)       whether the signer held the secret

Text of a request stands for its octets, one character each (latin-1) as the wire layer decodes it; text with other
characters is taken as UTF-8. Every refusal is an AwsError with AWS's own code, status 403 and sentence.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from portico.wire.aws.faults import AwsError
from portico.wire.http1 import Request

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
SKEW_SECONDS: Final = 300
"""How far a signer's clock may be off, both ways."""
LONGEST_PRESIGNED_SECONDS: Final = 604_800
"""A week, AWS's longest life of a presigned URL."""

_DATE: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


class MissingAuthenticationTokenException(AwsError):
    """Nothing in the request is a signature."""

    code = "MissingAuthenticationTokenException"
    status = 403


class IncompleteSignatureException(AwsError):
    """What should be a signature lacks a part or has a malformed one."""

    code = "IncompleteSignatureException"
    status = 403


class InvalidSignatureException(AwsError):
    """A whole signature that does not hold: wrong, out of its time, or for another place."""

    code = "InvalidSignatureException"
    status = 403


class Scope(NamedTuple):
    """The credential scope: what a derived key is good for."""

    date: str
    """YYYYMMDD"""
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signer, none of it believed yet."""

    access_key_id: str
    scope: Scope
    timestamp: str
    """YYYYMMDD'T'HHMMSS'Z'"""
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str | None
    expires: int | None
    """Seconds that a presigned URL lives; None where the signature is in a header."""


class Rules(NamedTuple):
    """Where services differ in what they sign."""

    normalise_path: bool = True
    """Dot segments and doubled slashes are resolved first. False as for S3, whose keys may hold both."""
    double_encode_path: bool = True
    """The path as sent is percent-encoded once more. False as for S3."""
    unsigned_payload: bool = False
    """A request may declare its body UNSIGNED-PAYLOAD."""
    sign_query_token: bool = True
    """A presigned URL's session token was there when it was signed. False where signers append it afterwards."""


def read_claim(request: Request) -> Claim:
    """Raises MissingAuthenticationTokenException or IncompleteSignatureException."""
    presigned = _signature_parameters(request.target)
    header = _only(_values(request, "authorization"), "Authorization")
    if header is not None and presigned:
        raise IncompleteSignatureException("Only one signature may be given, in a header or in the query string.")
    if presigned:
        return _claim_of_query(presigned)
    if header is None:
        raise MissingAuthenticationTokenException("Missing Authentication Token")
    return _claim_of_header(header, request)


def verify(claim: Claim, request: Request, secret: str, now: float, rules: Rules = Rules()) -> None:
    """Raises InvalidSignatureException unless `secret` signed this very request and `now` is within its time."""
    _check_time(claim, now)
    payload = _payload_hash(request, rules)
    canonical = canonical_request(claim, request, payload, rules)
    to_sign = string_to_sign(claim, canonical)
    expected = hmac.new(signing_key(secret, claim.scope), _octets(to_sign), hashlib.sha256).hexdigest()
    whole = payload is not None and "host" in claim.signed_headers
    if not hmac.compare_digest(expected.encode(), _octets(claim.signature)) or not whole:
        raise InvalidSignatureException(_MISMATCH.format(canonical=canonical, to_sign=to_sign))


_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.\n\n"
    "The Canonical String for this request should have been\n'{canonical}'\n\n"
    "The String-to-Sign should have been\n'{to_sign}'\n"
)
