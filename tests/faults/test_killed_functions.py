"""kill -9 of the functions process: calls under way fail cleanly, the next ones are answered within three seconds, and
what instances there were is gone."""

import io
import os
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contract_scene import REGION, STAGE, Answer
from fault_scene import SERVES_AGAIN, Site, asking, heard, standing
from running_server import PATIENCE

ACCOUNT = "000000000000"
NAME = f"clock-{os.getpid()}"
SOURCE = """
import time

def handler(event, context):
    if event["path"].endswith("/slow"):
        print("asked to be slow", flush=True)
        time.sleep(29)
    return {"statusCode": 200, "body": "tick"}
"""


def instances() -> list[int]:
    """The processes in whose environment the function's name is."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"AWS_LAMBDA_FUNCTION_NAME={NAME}\0".encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
    return found


def wait_for_the_slow(site: Site) -> None:
    """Until the function is at work on it."""
    log = site.data / "logs" / "functions" / f"{NAME}.log"
    end = time.monotonic() + PATIENCE
    while not log.exists() or "asked to be slow" not in log.read_text():
        assert time.monotonic() < end, "nobody was asked to be slow"
        time.sleep(0.02)


def make(functions: Any) -> str:
    """The function's ARN, once it can be called."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("app.py", SOURCE)
    told = functions.create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Handler="app.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Timeout=30,
        Code={"ZipFile": packed.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return str(told["FunctionArn"])


def proxy(site: Site) -> str:
    """A deployed API that gives everything to the function, which allows it; its id."""
    client, functions = site.client(), site.client(service="lambda")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{make(functions)}/invocations"
    api = client.create_rest_api(name="functions", endpointConfiguration={"types": ["REGIONAL"]})
    path = {"restApiId": api["id"], "parentId": api["rootResourceId"], "pathPart": "{proxy+}"}
    place = {"restApiId": api["id"], "resourceId": client.create_resource(**path)["id"], "httpMethod": "ANY"}
    client.put_method(**place, authorizationType="NONE")
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api["id"], stageName=STAGE)
    functions.add_permission(
        FunctionName=NAME,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['id']}/*/*",
    )
    return str(api["id"])


def test_calls_under_way_fail_cleanly_and_the_next_ones_work(tmp_path: Path) -> None:
    with standing(tmp_path) as site:
        api = proxy(site)
        site.call(api, "/tick")
        slow = list[Answer]()
        caller = threading.Thread(target=lambda: slow.append(site.call(api, "/slow")))
        with asking(site, api, "/tick") as clients:
            clients.more()
            caller.start()
            wait_for_the_slow(site)
            assert instances() or os.geteuid(), "nobody else may look into them"
            began = time.monotonic()
            site.kill("functions")
            clients.more(1)
            back = clients.wait_for(lambda one: (one.status, one.text) == (200, "tick"))
            assert back.ended - began < SERVES_AGAIN
            assert heard(clients.more()) == {(200, "tick")}
        caller.join(PATIENCE)
        assert [one.status for one in slow] == [500], "at once: 504 when its time is over"
        assert {one.status for one in clients.outcomes} <= {200, 500, 502}, "no connection was lost"
        functions = site.client(service="lambda")
        functions.delete_function(FunctionName=NAME)
        end = time.monotonic() + PATIENCE
        while left := instances():
            assert time.monotonic() < end, f"an instance outlived the process that it belonged to: {left}"
            time.sleep(0.05)
        assert not [one for one in site.told("ProcessDied") if one["role"] != "functions"]


def test_a_call_of_invoke_that_was_under_way_is_answered_with_an_error(tmp_path: Path) -> None:
    with standing(tmp_path) as site:
        proxy(site)
        functions = site.client(service="lambda")
        told = list[Any]()

        def invoke() -> None:
            try:
                told.append(functions.invoke(FunctionName=NAME, Payload=b'{"path": "/slow"}'))
            except ClientError as error:
                told.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

        caller = threading.Thread(target=invoke)
        caller.start()
        wait_for_the_slow(site)
        site.kill("functions")
        caller.join(PATIENCE)
        assert told and told[0] in (500, 502, 503)
        answer = functions.invoke(FunctionName=NAME, Payload=b'{"path": "/tick"}')
        assert b"tick" in answer["Payload"].read()
