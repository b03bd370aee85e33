import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.errors import BudgetExceeded
from portico.lang.jsontext import JsonError, decode, double_text, encode, to_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (10.0, "10.0"),
        (10000000.0, "1.0E7"),
        (12345678.5, "1.23456785E7"),
        (-1.5e-05, "-1.5E-5"),
        (0.001, "0.001"),
        (1e23, "1.0E23"),
    ],
)
def test_doubles_print_as_in_java(number: float, text: str) -> None:
    assert double_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_double_is_the_same_number(number: float) -> None:
    assert float(double_text(number)) == number


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{"foo":"bar"}', "{foo=bar}"),
        ('[{"foo":"bar"}]', '[{"foo":"bar"}]'),
        ('{"foo":[{"nested":"bar"}]}', '{foo=[{"nested":"bar"}]}'),
        ('{"a":{"b":null},"c":true}', "{a={b=null}, c=true}"),
        ("[1e7,10.00]", "[1.0E7,10.0]"),
        ("null", ""),
    ],
)
def test_values_print_as_in_java(source: str, text: str) -> None:
    assert to_text(decode(source)) == text


@pytest.mark.parametrize("text", ["", "{", "nul", "'a'", "1e999", '"\\ud80"', "[" * 5000, "{}x", "NaN"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(JsonError):
        decode(text)


def test_printing_is_bounded_in_depth() -> None:
    with pytest.raises(BudgetExceeded):
        to_text(decode('{"a":' * 300 + "1" + "}" * 300))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_json_survives(value: Any) -> None:
    text = json.dumps(value)
    assert json.loads(encode(decode(text))) == value
    to_text(decode(text))
