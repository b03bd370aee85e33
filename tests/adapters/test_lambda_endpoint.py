"""Functions behind another Lambda's HTTP API, which checks each signature and answers, refuses, streams and breaks."""

import gc
import json
import struct
import weakref
import zlib
from typing import Any

import pytest

from edge_scene import play, until
from function_scene import ARN, HELLO, Called, Listening
from lambda_endpoint_scene import another_lambda, calling
from portico.ports.functions import FailureKind, InvocationType

ENCODED = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello"
STREAM = HELLO._replace(streams=True)


def headers_of(request: Any) -> dict[str, str]:
    return dict(request.headers)


# What is sent


@play
async def test_an_invocation_is_a_signed_post() -> None:
    async with another_lambda("/base/") as api, calling(api) as caller:
        api.answers(200, b'"hello"', X_Amz_Executed_Version="7")
        called = await caller.invoke(b'{"a": 1}', trace_id="Root=1-2-3")
        (request,) = api.requests
        headers = headers_of(request)
        assert request.target == f"/base/2015-03-31/functions/{ENCODED}/invocations"
        assert request.body == b'{"a": 1}'
        assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
        assert headers["X-Amzn-Trace-Id"] == "Root=1-2-3"
        assert "/us-east-1/lambda/aws4_request" in headers["Authorization"]
        assert "x-amz-security-token" in headers["Authorization"]
        assert "x-amzn-trace-id" not in headers["Authorization"]
        assert "X-Amz-Log-Type" not in headers
        assert (called.payload, called.answer.version, called.answer.error) == (b'"hello"', "7", None)


@play
async def test_a_version_is_a_qualifier_and_a_tail_is_asked_for() -> None:
    async with another_lambda() as api, calling(api) as caller:
        told = {"X_Amz_Log_Result": "U1RBUlQ=", "X_Amz_Function_Error": "Unhandled", "X_Amzn_RequestId": "id-1"}
        api.answers(200, b"{}", **told)
        called = await caller.invoke(invocable=HELLO._replace(arn=ARN + ":$LATEST", tail=True))
        (request,) = api.requests
        assert request.target == f"/2015-03-31/functions/{ENCODED}/invocations?Qualifier=%24LATEST"
        assert headers_of(request)["X-Amz-Log-Type"] == "Tail"
        assert (called.answer.error, called.answer.log, called.answer.version) == ("Unhandled", b"START", "$LATEST")
        assert called.answer.request_id == "id-1"


@pytest.mark.parametrize(("kind", "status"), [(InvocationType.EVENT, 202), (InvocationType.DRY_RUN, 204)])
@pytest.mark.parametrize("invocable", [HELLO, STREAM])
@play
async def test_other_types_of_invocation(kind: InvocationType, status: int, invocable: Any) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(status)
        called = await caller.invoke(kind=kind, invocable=invocable)
        assert headers_of(api.requests[0])["X-Amz-Invocation-Type"] == kind.value
        assert api.requests[0].target.endswith("/invocations")
        assert (called.answer.status, called.payload) == (status, b"")


@pytest.mark.parametrize("trace_id", ["a\r\nX-Evil: 1", "\x00", "ä"])
@play
async def test_a_trace_id_that_no_header_may_hold_is_not_sent(trace_id: str) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(200, b"1")
        await caller.invoke(trace_id=trace_id)
        assert not {"X-Amzn-Trace-Id", "X-Evil"} & headers_of(api.requests[0]).keys()


# What comes back


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "ResourceNotFoundException", FailureKind.NOT_FOUND),
        (403, "AccessDeniedException", FailureKind.ACCESS_DENIED),
        (429, "TooManyRequestsException", FailureKind.THROTTLED),
        (429, "ThrottlingException", FailureKind.THROTTLED),
        (413, "RequestTooLargeException", FailureKind.TOO_LARGE),
        (400, "InvalidRequestContentException", FailureKind.INVALID),
        (400, "InvalidParameterValueException", FailureKind.UNAVAILABLE),
        (403, "InvalidSignatureException", FailureKind.UNAVAILABLE),
        (403, "UnrecognizedClientException", FailureKind.UNAVAILABLE),
        (403, "ExpiredTokenException", FailureKind.UNAVAILABLE),
        (502, "EC2UnexpectedException", FailureKind.UNAVAILABLE),
        (500, "ServiceException", FailureKind.UNAVAILABLE),
        (301, "", FailureKind.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("invocable", [HELLO, STREAM])
@play
async def test_what_the_endpoint_refuses(status: int, code: str, kind: FailureKind, invocable: Any) -> None:
    async with another_lambda() as api, calling(api) as caller:
        document = json.dumps({"Type": "User", "Message": "so it is"}).encode()
        api.answers(status, document, **({"x_amzn_ErrorType": code + ":http://internal/"} if code else {}))
        called = await caller.invoke(invocable=invocable)
        assert called.told == ["failure"]
        assert called.kind is kind
        assert called.cause == f"{api.url}: {f'{status} {code}'.strip()}: so it is"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"__type": "com.amazonaws.lambda#TooManyRequestsException", "message": "m"}', FailureKind.THROTTLED),
        (b'{"code": "ResourceNotFoundException"}', FailureKind.NOT_FOUND),
        (b"<html>", FailureKind.UNAVAILABLE),
        (b"\xff", FailureKind.UNAVAILABLE),
        (b"[]", FailureKind.UNAVAILABLE),
        (b"", FailureKind.UNAVAILABLE),
    ],
)
@play
async def test_where_the_code_is_in_the_body_or_nowhere(body: bytes, kind: FailureKind) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(400, body)
        assert (await caller.invoke()).kind is kind


@play
async def test_a_log_that_cannot_be_read_is_none() -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(200, b"1", X_Amz_Log_Result="%")
        assert (await caller.invoke()).answer.log == b""


@pytest.mark.parametrize("invocable", [HELLO, STREAM])
@play
async def test_a_connection_that_breaks_fails_the_call_which_is_not_sent_again(invocable: Any) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(200, b"1")
        await caller.invoke()
        api.hangs_up()
        called = await caller.invoke(invocable=invocable)
        assert called.kind is FailureKind.UNAVAILABLE
        assert api.url in called.cause
        assert len(api.requests) == 2


@pytest.mark.parametrize("invocable", [HELLO, STREAM])
@play
async def test_an_endpoint_that_does_not_answer_in_time(invocable: Any) -> None:
    async with another_lambda() as api, calling(api) as caller:
        called = caller.begin(invocable=invocable)
        await until(lambda: api.requests)
        caller.wait(30)
        assert called.kind is FailureKind.TIMEOUT


@play
async def test_one_that_is_not_there() -> None:
    async with another_lambda() as api:
        pass
    async with calling(api) as caller:
        called = await caller.invoke()
        assert called.kind is FailureKind.UNAVAILABLE
        assert "could not be reached" in called.cause


# Streams


def message(payload: bytes, **headers: str) -> bytes:
    """`event_type` stands for the header `:event-type`."""
    encoded = b"".join(
        struct.pack("!B", len(name) + 1)
        + f":{name.replace('_', '-')}".encode()
        + b"\7"
        + struct.pack("!H", len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return body + struct.pack("!I", zlib.crc32(body))


def piece(payload: bytes) -> bytes:
    return message(payload, message_type="event", event_type="PayloadChunk", content_type="application/octet-stream")


def complete(**told: Any) -> bytes:
    return message(json.dumps(told).encode(), message_type="event", event_type="InvokeComplete")


DETAILS = '{"errorType": "Boom", "errorMessage": "x"}'


@play
async def test_a_stream_is_told_as_it_comes() -> None:
    async with another_lambda() as api, calling(api) as caller:
        data = piece(b"hello ") + piece(b"") + piece(b"world")
        api.streams(data[:10], data[10:-3], data[-3:] + complete(), Content_Type="application/vnd.amazon.eventstream")
        called = await caller.invoke(invocable=STREAM)
        assert api.requests[0].target == f"/2021-11-15/functions/{ENCODED}/response-streaming-invocations"
        assert (called.told, called.body, called.error) == (["begin", "data", "data", "end"], b"hello world", None)
        await until(lambda: caller.endpoint.destination._idle)
        api.streams(piece(b"x"), complete(LogResult="U1RBUlQ="), X_Amzn_RequestId="id-1")
        again = await caller.invoke(invocable=STREAM)
        assert (again.body, again.log, again.request_id) == (b"x", b"START", "id-1")
        assert len(caller.endpoint.destination.connections) == 1


@play
async def test_a_stream_of_nothing() -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.streams(complete(ErrorCode=None))
        assert (await caller.invoke(invocable=STREAM)).told == ["begin", "end"]


@play
async def test_a_stream_that_comes_whole() -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.answers(200, piece(b"x") + complete())
        called = await caller.invoke(invocable=STREAM)
        assert (called.told, called.body) == (["begin", "data", "end"], b"x")


@pytest.mark.parametrize(
    ("details", "error"),
    [(DETAILS, json.loads(DETAILS)), ("it broke", {"errorType": "Unhandled", "errorMessage": "it broke"})],
)
@play
async def test_a_stream_that_breaks(details: str, error: Any) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.streams(piece(b"x"), complete(ErrorCode="Unhandled", ErrorDetails=details))
        called = await caller.invoke(invocable=STREAM)
        assert called.told == ["begin", "data", "end"]
        assert json.loads(called.error) == error


@play
async def test_a_stream_that_breaks_before_its_first_byte_is_an_answer() -> None:
    async with another_lambda() as api, calling(api) as caller:
        told = complete(ErrorCode="Unhandled", ErrorDetails=DETAILS, LogResult="U1RBUlQ=")
        api.streams(told, X_Amz_Executed_Version="3")
        answer = (await caller.invoke(invocable=STREAM)).answer
        assert (answer.payload, answer.error, answer.version, answer.log) == (
            DETAILS.encode(),
            "Unhandled",
            "3",
            b"START",
        )


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (b"x" * 40, "checksum"),
        (message(b"[", message_type="event", event_type="InvokeComplete"), "InvokeComplete"),
        (message(b"\xff", message_type="event", event_type="InvokeComplete"), "InvokeComplete"),
        (b"", "ended before"),
        (piece(b"more")[:-4], "ended before"),
        (message(b"m", message_type="exception", exception_type="ServiceException"), "ServiceException: m"),
        (message(b"", message_type="error", error_code="Internal", error_message="m"), "Internal: m"),
    ],
)
@play
async def test_a_stream_that_is_none(broken: bytes, cause: str) -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.streams(*filter(None, (piece(b"x"), broken)))
        called = await caller.invoke(invocable=STREAM)
        assert (called.told, called.kind) == (["begin", "data", "failure"], FailureKind.UNAVAILABLE)
        assert cause in called.cause


@play
async def test_what_is_not_known_is_passed_over() -> None:
    async with another_lambda() as api, calling(api) as caller:
        api.streams(message(b"?", message_type="event", event_type="New"), piece(b"x"), complete(), piece(b"late"))
        assert (await caller.invoke(invocable=STREAM)).body == b"x"


@play
async def test_a_stream_that_is_cancelled_in_the_midst_of_it_tells_nothing_more() -> None:
    async with another_lambda() as api, calling(api) as caller:
        called = caller.begin(invocable=STREAM)
        called.when_told = lambda what: called.call.cancel() if what == "data" else None
        api.streams(piece(b"x") + piece(b"y") + complete())
        await until(lambda: called.body)
        await until(lambda: not caller.endpoint.destination.connections)
        assert called.told == ["begin", "data"]


@play
async def test_a_slow_client_of_ours_stops_the_clock() -> None:
    async with another_lambda() as api, calling(api) as caller:
        called = caller.begin(invocable=STREAM)
        called.when_told = lambda what: called.call.pause() if what == "data" else None
        api.streams(piece(b"x"), piece(b"y"), complete())
        await until(lambda: called.body)
        caller.wait(100)
        assert called.body == b"x"
        called.when_told = lambda _: None
        called.call.resume()
        await called.over.wait()
        assert called.body == b"xy"


@pytest.mark.parametrize("way", ["answer", "stream", "break", "refusal", "cancel"])
@play
async def test_what_a_call_held_is_freed_on_every_way_out(way: str) -> None:
    async with another_lambda() as api, calling(api) as caller:
        destination = caller.endpoint.to(HELLO if way == "answer" else STREAM, Listening(), 29.0)
        called = Called()
        gc.disable()
        try:
            call = destination.invoke(b"{}", called)
            held, over = weakref.ref(called), called.over
            del called
            if way == "cancel":
                call.cancel()
                call = None
            else:
                NEXT[way](api)
                await over.wait()
                call = None
                await until(lambda: not caller.endpoint.destination.connections or caller.endpoint.destination._idle)
            await until(lambda: not caller.endpoint.destination._dialing)
            assert held() is None
        finally:
            gc.enable()
            api.answers(200)


NEXT: dict[str, Any] = {
    "answer": lambda api: api.answers(200, b"1"),
    "stream": lambda api: api.streams(piece(b"x"), complete()),
    "break": lambda api: api.streams(b"x" * 40),
    "refusal": lambda api: api.answers(429),
}
