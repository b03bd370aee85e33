"""What a Python function meets: our bootstrap, and beside it AWS's own client where that is installed.

A test that has `runtime` runs once with each, so that what ours does is what AWS's does.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from runtime_api_scene import ARN, RuntimeGone
from runtime_process import PYTHON, REQUEST_ID, Running, running

Runtime = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(params=["ours", "awslambdaric"])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Runtime:
    if request.param == "ours":
        return lambda code, handler="index.handler", **more: running(PYTHON, tmp_path, _files(code), handler, **more)
    if importlib.util.find_spec("awslambdaric") is None:
        pytest.skip("NOT RUN: awslambdaric is not installed")

    def awss(
        code: str | dict[str, str], handler: str = "index.handler", **more: str
    ) -> AbstractContextManager[Running]:
        command = (sys.executable, "-m", "awslambdaric", handler)
        return running(command, tmp_path, _files(code), handler, PYTHONPATH=str(tmp_path), **more)

    return awss


def _files(code: str | dict[str, str]) -> dict[str, str]:
    return {"index.py": code} if isinstance(code, str) else code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{'b': [1, 2.5, None, True]}", '{"b": [1, 2.5, null, true]}'),
        ("None", "null"),
        ("'é ☃'", '"\\u00e9 \\u2603"'),
        ("__import__('decimal').Decimal('1.10')", "1.10"),
        ("{'d': [__import__('decimal').Decimal('1e-7'), 'x']}", '{"d": [1E-7, "x"]}'),
        ("__import__('decimal').Decimal('NaN')", "NaN"),
        ("float('nan')", "NaN"),
        ("(1, 2)", "[1, 2]"),
        ("{1: 2, None: 3}", '{"1": 2, "null": 3}'),
        ("__import__('collections').namedtuple('P', 'x y')(1, [2])", '{"x": 1, "y": [2]}'),
        ("[{'p': __import__('collections').namedtuple('P', 'x')(1)}]", '[{"p": {"x": 1}}]'),
        ("b'\\x00raw'", "\x00raw"),
    ],
)
def test_a_value_becomes_json(runtime: Runtime, value: str, text: str) -> None:
    with runtime(f"handler = lambda event, context: {value}", AWS_EXECUTION_ENV="AWS_Lambda_python3.11") as one:
        assert one.invoke({}).body.decode() == text


def test_from_python_3_12_on_characters_stay_as_they_are(runtime: Runtime) -> None:
    with runtime("handler = lambda event, context: 'é ☃'", AWS_EXECUTION_ENV="AWS_Lambda_python3.12") as one:
        assert one.invoke({}).body.decode() == '"é ☃"'


def test_one_instance_serves_event_after_event(runtime: Runtime) -> None:
    with runtime("seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen") as one:
        assert one.invoke(1).value == [1]
        assert one.invoke({"a": "b" * 200_000}).value == [1, {"a": "b" * 200_000}]
        assert one.invoke(None).value[2] is None


def test_an_answer_that_was_too_large_does_not_cost_the_next_event(tmp_path: Path) -> None:
    with running(PYTHON, tmp_path, _files("handler = lambda event, context: event"), "index.handler") as one:
        one.api.status = "413 Request Entity Too Large"
        one.invoke("far too much")
        one.api.status = "202 Accepted"
        assert one.invoke("the next").value == "the next"


CONTEXT = """\
def handler(event, context):
    names = ("aws_request_id", "function_name", "function_version", "memory_limit_in_mb", "log_group_name",
             "log_stream_name", "invoked_function_arn", "client_context")
    return [getattr(context, name) for name in names] + [context.identity.cognito_identity_id]
"""


def test_the_context_tells_who_is_running(runtime: Runtime) -> None:
    with runtime(CONTEXT) as one:
        assert one.invoke({}).value == [
            REQUEST_ID,
            "pets",
            "$LATEST",
            "128",
            "/aws/lambda/pets",
            "2025/01/31/[$LATEST]0123",
            ARN,
            None,
            None,
        ]


def test_the_time_that_is_left_runs_down_to_nothing(runtime: Runtime) -> None:
    with runtime("handler = lambda event, context: context.get_remaining_time_in_millis()") as one:
        assert 0 < one.invoke({}, seconds=60).value <= 60_000
        assert one.invoke({}, seconds=-5).value == 0


def test_the_trace_id_is_in_the_environment_of_each_event(runtime: Runtime) -> None:
    with runtime("import os\nhandler = lambda event, context: os.environ['_X_AMZN_TRACE_ID']") as one:
        assert one.invoke({}).value == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"


# Errors


def test_an_exception_is_told_with_its_trace(runtime: Runtime, tmp_path: Path) -> None:
    code = "class Broken(Exception):\n    pass\n\ndef handler(event, context):\n    raise Broken('no such pet')\n"
    with runtime(code) as one:
        told = one.invoke({})
        assert told.path.endswith(f"/invocation/{REQUEST_ID}/error")
        assert told.value == {
            "errorMessage": "no such pet",
            "errorType": "Broken",
            "requestId": REQUEST_ID,
            "stackTrace": [f"  File \"{tmp_path}/index.py\", line 5, in handler\n    raise Broken('no such pet')\n"],
        }
        assert one.invoke({}).kind == "error", "and the instance goes on"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{1, 2}", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("object", "Unable to marshal response: Object of type type is not JSON serializable"),
        ("(lambda x: x.append(x) or x)([])", "Unable to marshal response: Circular reference detected"),
        ("{(1, 2): 3}", "Unable to marshal response: keys must be str, int, float, bool or None, not tuple"),
    ],
)
def test_a_value_that_is_no_json_is_an_error_of_the_runtime(runtime: Runtime, value: str, message: str) -> None:
    with runtime(f"handler = lambda event, context: {value}") as one:
        told = one.invoke({}).value
        expected = {
            "errorMessage": message,
            "errorType": "Runtime.MarshalError",
            "requestId": REQUEST_ID,
            "stackTrace": [],
        }
        assert told == expected


def test_an_error_is_in_the_log_with_its_trace(runtime: Runtime) -> None:
    with runtime("def handler(event, context):\n    raise KeyError('x')") as one:
        one.invoke({})
        one.api.wait_for_next()
        log = one.stop_and_log().replace("\r", "\n").replace("\xa0", " ")
    assert log.startswith("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File ")
    assert log.endswith("line 2, in handler\n    raise KeyError('x')\n")


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ({}, "gone.handler", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        (
            {"index.py": "import pets_that_are_not_there"},
            "index.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'pets_that_are_not_there'",
        ),
        ({"index.py": ""}, "index.handle", "Runtime.HandlerNotFound", "Handler 'handle' missing on module 'index'"),
        (
            {},
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        ({}, "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ({"index.py": "raise ValueError('early')"}, "index.handler", "ValueError", "early"),
        (
            {"index.py": "def handler(:"},
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 1)",
        ),
    ],
)
def test_what_cannot_be_loaded_is_an_init_error(
    runtime: Runtime, code: dict[str, str], handler: str, kind: str, message: str
) -> None:
    with runtime(code, handler) as one:
        told = one.api.told()
        while told.kind == "next":
            told = one.api.told()
        assert told.path.endswith("/runtime/init/error")
        assert told.headers["lambda-runtime-function-error-type"] == kind
        assert (told.value["errorType"], told.value["errorMessage"], told.value["requestId"]) == (kind, message, "")
        assert one.exit_status() == 1


def test_sys_exit_ends_the_process_with_its_status(runtime: Runtime) -> None:
    with runtime("import sys\ndef handler(event, context):\n    sys.exit(7)") as one:
        with pytest.raises(RuntimeGone):
            one.invoke({})
        assert one.exit_status() == 7


# Code


def test_a_handler_may_be_in_a_folder(runtime: Runtime) -> None:
    with runtime(
        {"src/pets/list.py": "def handler(event, context):\n    return __name__"}, "src/pets/list.handler"
    ) as one:
        assert one.invoke({}).value == "src.pets.list"


def test_a_function_imports_what_lies_beside_it(runtime: Runtime) -> None:
    code = {
        "index.py": "import near\nhandler = near.handler",
        "near.py": "def handler(event, context):\n    return 'near'",
    }
    with runtime(code) as one:
        assert one.invoke({}).value == "near"


# The log


def test_lines_of_logging_have_level_time_and_request_id(runtime: Runtime) -> None:
    code = (
        "import logging\ndef handler(event, context):\n    logging.warning('low on %s', 'food')\n    print('printed')"
    )
    with runtime(code) as one:
        one.invoke({})
        one.api.wait_for_next()
        warning, printed = one.stop_and_log().splitlines()
    assert re.fullmatch(rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{REQUEST_ID}\tlow on food", warning)
    assert printed == "printed"


LOGGING = """\
import logging

logging.getLogger().info("early")

def handler(event, context):
    pets = logging.getLogger("pets")
    pets.info("%s is fed", "Rex", extra={"pet": 1, "odd": {2}, "none": None, "level": "not mine"})
    pets.warning({"hungry": True})
    pets.log(35, "between the levels")
    pets.debug("below the level")
    print("printed")
    try:
        event["name"]
    except KeyError:
        pets.exception("no name")
    raise ValueError("é")
"""


def json_log(runtime: Runtime, code: str, level: str) -> list[Any]:
    """The lines of one invocation, those that are objects decoded and without the time."""
    with runtime(code, AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL=level) as one:
        one.invoke({})
        one.api.wait_for_next()
        lines = one.stop_and_log().splitlines()
    told = [json.loads(line) if line.startswith("{") else line for line in lines]
    for one_told in told:
        if isinstance(one_told, dict):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", one_told.pop("timestamp"))
    return told


def test_logging_becomes_objects_where_json_is_asked_for(runtime: Runtime, tmp_path: Path) -> None:
    named = {"requestId": REQUEST_ID}
    early, fed, hungry, between, printed, missing, raised = json_log(runtime, LOGGING, "INFO")
    assert early == {"level": "INFO", "message": "early", "logger": "root", "requestId": ""}
    assert list(fed) == ["level", "message", "logger", "requestId", "pet", "odd"]
    assert fed == {"level": "INFO", "message": "Rex is fed", "logger": "pets", **named, "pet": 1, "odd": "{2}"}
    assert hungry == {"level": "WARNING", "message": {"hungry": True}, "logger": "pets", **named}
    assert between == {"level": "WARNING", "message": "between the levels", "logger": "pets", **named}
    assert printed == "printed"
    assert missing.pop("stackTrace")[0].startswith(f'  File "{tmp_path}/index.py", line 13, in handler\n')
    error = {"errorType": "KeyError", "errorMessage": "'name'", "location": f"{tmp_path}/index.py:handler:15"}
    assert missing == {"level": "ERROR", "message": "no name", "logger": "pets", **named, **error}
    assert raised.pop("stackTrace")[0].startswith(f'  File "{tmp_path}/index.py", line 16, in handler\n')
    assert raised == {"level": "ERROR", "errorType": "ValueError", "errorMessage": "é", **named}


@pytest.mark.parametrize(
    ("level", "messages"),
    [
        ("TRACE", ["trace", "info", "warning", "error", "fatal"]),
        ("DEBUG", ["trace", "info", "warning", "error", "fatal"]),
        ("WARN", ["warning", "error", "fatal"]),
        ("ERROR", ["error", "fatal"]),
        ("FATAL", ["fatal"]),
    ],
)
def test_the_level_of_a_function_is_that_of_the_root_logger(runtime: Runtime, level: str, messages: list[str]) -> None:
    code = """\
import logging
def handler(event, context):
    for level, message in ((10, "trace"), (20, "info"), (30, "warning"), (40, "error"), (50, "fatal")):
        logging.log(level, message)
"""
    assert [one["message"] for one in json_log(runtime, code, level)] == messages


def test_an_init_error_is_an_object_too(runtime: Runtime) -> None:
    with runtime("raise ValueError('early')", AWS_LAMBDA_LOG_FORMAT="JSON") as one:
        while one.api.told().kind == "next":
            pass
        last = json.loads(one.log().splitlines()[-1])
    assert (last["level"], last["errorType"], last["errorMessage"]) == ("ERROR", "ValueError", "early")


def test_an_exception_that_is_none_costs_no_line(tmp_path: Path) -> None:
    code = "import logging\ndef handler(event, context):\n    logging.exception('outside')"
    with running(PYTHON, tmp_path, _files(code), "index.handler", AWS_LAMBDA_LOG_FORMAT="JSON") as one:
        assert one.invoke({}).kind == "response"
        assert json.loads(one.stop_and_log())["message"] == "outside"


def test_what_was_printed_is_in_the_log_before_the_answer_is_known(tmp_path: Path) -> None:
    code = "import os\ndef handler(event, context):\n    print('half', end='')\n    return 1"
    with running(PYTHON, tmp_path, {"index.py": code}, "index.handler") as one:
        one.invoke({})
        assert one.stop_and_log() == "half"


def test_exit_and_quit_are_there_as_in_any_python(tmp_path: Path) -> None:
    with running(PYTHON, tmp_path, {"index.py": "def handler(event, context):\n    exit(3)"}, "index.handler") as one:
        with pytest.raises(RuntimeGone):
            one.invoke({})
        assert one.exit_status() == 3
