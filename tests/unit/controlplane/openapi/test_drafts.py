"""Schemas of 2020-12 in draft 4."""

from typing import Any

import pytest

from portico.controlplane.openapi.drafts import to_draft_4
from portico.controlplane.openapi.place import Place
from portico.wire.aws.faults import BadRequestException


@pytest.mark.parametrize(
    ("modern", "draft_4"),
    [
        ({"const": "cat"}, {"enum": ["cat"]}),
        ({"const": None}, {"enum": [None]}),
        ({"exclusiveMinimum": 3}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"minimum": 3, "exclusiveMinimum": 3}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"minimum": 5, "exclusiveMinimum": 3}, {"minimum": 5, "exclusiveMinimum": False}),
        ({"maximum": 5, "exclusiveMaximum": 3.5}, {"maximum": 3.5, "exclusiveMaximum": True}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"minimum": 1, "exclusiveMinimum": True}),
        ({"dependentRequired": {"if": ["a"]}}, {"dependencies": {"if": ["a"]}}),
        ({"dependentSchemas": {"a": {"const": 1}}}, {"dependencies": {"a": {"enum": [1]}}}),
        (
            {"dependentSchemas": {"a": True}, "dependentRequired": {"a": ["b"]}},
            {"dependencies": {"a": {"allOf": [{}, {"required": ["b"]}]}}},
        ),
        ({"prefixItems": [{"const": 1}], "items": False}, {"items": [{"enum": [1]}], "additionalItems": False}),
        ({"prefixItems": [True], "items": {"type": "null"}}, {"items": [{}], "additionalItems": {"type": "null"}}),
        ({"items": True, "not": False}, {"items": {}, "not": {"not": {}}}),
        ({"$ref": "#/a", "description": "d"}, {"$ref": "#/a", "description": "d"}),
        ({"$ref": "#/a", "maxLength": 3}, {"allOf": [{"$ref": "#/a"}, {"maxLength": 3}]}),
        ({"properties": {"if": {"const": 1}, "const": {}}}, {"properties": {"if": {"enum": [1]}, "const": {}}}),
        ({"enum": [{"const": 1}], "default": {"if": 1}}, None),
        ({"enum": [{"examples": 1}], "examples": [1], "readOnly": True, "x-a": {"if": 1}}, {"enum": [{"examples": 1}]}),
        ({"properties": {"xml": {"xml": {"name": "x"}}, "example": {}}}, {"properties": {"xml": {}, "example": {}}}),
        ({"$ref": "#/a", "examples": [1], "deprecated": True}, {"$ref": "#/a"}),
        ({"$defs": {"a": {"const": 1}}}, {"definitions": {"a": {"enum": [1]}}}),
        ({"$ref": "#/components/schemas/P/$defs/a"}, {"$ref": "#/components/schemas/P/definitions/a"}),
        ({"$ref": "#/components/schemas/P/properties/$defs"}, None),
        ({"$ref": "#/$defs/a"}, None),
        ({"additionalProperties": False, "type": ["string", "null"], "required": ["if"]}, None),
    ],
)
def test_what_draft_4_says_in_other_words(modern: Any, draft_4: Any) -> None:
    assert to_draft_4(Place(modern)) == (modern if draft_4 is None else draft_4)


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"if": {}}, "#/if"),
        ({"properties": {"a": {"contains": {"const": 1}}}}, "#/properties/a/contains"),
        ({"allOf": [{}, {"unevaluatedProperties": False}]}, "#/allOf/1/unevaluatedProperties"),
        ({"$defs": {"a": {"propertyNames": {}}}}, "#/$defs/a/propertyNames"),
        ({"not": {"$defs": {}, "definitions": {}}}, "#/not"),
    ],
)
def test_what_draft_4_cannot_say_is_refused_at_its_place(schema: Any, place: str) -> None:
    with pytest.raises(BadRequestException) as refused:
        to_draft_4(Place(schema))
    assert refused.value.message.endswith(f"(at {place})")
