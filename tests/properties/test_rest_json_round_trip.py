"""What boto3 sends is what an operation gets, and what an operation answers is what boto3 returns: every operation."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.controlplane.operation import Call, Operation
from portico.wire.aws.model import load
from portico.wire.aws.shapes import Shape
from wire_client import client_for, control_plane

APIGATEWAY = load("apigateway")
NAMES = sorted(APIGATEWAY.operation_names)

plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
tokens = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(-1e6, 1e6),
    "timestamp": st.integers(0, 2**32).map(float),
    "blob": st.binary(min_size=1, max_size=8),
}


def unclaimed(name: str) -> bool:
    """Whether a query parameter of this name is no other member's."""
    return name not in ("mode", "failonwarnings")


def values(shape: Shape, text: st.SearchStrategy[str] = plain, least_size: int = 0) -> st.SearchStrategy[Any]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    if shape.pattern is not None:
        return st.just("404")
    if shape.kind == "structure":
        members = shape.members.values()
        return st.fixed_dictionaries(
            {member.name: values(member.shape) for member in members if member.required},
            optional={member.name: values(member.shape) for member in members if not member.required},
        )
    if shape.kind == "list":
        return st.lists(values(shape.element), min_size=least_size, max_size=2)
    if shape.kind == "map":
        return st.dictionaries(plain.filter(unclaimed), values(shape.element), min_size=least_size, max_size=2)
    return SCALARS.get(shape.kind, text)


def inputs(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of an operation. A query string cannot tell an empty list from none, a header its outer blanks."""
    required, optional = {}, {}
    for member in shape.members.values():
        text = tokens if member.location == "header" else plain
        strategy = values(member.shape, text, least_size=int(member.location == "querystring"))
        if member.location == "uri" and not member.shape.enum:
            strategy = strategy.filter(lambda label: label not in (".", ".."))
        (required if member.required or member.location == "uri" else optional)[member.name] = strategy
    return st.fixed_dictionaries(required, optional=optional)


def outputs(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    members = {m.name: values(m.shape, tokens if m.location == "header" else plain) for m in shape.members.values()}
    return st.fixed_dictionaries({}, optional=members)


def as_boto3_gives(shape: Shape, value: Any) -> Any:
    """`value` with moments as datetimes."""
    if shape.kind == "structure":
        return {name: as_boto3_gives(shape.members[name].shape, item) for name, item in value.items()}
    if shape.kind == "list":
        return [as_boto3_gives(shape.element, item) for item in value]
    if shape.kind == "map":
        return {key: as_boto3_gives(shape.element, item) for key, item in value.items()}
    return datetime.fromtimestamp(value, UTC) if shape.kind == "timestamp" else value


class Echo:
    """One client for all examples, whose operations do what the example at hand says."""

    def __init__(self) -> None:
        self.run: Callable[[Call], dict[str, Any]] = lambda call: {}
        operations = {
            ("apigateway", name): Operation("apigateway", name, False, lambda call: self.run(call)) for name in NAMES
        }
        self.client = client_for(control_plane(operations=operations))

    def call(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = self.client._make_api_call(name, params)
        assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == APIGATEWAY.operation(name).status
        return answer


ECHO = Echo()
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", NAMES)
def test_parameters_arrive_as_they_were_given(name: str) -> None:
    shape = APIGATEWAY.operation(name).input
    received: dict[str, Any] = {}

    def remember(call: Call) -> dict[str, Any]:
        received.clear()
        received.update(call.params)
        return {}

    absent = {"accepts": "application/json"}  # boto3 sends that Accept with every request to API Gateway

    ECHO.run = remember

    @few
    @given(params=inputs(shape))
    def holds(params: dict[str, Any]) -> None:
        ECHO.call(name, params)
        expected = {**absent, **params} if "accepts" in shape.members else params
        assert received == expected

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_answers_come_back_as_they_were_returned(name: str) -> None:
    operation = APIGATEWAY.operation(name)
    params = {m.name: least(m.shape) for m in operation.input.members.values() if m.required}

    @few
    @given(document=outputs(operation.output))
    def holds(document: dict[str, Any]) -> None:
        ECHO.run = lambda call: document
        answer = ECHO.call(name, params)
        payload = operation.output.payload
        if payload is not None:
            assert answer.pop(payload.name).read() == document.get(payload.name, b"")
            answer.pop("contentType" if "contentType" not in document else "", None)
            document = {name: value for name, value in document.items() if name != payload.name}
        assert answer == as_boto3_gives(operation.output, document)

    holds()


def least(shape: Shape) -> Any:
    """The simplest value that a shape allows."""
    if shape.enum:
        return shape.enum[0]
    empty: dict[str, Any] = {"string": "404", "blob": b"x", "map": {}, "list": ["a"]}
    if shape.kind == "structure":
        return {m.name: least(m.shape) for m in shape.members.values() if m.required}
    return empty[shape.kind]
