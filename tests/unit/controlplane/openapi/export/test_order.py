"""The order of AWS's maps, against what was recorded and what Java does."""

import pytest

from portico.controlplane.openapi.export.order import _string_hash, in_aws_order, ordered


@pytest.mark.parametrize(
    "recorded",
    [
        ["Pets", "Empty", "NewPetResponse", "Pet", "NewPet", "PetType"],
        ["/pets", "/pets/{petId}", "/"],
        ["Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"],
        ["method.request.querystring.type", "method.request.querystring.page"],
        ["integration.request.querystring.page", "integration.request.querystring.type"],
    ],
)
def test_names_stand_as_recorded_whatever_order_they_came_in(recorded: list[str]) -> None:
    assert ordered(sorted(recorded)) == ordered(recorded[::-1]) == recorded


def test_values_come_along() -> None:
    assert list(in_aws_order({"NewPet": 1, "Pets": 2}).items()) == [("Pets", 2), ("NewPet", 1)]


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), ("a", 97), ("ab", 3105), ("\U0001f600", 1772899), ("polygenelubricants", 1 << 31)]
)
def test_texts_hash_as_javas(text: str, value: int) -> None:
    assert _string_hash(text) == value


def test_a_larger_table_spreads_more_names() -> None:
    names = [f"name{number}" for number in range(13)]
    assert sorted(ordered(names)) == sorted(names)
    assert ordered(names[:12]) != ordered(names)[:12]
