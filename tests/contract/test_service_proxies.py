"""APIs whose backends are AWS's services, played by moto's server: what is sent arrives, what is answered comes.

The roles are assumed at moto's STS, and all else is found by AWS_ENDPOINT_URL alone.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_scene import STAGE, Scene, running
from moto_scene import ACCOUNT, REGION, Moto, moto

DOCUMENT = Path(__file__).parents[2] / "examples" / "service-proxy.yaml"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gateway"
JSON = {"Content_Type": "application/json"}
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def scene(aws: Moto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running(tmp_path_factory.mktemp("services"), 1, **aws.environ) as scene:
        yield scene


class Proxy:
    """An API that is put together method by method."""

    def __init__(self, scene: Scene, binary: tuple[str, ...] = ()) -> None:
        self._scene = scene
        self._client = scene.client()
        api = self._client.create_rest_api(
            name="proxy", endpointConfiguration={"types": ["REGIONAL"]}, binaryMediaTypes=list(binary)
        )
        self.id: str = api["id"]
        self._resources = {"/": api["rootResourceId"]}

    def resource(self, path: str) -> str:
        """Its id; made with what is above it."""
        if path not in self._resources:
            above, _, part = path.rpartition("/")
            parent = self.resource(above or "/")
            made = self._client.create_resource(restApiId=self.id, parentId=parent, pathPart=part)
            self._resources[path] = made["id"]
        return str(self._resources[path])

    def add(
        self,
        verb: str,
        path: str,
        service_api: str,
        *,
        method: str = "POST",
        template: str | None = None,
        answers: str | None = None,
        parameters: dict[str, str] | None = None,
        **integration: Any,
    ) -> None:
        """One method that calls a service, and answers 200 with what that answered or with `answers`."""
        place = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        mapped = parameters or {}
        declared = {source: False for source in mapped.values() if source.startswith("method.request.")}
        self._client.put_method(**place, authorizationType="NONE", requestParameters=declared)
        self._client.put_integration(
            **place,
            type="AWS",
            integrationHttpMethod=method,
            uri=f"arn:aws:apigateway:{REGION}:{service_api}",
            **{"credentials": ROLE, **integration},
            requestParameters={f"integration.request.{target}": source for target, source in mapped.items()},
            requestTemplates={} if template is None else {"application/json": template},
        )
        templates = {} if answers is None else {"application/json": answers}
        for status, pattern in (("200", None), ("400", r"[45]\d{2}")):
            self._client.put_method_response(**place, statusCode=status)
            selected = {} if pattern is None else {"selectionPattern": pattern}
            self._client.put_integration_response(
                **place, statusCode=status, responseTemplates=templates if pattern is None else {}, **selected
            )

    def deploy(self) -> None:
        self._client.create_deployment(restApiId=self.id, stageName=STAGE)

    def call(self, verb: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        return self._scene.call(self.id, path, verb, body, **headers)


@pytest.fixture
def proxy(scene: Scene) -> Proxy:
    return Proxy(scene)


# The document in examples/


def test_the_example_is_imported_deployed_and_called(scene: Scene, aws: Moto) -> None:
    queue = aws.orders_and_items()
    api = scene.aws("import-rest-api", "--body", f"fileb://{DOCUMENT}", "--fail-on-warnings")["id"]
    variables = f"account={ACCOUNT},queue=orders,table=items,role=service-proxy"
    scene.aws("create-deployment", "--rest-api-id", api, "--stage-name", STAGE, "--variables", variables)

    order = b'{"order": "tea & biscuits", "note": "\xc3\xa9"}'
    answer = scene.call(api, "/orders", "POST", order, **JSON)
    assert (answer.status, answer.json()) == (202, {"accepted": True})
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"].encode() == order
    assert scene.call(api, "/orders", "POST", b"<x/>", Content_Type="text/xml").status == 415

    kept = scene.call(api, "/items/7", "PUT", b'{"name": "a \\"cup\\"", "price": 3.5}', **JSON)
    assert (kept.status, kept.json()) == (200, {"kept": True})
    found = scene.call(api, "/items/7")
    assert (found.status, found.json()) == (200, {"id": "7", "name": 'a "cup"', "price": 3.5})

    stage = {"restApiId": api, "stageName": STAGE}
    nowhere = [{"op": "replace", "path": f"/variables/{name}", "value": "nothing"} for name in ("queue", "table")]
    scene.client().update_stage(**stage, patchOperations=nowhere)
    assert scene.call(api, "/orders", "POST", b"{}", **JSON).status == 400
    assert scene.call(api, "/items/7").status == 404


# Service by service


def test_sqs_by_the_json_protocol(proxy: Proxy, aws: Moto) -> None:
    url = aws.client("sqs").create_queue(QueueName="json")["QueueUrl"]
    proxy.add(
        "POST",
        "/",
        "sqs:path//",
        template=f'{{"QueueUrl": "{url}", "MessageBody": "$util.escapeJavaScript($input.body)"}}',
        parameters={
            "header.X-Amz-Target": "'AmazonSQS.SendMessage'",
            "header.Content-Type": "'application/x-amz-json-1.0'",
        },
        answers="{\"id\": $input.json('$.MessageId')}",
    )
    proxy.deploy()
    answer = proxy.call("POST", "/", b'{"foo": "bar"}', **JSON)
    (message,) = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert (message["Body"], message["MessageId"]) == ('{"foo": "bar"}', answer.json()["id"])


def test_s3_objects_binary_ones_too(scene: Scene, aws: Moto) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="photos")
    proxy = Proxy(scene, binary=("image/png",))
    mapping = {"path.key": "method.request.path.key", "header.Content-Type": "method.request.header.Content-Type"}
    proxy.add("ANY", "/{key+}", "s3:path/photos/{key}", method="ANY", parameters=mapping)
    proxy.deploy()

    assert proxy.call("PUT", "/2024/a%20cup%20(1).png", PNG, Content_Type="image/png").status == 200
    kept = s3.get_object(Bucket="photos", Key="2024/a cup (1).png")
    assert (kept["Body"].read(), kept["ContentType"]) == (PNG, "image/png")
    assert proxy.call("GET", "/2024/a%20cup%20(1).png", Accept="image/png").body == PNG

    s3.put_object(Bucket="photos", Key="caf\u00e9.txt", Body="t\u00e9".encode(), ContentType="text/plain")
    assert proxy.call("GET", "/caf%C3%A9.txt").text == "t\u00e9"
    missing = proxy.call("GET", "/none")
    assert missing.status == 400 and "NoSuchKey" in missing.text
    assert proxy.call("DELETE", "/2024/a%20cup%20(1).png").status == 200
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="photos")["Contents"]] == ["caf\u00e9.txt"]


def test_sns_by_an_action(proxy: Proxy, aws: Moto) -> None:
    topic = aws.client("sns").create_topic(Name="news")["TopicArn"]
    url = aws.client("sqs").create_queue(QueueName="news")["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:news"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    proxy.add(
        "POST",
        "/",
        "sns:action/Publish",
        parameters={
            "querystring.TopicArn": f"'{topic}'",
            "querystring.Message": "method.request.querystring.text",
        },
    )
    proxy.deploy()
    answer = proxy.call("POST", "/?text=good%20news%20%26%20more")
    assert answer.status == 200 and "MessageId" in answer.text
    (message,) = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "good news & more"


def test_a_record_for_kinesis(proxy: Proxy, aws: Moto) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    proxy.add(
        "POST",
        "/",
        "kinesis:action/PutRecord",
        template='{"StreamName": "clicks", "Data": "$util.base64Encode($input.body)", "PartitionKey": "test"}',
        parameters={"header.Content-Type": "'application/x-amz-json-1.1'"},
    )
    proxy.deploy()
    assert proxy.call("POST", "/", b'{"click": 1}', **JSON).json()["ShardId"] == "shardId-000000000000"
    start = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    at = kinesis.get_shard_iterator(StreamName="clicks", **start)["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=at)["Records"]
    assert record["Data"] == b'{"click": 1}'


def test_an_execution_of_step_functions(proxy: Proxy, aws: Moto) -> None:
    states = aws.client("stepfunctions")
    definition = json.dumps({"StartAt": "end", "States": {"end": {"Type": "Pass", "End": True}}})
    machine = states.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    proxy.add(
        "POST",
        "/",
        "states:action/StartExecution",
        template=f'{{"stateMachineArn": "{machine}", "input": "$util.escapeJavaScript($input.body)"}}',
        answers="{\"execution\": $input.json('$.executionArn')}",
    )
    proxy.deploy()
    execution = proxy.call("POST", "/", b'{"n": 1}', **JSON).json()["execution"]
    assert json.loads(states.describe_execution(executionArn=execution)["input"]) == {"n": 1}


def test_an_event_for_eventbridge(proxy: Proxy, aws: Moto) -> None:
    events, sqs = aws.client("events"), aws.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    events.put_rule(Name="all", EventPattern='{"source": ["proxy"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"}])
    proxy.add(
        "POST",
        "/",
        "events:action/PutEvents",
        template=(
            '{"Entries": [{"Source": "proxy", "DetailType": "test", "Detail": "$util.escapeJavaScript($input.body)"}]}'
        ),
        parameters={
            "header.X-Amz-Target": "'AWSEvents.PutEvents'",
            "header.Content-Type": "'application/x-amz-json-1.1'",
        },
    )
    proxy.deploy()
    answer = proxy.call("POST", "/", b'{"n": 1}', **JSON).json()
    assert answer["FailedEntryCount"] == 0
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"n": 1}


def test_a_parameter_of_ssm(proxy: Proxy, aws: Moto) -> None:
    aws.client("ssm").put_parameter(Name="/app/color", Value="red", Type="String")
    proxy.add(
        "GET",
        "/",
        "ssm:path//",
        template='{"Name": "$input.params(\'name\')"}',
        parameters={
            "header.X-Amz-Target": "'AmazonSSM.GetParameter'",
            "header.Content-Type": "'application/x-amz-json-1.1'",
        },
        answers="{\"value\": $input.json('$.Parameter.Value')}",
    )
    proxy.deploy()
    assert proxy.call("GET", "/?name=/app/color").json() == {"value": "red"}
    missing = proxy.call("GET", "/?name=/none")
    assert missing.status == 400 and "ParameterNotFound" in missing.text


# Who calls


def test_the_role_is_who_calls(proxy: Proxy) -> None:
    proxy.add("GET", "/", "sts:action/GetCallerIdentity&Version=2011-06-15", method="GET")
    proxy.deploy()
    assert "assumed-role/gateway/BackplaneAssumeRoleSession" in proxy.call("GET", "/").text


def test_without_a_role_nobody_calls(scene: Scene, proxy: Proxy) -> None:
    proxy.add("GET", "/", "sts:action/GetCallerIdentity", method="GET", credentials="")
    proxy.deploy()
    assert scene.server is not None
    told = scene.server.wait_for("DefinitionWarning")
    assert "it names no credentials; give it a role" in told["message"]
    assert proxy.call("GET", "/").status == 500
