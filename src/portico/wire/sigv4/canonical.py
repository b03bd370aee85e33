"""The canonical request: the one spelling of a request that both sides sign."""

import hashlib
import re
from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from portico.wire.http1 import Request
from portico.wire.sigv4.claim import Claim
from portico.wire.sigv4.octets import header_values, octets, percent_decoded

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"


class Rules(NamedTuple):
    """Where services differ in what they sign."""

    normalise_path: bool = True
    """Dot segments and doubled slashes are resolved first. False as for S3, whose keys may hold both."""
    double_encode_path: bool = True
    """The path as sent is percent-encoded once more. False as for S3."""
    unsigned_payload: bool = False
    """A request may declare its body UNSIGNED-PAYLOAD."""
    sign_token: bool = True
    """The session token was there when the request was signed. False where signers append it afterwards."""


def canonical_request(claim: Claim, request: Request, rules: Rules) -> str:
    """Of `request` as its `claim` says it was signed, without a final line end."""
    path, _, query = request.target.partition("?")
    return "\n".join(
        (
            request.method,
            canonical_path(path, rules),
            canonical_query(query, _unsigned(claim, rules)),
            *(f"{name}:{_canonical_value(request, name)}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            _payload_hash(request, rules),
        )
    )


def canonical_path(path: str, rules: Rules) -> str:
    """The path as `rules` have it encoded."""
    if rules.normalise_path:
        path = _normalised(path)
    return quote_from_bytes(octets(path) if rules.double_encode_path else percent_decoded(path), safe="/")


def _normalised(path: str) -> str:
    """Without dot segments and doubled slashes; a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _unsigned(claim: Claim, rules: Rules) -> set[str]:
    unsigned = {"X-Amz-Signature"} if claim.expires is not None else set()
    if not rules.sign_token:
        unsigned.add("X-Amz-Security-Token")
    return unsigned


def canonical_query(query: str, unsigned: Collection[str] = ()) -> str:
    """Sorted, each parameter in one encoding, without those that are `unsigned`."""
    pairs = sorted(_encoded(pair) for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in pairs if name not in unsigned)


def _encoded(pair: str) -> tuple[str, str]:
    """One parameter in the only encoding that counts. A plus sign is itself, never a blank."""
    name, _, value = pair.partition("=")
    return quote_from_bytes(percent_decoded(name), safe=""), quote_from_bytes(percent_decoded(value), safe="")


def _canonical_value(request: Request, name: str) -> str:
    """All values of a header in the order sent."""
    return ",".join(trimmed(value) for value in header_values(request, name))


def trimmed(value: str) -> str:
    """Blanks at the ends of a header's value taken off, and runs of them made one."""
    return _BLANKS.sub(" ", value).strip(" ")


_BLANKS: Final = re.compile(r"[ \t\r\n]+")


def _payload_hash(request: Request, rules: Rules) -> str:
    """Of the body as received, so that a false `x-amz-content-sha256` cannot match."""
    if rules.unsigned_payload and header_values(request, "x-amz-content-sha256") == [UNSIGNED_PAYLOAD]:
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()
