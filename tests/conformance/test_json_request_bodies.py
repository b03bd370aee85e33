"""JSONTestSuite as bodies that a request validator judges: each is taken or refused, none crashes or hangs."""

import json
import os
import time
from pathlib import Path

import pytest

from playbook.stage import Play, api, mock

HERE = Path(__file__).resolve().parents[2]
SUITE = Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance")) / "JSONTestSuite"
CASES = sorted(SUITE.glob("test_*/*.json"))

if not CASES:
    pytest.skip("NOT RUN: the vectors of JSONTestSuite are not here", allow_module_level=True)

ANYTHING = {"definitions": {"any": {"items": {"$ref": "#/definitions/any"}}}, "$ref": "#/definitions/any"}
TELLING = {"application/json": '{"e": "$context.error.validationErrorString"}'}
UNREADABLE = {"e": "[Unknown error parsing request body]"}


@pytest.fixture(scope="module")
def play() -> Play:
    """A method that takes whatever is JSON."""
    return Play(
        api(
            {"/": {"POST": {**mock(), "requestValidatorId": "v", "requestModels": {"application/json": "Any"}}}},
            requestValidators=[{"id": "v", "validateRequestBody": True}],
            models=[{"id": "m", "name": "Any", "contentType": "application/json", "schema": json.dumps(ANYTHING)}],
            gatewayResponses=[{"responseType": "BAD_REQUEST_BODY", "responseTemplates": TELLING}],
        )
    )


def status(play: Play, body: bytes) -> int:
    begun = time.thread_time()
    hears = play.asks("POST /", body=body).hears
    assert time.thread_time() - begun < 1, "most take less than a thousandth of that"
    assert not [cause for cause in play.causes if cause]
    if hears.status == 400:
        assert hears.json == UNREADABLE
    return hears.status


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
@pytest.mark.parametrize("wrapping", [b"%s", b"[%s]", b'{"a":%s}', b'{"a":1,"a":%s}'])
def test_no_body_breaks_the_validator(case: Path, wrapping: bytes, play: Play) -> None:
    assert status(play, wrapping.replace(b"%s", case.read_bytes())) in (200, 400)


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("y_")], ids=lambda path: path.name)
def test_what_is_json_is_taken(case: Path, play: Play) -> None:
    assert status(play, case.read_bytes()) == 200


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("n_")], ids=lambda path: path.name)
def test_what_is_not_json_is_refused(case: Path, play: Play) -> None:
    assert status(play, case.read_bytes()) == 400
