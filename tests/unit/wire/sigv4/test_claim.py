"""What is taken for a signature, and AWS's answer to each that is not whole."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire import sigv4
from portico.wire.aws.faults import AwsError
from portico.wire.http1 import Request

DATE = "20150830T123600Z"
NOW = 1_440_938_160.0
CREDENTIAL = "AKID/20150830/us-east-1/apigateway/aws4_request"


def header(*, credential: str = CREDENTIAL, signed: str = "host", signature: str = "00", date: str = DATE) -> Request:
    text = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    return Request("GET", "/restapis", (("Host", "h"), ("X-Amz-Date", date), ("Authorization", text)))


def authorization(text: str) -> Request:
    return Request("GET", "/", (("Host", "h"), ("X-Amz-Date", DATE), ("Authorization", text)))


def presigned(**changed: str | None) -> Request:
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": CREDENTIAL.replace("/", "%2F"),
        "X-Amz-Date": DATE,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": "60",
        "X-Amz-Signature": "00",
        **{f"X-Amz-{name}": value for name, value in changed.items()},
    }
    query = "&".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
    return Request("GET", f"/restapis?{query}", (("Host", "h"),))


def refusal(request: Request) -> tuple[str, str]:
    with pytest.raises(AwsError) as raised:
        sigv4.read_claim(request)
    assert raised.value.status == 403
    return raised.value.code, raised.value.message


def test_both_forms_say_the_same() -> None:
    for request, expires in ((header(), None), (presigned(), 60)):
        claim = sigv4.read_claim(request)
        assert (claim.access_key_id, str(claim.scope)) == ("AKID", "20150830/us-east-1/apigateway/aws4_request")
        assert (claim.timestamp, claim.signed_headers, claim.signature) == (DATE, ("host",), "00")
        assert (claim.session_token, claim.expires) == (None, expires)


def test_a_date_header_will_do() -> None:
    request = header()
    dated = [
        ("Date", "Sun, 30 Aug 2015 12:36:00 GMT") if name == "X-Amz-Date" else (name, v) for name, v in request.headers
    ]
    assert sigv4.read_claim(request._replace(headers=tuple(dated))).timestamp == DATE


@pytest.mark.parametrize("target", ["/", "/?a=b", "/?X-Amz-Date=1"])
def test_nothing_claims_to_be_a_signature(target: str) -> None:
    request = Request("GET", target, (("Host", "h"),))
    assert refusal(request) == ("MissingAuthenticationTokenException", "Missing Authentication Token")


@pytest.mark.parametrize(
    ("request_", "start"),
    [
        (
            authorization("AWS4-HMAC-SHA256 Credential=a"),
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parame",
        ),
        (
            header()._replace(headers=tuple(pair for pair in header().headers if pair[0] != "X-Amz-Date")),
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        (
            authorization("Bearer abc"),
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with ",
        ),
        (authorization(""), "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "),
        (
            authorization("AWS4-HMAC-SHA256 nonsense"),
            "Invalid key=value pair (missing equal-sign) in Authorization header",
        ),
        (authorization("AWS4-HMAC-SHA1 Credential=a"), "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."),
        (authorization("AWS4-HMAC-SHA256 Credential=a, Credential=b"), "'Credential' is given more than once."),
        (header(credential="AKID/20150830"), "Credential must have exactly 5 slash-delimited elements"),
        (header(date="yesterday"), "Date must be in ISO-8601 'basic format'. Got 'yesterday'."),
        (header(date="20151330T123600Z"), "Date must be in ISO-8601 'basic format'. Got '20151330T123600Z'."),
        (header()._replace(headers=header().headers * 2), "'Authorization' is given more than once."),
        (header()._replace(target=presigned().target), "Only one signature may be given"),
        (presigned(Signature=None), "AWS query-string parameters must include 'X-Amz-Algorithm'"),
        (presigned(Date=""), "AWS query-string parameters must include 'X-Amz-Algorithm'"),
        (presigned(Algorithm="AWS4-ECDSA-P256-SHA256"), "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."),
        (presigned(Expires="0"), "X-Amz-Expires must be a number of seconds up to a week, got '0'."),
        (presigned(Expires="604801"), "X-Amz-Expires must be a number of seconds up to a week"),
        (presigned(Expires="-1"), "X-Amz-Expires must be a number of seconds up to a week"),
        (presigned(Expires="9" * 5000), "X-Amz-Expires must be a number of seconds up to a week"),
        (presigned()._replace(target=presigned().target + "&X-Amz-Date=1"), "'X-Amz-Date' is given more than once."),
    ],
)
def test_half_a_signature_is_incomplete(request_: Request, start: str) -> None:
    code, message = refusal(request_)
    assert code == "IncompleteSignatureException"
    assert message.startswith(start)


@pytest.mark.parametrize(
    ("credential", "sentence"),
    [
        (
            "AKID/20150831/us-east-1/apigateway/aws4_request",
            (
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                "'20150831' != '20150830', from '20150830T123600Z'."
            ),
        ),
        (
            "AKID/20150830/us-east-1/apigateway/aws3_request",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'.",
        ),
    ],
)
def test_a_scope_that_does_not_fit(credential: str, sentence: str) -> None:
    assert refusal(header(credential=credential)) == ("InvalidSignatureException", sentence)


def verification(request: Request, now: float, **rules: Any) -> str:
    with pytest.raises(sigv4.InvalidSignatureException) as raised:
        sigv4.verify(sigv4.read_claim(request), request, "secret", now, sigv4.Rules(**rules))
    return raised.value.message


@pytest.mark.parametrize(
    ("request_", "late", "sentence"),
    [
        (
            header(),
            301,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)",
        ),
        (
            header(),
            -301,
            (
                "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
                "(20150830T123059Z + 5 min.)"
            ),
        ),
        (
            presigned(),
            61,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 1 min.)",
        ),
        (
            presigned(Expires="7"),
            8,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123608Z - 7 sec.)",
        ),
    ],
)
def test_a_signature_out_of_its_time(request_: Request, late: float, sentence: str) -> None:
    assert verification(request_, NOW + late) == sentence


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_within_its_time_only_the_signature_counts(late: float) -> None:
    assert verification(header(), NOW + late).startswith("The request signature we calculated does not match")


def signed_with_secret(request: Request, **rules: Any) -> Request:
    """`request` with the signature that its own canonical form calls for."""
    claim = sigv4.read_claim(request)
    canonical = sigv4.canonical_request(claim, request, sigv4.Rules(**rules))
    key = sigv4.signing_key("secret", claim.scope)
    signature = hmac.digest(key, sigv4.string_to_sign(claim, canonical).encode(), "sha256").hex()
    headers = tuple((name, value.replace("Signature=00", f"Signature={signature}")) for name, value in request.headers)
    return request._replace(headers=headers)


def test_a_signature_that_leaves_out_the_host_does_not_hold() -> None:
    assert verification(signed_with_secret(header(signed="x-amz-date")), NOW)


def test_a_signed_header_that_is_not_there_does_not_hold() -> None:
    assert verification(signed_with_secret(header(signed="host;x-absent")), NOW)


def with_header(request: Request, name: str, value: str) -> Request:
    return request._replace(headers=(*request.headers, (name, value)))


def test_a_body_is_signed_unless_the_service_lets_it_be_unsigned() -> None:
    declared = with_header(header(signed="host;x-amz-content-sha256"), "X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
    request = signed_with_secret(declared, unsigned_payload=True)._replace(body=b"any")
    claim = sigv4.read_claim(request)

    sigv4.verify(claim, request, "secret", NOW, sigv4.Rules(unsigned_payload=True))
    assert verification(request, NOW)


def test_a_false_content_hash_does_not_hold() -> None:
    declared = with_header(header(signed="host;x-amz-content-sha256"), "X-Amz-Content-SHA256", "0" * 64)
    assert verification(signed_with_secret(declared)._replace(body=b"other"), NOW)


def test_a_path_is_encoded_once_where_the_service_says_so() -> None:
    request = header()._replace(target="/a%20b/../c")
    claim = sigv4.read_claim(request)
    once = sigv4.Rules(normalise_path=False, double_encode_path=False)
    assert sigv4.canonical_request(claim, request, once).split("\n")[1] == "/a%20b/../c"
    assert sigv4.canonical_request(claim, request, sigv4.Rules()).split("\n")[1] == "/c"


anything = st.text(st.characters(max_codepoint=255), max_size=40)


@given(text=anything, date=anything, query=anything)
def test_whatever_comes_is_refused_and_never_an_accident(text: str, date: str, query: str) -> None:
    headers = (("Host", "h"), ("X-Amz-Date", date), ("Authorization", f"AWS4-HMAC-SHA256 {text}"))
    for request in (
        Request("GET", "/", headers),
        header(credential=text, date=date, signed=query, signature=text),
        Request("GET", f"/?X-Amz-Algorithm={query}&{text}", ()),
        presigned(Credential=text, Date=date, Expires=query),
    ):
        with pytest.raises(AwsError):
            sigv4.verify(sigv4.read_claim(request), request, "secret", NOW)
