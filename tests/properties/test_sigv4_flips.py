"""A signed request of which one meaningful byte was changed never verifies; and we sign as botocore does."""

import string
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from portico.wire import sigv4
from portico.wire.aws.faults import AwsError
from portico.wire.aws.rest_json.request import split_target
from portico.wire.http1 import Request
from portico.wire.sigv4.dates import epoch

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PLACE = sigv4.Place("us-east-1", "apigateway")


def now() -> float:
    """When it is asked for: a whole run takes longer than a signature lives."""
    return datetime.now(UTC).timestamp()


words = st.text(string.ascii_letters + string.digits + " /+%&=~*é漢", min_size=1, max_size=12)
tokens = st.none() | st.text(string.ascii_letters + "+/=", min_size=8, max_size=20)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PATCH"]),
        "segments": st.lists(words, max_size=4),
        "query": st.lists(st.tuples(words, words), min_size=1, max_size=3),
        "body": st.binary(max_size=40),
        "token": tokens,
    }
)


def signed_by_botocore(
    method: str, segments: Any, query: Any, body: bytes, token: str | None, presigned: bool
) -> Request:
    path = "/".join(quote(segment, safe="") for segment in segments)
    body = b"" if presigned else body  # botocore takes a presigned request's body for a form
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    request = AWSRequest(method, f"http://127.0.0.1:4566/{path}?{pairs}", {"Accept": "application/json"}, body)
    auth = SigV4QueryAuth if presigned else SigV4Auth
    auth(Credentials(KEY, SECRET, token), "apigateway", "us-east-1").add_auth(request)
    target = request.url.removeprefix("http://127.0.0.1:4566")
    return Request(method, target, (("Host", "127.0.0.1:4566"), *request.headers.items()), body)


def verifies(request: Request) -> bool:
    """With a single key known, as the look-up of a secret by the claim's key id does."""
    try:
        claim = sigv4.read_claim(request)
        sigv4.verify(claim, request, SECRET, now())
    except AwsError:
        return False
    return claim.access_key_id == KEY


def flipped(text: str, at: int, bit: int) -> str:
    at %= len(text)
    return text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]


@pytest.mark.parametrize("presigned", [False, True])
@given(fields=requests)
def test_what_botocore_signs_verifies(presigned: bool, fields: dict[str, Any]) -> None:
    assert verifies(signed_by_botocore(**fields, presigned=presigned))


@given(fields=requests)
def test_we_sign_a_header_as_botocore_does(fields: dict[str, Any]) -> None:
    theirs = signed_by_botocore(**fields, presigned=False)
    sent = dict(theirs.headers)
    unsigned = theirs._replace(headers=tuple((name, sent[name]) for name in ("Host", "Accept")))
    credentials = sigv4.Credentials(KEY, SECRET, fields["token"])

    ours = sigv4.sign(unsigned, credentials, PLACE, epoch(sent["X-Amz-Date"]))

    assert dict(ours.headers) == sent


@given(fields=requests, expires=st.integers(1, 604_800))
def test_what_we_sign_verifies(fields: dict[str, Any], expires: int) -> None:
    token = fields["token"]
    unsigned = signed_by_botocore(**{**fields, "token": None}, presigned=False)
    unsigned = unsigned._replace(headers=unsigned.headers[:1])
    credentials = sigv4.Credentials(KEY, SECRET, token)

    assert verifies(sigv4.sign(unsigned, credentials, PLACE, now()))
    assert verifies(sigv4.presign(unsigned, credentials, PLACE, now(), expires))
    assert SECRET not in repr(credentials)


@pytest.mark.parametrize("presigned", [False, True])
@given(fields=requests, at=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_a_flipped_byte_of_the_body_never_verifies(presigned: bool, fields: dict[str, Any], at: int, bit: int) -> None:
    request = signed_by_botocore(**fields, presigned=presigned)
    body = bytearray(request.body or b"x")
    body[at % len(body)] ^= 1 << bit

    assert not verifies(request._replace(body=bytes(body)))


@given(fields=requests, which=st.integers(0, 100), at=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_a_flipped_byte_of_a_header_value_never_verifies(fields: dict[str, Any], which: int, at: int, bit: int) -> None:
    request = signed_by_botocore(**fields, presigned=False)
    headers = list(request.headers)
    signed = [i for i, (name, _) in enumerate(headers) if name in ("Host", "Accept", "X-Amz-Date", "Authorization")]
    chosen = signed[which % len(signed)]
    name, value = headers[chosen]
    headers[chosen] = (name, flipped(value, at, bit))

    assert not verifies(request._replace(headers=tuple(headers)))


@pytest.mark.parametrize("presigned", [False, True])
@given(fields=requests, at=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_a_flipped_byte_of_the_target_never_verifies(
    presigned: bool, fields: dict[str, Any], at: int, bit: int
) -> None:
    request = signed_by_botocore(**fields, presigned=presigned)
    changed = "/" + flipped(request.target[1:], at, bit)
    if same_meaning(request.target, changed):
        return

    assert not verifies(request._replace(target=changed))


def same_meaning(one: str, other: str) -> bool:
    """An escape's hexadecimal digit in the other case, which no reader of a target sees."""
    return split_target(one) == split_target(other)


@pytest.mark.parametrize("presigned", [False, True])
def test_each_byte_of_a_signature_counts(presigned: bool) -> None:
    request = signed_by_botocore("GET", ["restapis"], [], b"", None, presigned)
    claim = sigv4.read_claim(request)
    assert verifies(request)
    for at in range(len(claim.signature)):
        for bit in range(7):
            forged = flipped(claim.signature, at, bit)
            with pytest.raises(sigv4.InvalidSignatureException):
                sigv4.verify(replace(claim, signature=forged), request, SECRET, now())
