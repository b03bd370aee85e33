"""The OpenAPI document of a project: the functions that it calls, and the lines of what is wrong."""

import json
from pathlib import Path

import pytest

from dev_scene import document
from portico.app.dev.document import Document, Place
from portico.app.dev.problems import Problem, ProjectError

HERE = Place("us-east-1", "000000000000")


def read(folder: Path, text: str, name: str = "openapi.yaml") -> Document:
    path = folder / name
    path.write_text(text)
    return Document(path)


def test_it_names_the_functions_that_it_calls(tmp_path: Path) -> None:
    told = read(tmp_path, document("cats", "dogs"))
    assert told.functions(HERE, {}) == {"cats", "dogs"}
    (missing,) = told.missing(HERE, {}, frozenset({"cats"}))
    assert missing == Problem(tmp_path / "openapi.yaml", 19, "there is no function 'dogs'; there is cats")


def test_variables_of_aws_and_of_the_stage_are_filled_in(tmp_path: Path) -> None:
    text = document("cats").replace("us-east-1:000000000000", "${AWS::Region}:${AWS::AccountId}")
    text = text.replace("function:cats", "function:${stageVariables.animal}:prod")
    told = read(tmp_path, text)
    assert told.functions(HERE, {"animal": "dogs"}) == {"dogs"}
    with pytest.raises(ProjectError, match=r"stage\.toml has no variable 'animal'"):
        told.functions(HERE, {})


def test_a_function_of_another_account_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as raised:
        read(tmp_path, document("cats")).functions(Place("us-east-1", "123456789012"), {})
    (problem,) = raised.value.problems
    assert problem.line == 12
    assert "function:cats is a function of another place: --account-id and --region" in problem.text


def test_json_has_lines_too_with_tabs_in_it(tmp_path: Path) -> None:
    uri = "arn:aws:lambda:us-east-1:000000000000:function:cats"
    text = json.dumps({"paths": {"/": {"get": {"uri": uri}}}}, indent="\t")
    (missing,) = read(tmp_path, text, "openapi.json").missing(HERE, {}, frozenset())
    assert missing.line == 5


@pytest.mark.parametrize(
    ("text", "line"), [("a: [", 1), ("a:\n  - b\n c: d", 3), ("a: &x\nb: *y", 2), ('{"a": 1,\n "b": }}', 2)]
)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ProjectError) as raised:
        read(tmp_path, text)
    assert raised.value.problems[0].line == line


@pytest.mark.parametrize(
    ("message", "line", "told"),
    [
        ("It is wrong (at #/paths/~1cats/get, line 7)", 7, "It is wrong (at #/paths/~1cats/get)"),
        ("a malformed integration at path /dogs.", 13, "a malformed integration at path /dogs."),
        ("a malformed integration at path /mice.", None, "a malformed integration at path /mice."),
        ("It is wrong", None, "It is wrong"),
    ],
)
def test_what_a_server_says_gets_the_line_that_it_means(
    tmp_path: Path, message: str, line: int | None, told: str
) -> None:
    refused = read(tmp_path, document("cats", "dogs")).refused(message)
    assert refused.problems == (Problem(tmp_path / "openapi.yaml", line, told),)


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no OpenAPI document of this name"):
        Document(tmp_path / "openapi.yaml")
