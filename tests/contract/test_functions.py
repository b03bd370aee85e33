"""Functions that run here: made by boto3, called through an API and by Invoke, and those of one server by another."""

import base64
import io
import json
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract_scene import REGION, STAGE, Scene, running

ACCOUNT = "000000000000"
SOURCE = """
import json

def handler(event, context):
    print("asked", json.dumps(event)[:200])
    if event.get("path", "").endswith("/raises") or event.get("raises"):
        raise ValueError("as it was asked")
    if "path" not in event:
        return {"echo": event, "name": context.function_name}
    return {
        "statusCode": 201,
        "headers": {"X-Function": context.function_name},
        "body": f"{event['httpMethod']} {event['path']} {event['body']}",
    }
"""


def zipped(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("app.py", source)
    return packed.getvalue()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A server that runs functions."""
    with running(tmp_path_factory.mktemp("functions"), 2) as scene:
        yield scene


@pytest.fixture(scope="module")
def functions(here: Scene) -> Any:
    return here.client(service="lambda")


def make(functions: Any, name: str, source: str = SOURCE) -> str:
    """A function, once it can be called; its ARN."""
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Code={"ZipFile": zipped(source)},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return str(made["FunctionArn"])


def proxy(apigateway: Any, arn: str) -> str:
    """A deployed API that gives everything to the function; its id."""
    api = apigateway.create_rest_api(name="functions", endpointConfiguration={"types": ["REGIONAL"]})
    path = {"restApiId": api["id"], "parentId": api["rootResourceId"], "pathPart": "{proxy+}"}
    place = {"restApiId": api["id"], "resourceId": apigateway.create_resource(**path)["id"], "httpMethod": "ANY"}
    apigateway.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
    apigateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apigateway.create_deployment(restApiId=api["id"], stageName=STAGE)
    return str(api["id"])


def allow(functions: Any, name: str, api: str) -> None:
    functions.add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*/*",
    )


def test_an_api_calls_a_function_that_allows_it(here: Scene, functions: Any) -> None:
    api = proxy(here.client(), make(functions, "proxied"))

    assert here.call(api, "/pets").json() == {"message": "Internal server error"}
    assert here.server is not None
    cause = here.server.wait_for("FaultRaised")["cause"]
    assert "add-permission" in cause.lower() or "AddPermission" in cause

    allow(functions, "proxied", api)
    answer = here.call(api, "/pets", "POST", b"rex")
    assert (answer.status, answer.text, answer.headers["x-function"]) == (201, "POST /pets rex", "proxied")
    assert {here.call(api, "/pets").status for _ in range(16)} == {201}, "of each worker"

    assert here.call(api, "/raises").status == 502

    functions.remove_permission(FunctionName="proxied", StatementId="api")
    assert here.call(api, "/pets").status == 500


LOGS = """
import logging, os

def handler(event, context):
    logging.info("fed", extra={"format": os.environ["AWS_LAMBDA_LOG_FORMAT"]})
    logging.debug("below the level")
    print('{"level": "DEBUG", "message": "below it too"}')
    print("printed")
    return event["name"]
"""


def test_a_function_s_log_is_json_where_it_is_asked_for(functions: Any) -> None:
    make(functions, "logs-json", LOGS)
    asked = {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    functions.update_function_configuration(FunctionName="logs-json", LoggingConfig=asked)
    for event, status in (({"name": "Rex"}, "success"), ({}, "error")):
        called = functions.invoke(FunctionName="logs-json", Payload=json.dumps(event), LogType="Tail")
        lines = base64.b64decode(called["LogResult"]).decode().splitlines()
        lines.remove("printed")
        start, fed, *error, done, report = (json.loads(line) for line in lines)
        assert [one["type"] for one in (start, done, report)] == [
            "platform.start",
            "platform.runtimeDone",
            "platform.report",
        ]
        assert (fed["level"], fed["message"], fed["format"]) == ("INFO", "fed", "JSON")
        assert {one["record"]["requestId"] for one in (start, done, report)} == {fed["requestId"]}
        assert [one["errorType"] for one in error] == (["KeyError"] if status == "error" else [])
        assert report["record"]["status"] == status


def test_a_function_is_invoked_by_boto3(functions: Any) -> None:
    make(functions, "invoked")

    answer = functions.invoke(FunctionName="invoked", Payload=b'{"a": 1}', LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(answer["Payload"].read()) == {"echo": {"a": 1}, "name": "invoked"}
    log = base64.b64decode(answer["LogResult"]).decode()
    assert 'asked {"a": 1}' in log and "REPORT RequestId" in log

    answer = functions.invoke(FunctionName="invoked", Payload=b'{"raises": 1}')
    assert answer["FunctionError"] == "Unhandled"
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as it was asked")

    assert functions.invoke(FunctionName="invoked", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    assert functions.invoke(FunctionName="invoked", InvocationType="DryRun", Payload=b"{}")["StatusCode"] == 204
    with pytest.raises(ClientError, match="Function not found"):
        functions.invoke(FunctionName="absent", Payload=b"{}")


def test_new_code_acts_at_once(here: Scene, functions: Any) -> None:
    make(functions, "renewed", "def handler(event, context): return 1")
    assert functions.invoke(FunctionName="renewed")["Payload"].read() == b"1"
    functions.update_function_code(FunctionName="renewed", ZipFile=zipped("def handler(event, context): return 2"))
    functions.get_waiter("function_updated_v2").wait(FunctionName="renewed")
    assert functions.invoke(FunctionName="renewed")["Payload"].read() == b"2"


def test_a_functions_process_that_is_killed_is_not_noticed(tmp_path: Path) -> None:
    with running(tmp_path, 1) as scene:
        assert scene.server is not None
        functions = scene.client(service="lambda")
        make(functions, "survivor")
        api = proxy(scene.client(), f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:survivor")
        allow(functions, "survivor", api)
        assert scene.call(api, "/before").status == 201
        (pid,) = [told["process"] for told in scene.server.seen if told.get("role") == "functions"]

        scene.server.signal(signal.SIGKILL, pid)
        scene.server.wait_for("ProcessDied", role="functions")
        assert scene.call(api, "/after").text == "GET /after None"


def test_the_functions_of_one_server_are_called_by_another(here: Scene, functions: Any, tmp_path: Path) -> None:
    arn = make(functions, "far")
    key, secret = here.access_key()
    credentials = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    with running(tmp_path, 1, "--lambda-endpoint", here.control, **credentials) as there:
        api = proxy(there.client(), arn)
        assert there.call(api, "/pets").text == "GET /pets None"
        assert there.call(api, "/raises").status == 502
