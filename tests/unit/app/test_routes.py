"""What `portico routes` shows of an API: its rows, what would not work, and the three ways to print them."""

import io
import json
from typing import Any

import msgspec
import pytest
from rich.console import Console

from playbook.stage import Play, api, aws_service, http, http_proxy, invocation, lambda_proxy, mock, responds
from portico.app.routes.printing import as_json, print_plainly, print_to_terminal
from portico.app.routes.rows import Row, Sheet, sheet_of
from portico.app.routes.sources import Source
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import Snapshot
from portico.model.standing import StageStanding

VALIDATOR = {"id": "v", "validateRequestBody": True, "validateRequestParameters": True}
AUTHORIZER = {"id": "a", "name": "guard", "type": "TOKEN"}


def sheet(methods: dict[str, Any], standing: dict[str, Any] | None = None, **settings: Any) -> Sheet:
    """As it is defined, or with `standing` on a stage."""
    play = Play()
    snapshot = msgspec.convert(api(methods, **settings), Snapshot)
    stage = None
    if standing is not None:
        usual = {"apiId": "api1", "stageName": "dev", "deploymentId": "dep1", "snapshot": ""}
        stage = msgspec.convert({**usual, **standing}, StageStanding)
    return sheet_of(Compiler(play.ports), Source(snapshot, stage))


def row(method: dict[str, Any], standing: dict[str, Any] | None = None, **settings: Any) -> Row:
    (found,) = sheet({"/pets": {"GET": method}}, standing, **settings).rows
    return found


def test_methods_are_in_the_order_of_their_paths() -> None:
    shown = sheet({"/b": {"POST": mock(), "GET": mock()}, "/": {"GET": mock()}})
    assert [(one.method, one.path) for one in shown.rows] == [("GET", "/"), ("GET", "/b"), ("POST", "/b")]


def test_a_target_is_said_as_a_person_would_say_it() -> None:
    assert (row(mock()).type, row(mock()).target) == ("MOCK", "")
    assert row(http_proxy("http://pets.example.com/")).target == "ANY http://pets.example.com/"
    assert row(lambda_proxy()).target == "function pets"
    assert row(lambda_proxy(f"{invocation()[:-12]}:live/invocations")).target == "function pets:live"
    assert row(aws_service("sqs:path/0/queue")).target == "sqs:path/0/queue"
    streamed = lambda_proxy(invocation(action="response-streaming-invocations"), responseTransferMode="STREAM")
    assert row(streamed).target == "function pets, streamed"


def test_stage_variables_are_put_in_where_there_is_a_stage() -> None:
    method = http_proxy("http://${stageVariables.host}/")
    assert row(method).target == "ANY http://${stageVariables.host}/"
    assert row(method).problems == (), "what a definition lacks is not a stage's variables"
    assert row(method, {"variables": {"host": "b.example.com"}}).target == "ANY http://b.example.com/"
    assert row(method, {}).problems == ("the stage has no variable 'host'",)


def test_checks_are_told_and_those_that_are_not_enforced_are_problems() -> None:
    guarded = {**mock(), "authorizationType": "CUSTOM", "authorizerId": "a", "apiKeyRequired": True}
    shown = row(guarded, authorizers=[AUTHORIZER])
    assert shown.checks == ("CUSTOM guard", "API key")
    assert shown.problems == ("API keys are not enforced yet", "authorization is not enforced yet")


def test_a_validator_is_told_by_what_it_asks_for() -> None:
    asked = {
        "requestValidatorId": "v",
        "requestModels": {"application/json": "pet"},
        "requestParameters": {"method.request.querystring.q": True, "method.request.header.x": False},
    }
    model = {"id": "m", "name": "pet", "schema": "{}"}
    shown = row({**mock(), **asked}, requestValidators=[VALIDATOR], models=[model])
    assert (shown.checks, shown.problems) == (("parameters q", "body application/json pet"), ())


def test_templates_and_answers_are_told() -> None:
    answers = (
        responds(),
        responds("404", "4..", responseTemplates={"application/json": "x"}),
    )
    shown = row(http("http://b/", *answers, requestTemplates={"text/plain": "x"}, passthroughBehavior="NEVER"))
    assert (shown.body, shown.answers) == ("template text/plain, others 415", ("200", "404 if 4.. application/json"))


@pytest.mark.parametrize(
    ("behaviour", "templates", "told"),
    [
        ("WHEN_NO_MATCH", {}, ""),
        ("WHEN_NO_MATCH", {"text/plain": "x"}, "template text/plain"),
        ("WHEN_NO_TEMPLATES", {}, ""),
        ("WHEN_NO_TEMPLATES", {"text/plain": "x", "a/b": "x"}, "template a/b text/plain, others 415"),
        ("NEVER", {}, "415"),
    ],
)
def test_what_becomes_of_a_body_is_told(behaviour: str, templates: dict[str, str], told: str) -> None:
    more = {"requestTemplates": templates, "passthroughBehavior": behaviour}
    assert row(http("http://b/", responds(), **more)).body == told
    assert row(http_proxy("http://b/", **more)).body == "", "a proxy has no templates"


def test_what_cannot_be_deployed_at_all_says_where() -> None:
    shown = row(http("http://b/", requestTemplates={"application/json": "#if("}))
    assert len(shown.problems) == 1
    assert "GET /pets" in shown.problems[0]


def test_a_method_without_an_integration_is_a_row_too() -> None:
    shown = row({})
    assert (shown.type, shown.problems) == ("", ("it has no integration",))


def test_the_log_of_a_method_is_told() -> None:
    settings = {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}}
    assert row(mock(), {"methodSettings": settings}).log == "INFO data"
    assert row(mock(), {}).log == ""


def test_what_concerns_the_whole_api_stands_above_its_methods() -> None:
    assert sheet({"/": {"GET": mock()}}, policy="{}").problems == ("resource policies are not enforced yet",)
    broken = [{"responseType": "DEFAULT_4XX", "statusCode": "100"}]
    (problem,) = sheet({"/": {"GET": mock()}}, gatewayResponses=broken).problems
    assert problem.startswith("gateway response: ")


SHEETS = [
    sheet(
        {"/pets": {"GET": http_proxy("http://b.example.com/"), "POST": {**mock(), "apiKeyRequired": True}}}, name="pets"
    )
]


def test_in_a_pipe_columns_are_aligned_and_problems_stand_below() -> None:
    written: list[str] = []
    print_plainly(SHEETS, written.append)
    assert "".join(written).splitlines() == [
        "pets (api1), as it is defined now",
        "METHOD  PATH   CHECKS   INTEGRATION                           BODY                       ANSWERS",
        "GET     /pets  -        HTTP_PROXY ANY http://b.example.com/  -                          -",
        "POST    /pets  API key  MOCK                                  template application/json  200",
        "  not served: API keys are not enforced yet",
    ]


def test_on_a_terminal_the_table_fits_and_problems_stand_under_it() -> None:
    screen = io.StringIO()
    print_to_terminal(SHEETS, Console(file=screen, width=60, force_terminal=True, color_system=None))
    text = screen.getvalue()
    assert all(len(line) <= 60 for line in text.splitlines())
    assert "POST /pets is not served: API keys are not enforced yet" in text
    assert "1 of 2 methods are served" in text


def test_nobody_makes_a_terminal_obey_by_the_name_of_an_api() -> None:
    named = [sheet({"/": {"GET": mock()}}, name="\x1b[2Jpets [red]")]
    screen = io.StringIO()
    print_to_terminal(named, Console(file=screen, width=80))
    assert "\\x1b[2Jpets [red]" in screen.getvalue()


def test_as_json_every_field_is_there() -> None:
    (document,) = json.loads(as_json(SHEETS))
    assert document["api_id"] == "api1"
    assert [(one["method"], one["problems"]) for one in document["rows"]] == [
        ("GET", []),
        ("POST", ["API keys are not enforced yet"]),
    ]
