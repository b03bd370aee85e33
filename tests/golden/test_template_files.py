"""Templates of the kinds that are about, each in a file with what it renders to beside it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fake_environment import FakeEnvironment
from portico.lang.environment import new_overrides
from portico.lang.vtl import compile_template

FOLDER = Path(__file__).parent / "templates"

REQUEST = FakeEnvironment(
    body='{"name":"Bo\'s","owner":{"name":"Ann"},"tags":["a","b"],"price":10.50}',
    path_parameters={"petId": "7"},
    query={"q": ["a b", 'say "hi"'], "page": ["2"]},
    header_lists={"Accept": ["*/*"], "X-Note": ['a "note"']},
    stage_variables={"table": "pets-prod"},
    context_values={"stage": "prod", "httpMethod": "POST", "identity.sourceIp": "192.0.2.7", "requestId": "r-1"},
)
PHOTOS = """{"photos": {"page": 1, "photo": [
{"id": "12345678901", "owner": "23456789@A12", "title": "Sample photo 1", "ispublic": 1},
{"id": "23456789012", "owner": "34567890@B23", "ispublic": 0}]}}"""
ITEMS = """{"Items": [
{"commentId": {"S": "c1"}, "userName": {"S": "Ann"}, "message": {"S": "hello"}},
{"commentId": {"S": "c2"}}]}"""
FAILED = '{"errorMessage": "{\\"errorType\\":\\"NotFound\\",\\"httpStatus\\":404,\\"message\\":\\"No pet\\"}"}'

FORM = "token=gIkuvaNzQIHg97ATvDxqgjtO&text=94070+%22x%22&trigger_id="

CASES: dict[str, tuple[FakeEnvironment, bool]] = {
    "passthrough": (REQUEST, True),
    "headers_as_definition": (REQUEST, True),
    "state_machine_input": (REQUEST, True),
    "photos": (FakeEnvironment(body=PHOTOS), True),
    "dynamodb_query": (FakeEnvironment(body=ITEMS), True),
    "form_to_json": (FakeEnvironment(body=FORM), True),
    "error_mapping": (FakeEnvironment(body=FAILED), True),
    "sqs_send": (REQUEST, False),
    "macros": (REQUEST, False),  # a single quote is escaped, which JSON has not
}
"""What each is given, and whether it renders JSON."""


def rendered(name: str) -> str:
    source = (FOLDER / f"{name}.vtl").read_text("utf-8")
    env = replace(CASES[name][0], overrides=new_overrides())
    return compile_template(source, name).render(env)


@pytest.mark.parametrize("name", CASES)
def test_a_template_renders_what_stands_beside_it(name: str) -> None:
    assert rendered(name) == (FOLDER / f"{name}.out").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name, (_, is_json) in CASES.items() if is_json])
def test_what_is_meant_to_be_json_is_json(name: str) -> None:
    json.loads(rendered(name))


def test_the_state_machine_gets_the_whole_request() -> None:
    told = json.loads(json.loads(rendered("state_machine_input"))["input"])
    assert told["body"]["name"] == "Bo's"
    assert told["querystring"] == {"q": 'say "hi"', "page": "2"}
    assert told["requestContext"] == {"stage": "prod", "user": ""}
