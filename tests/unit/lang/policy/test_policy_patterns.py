"""Wildcards and variables: what a pattern matches, against a reference that tries everything."""

import fnmatch
import re
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from effort import cpu_seconds
from portico.lang.policy.document import PolicyError
from portico.lang.policy.patterns import (
    Matcher,
    Resolved,
    Variable,
    Wild,
    arn,
    compile_test,
    exact,
    exact_ignoring_case,
    glob,
    read_pattern,
)


def compiled(pattern: str) -> Matcher:
    return glob(resolved(pattern))


def resolved(pattern: str) -> Resolved:
    tokens = read_pattern("", pattern, wildcards=True, variables=False)
    return [token for token in tokens if not isinstance(token, Variable)]


# Wildcards


@pytest.mark.parametrize(
    ("pattern", "matched", "missed"),
    [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["ABC", "ab", "abcd", ""]),
        ("*", ["", "a", "a/b:c\n"], []),
        ("**", ["", "a"], []),
        ("a*", ["a", "ab", "a*"], ["", "ba"]),
        ("*a", ["a", "ba"], ["ab"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("*b*", ["b", "abc"], ["ac"]),
        ("a*b*c", ["abc", "abbc", "abxbcxc"], ["acb", "ab"]),
        ("?", ["a", "?", "/"], ["", "ab"]),
        ("a?c", ["abc"], ["ac", "abbc"]),
        ("?*", ["a", "ab"], [""]),
        ("*?b", ["ab", "bb"], ["b"]),
        ("s3:Get*", ["s3:GetObject"], ["s3:PutObject"]),
        ("[ab].+", ["[ab].+"], ["a.+", "b+"]),
    ],
)
def test_what_wildcards_match(pattern: str, matched: list[str], missed: list[str]) -> None:
    assert [value for value in matched + missed if compiled(pattern)(value)] == matched


PIECES = st.lists(st.sampled_from(["a", "b", "ab", "*", "?", ":", "."]), max_size=8).map("".join)
VALUES = st.text(alphabet="ab:.", max_size=12)


@given(PIECES, VALUES)
@example("a*ab*ab", "aabab")
def test_wildcards_match_as_the_reference_does(pattern: str, value: str) -> None:
    assert compiled(pattern)(value) is reference(pattern, value)
    assert compiled(pattern)(value) is bool(re.fullmatch(fnmatch.translate(pattern), value))


@given(PIECES, VALUES)
def test_an_arn_matches_where_each_of_its_parts_does(pattern: str, value: str) -> None:
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    expected = len(patterns) == len(values) == 6 and all(map(reference, patterns, values))
    assert arn(resolved(pattern))(value) is expected


def reference(pattern: str, value: str) -> bool:
    @cache
    def matches(at: int, reached: int) -> bool:
        if at == len(pattern):
            return reached == len(value)
        if pattern[at] == "*":
            return any(matches(at + 1, later) for later in range(reached, len(value) + 1))
        return reached < len(value) and pattern[at] in ("?", value[reached]) and matches(at + 1, reached + 1)

    return matches(0, 0)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("*a" * 5_000 + "b", "a" * 10_000),
        ("a*" * 5_000 + "b", "a" * 10_000),
        ("*a?" * 3_000 + "b", "a" * 10_000),
        ("?*" * 5_000 + "b", "a" * 10_000),
        ("*" * 20_000 + "b", "a" * 10_000),
        ("*" + "a" * 9_000 + "b*", "a" * 10_000),
        ("*" + "a?" * 4_500 + "b*", "a" * 10_000),
        (("*a" * 500 + ":") * 5 + "*b", ("a" * 2_000 + ":") * 5 + "a" * 2_000),
    ],
)
@pytest.mark.parametrize("build", [glob, arn])
def test_no_pattern_takes_long(build: type[Matcher], pattern: str, value: str) -> None:
    """A matcher that goes back would take years."""
    matcher = build(resolved(pattern))
    assert matcher(value) is False
    assert cpu_seconds(lambda: matcher(value), 1) < 1


# Variables


def test_variables_and_wildcards_are_told_from_text() -> None:
    tokens = read_pattern("", "a-${aws:UserName}/*?${*}${?}${$}$b${x, 'y z'}", wildcards=True, variables=True)
    assert tokens == (
        "a-",
        Variable("aws:username", None),
        "/",
        Wild.RUN,
        Wild.ONE,
        *"*?$",
        "$",
        "b",
        Variable("x", "y z"),
    )


def test_the_first_version_has_no_variables() -> None:
    tokens = read_pattern("", "${aws:username}*${*}", wildcards=True, variables=False)
    assert tokens == ("${aws:username}", Wild.RUN, "${", Wild.RUN, "}")


def test_where_there_are_no_wildcards_they_are_text() -> None:
    assert "".join(map(str, read_pattern("", "a*b?${x*}", wildcards=False, variables=False))) == "a*b?${x*}"


@pytest.mark.parametrize(
    "source", ["${", "a${b", "${}", "${ }", "${a${b}}", "${a, b}", "${a, 'b}", "${, 'b'}", "${a*}", "${a, 'b', 'c'}"]
)
def test_what_is_no_variable_is_refused(source: str) -> None:
    with pytest.raises(PolicyError, match="variable"):
        read_pattern("Resource", source, wildcards=True, variables=True)


CONTEXT = {"name": "an*", "number": 7, "flag": True, "one": ["1"], "two": ["1", "2"], "none": []}


@pytest.mark.parametrize(
    ("source", "value", "matched"),
    [
        ("x-${name}", "x-an*", True),
        ("x-${NAME}", "x-an*", True),
        ("x-${name}", "x-anna", False),
        ("x-${name}*", "x-an*na", True),
        ("${number}${flag}", "7true", True),
        ("${one}", "1", True),
        ("${two}", "1", False),
        ("${two, 'd'}", "d", True),
        ("${none, 'd*'}", "d*", True),
        ("${none, 'd*'}", "dx", False),
        ("${none, ''}x", "x", True),
        ("${missing}", "", False),
        ("${*}", "*", True),
        ("${*}", "x", False),
        ("${$}{name}", "${name}", True),
    ],
)
def test_a_variable_is_the_request_s_value_taken_literally(source: str, value: str, matched: bool) -> None:
    test = compile_test(read_pattern("", source, wildcards=True, variables=True), glob, unresolved=False)
    assert test(value, CONTEXT) is matched


@pytest.mark.parametrize("unresolved", [True, False])
def test_a_variable_without_a_value_is_answered_as_the_author_of_the_rule_says(unresolved: bool) -> None:
    tokens = read_pattern("", "${missing}", wildcards=True, variables=True)
    assert compile_test(tokens, glob, unresolved=unresolved)("x", CONTEXT) is unresolved


@pytest.mark.parametrize(
    ("tokens", "value", "same", "ignoring_case"),
    [(["a", "B"], "aB", True, True), (["a"], "A", False, True), ([], "", True, True), (["a"], "b", False, False)],
)
def test_exact_comparisons(tokens: Sequence[str], value: str, same: bool, ignoring_case: bool) -> None:
    assert exact(tokens)(value) is same
    assert exact_ignoring_case(tokens)(value) is ignoring_case
