"""What CreateModel refuses: a table of keywords with values that are none."""

from typing import Any

import pytest

from portico.lang.jsonschema.syntax import INVALID, syntax_errors

WRONG: list[dict[str, Any]] = [
    {"type": "text"},
    {"type": []},
    {"type": ["string", "string"]},
    {"type": {}},
    {"enum": []},
    {"enum": [1, 1.0]},
    {"enum": "a"},
    {"required": []},
    {"required": ["a", "a"]},
    {"required": True},
    {"required": [1]},
    {"minLength": -1},
    {"minLength": 1.5},
    {"maxItems": "1"},
    {"maxProperties": True},
    {"minimum": "1"},
    {"multipleOf": 0},
    {"exclusiveMinimum": True},
    {"maximum": 1, "exclusiveMaximum": 1},
    {"uniqueItems": "true"},
    {"pattern": "("},
    {"pattern": 1},
    {"patternProperties": {"(": {}}},
    {"properties": []},
    {"properties": {"a": True}},
    {"definitions": {"a": 1}},
    {"items": True},
    {"items": [1]},
    {"additionalProperties": "no"},
    {"allOf": []},
    {"anyOf": {}},
    {"oneOf": [1]},
    {"not": []},
    {"dependencies": {"a": []}},
    {"dependencies": {"a": "b"}},
    {"title": 1},
    {"description": []},
    {"format": 1},
    {"$ref": 1},
    {"$schema": "not a uri"},
]


@pytest.mark.parametrize("schema", WRONG, ids=str)
def test_one_keyword_is_wrong(schema: dict[str, Any]) -> None:
    assert list(syntax_errors(schema)) == [INVALID]
    assert list(syntax_errors({"properties": {"a": {"items": {"not": schema}}}})) == [INVALID]


def test_what_is_right() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": "#root",
        "title": "t",
        "description": "d",
        "default": object(),
        "type": ["object", "null"],
        "properties": {"a": {"enum": [1, "1", True]}, "example": {}},
        "patternProperties": {r"^(a)\1$": {}},
        "additionalProperties": {"$ref": "#/definitions/x"},
        "definitions": {"x": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "multipleOf": 0.1}},
        "items": [],
        "dependencies": {"a": ["b"], "c": {"required": ["d"]}},
        "format": "anything",
    }
    assert list(syntax_errors(schema)) == []


def test_unknown_keywords_are_named_schema_by_schema() -> None:
    schema = {"example": 1, "$comment": "", "items": {"const": 1}}
    assert list(syntax_errors(schema)) == [
        f'{INVALID}. Unsupported keyword(s): ["$comment","example"]',
        f'{INVALID}. Unsupported keyword(s): ["const"]',
    ]


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_a_schema_is_an_object(value: Any) -> None:
    assert list(syntax_errors(value)) == [INVALID]
