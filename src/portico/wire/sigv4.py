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


def verify(claim: Claim, request: Request, secret: str, now: float, rules: Rules = Rules()) -> None:  # noqa: B008
    """Raises InvalidSignatureException unless `secret` signed this very request and `now` is within its time."""
    _check_time(claim, now)
    canonical = canonical_request(claim, request, rules)
    to_sign = string_to_sign(claim, canonical)
    expected = hmac.new(signing_key(secret, claim.scope), to_sign.encode(), hashlib.sha256).hexdigest()
    matches = hmac.compare_digest(expected.encode(), _octets(claim.signature))
    if not (matches and _covers(claim, request)):
        text = _MISMATCH.format(canonical=_octets(canonical).decode(errors="replace"), to_sign=to_sign)
        raise InvalidSignatureException(text)


_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.\n\n"
    "The Canonical String for this request should have been\n'{canonical}'\n\n"
    "The String-to-Sign should have been\n'{to_sign}'\n"
)


def signing_key(secret: str, scope: Scope) -> bytes:
    """The key of one day, region and service, derived from a secret access key."""
    key = b"AWS4" + secret.encode()
    for part in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, _octets(part), "sha256")
    return key


def string_to_sign(claim: Claim, canonical: str) -> str:
    digest = hashlib.sha256(_octets(canonical)).hexdigest()
    return f"{ALGORITHM}\n{claim.timestamp}\n{claim.scope}\n{digest}"


def canonical_request(claim: Claim, request: Request, rules: Rules) -> str:
    """The one spelling of a request that both sides sign."""
    path, _, query = request.target.partition("?")
    return "\n".join(
        (
            request.method,
            _canonical_path(path, rules),
            _canonical_query(query, claim, rules),
            *(f"{name}:{_canonical_value(request, name)}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            _payload_hash(request, rules),
        )
    )


# What is signed


def _canonical_path(path: str, rules: Rules) -> str:
    if rules.normalise_path:
        path = _normalised(path)
    octets = _octets(path) if rules.double_encode_path else unquote_to_bytes(_octets(path))
    return quote_from_bytes(octets, safe="/")


def _normalised(path: str) -> str:
    """Without dot segments and doubled slashes; a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _canonical_query(query: str, claim: Claim, rules: Rules) -> str:
    unsigned = {"X-Amz-Signature"} if claim.expires is not None else set()
    if not rules.sign_query_token:
        unsigned.add("X-Amz-Security-Token")
    pairs = sorted(_encoded(pair) for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in pairs if name not in unsigned)


def _encoded(pair: str) -> tuple[str, str]:
    """One parameter in the only encoding that counts. A plus sign is itself, never a blank."""
    name, _, value = pair.partition("=")
    return quote_from_bytes(_decoded(name), safe=""), quote_from_bytes(_decoded(value), safe="")


def _canonical_value(request: Request, name: str) -> str:
    """All values of a header in the order sent, blanks at their ends taken off and runs of them made one."""
    return ",".join(_BLANKS.sub(" ", value).strip(" ") for value in _values(request, name))


_BLANKS: Final = re.compile(r"[ \t\r\n]+")


def _payload_hash(request: Request, rules: Rules) -> str:
    """Of the body as received, so that a false `x-amz-content-sha256` cannot match."""
    if rules.unsigned_payload and _values(request, "x-amz-content-sha256") == [UNSIGNED_PAYLOAD]:
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def _covers(claim: Claim, request: Request) -> bool:
    """Host is signed, and every header said to be signed is there."""
    sent = {name.lower() for name, _ in request.headers}
    return "host" in claim.signed_headers and sent.issuperset(claim.signed_headers)


# When it was signed


def _check_time(claim: Claim, now: float) -> None:
    signed = _epoch(claim.timestamp)
    life = SKEW_SECONDS if claim.expires is None else claim.expires
    if signed > now + SKEW_SECONDS:
        raise InvalidSignatureException(
            f"Signature not yet current: {claim.timestamp} is still later than {_basic(now + SKEW_SECONDS)} "
            f"({_basic(now)} + {_span(SKEW_SECONDS)})"
        )
    if signed < now - life:
        raise InvalidSignatureException(
            f"Signature expired: {claim.timestamp} is now earlier than {_basic(now - life)} "
            f"({_basic(now)} - {_span(life)})"
        )


def _span(seconds: int) -> str:
    return f"{seconds // 60} min." if seconds % 60 == 0 else f"{seconds} sec."


def _epoch(timestamp: str) -> float:
    return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _basic(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y%m%dT%H%M%SZ")


def _checked_timestamp(text: str) -> str:
    """ISO 8601 basic form, or as a Date header has it. Raises IncompleteSignatureException."""
    try:
        timestamp = text if _DATE.fullmatch(text) else _basic(parsedate_to_datetime(text).timestamp())
        _epoch(timestamp)
    except (ValueError, OverflowError):
        raise IncompleteSignatureException(
            f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    return timestamp


# Who says so: the Authorization header


def _claim_of_header(header: str, request: Request) -> Claim:
    parts = _authorization_parts(header)
    date = _only(_values(request, "x-amz-date"), "X-Amz-Date") or _only(_values(request, "date"), "Date")
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
    return _claim(parts, date, _only(_values(request, "x-amz-security-token"), "X-Amz-Security-Token"), None)


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
    return base64.b64encode(hashlib.sha256(_octets(header)).digest()).decode()


# Who says so: a presigned query string

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
    known = [(name, _decoded(value).decode("latin-1")) for name, _, value in pairs if name in _PARAMETERS]
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
    expires = _life(parameters.get("X-Amz-Expires", str(SKEW_SECONDS)))
    parts = {name: parameters[f"X-Amz-{name}"] for name in ("Credential", "Signature", "SignedHeaders")}
    return _claim(parts, parameters["X-Amz-Date"], parameters.get("X-Amz-Security-Token"), expires)


def _life(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 0 < int(text) <= LONGEST_PRESIGNED_SECONDS):
        raise IncompleteSignatureException(f"X-Amz-Expires must be a number of seconds up to a week, got '{text}'.")
    return int(text)


# What both forms share


def _claim(parts: dict[str, str], date: str, token: str | None, expires: int | None) -> Claim:
    timestamp = _checked_timestamp(date)
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


def _values(request: Request, name: str) -> list[str]:
    return [value for sent, value in request.headers if sent.lower() == name]


def _only(values: list[str], name: str) -> str | None:
    if len(values) > 1:
        raise IncompleteSignatureException(f"'{name}' is given more than once.")
    return values[0].strip(" \t") if values else None


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(_octets(text))


def _octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
