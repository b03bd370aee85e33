"""Invoke and InvokeWithResponseStream without a host: what is invoked, and what boto3 makes of each outcome."""

import base64
import json
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from lambda_scene import ARN, Answered, Lambda, refusal
from portico.ports.functions import (
    ASYNCHRONOUS_LIMIT,
    Caller,
    FailureKind,
    FunctionAnswer,
    FunctionFailure,
    Invocable,
    InvocationType,
)
from wire_client import client_for


class Stage:
    """A function, and a client of a plane whose functions end in `outcome`."""

    def __init__(self, outcome: FunctionAnswer | FunctionFailure) -> None:
        self.aws = Lambda()
        self.aws.create(Publish=True)
        self.plane = Answered(self.aws.plane, outcome)
        self.client = client_for(self.plane, "lambda")  # type: ignore[arg-type]

    @property
    def deferred(self) -> Any:
        return self.plane.invoked[-1].deferred


def answered(payload: bytes = b"null", **members: Any) -> Stage:
    return Stage(FunctionAnswer(payload, **members))


def test_an_answer_comes_back_with_what_is_told_of_it() -> None:
    stage = answered(b'{"a": 1}', version="1", log=b"START\nEND\n")
    told = stage.client.invoke(FunctionName="hello", Payload=b'{"x": 2}', LogType="Tail", Qualifier="1")
    assert (told["StatusCode"], told["ExecutedVersion"], json.load(told["Payload"])) == (200, "1", {"a": 1})
    assert base64.b64decode(told["LogResult"]) == b"START\nEND\n"
    assert "FunctionError" not in told
    assert stage.deferred.invocable == Invocable(f"{ARN}:hello:1", Caller(), streams=False, tail=True)
    assert (stage.deferred.payload, stage.deferred.kind) == (b'{"x": 2}', InvocationType.REQUEST_RESPONSE)


def test_an_error_of_the_function_is_no_error_of_the_call() -> None:
    stage = answered(b'{"errorMessage": "boom"}', error="Unhandled")
    told = stage.client.invoke(FunctionName="hello")
    assert (told["StatusCode"], told["FunctionError"], told["Payload"].read()) == (
        200,
        "Unhandled",
        b'{"errorMessage": "boom"}',
    )


@pytest.mark.parametrize(("kind", "status"), [(InvocationType.EVENT, 202), (InvocationType.DRY_RUN, 204)])
def test_nobody_waits_for_an_event_or_a_trial(kind: InvocationType, status: int) -> None:
    stage = answered(b"", status=status)
    told = stage.client.invoke(FunctionName="hello", InvocationType=kind.value)
    assert (told["StatusCode"], told["Payload"].read()) == (status, b"")
    assert "ExecutedVersion" not in told
    assert stage.deferred.kind is kind


def test_no_payload_is_an_empty_event() -> None:
    stage = answered()
    stage.client.invoke(FunctionName="hello")
    assert stage.deferred.payload == b"{}"


def test_half_a_pair_of_surrogates_is_handed_on_as_it_is() -> None:
    stage = answered()
    stage.client.invoke(FunctionName="hello", Payload=rb'{"cut": "\ud83d"}')
    assert stage.deferred.payload == rb'{"cut": "\ud83d"}'


def test_a_client_context_is_handed_on_as_json() -> None:
    stage = answered()
    encoded = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    stage.client.invoke(FunctionName="hello", ClientContext=encoded)
    assert stage.deferred.invocable.client_context == '{"custom": {"a": "b"}}'


def test_a_client_context_fits_into_a_header() -> None:
    stage = answered()
    encoded = base64.b64encode('{"custom":\r\n{"a": "ü 日本"}}'.encode()).decode()
    stage.client.invoke(FunctionName="hello", ClientContext=encoded)
    context = stage.deferred.invocable.client_context
    assert context.isascii()
    assert context.isprintable()
    assert json.loads(context) == {"custom": {"a": "ü 日本"}}


INVALID_CONTENT = "InvalidRequestContentException"


@pytest.mark.parametrize(
    ("asked", "status", "code", "sentence"),
    [
        ({"Payload": b"{"}, 400, INVALID_CONTENT, "Could not parse request body into json: "),
        ({"Payload": b"\xff"}, 400, INVALID_CONTENT, "Could not parse request body into json: "),
        ({"Payload": b"[" * 100_000}, 400, INVALID_CONTENT, "Could not parse request body into json: "),
        ({"Payload": b"NaN"}, 400, INVALID_CONTENT, "Could not parse request body into json: "),
        ({"ClientContext": "%%"}, 400, INVALID_CONTENT, "Client context must be a valid Base64-encoded JSON object."),
        ({"ClientContext": "eyJhIjpOYU59"}, 400, INVALID_CONTENT, "Client context must be a valid Base64-encoded JSON"),
        ({"ClientContext": "WzFd"}, 400, INVALID_CONTENT, "Client context must be a valid Base64-encoded JSON object."),
        (
            {"Payload": b'"' + b"x" * ASYNCHRONOUS_LIMIT + b'"', "InvocationType": "Event"},
            413,
            "RequestEntityTooLargeException",
            "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
        ),
        (
            {"Payload": b'"' + b"x" * 6 * 1024 * 1024 + b'"'},
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        ({"Qualifier": "2"}, 404, "ResourceNotFoundException", f"Function not found: {ARN}:hello:2"),
        ({"TenantId": "a"}, 400, "InvalidParameterValueException", "TenantId is not supported by Portico: "),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_invoked(asked: dict[str, Any], status: int, code: str, sentence: str) -> None:
    stage = answered()
    told = refusal(lambda: stage.client.invoke(FunctionName="hello", **asked))
    assert told[:2] == (status, code)
    assert told[2].startswith(sentence)
    assert stage.plane.invoked == []


@pytest.mark.parametrize(
    ("kind", "status", "code", "sentence"),
    [
        (FailureKind.NOT_FOUND, 404, "ResourceNotFoundException", f"Function not found: {ARN}:hello"),
        (FailureKind.THROTTLED, 429, "TooManyRequestsException", "Rate Exceeded."),
        (
            FailureKind.ACCESS_DENIED,
            403,
            "AccessDeniedException",
            "Not authorized to perform: lambda:InvokeFunction on",
        ),
        (
            FailureKind.TOO_LARGE,
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for",
        ),
        (FailureKind.INVALID, 400, INVALID_CONTENT, "Could not parse request body into json: "),
        (FailureKind.UNAVAILABLE, 500, "ServiceException", "the function cannot be run now: no {such} python"),
        (
            FailureKind.TIMEOUT,
            500,
            "ServiceException",
            "the function did not answer within the integration's timeout: ",
        ),
    ],
)
def test_why_there_is_no_answer(kind: FailureKind, status: int, code: str, sentence: str) -> None:
    stage = Stage(FunctionFailure(kind, "no {such} python"))
    told = refusal(lambda: stage.client.invoke(FunctionName="hello"))
    assert told[:2] == (status, code)
    assert told[2].startswith(sentence)


@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        (True, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (False, "ConcurrentInvocationLimitExceeded"),
    ],
)
def test_a_throttled_caller_learns_whose_concurrency_is_used_up(reserved: bool, reason: str) -> None:
    stage = Stage(FunctionFailure(FailureKind.THROTTLED, ""))
    if reserved:
        stage.aws.client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=0)
    with pytest.raises(stage.client.exceptions.TooManyRequestsException) as raised:
        stage.client.invoke(FunctionName="hello")
    assert raised.value.response["Reason"] == reason
    assert raised.value.response["Type"] == "User"


# Streams


def streamed(stage: Stage, **asked: Any) -> list[dict[str, bytes]]:
    """The messages of the body, as botocore reads them: checksums included."""
    seen: list[Any] = []
    client = client_for(stage.plane, "lambda", seen=seen)  # type: ignore[arg-type]
    client.invoke_with_response_stream(FunctionName="hello", **asked)
    (handled,) = seen
    assert dict(handled.response.headers)["Content-Type"] == "application/vnd.amazon.eventstream"
    buffer = EventStreamBuffer()
    buffer.add_data(handled.response.body)
    return [{message.headers[":event-type"]: message.payload} for message in buffer]


def test_a_function_that_does_not_stream_answers_in_one_piece() -> None:
    assert streamed(answered(b'"whole"')) == [{"PayloadChunk": b'"whole"'}, {"InvokeComplete": b"{}"}]


def test_a_function_that_failed_before_its_first_piece_is_told_at_the_end() -> None:
    chunk, complete = streamed(answered(b'{"errorType": "Boom"}', error="Unhandled"))
    assert chunk == {"PayloadChunk": b'{"errorType": "Boom"}'}
    assert json.loads(complete["InvokeComplete"]) == {"ErrorCode": "Unhandled", "ErrorDetails": '{"errorType": "Boom"}'}


def test_the_tail_of_the_log_comes_with_the_end_of_a_stream() -> None:
    stage = answered(b'"whole"', log=b"START\nEND\n")
    *_, complete = streamed(stage, LogType="Tail")
    assert stage.deferred.invocable.tail
    assert json.loads(complete["InvokeComplete"]) == {"LogResult": base64.b64encode(b"START\nEND\n").decode()}
    buffer = EventStreamBuffer()
    buffer.add_data(stage.deferred.stream.end('{"errorType": "Boom"}', b"END\n"))
    assert [json.loads(message.payload) for message in buffer] == [
        {"ErrorCode": "Unhandled", "ErrorDetails": '{"errorType": "Boom"}', "LogResult": "RU5ECg=="}
    ]


def test_a_stream_is_asked_for_as_one() -> None:
    stage = answered()
    streamed(stage)
    assert stage.deferred.invocable.streams
    assert stage.deferred.stream is not None


@pytest.mark.parametrize(
    ("qualifier", "version"), [(None, "$LATEST"), ("$LATEST", "$LATEST"), ("1", "1"), ("live", "1"), ("mixed", None)]
)
def test_a_stream_tells_its_version_where_that_is_known_before_it(qualifier: str | None, version: str | None) -> None:
    stage = answered()
    stage.aws.client.update_function_configuration(FunctionName="hello", Timeout=9)
    stage.aws.client.publish_version(FunctionName="hello")
    for name, routing in (("live", {}), ("mixed", {"AdditionalVersionWeights": {"2": 0.5}})):
        stage.aws.client.create_alias(FunctionName="hello", Name=name, FunctionVersion="1", RoutingConfig=routing)
    streamed(stage, **({} if qualifier is None else {"Qualifier": qualifier}))
    assert stage.deferred.stream.head["ExecutedVersion"] == version


def test_a_trial_of_a_stream_is_none() -> None:
    stage = answered(b"", status=204)
    stage.client.invoke(FunctionName="hello", InvocationType="DryRun")
    assert not stage.deferred.invocable.streams
