"""The order of a HashSet, against what API Gateway was seen to print of its own."""

import pytest

from portico.lang.javaset import set_order, string_hash

PATTERN = r'ECMA 262 regex "^\d{4}\-(0[1-9]|1[012])\-(0[1-9]|[12][0-9]|3[01])$" does not match input string "2018-1-2"'
SHARES = "numeric instance is greater than the required maximum (maximum: 1000, found: 999999)"
SYMBOL = 'string "thisstringistoolong" is too long (length: 19, maximum allowed: 4)'
TYPE = 'instance value ("foobar") not found in enum (possible values: ["STOCK","BOND","CASH"])'
NULL = 'instance type (null) does not match any allowed primitive type (allowed: ["integer","number"])'
DOUBLE = 'format attribute "double" not supported'


@pytest.mark.parametrize(("text", "value"), [("", 0), ("a", 97), ("hello", 99162322), ("\U0001f600", 1772899)])
def test_hashes_are_javas(text: str, value: int) -> None:
    assert string_hash(text) == value


def test_a_long_text_wraps_around() -> None:
    assert string_hash("polygenelubricants") == 0x80000000


@pytest.mark.parametrize("seen", [[PATTERN, SHARES, SYMBOL, TYPE], [NULL, DOUBLE]])
def test_sets_that_were_seen_in_the_field(seen: list[str]) -> None:
    assert set_order(reversed(seen)) == seen
    assert set_order(sorted(seen)) == seen


def test_what_comes_twice_is_told_once() -> None:
    assert set_order(["b", "a", "b"]) == ["a", "b"]


def test_a_set_of_more_than_twelve_has_more_buckets() -> None:
    letters = [chr(ord("a") + number) for number in range(13)]
    assert set_order(letters) == letters  # 97 & 31 and on; in 16 buckets "p" would come before "a"
    assert set_order(["p", "a"]) == ["p", "a"]
    assert set_order([*letters, "p"]) == [*letters, "p"]
