"""JSONTestSuite as bodies of control-plane calls: each is taken or refused with a 4xx, none crashes or hangs."""

import os
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from portico.controlplane.operation import Operation
from wire_client import ACCESS_KEY, REGION, SECRET_KEY, as_received, control_plane

HERE = Path(__file__).resolve().parents[2]
SUITE = Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance")) / "JSONTestSuite"
CASES = sorted(SUITE.glob("test_*/*.json"))

if not CASES:
    pytest.skip("NOT RUN: the vectors of JSONTestSuite are not here", allow_module_level=True)

PLANE = control_plane(
    operations={
        ("apigateway", "CreateRestApi"): Operation("apigateway", "CreateRestApi", True, lambda call: call.params)
    }
)


def answered(body: bytes) -> int:
    request = AWSRequest("POST", "http://127.0.0.1:4566/restapis", {"Content-Type": "application/json"}, body)
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "apigateway", REGION).add_auth(request)
    return PLANE.handle(as_received(request.prepare())).response.status


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
@pytest.mark.parametrize("wrapping", [b"%s", b'{"name":"a","tags":{"a":%s}}', b'{"name":"a","unknown":%s}'])
def test_no_body_breaks_the_control_plane(case: Path, wrapping: bytes) -> None:
    assert answered(wrapping.replace(b"%s", case.read_bytes())) in (201, 400)


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("y_")], ids=lambda path: path.name)
def test_what_is_json_is_taken(case: Path) -> None:
    assert answered(b'{"name":"a","unknown":' + case.read_bytes() + b"}") == 201


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("n_")], ids=lambda path: path.name)
def test_what_is_not_json_is_refused(case: Path) -> None:
    assert answered(case.read_bytes()) == 400
