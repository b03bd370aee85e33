"""The AWS CLI and boto3 make functions on a running server. What they do when they are called is elsewhere."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from contract_scene import Refused, Scene
from lambda_scene import ROLE, refusal, zipped
from portico.controlplane.bodies import MAX_UPLOAD
from running_server import PATIENCE


@pytest.fixture
def zip_file(tmp_path: Path) -> Path:
    path = tmp_path / "app.zip"
    path.write_bytes(zipped())
    return path


def test_a_function_is_made_found_listed_and_deleted(scene: Scene, zip_file: Path) -> None:
    def aws(*words: object) -> Any:
        return scene.aws(*words, service="lambda")

    made = aws(
        *("create-function", "--function-name", "cli", "--runtime", "python3.12", "--handler", "app.handler"),
        *("--role", ROLE, "--zip-file", f"fileb://{zip_file}", "--environment", "Variables={COLOUR=red}"),
    )
    assert (made["State"], made["Environment"]) == ("Active", {"Variables": {"COLOUR": "red"}})
    aws("wait", "function-active-v2", "--function-name", "cli")
    found = aws("get-function", "--function-name", made["FunctionArn"])
    with urllib.request.urlopen(found["Code"]["Location"], timeout=PATIENCE) as fetched:
        assert fetched.read() == zip_file.read_bytes()
    assert "cli" in [one["FunctionName"] for one in aws("list-functions")["Functions"]]
    words = "--statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com"
    aws("add-permission", "--function-name", "cli", *words.split())
    (statement,) = json.loads(aws("get-policy", "--function-name", "cli")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    aws("delete-function", "--function-name", "cli")
    with pytest.raises(Refused, match=r"\(ResourceNotFoundException\) .* Function not found: arn:aws:lambda:.*:cli"):
        aws("get-function", "--function-name", "cli")


def test_code_larger_than_any_other_call_may_be_is_taken(scene: Scene) -> None:
    """8 MB that nothing makes smaller, which are 11 in base64."""
    functions = scene.client(service="lambda")
    code = zipped(data__bin="".join(chr(0x4E00 + n * 7919 % 20000) for n in range(4_000_000)))
    assert len(code) > 6 * 1024 * 1024
    made = functions.create_function(
        FunctionName="large", Runtime="python3.12", Handler="app.handler", Role=ROLE, Code={"ZipFile": code}
    )
    assert made["CodeSize"] == len(code)
    functions.delete_function(FunctionName="large")


def test_code_beyond_what_lambda_takes_is_not_read(scene: Scene) -> None:
    functions = scene.client(service="lambda")
    told = refusal(lambda: functions.update_function_code(FunctionName="none", ZipFile=bytes(MAX_UPLOAD)))
    assert told == (
        413,
        "RequestEntityTooLargeException",
        f"Request must be smaller than {MAX_UPLOAD} bytes for the UpdateFunctionCode operation",
    )
