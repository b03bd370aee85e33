"""Lambda functions in tests of the control plane: zips, a client, and functions that a test answers for."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from portico.adapters.memory import MemoryStore
from portico.controlplane.answering import Invoking
from portico.model.function import FunctionStanding, decode_function
from portico.ports.functions import FunctionAnswer, FunctionFailure, FunctionReceiver, Invocable, InvocationType
from portico.ports.upstream import NeverLent
from wire_client import client_for, control_plane

ROLE = "arn:aws:iam::000000000000:role/runs-it"
ARN = "arn:aws:lambda:us-east-1:000000000000:function"
HANDLER = "def handler(event, context):\n    return event\n"


def zipped(**files: str) -> bytes:
    """A zip of files; a name's `__` is a dot: `zipped(app__py="…")`. With no files one of `app.py`."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files or {"app__py": HANDLER}).items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), text)
    return body.getvalue()


def definition(name: str = "hello", **changed: Any) -> dict[str, Any]:
    """What CreateFunction needs."""
    usual = {"FunctionName": name, "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler"}
    return {**usual, "Code": {"ZipFile": zipped()}, **changed}


class Lambda:
    """boto3's client of Lambda over a store of its own, and what stands there."""

    def __init__(self, **realm: Any) -> None:
        self.store = MemoryStore()
        self.plane = control_plane(self.store, **realm)
        self.client = client_for(self.plane, "lambda")

    def create(self, name: str = "hello", **changed: Any) -> Any:
        return self.client.create_function(**definition(name, **changed))

    def standing(self, name: str = "hello") -> FunctionStanding | None:
        for change in self.store.standing()[1]:
            if (change.kind, change.key) == ("function", name):
                assert change.value is not None
                return decode_function(change.value)
        return None


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, code and message of the error that a call of boto3's ends in."""
    with pytest.raises(ClientError) as raised:
        call()
    answer: Any = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


class FakeCall(NeverLent):
    def __init__(self, functions: "FakeFunctions", payload: bytes, context: Any, kind: InvocationType) -> None:
        self._functions = functions
        self.payload = payload
        self.kind = kind
        self._context = context
        self.told: list[str] = []

    # What the test tells

    def answer(self, payload: bytes = b"null", **members: Any) -> None:
        self._functions.receiver.on_answer(self._context, FunctionAnswer(payload, **members))

    def begin(self) -> None:
        self._functions.receiver.on_begin(self._context)

    def data(self, data: bytes) -> None:
        self._functions.receiver.on_data(self._context, data)

    def end(self, error: str | None = None, log: bytes = b"") -> None:
        self._functions.receiver.on_end(self._context, error, log)

    def fail(self, failure: FunctionFailure) -> None:
        self._functions.receiver.on_failure(self._context, failure)

    # What the test is told

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def cancel(self) -> None:
        self.told.append("cancel")


class FakeFunctions:
    """The Functions port, and its every destination. Who calls waits until the test answers."""

    receiver: FunctionReceiver[Any]

    def __init__(self) -> None:
        self.invocables: list[Invocable] = []
        self.calls: list[FakeCall] = []

    def to(self, invocable: Invocable, receiver: FunctionReceiver[Any], timeout: float, /) -> "FakeFunctions":
        self.invocables.append(invocable)
        self.receiver = receiver
        return self

    def invoke(
        self,
        payload: bytes,
        context: Any,
        /,
        kind: InvocationType = InvocationType.REQUEST_RESPONSE,
        trace_id: str = "",
    ) -> FakeCall:
        self.calls.append(FakeCall(self, payload, context, kind))
        return self.calls[-1]


class Answered:
    """A ControlPlane whose functions answer at once: what `tests/wire_client.py` needs of one."""

    def __init__(self, plane: Any, outcome: FunctionAnswer | FunctionFailure) -> None:
        self._plane = plane
        self._outcome = outcome
        self.invoked: list[Invoking] = []

    def handle(self, request: Any) -> Any:
        handled = self._plane.handle(request)
        if not isinstance(handled, Invoking):
            return handled
        self.invoked.append(handled)
        failed = isinstance(self._outcome, FunctionFailure)
        response = handled.fail(self._outcome) if failed else handled.answer(self._outcome)
        return type("Handled", (), {"response": response, "seq": 0})()
