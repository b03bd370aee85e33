"""What a request says of its signer: in its Authorization header, or in the parameters of a presigned URL."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from portico.wire.http1 import Request
from portico.wire.sigv4.dates import checked_timestamp
from portico.wire.sigv4.faults import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)
from portico.wire.sigv4.octets import header_values, octets, percent_decoded

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
LONGEST_PRESIGNED_SECONDS: Final = 604_800
"""A week, AWS's longest life of a presigned URL."""
_UNSTATED_LIFE: Final = 300
"""A presigned URL that does not say how long it lives is held to the clock skew that a signed header is."""


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


def read_claim(request: Request) -> Claim:
    """Raises MissingAuthenticationTokenException or IncompleteSignatureException."""
    presigned = _signature_parameters(request.target)
    header = _only(header_values(request, "authorization"), "Authorization")
    if header is not None and presigned:
        raise IncompleteSignatureException("Only one signature may be given, in a header or in the query string.")
    if presigned:
        return _claim_of_query(presigned)
    if header is None:
        raise MissingAuthenticationTokenException("Missing Authentication Token")
    return _claim_of_header(header, request)


def _claim_of_header(header: str, request: Request) -> Claim:
    parts = _authorization_parts(header)
    date = _only(header_values(request, "x-amz-date"), "X-Amz-Date") or _only(header_values(request, "date"), "Date")
    lacking = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not date:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if not date or lacking:
        reason = " ".join(lacking)
        raise IncompleteSignatureException(
            f"{reason} (Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(header)}"
        )
    return _claim(parts, date, _only(header_values(request, "x-amz-security-token"), "X-Amz-Security-Token"), None)


def _authorization_parts(header: str) -> dict[str, str]:
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM and algorithm.startswith("AWS"):
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    pairs = [part.strip().partition("=") for part in (rest if algorithm == ALGORITHM else header).split(",")]
    if algorithm != ALGORITHM or not all(equals for _, equals, _ in pairs):
        raise IncompleteSignatureException(
            "Invalid key=value pair (missing equal-sign) in Authorization header "
            f"(hashed with SHA-256 and encoded with Base64): '{_hashed(header)}'."
        )
    return _single((name, value) for name, _, value in pairs)


def _hashed(header: str) -> str:
    """How AWS shows an Authorization header without showing it."""
    return base64.b64encode(hashlib.sha256(octets(header)).digest()).decode()


_REQUIRED_PARAMETERS: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
)
_PARAMETERS: Final = frozenset((*_REQUIRED_PARAMETERS, "X-Amz-Expires", "X-Amz-Security-Token"))


def _signature_parameters(target: str) -> dict[str, str]:
    """The parameters that make a presigned URL; empty where nothing claims to be one."""
    _, _, query = target.partition("?")
    if "X-Amz-" not in query:
        return {}
    pairs = (pair.partition("=") for pair in query.split("&"))
    known = [(name, percent_decoded(value).decode("latin-1")) for name, _, value in pairs if name in _PARAMETERS]
    claims = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"}
    return _single(known) if any(name in claims for name, _ in known) else {}


def _claim_of_query(parameters: dict[str, str]) -> Claim:
    if not all(parameters.get(name) for name in _REQUIRED_PARAMETERS):
        raise IncompleteSignatureException(
            "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', "
            "'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters."
        )
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm': '{parameters['X-Amz-Algorithm']}'.")
    expires = _life(parameters.get("X-Amz-Expires", str(_UNSTATED_LIFE)))
    parts = {name: parameters[f"X-Amz-{name}"] for name in ("Credential", "Signature", "SignedHeaders")}
    return _claim(parts, parameters["X-Amz-Date"], parameters.get("X-Amz-Security-Token"), expires)


def _life(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 0 < int(text) <= LONGEST_PRESIGNED_SECONDS):
        raise IncompleteSignatureException(f"X-Amz-Expires must be a number of seconds up to a week, got '{text}'.")
    return int(text)


def _claim(parts: dict[str, str], date: str, token: str | None, expires: int | None) -> Claim:
    timestamp = checked_timestamp(date)
    credential = parts["Credential"].split("/")
    if len(credential) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{parts['Credential']}'"
        )
    access_key_id, day, region, service, terminator = credential
    if terminator != TERMINATOR:
        raise InvalidSignatureException(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        )
    if day != timestamp[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{timestamp[:8]}', from '{timestamp}'."
        )
    signed = tuple(parts["SignedHeaders"].split(";"))
    return Claim(access_key_id, Scope(day, region, service), timestamp, signed, parts["Signature"], token, expires)


def _single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise IncompleteSignatureException(f"'{name}' is given more than once.")
        found[name] = value
    return found


def _only(values: list[str], name: str) -> str | None:
    if len(values) > 1:
        raise IncompleteSignatureException(f"'{name}' is given more than once.")
    return values[0].strip(" \t") if values else None
