"""What AWS was recorded to make of other services' answers, with a service that answers what it must have answered."""

import base64
from ast import literal_eval
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from playbook.stage import Client, Play, api, aws_service, responds
from recorded_answers import Masks, recorded_scenario

FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
JSON_ANSWER = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n"

# S3: test_apigw_s3_binary_support_response_*

ENCODED = b"H4sIABRs7mMC/0vOzy0oSi0uTk1RSEksSdRRKM7IL81JUUhKVcjMK0vMyUxRCA1x07VQKC4pysxLBwC4ORBXLwAAAA=="
OBJECTS = {
    "raw": base64.b64decode(ENCODED),
    "encoded": ENCODED,
    "text": b"this is a UTF8 text typed object",
}
TYPES = {"text": "text/plain", "binary": "image/png"}
"""Of the scenario's requests: the type that S3 is asked to answer with, and the one that is accepted."""
MAPPING = {
    "integration.request.header.Content-Type": "method.request.header.Content-Type",
    "integration.request.path.object_path": "method.request.path.object_path",
    "integration.request.querystring.response-content-type": "method.request.header.response-content-type",
}


def s3_play(handling: str) -> Play:
    response = responds(
        contentHandling=handling,
        responseParameters={"method.response.header.ETag": "integration.response.header.ETag"},
    )
    method = aws_service("s3:path/the-bucket/{object_path}", response, verb="ANY", requestParameters=MAPPING)
    return Play(api({"/{object_path+}": {"ANY": method}}, binaryMediaTypes=["image/png"]))


def get_object(play: Play, name: str, payload: str | None, accept: str | None) -> Client:
    """Ask for an object; S3 answers it with the type that it is asked for."""
    headers = [] if payload is None else [f"response-content-type: {TYPES[payload]}"]
    headers += [] if accept is None else [f"Accept: {TYPES[accept]}"]
    client = play.asks(f"GET /{name}", *headers)
    asked = "" if payload is None else "?response-content-type=" + TYPES[payload].replace("/", "%2F")
    assert play.backend.hears.target == f"/the-bucket/{name}{asked}"
    tag = md5(OBJECTS[name]).hexdigest()
    sent = TYPES[payload or "text"]
    play.backend.answers(f'HTTP/1.1 200 OK\nContent-Type: {sent}\nETag: "{tag}"\n\n', OBJECTS[name])
    return client


@pytest.mark.parametrize("handling", ["CONVERT_TO_TEXT", "CONVERT_TO_BINARY"])
def test_facts_141_and_142_objects_by_content_handling(handling: str) -> None:
    name = handling.lower()
    recorded = recorded_scenario(
        "s3.json", f"TestApiGatewayS3BinarySupport::test_apigw_s3_binary_support_response_{name}"
    )
    play = s3_play(handling)
    held = 0
    for call, answer in recorded.items():
        if "content" not in answer:
            continue
        words = call.split("-")
        payload, accept = (None, None) if words[1] == "no" else (words[2], words[4])
        hears = get_object(play, words[0], payload, accept).hears
        content = literal_eval(answer["content"])
        assert (hears.status, hears.content, hears["ETag"]) == (200, content, answer["etag"]), call
        held += 1
    assert held == {"CONVERT_TO_TEXT": 15, "CONVERT_TO_BINARY": 9}[handling] and not play.causes


@pytest.mark.parametrize("name", ["raw", "text"])
def test_fact_141_what_is_not_base64_cannot_be_made_binary(name: str) -> None:
    play = s3_play("CONVERT_TO_BINARY")
    assert get_object(play, name, "text", "binary").hears.status == 500


# SQS


def sqs_play(*responses: dict[str, Any], template: str, mapping: dict[str, str] | None = None, at: str = "") -> Play:
    method = aws_service(
        at or "sqs:path/111111111111/queue",
        *responses,
        requestTemplates={"application/json": template},
        requestParameters=mapping or FORM,
    )
    return Play(api({"/sqs": {"POST": method}}))


def test_facts_133_and_142_a_message_by_the_query_protocol() -> None:
    recorded = recorded_scenario("sqs.json", "test_sqs_aws_integration")
    done = responds(responseTemplates={"application/json": '{"message": "great success!"}'})
    play = sqs_play(done, template="Action=SendMessage&MessageBody=$input.body")
    bodies = {"sqs-aws-integration-with-payload": b'{"foo": "bar"}', "sqs-aws-integration-without-payload": b""}
    for (call, body), message in zip(bodies.items(), recorded["sqs-messages"], strict=True):
        client = play.asks("POST /sqs", "Content-Type: application/json", body=body)
        heard = play.backend.hears
        assert heard.first == "POST /111111111111/queue HTTP/1.1"
        assert heard["Content-Type"] == "application/x-www-form-urlencoded"
        (sent,) = parse_qs(heard.body)["MessageBody"]
        assert md5(sent.encode()).hexdigest() == message["MD5OfBody"]
        assert msgspec.json.decode(sent) == message["Body"]
        play.backend.answers("HTTP/1.1 200 OK\nContent-Type: text/xml\n\n<SendMessageResponse/>")
        assert client.hears.json == recorded[call]


def test_an_answer_of_the_query_protocol_as_json() -> None:
    """Because of `Accept: application/json`, which is always sent, SQS answers JSON where it would answer XML."""
    name = "test_sqs_request_and_response_xml_templates_integration"
    recorded = recorded_scenario("sqs.json", name)["sqs-json-response"]
    chosen = (
        '{"messageId": "$input.path(\'$.SendMessageResponse.SendMessageResult.MessageId\')",'
        ' "requestId": "$input.path(\'$.SendMessageResponse.ResponseMetadata.RequestId\')"}'
    )
    response = responds(responseTemplates={"application/json": chosen})
    play = sqs_play(response, template="Action=SendMessage&MessageBody=$util.urlEncode($input.body)")
    client = play.asks("POST /sqs", "Content-Type: application/json", body=b'{"foo": "bar"}')
    assert play.backend.hears["Accept"] == "application/json"
    answer = {"SendMessageResult": {"MessageId": "m-1"}, "ResponseMetadata": {"RequestId": "r-1"}}
    play.backend.answers(JSON_ANSWER, msgspec.json.encode({"SendMessageResponse": answer}))
    Masks().match("sqs-json-response", recorded, client.hears.json)


def test_fact_142_a_message_by_the_json_protocol() -> None:
    recorded_scenario("sqs.json", "test_sqs_amz_json_protocol")  # its message is the whole of $context, rendered
    mapping = {
        "integration.request.header.Content-Type": "'application/x-amz-json-1.0'",
        "integration.request.header.X-Amz-Target": "'AmazonSQS.SendMessage'",
    }
    template = '{"QueueUrl": "https://sqs/111111111111/queue", "MessageBody": "$util.escapeJavaScript($input.body)"}'
    play = sqs_play(template=template, mapping=mapping, at="sqs:path//")
    play.asks("POST /sqs", "Content-Type: application/json", body=b'{"foo": "bar"}')
    heard = play.backend.hears
    assert (heard.target, heard["X-Amz-Target"]) == ("/", "AmazonSQS.SendMessage")
    assert heard.json["MessageBody"] == '{"foo": "bar"}'


# SSM


@pytest.mark.parametrize(
    ("scenario", "call"),
    [
        ("test_ssm_aws_integration", "ssm-aws-integration"),
        ("test_get_parameter_query_protocol", "get-parameter-query-json"),
    ],
)
def test_fact_143_a_parameter_by_an_action(scenario: str, call: str) -> None:
    """SSM speaks JSON, and yet its action is called by the query protocol, and answers in that one's wrapper."""
    recorded = recorded_scenario("ssm.json", scenario)[call]
    query = {
        "integration.request.querystring.Name": "method.request.querystring.Name",
        "integration.request.querystring.WithDecryption": "'true'",
    }
    play = Play(api({"/p": {"GET": aws_service("ssm:action/GetParameter", requestParameters=query)}}))
    client = play.asks("GET /p?Name=param-test-123")
    heard = play.backend.hears
    assert heard.target == "/?Action=GetParameter&Name=param-test-123&WithDecryption=true"
    assert (heard["x-amz-target"], heard["Accept"]) == (None, "application/json")
    play.backend.answers(JSON_ANSWER, msgspec.json.encode({"GetParameterResponse": recorded}))
    assert client.hears.json == {"GetParameterResponse": recorded}


# Kinesis

STREAM = '"StreamName": "stream"'
RECORDS = {
    "PutRecord": (
        "{" + STREAM + ', "Data": "$util.base64Encode($input.body)", "PartitionKey": "test"}',
        b'{"kinesis": "snapshot"}',
    ),
    "PutRecords": (
        "{" + STREAM + ", \"Records\": $input.json('$.records')}",
        msgspec.json.encode({"records": [{"Data": f'{{"foo": "bar{n}"}}', "PartitionKey": "20"} for n in (1, 2, 3)]}),
    ),
}


@pytest.mark.parametrize("action", RECORDS)
def test_records_by_an_action(action: str) -> None:
    recorded = recorded_scenario("kinesis.json", f"test_apigateway_to_kinesis[{action}]")
    template, body = RECORDS[action]
    method = aws_service(
        f"kinesis:action/{action}",
        requestTemplates={"application/json": template},
        requestParameters={"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"},
    )
    play = Play(api({"/": {"POST": method}}))
    client = play.asks("POST /", "Content-Type: application/json", body=body)
    heard = play.backend.hears
    assert heard["x-amz-target"] == f"Kinesis_20131202.{action}"
    sent = heard.json.get("Records", [heard.json])
    assert [one["PartitionKey"] for one in sent] == [
        one["PartitionKey"] for one in recorded["kinesis_records"]["Records"]
    ]
    play.backend.answers(JSON_ANSWER, msgspec.json.encode(recorded["apigateway_response"]))
    assert client.hears.json == recorded["apigateway_response"]
