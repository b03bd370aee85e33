"""Java's patterns in Python's regular expressions."""

import pytest

from portico.wire.aws.patterns import compile_pattern

TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"


@pytest.mark.parametrize("text", ["", "team", "größe", "名前 1", "a/b:c=d+e-f@g", "٣", "\u2003"])
def test_letters_blanks_and_digits_of_every_language(text: str) -> None:
    assert compile_pattern(TAG).fullmatch(text)


@pytest.mark.parametrize("text", ["a|b", "tab\t", "#", "😀", "a\x00"])
def test_and_nothing_else(text: str) -> None:
    assert compile_pattern(TAG).fullmatch(text) is None


def test_a_category_is_no_more_than_itself() -> None:
    letters = compile_pattern(r"[\p{L}]+")
    assert letters.fullmatch("aä")
    assert not letters.fullmatch("a1")
    assert not letters.fullmatch("a_")


def test_classes_are_ascii_as_in_java() -> None:
    assert not compile_pattern(r"\d+").fullmatch("٣")
