"""How many Python functions a warm request runs through, for each shape of a route: a slower hot path is seen without
a clock.

Counted is every call of a function of Portico's, from the bytes of the request's head to the bytes of the answer, over
fake ports. A budget is the number when it was last looked at. Whoever needs more raises it here and says why; whoever
needs less lowers it.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import portico
from playbook.stage import HOST, Client, Play, api, http, http_proxy, lambda_proxy, mock, on_path, responds
from portico.wire.http1 import parse_request

PACKAGE = f"{Path(portico.__file__).parent}/"
ALLOWED = 2
"""Calls over its budget that a shape may take."""

Calls = Counter[str]


@contextmanager
def counted() -> Iterator[Calls]:
    """Counts the calls of Portico's functions, by name."""
    calls: Calls = Counter()

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            calls[f"{code.co_filename.removeprefix(PACKAGE)}:{code.co_qualname}"] += 1

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def head(path: str, *headers: str) -> bytes:
    lines = [f"GET /dev{path} HTTP/1.1", f"Host: {HOST}", "User-Agent: curl/8", "Accept: */*", *headers]
    return "\r\n".join(lines).encode()


def serve(play: Play, request: bytes, answer: str | None, forwarded: bytes = b"") -> Client:
    """One request from its head's bytes to its answer's. `forwarded` is what the connection already knows."""
    client = Client()
    client.forwarded = forwarded
    play.gateway.begin(client, parse_request(request, play.table, play.memory))
    if play.functions.calls:
        play.functions.answers({"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": answer})
        play.functions.calls.clear()
    elif answer is not None:
        play.backend.answers(answer)
    assert client.over and client.hears.status == 200, client.data
    return client


def warm(play: Play, request: bytes, answer: str | None) -> Calls:
    """The calls of a request whose like was served before."""
    forwarded = b""
    for _ in range(3):
        forwarded = serve(play, request, answer, forwarded).forwarded
    with counted() as calls:
        serve(play, request, answer, forwarded)
    return calls


MAPPED = {
    "integration.request.header.X-Stage": "context.stage",
    "integration.request.querystring.id": "method.request.path.id",
}
TEMPLATES = {"application/json": '{"id": "$input.params(\'id\')", "stage": "$context.stage"}'}
REQUIRED = {"requestParameters": {"method.request.querystring.a": True}}
METHODS = {
    "/mock": {"GET": mock(responds(responseTemplates={"application/json": "constant"}))},
    "/proxy": {"GET": http_proxy("http://backend/")},
    "/proxy/{id}": {"GET": http_proxy("http://backend/{id}", **on_path("id"))},
    "/mapped/{id}": {"GET": http_proxy("http://backend/", requestParameters=MAPPED)},
    "/function/{id}": {"GET": lambda_proxy()},
    "/http/{id}": {"GET": http("http://backend/", responds(responseTemplates=TEMPLATES), requestTemplates=TEMPLATES)},
    "/required": {"GET": {**http_proxy("http://backend/"), "requestValidatorId": "all", **REQUIRED}},
    "/unjudged": {"POST": mock()},
    "/judged": {"POST": {**mock(), "requestValidatorId": "all", "requestModels": {"application/json": "Pet"}}},
}
PET = '{"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}}}'
SETTINGS: dict[str, Any] = {
    "requestValidators": [{"id": "all", "validateRequestBody": True, "validateRequestParameters": True}],
    "models": [{"id": "m", "name": "Pet", "contentType": "application/json", "schema": PET}],
}
ANSWER = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{}"

SHAPES: dict[str, tuple[str, str | None, int]] = {
    "a constant MOCK": ("/mock", None, 15),
    "HTTP_PROXY": ("/proxy", ANSWER, 24),
    "HTTP_PROXY with a query": ("/proxy?a=1", ANSWER, 36),
    "HTTP_PROXY with a path parameter": ("/proxy/7", ANSWER, 25),
    "HTTP_PROXY with mappings": ("/mapped/7", ANSWER, 44),
    "AWS_PROXY": ("/function/7", "hello", 40),
    "AWS_PROXY with a query": ("/function/7?a=1", "hello", 59),
    "HTTP with templates": ("/http/7", ANSWER, 65),
    "HTTP_PROXY with a required parameter": ("/required?a=1", ANSWER, 42),
}
"""Path, the backend's answer, and the budget."""


@pytest.mark.parametrize("shape", SHAPES)
def test_a_warm_request_stays_within_its_budget(shape: str) -> None:
    path, answer, budget = SHAPES[shape]
    calls = warm(Play(api(METHODS, **SETTINGS)), head(path), answer)
    taken = calls.total()
    listing = "\n".join(f"{count:4} {name}" for name, count in calls.most_common())
    assert taken <= budget + ALLOWED, f"{shape}: {taken} calls, the budget is {budget}\n{listing}"


VALIDATION = 3
"""Calls that it takes to hold a body to its model: the step, parsing, the schema. What is generated is not counted."""


def test_a_body_is_held_to_its_model_in_a_few_calls() -> None:
    play = Play(api(METHODS, **SETTINGS))
    calls = []
    for path in ("/unjudged", "/judged"):
        for _ in range(3):
            with counted() as last:
                assert play.asks(f"POST {path}", body=b'{"name": "rex"}').hears.status == 200
        calls.append(last.total())
    assert calls[1] - calls[0] <= VALIDATION


# The size of an API

CALLS_A_RESOURCE = 8
"""Of a resource three parts deep with one method: a node each, the place of the method, and what hangs it there."""


def sized(resources: int) -> Play:
    methods: dict[str, dict[str, Any]] = {
        f"/r{number}/{{id}}/x": {"GET": http_proxy("http://backend/{id}", **on_path("id"))}
        for number in range(resources)
    }
    return Play(api(methods))


def calls_of(act: Callable[[], object]) -> int:
    with counted() as calls:
        act()
    return calls.total()


def test_a_request_costs_the_same_in_an_api_of_5000_resources_as_of_5() -> None:
    small, large = sized(5), sized(5000)
    for path in ("/r3/7/x", "/r3/7/x?a=1"):
        few, many = (warm(play, head(path), ANSWER).total() for play in (small, large))
        assert abs(few - many) <= ALLOWED


def test_a_first_request_and_one_for_nobody_cost_the_same_in_5000_resources() -> None:
    def nobodys(play: Play) -> int:
        return calls_of(lambda: play.asks("GET /nowhere/at/all"))

    small, large = sized(5), sized(5000)
    firsts = [calls_of(lambda: play.asks("GET /r3/7/x")) for play in (small, large)]  # noqa: B023
    assert abs(firsts[0] - firsts[1]) <= ALLOWED
    assert abs(nobodys(small) - nobodys(large)) <= ALLOWED


def test_a_deployment_costs_a_few_calls_a_resource_and_compiles_no_route() -> None:
    """Routes are compiled when they are first used: 500 methods are served at once."""
    plays = [sized(number) for number in (50, 5000)]
    standings = [play.stages["api1", "dev"] for play in plays]
    few, many = (
        calls_of(lambda: play.stand(standing))  # noqa: B023
        for play, standing in zip(plays, standings, strict=True)
    )
    assert many <= few * 100 * 1.1
    assert many <= 5000 * CALLS_A_RESOURCE
