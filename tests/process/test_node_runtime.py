"""What a Node.js function meets: what AWS's client does, by the Lambda guide and by its source."""

import json
import os
import re
import shutil
from base64 import b64decode
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from runtime_api_scene import ARN, RuntimeGone
from runtime_process import NODE, REQUEST_ID, Running, running

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="NOT RUN: there is no Node.js (node)")

Runtime = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    def start(code: str | dict[str, str], handler: str = "index.handler") -> AbstractContextManager[Running]:
        return running(NODE, tmp_path, {"index.js": code} if isinstance(code, str) else code, handler)

    return start


def returning(value: str) -> str:
    return f"exports.handler = async (event, context) => ({value})"


# Values and how they come


@pytest.mark.parametrize(
    ("value", "text"),
    [("{b: [1, null, 'é']}", '{"b":[1,null,"é"]}'), ("undefined", "null"), ("event", '{"a":1}'), ("1.5", "1.5")],
)
def test_a_value_becomes_json(runtime: Runtime, value: str, text: str) -> None:
    with runtime(returning(value)) as one:
        assert one.invoke({"a": 1}).body.decode() == text


def test_one_instance_serves_event_after_event(runtime: Runtime) -> None:
    with runtime("let n = 0; exports.handler = async (event) => [++n, event.length]") as one:
        assert one.invoke("x").value == [1, 1]
        assert one.invoke("x" * 300_000).value == [2, 300_000]


def test_an_answer_that_was_too_large_does_not_cost_the_next_event(runtime: Runtime) -> None:
    with runtime(returning("event")) as one:
        one.api.status = "413 Request Entity Too Large"
        one.invoke("far too much")
        one.api.status = "202 Accepted"
        assert one.invoke("the next").value == "the next"


@pytest.mark.parametrize(
    "body",
    [
        "callback(null, 'there')",
        "setTimeout(() => callback(null, 'there'), 5)",
        "context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); callback(null, 'there')",
        "context.succeed('there'); setInterval(() => {}, 1000)",
        "context.done(null, 'there')",
        "return Promise.resolve('there')",
    ],
)
def test_a_handler_may_answer_in_many_ways(runtime: Runtime, body: str) -> None:
    with runtime(f"exports.handler = (event, context, callback) => {{ {body} }}") as one:
        assert one.invoke({}).value == "there"
        assert one.invoke({}).value == "there"


def test_a_callback_s_answer_waits_for_an_empty_event_loop(runtime: Runtime) -> None:
    code = """
    const fs = require("fs");
    exports.handler = (event, context, callback) => {
        callback(null, 1);
        setTimeout(() => console.log("last thing"), 30);
    }"""
    with runtime(code) as one:
        assert one.invoke({}).value == 1
        assert "last thing" in one.stop_and_log()


def test_a_promise_s_answer_does_not_wait(runtime: Runtime) -> None:
    with runtime("exports.handler = async () => { setInterval(() => {}, 1000); return 1 }") as one:
        assert one.invoke({}).value == 1


@pytest.mark.parametrize("code", ["exports.handler = () => {}", "exports.handler = () => new Promise(() => {})"])
def test_who_never_answers_has_answered_null(runtime: Runtime, code: str) -> None:
    with runtime(code) as one:
        assert one.invoke({}).body == b"null"
        assert one.invoke({}).body == b"null"


CONTEXT = """[context.awsRequestId, context.functionName, context.functionVersion, context.memoryLimitInMB,
  context.logGroupName, context.logStreamName, context.invokedFunctionArn, context.getRemainingTimeInMillis() > 0]"""


def test_the_context_tells_who_is_running(runtime: Runtime) -> None:
    stream = "2025/01/31/[$LATEST]0123"
    with runtime(returning(CONTEXT)) as one:
        assert one.invoke({}).value == [REQUEST_ID, "pets", "$LATEST", "128", "/aws/lambda/pets", stream, ARN, True]


def test_the_trace_id_is_in_the_environment_of_each_event(runtime: Runtime) -> None:
    with runtime(returning("process.env._X_AMZN_TRACE_ID")) as one:
        assert one.invoke({}).value.startswith("Root=1-5bef4de7")


# Code


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"index.cjs": "exports.handler = async () => 'here'"}, "index.handler"),
        ({"index.mjs": "export const handler = async () => 'here'"}, "index.handler"),
        ({"index.mjs": "const h = await 'here'; export const handler = async () => h"}, "index.handler"),
        (
            {"index.js": "export const handler = async () => 'here'", "package.json": '{"type": "module"}'},
            "index.handler",
        ),
        ({"src/pets/list.js": "exports.all = {get: async () => 'here'}"}, "src/pets/list.all.get"),
        ({"index.js": "exports.handler = require('near').handler", "near.js": returning("'here'")}, "index.handler"),
    ],
    ids=["cjs", "mjs", "top-level await", "type module", "folder and nested", "require beside"],
)
def test_where_a_handler_may_be(tmp_path: Path, files: dict[str, str], handler: str) -> None:
    with running(NODE, tmp_path, files, handler, NODE_PATH=str(tmp_path)) as one:
        assert one.invoke({}).value == "here"


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        (
            {},
            "index.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs",
        ),
        ({"index.js": ""}, "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        (
            {"index.js": "exports.handler = 1"},
            "index.handler",
            "Runtime.HandlerNotFound",
            "index.handler is not a function",
        ),
        ({"index.js": ""}, "index", "Runtime.MalformedHandlerName", "Bad handler"),
        (
            {"index.js": "exports.handler = ("},
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected end",
        ),
        ({"index.js": "throw new TypeError('early')"}, "index.handler", "TypeError", "early"),
        ({"index.mjs": "throw new TypeError('early')"}, "index.handler", "TypeError", "early"),
        (
            {"index.js": ""},
            "../index.handler",
            "Runtime.MalformedHandlerName",
            "'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories",
        ),
    ],
)
def test_what_cannot_be_loaded_is_an_init_error(
    runtime: Runtime, code: dict[str, str], handler: str, kind: str, message: str
) -> None:
    with runtime(code, handler) as one:
        told = one.api.told()
        assert told.path.endswith("/runtime/init/error")
        assert told.headers["lambda-runtime-function-error-type"] == kind == told.value["errorType"]
        assert told.value["errorMessage"].startswith(message)
        assert told.value["trace"][0].startswith(f"{kind}: {message}".split("\n")[0])
        assert one.exit_status() == 129


# Errors


@pytest.mark.parametrize(
    "body",
    [
        "throw new RangeError('no such pet')",
        "callback(new RangeError('no such pet'))",
        "return Promise.reject(new RangeError('no such pet'))",
        "context.fail(new RangeError('no such pet'))",
    ],
)
def test_an_error_is_told_with_its_trace(runtime: Runtime, tmp_path: Path, body: str) -> None:
    with runtime(f"exports.handler = (event, context, callback) => {{ {body} }}") as one:
        told = one.invoke({})
        assert told.kind == "error"
        assert told.headers["lambda-runtime-function-error-type"] == "RangeError"
        assert list(told.value) == ["errorType", "errorMessage", "trace"]
        assert (told.value["errorType"], told.value["errorMessage"]) == ("RangeError", "no such pet")
        assert told.value["trace"][0] == "RangeError: no such pet"
        assert f"{tmp_path}/index.js:1:" in told.value["trace"][1]
        assert one.invoke({}).kind == "error", "and the instance goes on"


@pytest.mark.parametrize(
    ("thrown", "kind", "message"),
    [("'text'", "string", "text"), ("42", "number", "42"), ("({a: 1})", "object", "[object Object]")],
)
def test_what_is_thrown_may_be_no_error(runtime: Runtime, thrown: str, kind: str, message: str) -> None:
    with runtime(f"exports.handler = async () => {{ throw {thrown} }}") as one:
        assert one.invoke({}).value == {"errorType": kind, "errorMessage": message, "trace": []}


def test_a_value_that_is_no_json_is_an_error(runtime: Runtime) -> None:
    with runtime("exports.handler = async () => { const a = []; a.push(a); return a }") as one:
        assert one.invoke({}).value["errorMessage"] == "Unable to stringify response body"


@pytest.mark.parametrize(
    ("body", "kind", "message", "status"),
    [
        ("setTimeout(() => { throw new TypeError('late') }, 1)", "TypeError", "late", 129),
        ("Promise.reject(new TypeError('lost'))", "Runtime.UnhandledPromiseRejection", "TypeError: lost", 128),
    ],
)
def test_an_error_that_nobody_catches_is_told_and_ends_the_process(
    runtime: Runtime, body: str, kind: str, message: str, status: int
) -> None:
    with runtime(f"exports.handler = () => new Promise(() => {{ {body}; setInterval(() => {{}}, 1000) }})") as one:
        told = one.invoke({}).value
        assert (told["errorType"], told["errorMessage"]) == (kind, message)
        assert one.exit_status() == status


def test_process_exit_ends_the_process(runtime: Runtime) -> None:
    with runtime("exports.handler = async () => process.exit(7)") as one:
        with pytest.raises(RuntimeGone):
            one.invoke({})
        assert one.exit_status() == 7


# The log


def test_console_lines_have_time_request_id_and_level(runtime: Runtime) -> None:
    code = "console.info('early'); exports.handler = async () => { console.log('a %d', 1, {b: 2}); console.error('e') }"
    with runtime(code) as one:
        one.invoke({})
        one.api.wait_for_next()
        lines = [line.split("\t") for line in one.stop_and_log().splitlines()]
    assert [line[1:] for line in lines] == [
        ["undefined", "INFO", "early"],
        [REQUEST_ID, "INFO", "a 1 { b: 2 }"],
        [REQUEST_ID, "ERROR", "e"],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line[0]) for line in lines)


def test_an_error_is_in_the_log_with_its_own_properties(runtime: Runtime) -> None:
    with runtime(
        "exports.handler = async () => { throw Object.assign(new Error('x'), {code: 'E_PET', pet: 1}) }"
    ) as one:
        one.invoke({})
        one.api.wait_for_next()
        _, _, level, text, told = one.stop_and_log().rstrip("\n").split("\t")
    assert (level, text) == ("ERROR", "Invoke Error ")
    assert {"errorType": "Error", "errorMessage": "x", "code": "E_PET", "pet": 1}.items() <= json.loads(told).items()


LOGGING = """
console.info({early: 1});
exports.handler = async () => {
  console.log("%s is fed", "Rex", {a: 1});
  console.log();
  console.debug("below the level");
  console.warn(Object.assign(new TypeError("bad"), {code: 7}));
  console.error("with", new RangeError("worse"));
  const circle = {}; circle.me = circle; console.log(circle);
  console.log([new Error("within")]);
  console.fatal("the end");
  process.stdout.write("plain\\n");
  throw Object.assign(new Error("thrown"), {pet: 1});
};
"""
IN_JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}


@pytest.fixture(params=["ours", "aws-lambda-ric"])
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "ours":
        return NODE
    modules = os.environ.get("PORTICO_AWS_LAMBDA_RIC")
    if not modules:
        pytest.skip("NOT RUN: no compiled aws-lambda-ric (set PORTICO_AWS_LAMBDA_RIC)")
    return ("node", f"{modules}/aws-lambda-ric/bin/index.mjs", "index.handler")


def test_logging_becomes_objects_where_json_is_asked_for(command: tuple[str, ...], tmp_path: Path) -> None:
    with running(command, tmp_path, {"index.js": LOGGING}, "index.handler", **IN_JSON) as one:
        one.invoke({})
        one.api.wait_for_next()
        lines = [line for line in one.stop_and_log().splitlines() if not line.startswith("Executing")]
    assert lines.pop(8) == "plain"
    told = [json.loads(line) for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one.pop("timestamp")) for one in told)
    assert told.pop(0) == {"level": "INFO", "message": {"early": 1}}
    assert {one.pop("requestId") for one in told} == {REQUEST_ID}
    assert told[3].pop("message").startswith("with RangeError: worse\n    at ")
    for error in (told[2]["message"], told[3], told[5]["message"][0], told[7]["message"]):
        assert len(error.pop("stackTrace")) > 1
    assert told == [
        {"level": "INFO", "message": "Rex is fed { a: 1 }"},
        {"level": "INFO"},
        {"level": "WARN", "message": {"errorType": "TypeError", "errorMessage": "bad", "code": 7}},
        {"level": "ERROR", "errorType": "RangeError", "errorMessage": "worse"},
        {"level": "INFO", "message": "<ref *1> { me: [Circular *1] }"},
        {"level": "INFO", "message": [{"errorType": "Error", "errorMessage": "within"}]},
        {"level": "FATAL", "message": "the end"},
        {"level": "ERROR", "message": {"errorType": "Error", "errorMessage": "thrown", "pet": 1}},
    ]


def test_what_is_thrown_and_is_no_error_is_told_as_one(tmp_path: Path) -> None:
    code = {"index.js": "exports.handler = async (event) => { throw event ? Symbol('s') : Object.create(null) }"}
    with running(NODE, tmp_path, code, "index.handler", **IN_JSON) as one:
        for event in (None, 1):
            assert one.invoke(event).kind == "error"
        one.api.wait_for_next()
        told = [json.loads(line)["message"] for line in one.stop_and_log().splitlines()]
    assert [error["errorType"] for error in told] == ["Error", "Error"]
    assert told[1]["errorMessage"] == "Symbol(s)"


# Streams


def streaming(body: str) -> str:
    return f"exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {{ {body} }})"


def streamed(one: Running) -> tuple[Any, Any]:
    told = one.invoke({})
    assert told.headers["lambda-runtime-function-response-mode"] == "streaming"
    return told, told.headers["content-type"]


def test_a_stream_leaves_in_pieces(runtime: Runtime) -> None:
    with runtime(
        streaming("stream.write('one'); await new Promise(r => setTimeout(r, 5)); stream.end({two: 2})")
    ) as one:
        for _ in range(2):
            told, content_type = streamed(one)
            assert told.pieces == [b"one", b'{"two":2}']
            assert content_type == "application/octet-stream"
            assert told.trailers == {}


def test_the_prelude_goes_in_front_of_the_first_byte(runtime: Runtime) -> None:
    head = "stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {a: 'b'}});"
    with runtime(streaming(f"{head} stream.write('body'); stream.end()")) as one:
        told, content_type = streamed(one)
        assert told.body == b'{"statusCode":201,"headers":{"a":"b"}}' + bytes(8) + b"body"
        assert content_type == "application/vnd.awslambda.http-integration-response"


def test_a_pipeline_writes_a_large_answer_with_back_pressure(runtime: Runtime) -> None:
    body = """
    const { pipeline } = require("stream/promises"), { Readable } = require("stream");
    stream.setContentType("text/plain");
    await pipeline(Readable.from(Array(64).fill("x".repeat(65536))), stream)"""
    with runtime(streaming(body)) as one:
        told, content_type = streamed(one)
        assert (len(told.body), content_type) == (64 * 65536, "text/plain")


def test_a_stream_that_the_handler_forgot_to_end_is_ended(runtime: Runtime) -> None:
    with runtime(streaming("stream.write('all')")) as one:
        assert streamed(one)[0].body == b"all"


def test_an_error_before_the_first_byte_is_an_error_like_any_other(runtime: Runtime) -> None:
    with runtime(streaming("throw new Error('early')")) as one:
        told = one.invoke({})
        assert (told.kind, told.value["errorMessage"]) == ("error", "early")
        assert one.invoke({}).kind == "error"


@pytest.mark.parametrize("how", ["throw new RangeError('midway')", "stream.destroy(new RangeError('midway'))"])
def test_an_error_after_the_first_byte_follows_in_trailers(runtime: Runtime, how: str) -> None:
    with runtime(streaming(f"stream.write('begun'); await new Promise(r => setTimeout(r, 5)); {how}")) as one:
        told, _ = streamed(one)
        assert told.body == b"begun"
        assert told.trailers["lambda-runtime-function-error-type"] == "RangeError"
        error = json.loads(b64decode(told.trailers["lambda-runtime-function-error-body"]))
        assert (error["errorType"], error["errorMessage"]) == ("RangeError", "midway")
        assert one.invoke({}).kind == "response"
