"""Pages: every entry once, whatever is created or deleted between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.controlplane.paging import DEFAULT_LIMIT, MAX_LIMIT, page
from portico.wire.aws.faults import BadRequestException


def entries(*names):
    return [(name, {"name": name}) for name in names]


def names(answer):
    return [item["name"] for item in answer["items"]]


def walk(found, limit):
    seen, position = [], None
    while True:
        answer = page(found, {"limit": limit, "position": position})
        seen += names(answer)
        position = answer.get("position")
        if position is None:
            return seen


def test_one_page_has_no_position():
    assert page(entries("b", "a"), {}) == {"items": [{"name": "a"}, {"name": "b"}]}
    assert page([], {}) == {"items": []}


def test_a_full_last_page_has_no_position():
    assert "position" not in page(entries("a", "b"), {"limit": 2})


def test_the_default_and_the_most():
    many = entries(*(f"{i:04}" for i in range(600)))
    assert len(page(many, {})["items"]) == DEFAULT_LIMIT == 25
    assert len(page(many, {"limit": 1_000_000})["items"]) == MAX_LIMIT == 500


@given(st.sets(st.text(min_size=1, max_size=5), max_size=40), st.integers(1, 7))
def test_pages_hold_everything_once_and_in_order(keys, limit):
    assert walk(entries(*keys), limit) == sorted(keys)


def test_a_deletion_between_pages_hides_nothing():
    first = page(entries("a", "b", "c", "d"), {"limit": 2})
    second = page(entries("a", "c", "d"), {"limit": 2, "position": first["position"]})
    assert names(first) + names(second) == ["a", "b", "c", "d"]


def test_a_creation_between_pages_repeats_nothing():
    first = page(entries("b", "c", "d"), {"limit": 2})
    second = page(entries("a", "b", "c", "d"), {"limit": 2, "position": first["position"]})
    assert names(first) + names(second) == ["b", "c", "d"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one(limit):
    with pytest.raises(BadRequestException, match="limit"):
        page(entries("a"), {"limit": limit})


@pytest.mark.parametrize("position", ["!", "a", "é", "_w=="])
def test_a_position_that_was_never_handed_out(position):
    with pytest.raises(BadRequestException, match="Invalid position"):
        page(entries("a"), {"position": position})
