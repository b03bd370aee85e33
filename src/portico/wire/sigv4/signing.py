"""The signer's side: a request with a signature in its Authorization header, or a URL with one in its query string.

Both make a Claim and have it made canonical by what the verifier uses, so that the two sides cannot drift apart.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from portico.wire.http1 import Request
from portico.wire.sigv4.canonical import Rules, canonical_request
from portico.wire.sigv4.claim import ALGORITHM, Claim, Scope
from portico.wire.sigv4.dates import basic
from portico.wire.sigv4.verification import signature, signing_key

_AS_AWS: Final = Rules()
cached_key = lru_cache(64)(signing_key)
"""A key is good for a day and costs four HMACs, as much as all the rest of a signature."""


class Credentials(NamedTuple):
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        """Without the secrets: what is printed ends in logs."""
        return f"Credentials({self.access_key_id!r}, …)"


class Place(NamedTuple):
    """What a signature is good for."""

    region: str
    service: str
    """As in a credential scope: `lambda`, `execute-api`."""


def sign(request: Request, credentials: Credentials, place: Place, now: float, rules: Rules = _AS_AWS) -> Request:
    """`request` with X-Amz-Date, X-Amz-Security-Token and Authorization behind its headers, all of which are signed.

    It has a Host, and none of those three. `now` is the epoch in seconds.
    """
    timestamp = basic(now)
    token = () if credentials.session_token is None else (("X-Amz-Security-Token", credentials.session_token),)
    dated = request._replace(headers=(*request.headers, ("X-Amz-Date", timestamp), *token))
    claim = _claim(dated if rules.sign_token else _without_token(dated), credentials, place, timestamp)
    scope = f"Credential={claim.access_key_id}/{claim.scope}"
    signed = f"SignedHeaders={';'.join(claim.signed_headers)}"
    made = _signature(claim, dated, credentials, rules)
    return dated._replace(
        headers=(*dated.headers, ("Authorization", f"{ALGORITHM} {scope}, {signed}, Signature={made}"))
    )


def presign(
    request: Request, credentials: Credentials, place: Place, now: float, expires: int, rules: Rules = _AS_AWS
) -> Request:
    """`request` with a target that is good for `expires` seconds for everybody who sends the same headers and body."""
    timestamp = basic(now)
    claim = replace(_claim(request, credentials, place, timestamp), expires=expires)
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{claim.access_key_id}/{claim.scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-SignedHeaders": ";".join(claim.signed_headers),
        "X-Amz-Expires": str(expires),
        "X-Amz-Security-Token": credentials.session_token,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value is not None)
    target = request.target + ("&" if "?" in request.target else "?") + query
    made = _signature(claim, request._replace(target=target), credentials, rules)
    return request._replace(target=f"{target}&X-Amz-Signature={made}")


def _claim(request: Request, credentials: Credentials, place: Place, timestamp: str) -> Claim:
    scope = Scope(timestamp[:8], *place)
    names = tuple(sorted({name.lower() for name, _ in request.headers}))
    return Claim(credentials.access_key_id, scope, timestamp, names, "", credentials.session_token, None)


def _without_token(request: Request) -> Request:
    return request._replace(headers=tuple(one for one in request.headers if one[0] != "X-Amz-Security-Token"))


def _signature(claim: Claim, request: Request, credentials: Credentials, rules: Rules) -> str:
    key = cached_key(credentials.secret_access_key, claim.scope)
    return signature(key, claim, canonical_request(claim, request, rules))
