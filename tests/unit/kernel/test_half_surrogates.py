"""JSON with half an emoji in it is JSON."""

import msgspec
import pytest

from portico.dataplane.models import parse
from portico.kernel.half_surrogates import without_halves
from portico.lang.jsontext import decode
from portico.wire.lambda_answers import MalformedAnswer, error_message, parse_answer, parse_prelude


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\ud83d"', "?"),
        (rb'"\uDE00 behind"', "? behind"),
        (rb'"\ud83d\ud83d\ude00"', "?😀"),
        (rb'"\ude00\ud83d"', "??"),
        (rb'"\\ud83d \ud83d"', r"\ud83d ?"),
        (rb'"\ud83d\n\u00fc"', "?\nü"),
    ],
)
def test_a_half_is_a_question_mark(text: bytes, value: str) -> None:
    assert msgspec.json.decode(without_halves(text)) == value


@pytest.mark.parametrize("text", [rb'"\ud83', rb'"\ud83d', rb'{"a": \ud83d}', b"nothing"])
def test_what_is_no_json_stays_none(text: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse_answer(text)


def test_a_function_may_answer_with_one() -> None:
    answer = parse_answer(rb'{"statusCode": 201, "headers": {"x-cut": "\ud83d"}, "body": "cut \ud83d"}')
    assert (answer.status(), answer.lines(), answer.body) == (201, [("x-cut", "?")], "cut ?")
    assert parse_prelude(rb'{"headers": {"x-cut": "\ud83d"}}').lines == [("x-cut", "?")]
    assert error_message(rb'{"errorMessage": "Not found: \ud83d"}') == "Not found: ?"


def test_a_template_and_a_model_read_one() -> None:
    assert decode(r'{"cut": "\ud83d"}') == {"cut": "?"}
    assert parse(rb'{"cut": "\ud83d"}') == {"cut": "?"}


def test_no_end_of_escapes_is_looked_through() -> None:
    text = b'"' + rb"\ud83d" * 100_001 + b'"'
    assert without_halves(text) is text
