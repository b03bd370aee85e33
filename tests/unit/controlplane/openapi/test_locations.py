"""Locations of documentation: which are none, which are the same, which part speaks for an entity."""

from typing import Any

import pytest

from portico.controlplane.openapi.locations import Documentation, Spot, fault_of, spot_of


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ({"type": "API", "path": "/"}, "'path' is not a valid field for type 'API'"),
        ({"type": "RESOURCE", "method": "GET"}, "'method' is not a valid field for type 'RESOURCE'"),
        ({"type": "METHOD", "statusCode": "200"}, "'statusCode' is not a valid field for type 'METHOD'"),
        ({"type": "REQUEST_HEADER", "path": "/pets"}, "'name' is required for type 'REQUEST_HEADER'"),
        ({"type": "RESPONSE", "statusCode": "2xx"}, "'2xx' is no status code"),
        ({"type": "PAGE"}, "'PAGE' is not the type of an entity"),
        ({}, "'None' is not the type of an entity"),
    ],
)
def test_what_is_wrong_with_a_location(location: dict[str, Any], fault: str) -> None:
    assert fault_of(location) == fault


@pytest.mark.parametrize(
    "location",
    [
        {"type": "API", "path": None, "method": None},
        {"type": "REQUEST_BODY", "path": "/pets", "method": "POST"},
        {"type": "RESPONSE_HEADER", "statusCode": "*", "name": "X"},
    ],
)
def test_members_that_are_null_are_not_given(location: dict[str, Any]) -> None:
    assert fault_of(location) is None


def test_a_default_that_is_written_out_is_the_same_place() -> None:
    whole = {"type": "RESPONSE", "path": "/", "method": "*", "statusCode": "*"}
    assert spot_of(whole) == spot_of({"type": "RESPONSE"}) == Spot("RESPONSE")


# The guide's table of precedence, and its notes on what inherits nothing


def documentation(*parts: tuple[dict[str, str], str]) -> Documentation:
    return Documentation((location, {"description": text}) for location, text in parts)


def test_the_most_particular_path_speaks_then_the_status_code() -> None:
    said = documentation(
        ({"type": "RESPONSE", "path": "/pets"}, "case 1"),
        ({"type": "RESPONSE", "path": "/pets", "statusCode": "200"}, "case 2"),
        ({"type": "RESPONSE", "path": "/pets/{petId}"}, "case 3"),
    )
    assert said.of(Spot("RESPONSE", "/pets", "GET", "404"))["description"] == "case 1"
    assert said.of(Spot("RESPONSE", "/pets", "GET", "200"))["description"] == "case 2"
    assert said.of(Spot("RESPONSE", "/pets/{petId}", "GET", "200"))["description"] == "case 3"
    assert said.of(Spot("RESPONSE", "/petshop", "GET", "200")) == {}


def test_a_method_of_its_own_speaks_before_any() -> None:
    said = documentation(
        ({"type": "QUERY_PARAMETER", "name": "page"}, "any"),
        ({"type": "QUERY_PARAMETER", "name": "page", "method": "GET"}, "GET"),
    )
    assert said.of(Spot("QUERY_PARAMETER", "/a", "GET", name="page"))["description"] == "GET"
    assert said.of(Spot("QUERY_PARAMETER", "/a", "PUT", name="page"))["description"] == "any"
    assert said.of(Spot("QUERY_PARAMETER", "/a", "PUT", name="limit")) == {}


@pytest.mark.parametrize("kind", ["METHOD", "REQUEST_BODY"])
def test_what_inherits_nothing_is_spoken_for_at_its_own_path_only(kind: str) -> None:
    said = documentation(({"type": kind, "path": "/pets"}, "any method of /pets"))
    assert said.of(Spot(kind, "/pets", "GET"))["description"] == "any method of /pets"
    assert said.of(Spot(kind, "/pets/{petId}", "GET")) == {}


def test_an_own_part_silences_the_others() -> None:
    said = documentation(
        ({"type": "RESPONSE"}, "general"), ({"type": "RESPONSE", "path": "/pets", "method": "GET"}, "")
    )
    assert said.of(Spot("RESPONSE", "/pets", "GET")) == {"description": ""}


@pytest.mark.parametrize("kind", ["RESOURCE", "MODEL", "AUTHORIZER", "API"])
def test_nobody_speaks_for_these(kind: str) -> None:
    assert documentation(({"type": kind}, "root")).of(Spot(kind, "/pets", name="x")) == {}
