"""Every vector of AWS's own SigV4 suite verifies and is signed alike, in a header and in a query string."""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from portico.wire import sigv4
from portico.wire.http1 import Request

HERE = Path(__file__).resolve().parents[2]
SUITE = (
    Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance")) / "aws-signing-test-suite/v4"
)
CASES = sorted(path.name for path in SUITE.glob("*") if path.is_dir())

if not CASES:
    pytest.skip("NOT RUN: the vectors of aws-signing-test-suite are not here", allow_module_level=True)


def read_request(path: Path) -> Request:
    """A request as the suite writes it: folded header lines continue the one before."""
    head, _, body = path.read_bytes().decode("latin-1").replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith((" ", "\t")):
            name, value = headers.pop()
            headers.append((name, f"{value} {line}"))
        elif line:
            name, _, value = line.partition(":")
            headers.append((name, value))
    return Request(method, rest.rpartition(" ")[0], tuple(headers), body.encode("latin-1"))


def context_of(case: str) -> dict[str, Any]:
    context: dict[str, Any] = json.loads((SUITE / case / "context.json").read_text())
    context["now"] = datetime.fromisoformat(context["timestamp"]).timestamp()
    context["rules"] = sigv4.Rules(
        normalise_path=context["normalize"], sign_token=not context.get("omit_session_token", False)
    )
    return context


@pytest.mark.parametrize("form", ["header", "query"])
@pytest.mark.parametrize("case", CASES)
def test_verifies(case: str, form: str) -> None:
    context = context_of(case)
    request = read_request(SUITE / case / f"{form}-signed-request.txt")

    claim = sigv4.read_claim(request)

    assert sigv4.canonical_request(claim, request, context["rules"]).encode("latin-1") == (
        SUITE / case / f"{form}-canonical-request.txt"
    ).read_bytes().replace(b"\r\n", b"\n")
    assert claim.signature == (SUITE / case / f"{form}-signature.txt").read_text().strip()
    assert claim.session_token == context["credentials"].get("token")
    sigv4.verify(claim, request, context["credentials"]["secret_access_key"], context["now"], context["rules"])


@pytest.mark.parametrize("form", ["header", "query"])
@pytest.mark.parametrize("case", CASES)
def test_is_signed_alike(case: str, form: str) -> None:
    context = context_of(case)
    request = read_request(SUITE / case / "request.txt")
    credentials = sigv4.Credentials(*context["credentials"].values())
    place = sigv4.Place(context["region"], context["service"])
    if form == "query":
        expires = context["expiration_in_seconds"]
        signed = sigv4.presign(request, credentials, place, context["now"], expires, context["rules"])
    else:
        if context["sign_body"]:
            digest = hashlib.sha256(request.body).hexdigest()
            request = request._replace(headers=(*request.headers, ("X-Amz-Content-Sha256", digest)))
        signed = sigv4.sign(request, credentials, place, context["now"], context["rules"])

    expected = read_request(SUITE / case / f"{form}-signed-request.txt")
    assert sigv4.read_claim(signed) == sigv4.read_claim(expected)
    assert sorted(signed.target.partition("?")[2].split("&")) == sorted(expected.target.partition("?")[2].split("&"))
    assert authorization(signed) == authorization(expected)


def authorization(request: Request) -> list[str]:
    return [value for name, value in request.headers if name == "Authorization"]


def test_the_suite_is_whole() -> None:
    assert len(CASES) == 38
