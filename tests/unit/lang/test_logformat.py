import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.logformat import LogFormatError, Variable, parse_format

CLF = (
    '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.resourcePath" '
    "$context.status $context.requestId"
)


def line(text: str, values: dict[str, object]) -> str:
    return "".join(part if isinstance(part, str) else part.text(values.get(part.path)) for part in parse_format(text))


def test_a_format_is_taken_apart() -> None:
    assert parse_format('{"id":"$context.requestId","s":$context.status}\n') == [
        '{"id":"',
        Variable("requestId", quoted=True),
        '","s":',
        Variable("status", quoted=False),
        "}",
    ]


def test_values_and_missing_values() -> None:
    values = {"identity.sourceIp": "::1", "httpMethod": "GET", "status": 200, "requestId": ""}
    assert line(CLF, values) == '::1 - - [-] "GET -" 200 -'
    assert line("$context.a. ${context.b}x", {"a": True, "b": 1.5}) == "true. 1.5x"


@pytest.mark.parametrize("value", ['a"b', "a\\", "a\nb", "a\r\0\x1b\x85\u2028b"])
def test_a_value_cannot_forge_a_line_or_leave_its_string(value: str) -> None:
    printed = line('{"v":"$context.v"}', {"v": value})
    assert len(printed.splitlines()) == 1
    assert printed.replace("\\\\", "").replace('\\"', "").count('"') == 4
    assert "\n" not in line("$context.v", {"v": value})


@given(st.text())
def test_a_line_stays_one_line(value: str) -> None:
    assert len(line("<$context.v>", {"v": value}).splitlines()) == 1
    line("$context.v", {"v": value}).encode()


@given(st.text(st.sampled_from('$context.ab{}"\\ \t\n-_'), max_size=30))
def test_any_text_is_a_format_or_refused(text: str) -> None:
    with contextlib.suppress(LogFormatError):
        parse_format(text)


@pytest.mark.parametrize(
    "text",
    [
        "$input.body $context.requestId",
        "${stageVariables.x} $context.requestId",
        "$context $context.requestId",
        "a\nb $context.requestId",
        "$util $context.requestId",
    ],
)
def test_other_variables_and_more_than_a_line_are_refused(text: str) -> None:
    with pytest.raises(LogFormatError):
        parse_format(text)


def test_a_dollar_may_be_just_that() -> None:
    assert line('{"cost":"$5","id":"$context.requestId"}', {"requestId": "r"}) == '{"cost":"$5","id":"r"}'
