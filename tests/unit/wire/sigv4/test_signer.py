"""The Signer makes what `sign` makes, whatever it is given."""

from hashlib import sha256

import botocore.credentials
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.http1 import Request
from portico.wire.sigv4 import UNSIGNED_PAYLOAD, Credentials, Place, Rules, Signer, sign
from portico.wire.sigv4.dates import epoch

AS_S3 = Rules(normalise_path=False, double_encode_path=False, unsigned_payload=True)
PLACE = Place("eu-west-1", "sqs")
CREDENTIALS = Credentials("AKIDEXAMPLE", "a/secret", "a/token==")
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20)
NAMES = st.text("abcdefghij-", min_size=1, max_size=12).map("x-amz-{}".format)
TARGETS = st.text("/ab.%20?&=+~(é", max_size=20).map("/{}".format)


def lines_of(request: Request, rules: Rules, now: float, credentials: Credentials) -> str:
    signed = sign(request, credentials, PLACE, now, rules)
    return "".join(f"{name.lower() if name != 'Authorization' else name}: {v}\r\n" for name, v in signed.headers)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    target=TARGETS,
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=40),
    now=st.floats(1.6e9, 1.9e9),
    rules=st.sampled_from([Rules(), AS_S3]),
    token=st.sampled_from([None, "a/token=="]),
)
def test_it_signs_as_sign_does(
    method: str, target: str, headers: dict[str, str], body: bytes, now: float, rules: Rules, token: str | None
) -> None:
    headers = {"host": "sqs.eu-west-1.amazonaws.com", **headers}
    headers = {name: value for name, value in headers.items() if name not in ("x-amz-date", "x-amz-security-token")}
    credentials = CREDENTIALS._replace(session_token=token)
    made = Signer(PLACE, rules).lines(method, target, headers, sha256(body).hexdigest(), credentials, now)
    assert made == lines_of(Request(method, target, tuple(headers.items()), body), rules, now, credentials)


def test_a_payload_may_be_unsigned() -> None:
    headers = {"host": "s3.eu-west-1.amazonaws.com", "x-amz-content-sha256": UNSIGNED_PAYLOAD}
    made = Signer(PLACE, AS_S3).lines("PUT", "/b/k", headers, UNSIGNED_PAYLOAD, CREDENTIALS, 1.7e9)
    assert made == lines_of(Request("PUT", "/b/k", tuple(headers.items()), b"any"), AS_S3, 1.7e9, CREDENTIALS)


@pytest.mark.parametrize("path", ["/b/k", "/b/caf%C3%A9%20%281%29.txt", "/b//a/../k", "/b/a%2Bb?x=1&a=%20b"])
def test_s3_is_signed_as_botocore_signs_it(path: str) -> None:
    request = AWSRequest("PUT", f"https://s3.eu-west-1.amazonaws.com{path}", data=b"abc")
    S3SigV4Auth(botocore.credentials.Credentials(*CREDENTIALS), "s3", "eu-west-1").add_auth(request)
    headers = {"host": "s3.eu-west-1.amazonaws.com", "x-amz-content-sha256": request.headers["X-Amz-Content-SHA256"]}
    now = epoch(request.headers["X-Amz-Date"])
    signer = Signer(Place("eu-west-1", "s3"), AS_S3)
    made = signer.lines("PUT", path, headers, headers["x-amz-content-sha256"], CREDENTIALS, now)
    assert made.rpartition("Signature=")[2] == request.headers["Authorization"].rpartition("Signature=")[2] + "\r\n"


@pytest.mark.parametrize("later", [1.7e9 + 1, 1.7e9 + 86_400])
def test_every_second_and_every_day_have_signatures_of_their_own(later: float) -> None:
    signer, headers = Signer(PLACE), {"host": "h"}
    first = signer.lines("GET", "/", headers, "0", CREDENTIALS, 1.7e9)
    assert signer.lines("GET", "/", headers, "0", CREDENTIALS, later) != first
    assert signer.lines("GET", "/", headers, "0", CREDENTIALS, 1.7e9) == first
