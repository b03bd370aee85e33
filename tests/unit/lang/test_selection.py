"""Selection patterns: Java's regular expressions, matched as a whole, at a bounded cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.errors import BudgetExceeded
from portico.lang.javaregex import LENGTH_LIMIT, PatternError, compile_java
from portico.lang.selection import compile_selection


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("2\\d{2}", "200", True),
        ("2\\d{2}", "2000", False),
        ("4\\d{2}|500", "500", True),
        ("Error", "An Error", False),
        (".*Error.*", "An Error here", True),
        (".*Error.*", "An\nError", False),
        ("(?s).*Error.*", "An\nError", True),
        ("(.|\\n)*Error(.|\\n)*", "An\nError\n", True),
        ("(?i)error|FAULT", "fault", True),
        ("(?i:e)rror", "ERROR", False),
        ("a++b", "aaab", True),
        ("a*+a", "aaa", False),
        ("(?>a|ab)c", "abc", False),
        ("\\p{Alpha}+\\P{Digit}", "ab!", True),
        ("\\Q[x].*\\E", "[x].*", True),
        ("[^\\w.\\]-]+", "()", True),
        ("\\h\\R\\v", "\t\r\n\n", True),
        ("\\x41\\u0042\\x{43}\\0104\\t", "ABCD\t", True),
        ("\\d", "\u0663", False),
        ("^400$", "400", True),
        ("(?<code>4..)", "404", True),
        ("\\[BadRequest\\].*", "[BadRequest] no", True),
        ("a{2,}b?+", "aaa", True),
        (".", "\u2028", False),
    ],
)
def test_a_pattern_matches_the_whole_text_as_in_java(pattern: str, text: str, matches: bool) -> None:
    assert compile_java(pattern).matches(text) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "a)",
        "[",
        "[]",
        "[z-a]",
        "*a",
        "a**",
        "a{",
        "{2}",
        "(?x)a",
        "(?#c)",
        "\\",
        "\\y",
        "\\1",
        "\\p{L}",
        "\\pL",
        "[a&&b]",
        "[a[b]]",
        "[\\W]",
        "(?<=a+)b",
        "\\x{110000}",
        "(" * 60 + ")" * 60,
        "((a{99}){99}){99}",
        "x" * 5000,
    ],
)
def test_what_is_not_supported_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_java(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|ab)*c", "(a*)*", "(a?)*b", "([a-z]+,?)*", "(a?){30}a{30}", "(.*)*"])
def test_a_bomb_is_refused_for_messages_and_allowed_for_statuses(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_selection([(pattern, "x")], messages=True)
    selection = compile_selection([(pattern, "x"), ("", "default")])
    assert selection.select_status(404) in ("x", "default")
    with pytest.raises(BudgetExceeded):
        selection.select("a" * 40)


@pytest.mark.parametrize("pattern", [".*a.*b.*", "(a|b)*c", "(a|b|[ab])*c", "a*a*c", "(?>a+)*c", "(foo|bar)*", "a*+b"])
def test_the_longest_text_that_is_allowed_does_not_hang(pattern: str) -> None:
    compiled = compile_java(pattern)
    compiled.matches("a" * compiled.max_length)
    with pytest.raises(BudgetExceeded):
        compiled.matches("a" * (LENGTH_LIMIT + 1))


def test_the_first_match_answers_then_the_default_then_nobody() -> None:
    selection = compile_selection([(None, "default"), ("4\\d\\d", "4xx"), ("404", "never"), ("", "second default")])
    assert [selection.select_status(status) for status in (200, 404, 500)] == ["default", "4xx", "default"]
    assert selection.select("404") == "4xx"
    assert compile_selection([("5..", "x")]).select_status(200) is None
    assert compile_selection([]).select_status(200) is None


def test_no_error_is_matched_by_a_pattern_that_matches_nothing() -> None:
    """`.*` overrides the default even for a success; `.+` does not (recorded fact 138)."""
    assert compile_selection([("", "default"), (".+", "error")]).select(None) == "default"
    assert compile_selection([("", "default"), (".*", "error")]).select(None) == "error"


@given(st.sampled_from(["2\\d{2}", "[45]..", ".*", "5(0|1)\\d", "4\\d{2}|5\\d{2}"]), st.integers(0, 1200))
def test_the_table_of_statuses_answers_as_matching_does(pattern: str, status: int) -> None:
    selection = compile_selection([("", 0), (pattern, 1)])
    assert selection.select_status(status) == selection.select(str(status))


@given(
    st.text(st.sampled_from("ab.\\d[]()|*+?{}^$-&1,:<=!QEpP"), max_size=15), st.text(st.sampled_from("ab1"), max_size=3)
)
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        compiled = compile_java(pattern)
    except PatternError:
        return
    compiled.matches(text)
