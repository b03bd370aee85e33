"""Functions that bring AWS's own client of the Runtime API: Go, Python, Node.js."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract_scene import Scene, running
from own_clients import CLIENTS

ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running(tmp_path_factory.mktemp("own-clients"), 1) as scene:
        yield scene


@pytest.fixture(scope="module", params=CLIENTS)
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, here: Scene) -> str:
    """Functions with one of the clients: of this name, and with `-streams` after it."""
    code = {"ZipFile": CLIENTS[request.param](tmp_path_factory.mktemp("code"))}
    for name, handler in ((request.param, "index.handler"), (f"{request.param}-streams", "index.streams")):
        here.client(service="lambda").create_function(
            FunctionName=name, Runtime="provided.al2023", Handler=handler, Role=ROLE, Timeout=30, Code=code
        )
    return str(request.param)


def invoke(here: Scene, name: str, event: Any) -> tuple[str | None, Any, list[str]]:
    """The function error, the payload and the lines of the log."""
    called = here.client(service="lambda").invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
    log = base64.b64decode(called["LogResult"]).decode().splitlines()
    return called.get("FunctionError"), json.loads(called["Payload"].read()), log


def test_it_answers_and_is_warm_for_the_next_call(here: Scene, name: str) -> None:
    for word in ("hello ö", "x" * 100_000, "again"):
        error, told, log = invoke(here, name, {"say": word})
        assert (error, told["said"]) == (None, word)
        assert told["arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
        assert told["requestId"] in log[-2]
    assert any("saying again" in line for line in log), log
    assert "Init Duration" not in log[-1]


def test_it_tells_the_error_of_the_handler(here: Scene, name: str) -> None:
    error, told, _ = invoke(here, name, {})
    assert (error, told["errorMessage"]) == ("Unhandled", "nothing to say")
    assert invoke(here, name, {"say": "on"})[1]["said"] == "on", "and goes on"


def test_a_process_that_ends_is_a_crash_and_the_next_call_starts_one(here: Scene, name: str) -> None:
    error, told, log = invoke(here, name, {"exit": True})
    assert (error, told["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "Status: error\tError Type: Runtime.ExitError" in log[-1]
    assert invoke(here, name, {"say": "on"})[1]["said"] == "on"


@pytest.mark.parametrize("breaks", [False, True])
def test_it_streams(here: Scene, name: str, breaks: bool) -> None:
    called = here.client(service="lambda").invoke_with_response_stream(
        FunctionName=f"{name}-streams", Payload=json.dumps({"stream": 1000, "breaks": breaks})
    )
    told = list(called["EventStream"])
    body = b"".join(one["PayloadChunk"]["Payload"] for one in told if "PayloadChunk" in one).decode()
    if breaks and name == "awslambdaric":  # which has no streams: an answer is whole, or an error
        assert json.loads(body)["errorMessage"] == "no more"
    else:
        assert body.splitlines() == [f"piece {number}" for number in range(1000)]
    assert ("no more" in told[-1]["InvokeComplete"].get("ErrorDetails", "")) is breaks
