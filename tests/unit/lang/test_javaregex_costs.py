"""What a match may take is known before it is tried."""

import pytest

from portico.lang.errors import BudgetExceeded
from portico.lang.javaregex import compile_java


def test_a_cost_grows_with_the_text_and_with_how_far_the_pattern_goes_back() -> None:
    straight, back, bomb = (compile_java(source) for source in ("[0-9]+", ".*x.*y", "(x+)+y"))
    costs = [straight.search_cost("1" * size) for size in (0, 100, 10_000, 1_000_000)]
    assert costs == sorted(costs)
    assert costs[-1] < 100_000
    assert back.match_cost("x" * 4000) > 10 * back.match_cost("x" * 400)
    assert bomb.match_cost("xxx") < 10 < 1000 < bomb.match_cost("xxxx")


def test_what_is_longer_than_a_pattern_may_see_costs_more_than_a_second_and_is_refused() -> None:
    pattern = compile_java(".*x.*y")
    text = "x" * (pattern.max_length + 1)
    assert pattern.match_cost(text) > 1_000_000
    with pytest.raises(BudgetExceeded):
        pattern.matches(text)


def test_named_groups_keep_their_names() -> None:
    assert compile_java("(?<year>\\d{4})-(?<rest>.*)").regex.groupindex == {"year": 1, "rest": 2}
