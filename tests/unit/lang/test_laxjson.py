"""Lax JSON: what a mock's template may render."""

import pytest

from effort import cpu_seconds
from portico.lang.laxjson import LIMIT, member


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"statusCode": 200}', "200"),
        ("{statusCode: 200}", "200"),
        ("{'statusCode':404,}", "404"),
        ('\n{ "a" : [1, {"statusCode": 500}], "statusCode" : 200 }', "200"),
        ('{"statusCode": 200, "body": {"x": 1, "statusCode": 500}}', "200"),
        ('{"statusCode": 200, "statusCode": 201}', "201"),
        ('{"text": "\\"statusCode\\": 500, {", "statusCode": 200}', "200"),
        ('{"statusCode": "200"}', '"200"'),
        ('{"statusCode": 200', "200"),
        ('{"a": "statusCode: 500', None),
        ('[{"statusCode": 200}]', None),
        ('"statusCode": 200', None),
        ('{"statusCode": {"x": 1}}', None),
        ('{"statusCode":}', None),
        ('{"statusCode":', None),
        ("", None),
        ("{}", None),
        ('{} {"statusCode": 200}', None),
    ],
)
def test_the_member_of_the_outermost_object_is_found(text: str, value: str | None) -> None:
    assert member(text, "statusCode") == value


@pytest.mark.parametrize("text", ["{," * LIMIT, '{"' + '\\"' * LIMIT, "{" + "'\"" * LIMIT, "{:" * LIMIT, "{" * LIMIT])
def test_a_hostile_text_takes_linear_time(text: str) -> None:
    assert member(text, "statusCode") is None
    assert cpu_seconds(lambda: member(text, "statusCode"), 2) < 2


def test_what_is_behind_the_limit_is_not_looked_at() -> None:
    assert member('{"a": "' + "x" * LIMIT + '", "statusCode": 200}', "statusCode") is None
