"""Patterns of schemas: ECMA 262 as AWS's validator reads it, and what a match may cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import cpu_seconds
from portico.lang.ecmaregex import compile_ecma
from portico.lang.errors import NotBuilt
from portico.lang.javaregex import PatternError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("c$", "abc\n", False),
        ("^a|c$", "xc", True),
        ("a.c", "a\nc", False),
        ("a.c", "a\u0085c", True),
        (r"[\s\S]+$", "\n", True),
        ("[^]", "\n", True),
        ("a[]", "a", False),
        (r"^\s$", "\ufeff", True),
        (r"^\S$", "\u00a0", False),
        (r"[^\S]", "\u2003", True),
        (r"^\d$", "\u0663", False),
        (r"\v", "\x0b", True),
        (r"\v", "\n", False),
        (r"[\b]", "\b", True),
        (r"\cJ", "\n", True),
        (r"\u0041\x42\0", "AB\0", True),
        (r"\/\-\_\@\e", "/-_@e", True),
        ("a{", "a{", True),
        ("a{,3}}", "a{,3}}", True),
        ("^a{2,3}$", "aaaa", False),
        ("x]", "x]", True),
        (r"^[\w-\.]+$", "a-b.c", True),
        (r"^[\w-]+$", "a-b", True),
        ("[a&&b]", "&", True),
        ("^[[]$", "[", True),
        ("(?:ab)+?c", "ababc", True),
        ("^(?=.*[a-z])(?=.*[A-Z])(?=.*\\d).{8,}$", "Passw0rd", True),
        ("^(?!x)", "x", False),
        ("^🐲*$", "🐲🐲", True),
    ],
)
def test_a_pattern_is_searched_as_ecmascript_does(pattern: str, text: str, found: bool) -> None:
    assert (compile_ecma(pattern).find(text) is not None) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "a)",
        "[",
        "[z-a]",
        "*a",
        "a**",
        "a++",
        "+",
        "\\",
        "(?<=a)b",
        "(?<n>a)",
        "(?i)a",
        "(?>a)",
        "a{2,1}",
        "^*",
    ],
)
def test_what_is_no_pattern_is_told_apart(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_ecma(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", r"[^\Sx]", "(a+)+$", "(a|ab)*", r"^(\w+\s?)+$", "a" * 5000])
def test_what_cannot_be_run_exactly_or_safely_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(NotBuilt):
        compile_ecma(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        r"^\S*$",
        "^[^@]+@[^@]+$",
        "^([^@]+)@([^@]+)$",
        "^[0-9a-f]{8}-[0-9a-f]{4}$",
        "^(?=.*[a-z])(?=.*[0-9]).{8,}$",
    ],
)
def test_the_usual_patterns_take_no_more_steps_than_characters(pattern: str) -> None:
    assert compile_ecma(pattern).linear


@pytest.mark.parametrize("pattern", ["^[a-z]+-*[a-z]+$", "^(a+)[ab]+b$", "a*b", "^(?=a*b*c*)x"])
def test_repetitions_whose_end_is_in_doubt_multiply(pattern: str) -> None:
    assert compile_ecma(pattern).steps(1000) > 100_000


@given(st.text(alphabet="ab[]()|*+?{}^$\\.-,1dDsSwW:=!<x\n", max_size=20), st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        compiled = compile_ecma(pattern)
    except (PatternError, NotBuilt):
        return
    if compiled.steps(len(text)) < 10_000:
        compiled.find(text)


@pytest.mark.parametrize(
    ("pattern", "hard"), [("^[a-z]+-*[a-z]+$", "a"), ("^(a+)[ab]+b$", "a"), ("a*b", "a"), (r"[^\s@]+@[^\s@]+\.x", "@.")]
)
def test_a_search_takes_no_longer_than_its_steps_say(pattern: str, hard: str) -> None:
    compiled = compile_ecma(pattern)
    length = max(length for length in range(1, 20_000) if compiled.steps(length) < 10**7)
    assert cpu_seconds(lambda: compiled.find((hard * length)[:length] + "!"), 1) < 1
