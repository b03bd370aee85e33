"""Every message of the validator, and the order in which a document is walked."""

from typing import Any

import pytest

from portico.lang.jsonschema import compile_schema

SAMPLES: dict[str, tuple[dict[str, Any], Any, str]] = {
    "additionalItems": (
        {"items": [{}], "additionalItems": False},
        [1, 2, 3],
        "schema only allows 1 elements in array but instance has 3 elements",
    ),
    "additionalProperties": (
        {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False},
        {"z": 1, "a": 2, "b": 3, "x1": 4},
        'object instance has properties which are not allowed by the schema: ["b","z"]',
    ),
    "allOf": (
        {"allOf": [{"type": "string"}, {"maxLength": 1}]},
        "ab",
        "instance failed to match all required schemas (matched only 1 out of 2)",
    ),
    "anyOf": (
        {"anyOf": [{"type": "string"}, {"minimum": 5}]},
        1,
        "instance failed to match at least one required schema among 2",
    ),
    "dependencies": (
        {"dependencies": {"card": ["name"]}},
        {"card": 1},
        'property "card" of object has missing property dependencies (schema requires ["name"]; missing: ["name"])',
    ),
    "enum": ({"enum": ["a", 1, None]}, 2.5, 'instance value (2.5) not found in enum (possible values: ["a",1,null])'),
    "exclusiveMaximum": (
        {"maximum": 5, "exclusiveMaximum": True},
        5,
        "numeric instance is not strictly lower than the required maximum 5",
    ),
    "exclusiveMinimum": (
        {"minimum": 0.5, "exclusiveMinimum": True},
        0.5,
        "numeric instance is not strictly greater than the required minimum 0.5",
    ),
    "maxItems": (
        {"maxItems": 1},
        [1, 2],
        "array is too long: must have at most 1 elements but instance has 2 elements",
    ),
    "maxLength": ({"maxLength": 2}, "abc", 'string "abc" is too long (length: 3, maximum allowed: 2)'),
    "maxProperties": (
        {"maxProperties": 0},
        {"a": 1},
        "object has too many properties (found 1 but schema requires at most 0)",
    ),
    "maximum": (
        {"maximum": 1000},
        1e10,
        "numeric instance is greater than the required maximum (maximum: 1000, found: 1.0E10)",
    ),
    "minItems": ({"minItems": 1}, [], "array is too short: must have at least 1 elements but instance has 0 elements"),
    "minLength": ({"minLength": 2}, "🐲", 'string "🐲" is too short (length: 1, required minimum: 2)'),
    "minProperties": (
        {"minProperties": 1},
        {},
        "object has too few properties (found 0 but schema requires at least 1)",
    ),
    "minimum": (
        {"minimum": 1262300400000},
        1,
        "numeric instance is lower than the required minimum (minimum: 1262300400000, found: 1)",
    ),
    "multipleOf": ({"multipleOf": 0.01}, 0.005, "remainder of division is not zero (0.005 / 0.01)"),
    "not": ({"not": {"type": "null"}}, None, "instance matched a schema which it should not have"),
    "oneOf": (
        {"oneOf": [{"type": "integer"}, {"minimum": 2}, {"type": "string"}]},
        3,
        "instance failed to match exactly one schema (matched 2 out of 3)",
    ),
    "pattern": ({"pattern": "^a"}, "b", 'ECMA 262 regex "^a" does not match input string "b"'),
    "required": (
        {"required": ["type", "timestamp"]},
        {},
        'object has missing required properties (["timestamp","type"])',
    ),
    "type": (
        {"type": "number"},
        True,
        'instance type (boolean) does not match any allowed primitive type (allowed: ["integer","number"])',
    ),
    "uniqueItems": ({"uniqueItems": True}, [1, 1.0], "array must not contain duplicate elements"),
}


@pytest.mark.parametrize("keyword", SAMPLES)
def test_every_keyword_says_what_is_wrong(keyword: str) -> None:
    schema, value, message = SAMPLES[keyword]
    compiled = compile_schema({"": schema}, "")
    assert not compiled.accepts(value)
    assert compiled.errors(value) == f"[{message}]"


FORMATS = {
    "date-time": (
        "2026-01-01",
        "string",
        "is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.SSSZ]",
    ),
    "email": ("joe", "string", "is not a valid email address"),
    "hostname": ("-a-", "string", "is not a valid hostname"),
    "ipv4": ("1.2.3", "string", "is not a valid IPv4 address"),
    "ipv6": (":", "string", "is not a valid IPv6 address"),
    "regex": ("(", "string", "is not a valid ECMA 262 regular expression"),
    "uri": ("a b", "string", "is not a valid URI"),
    "json-pointer": ("a", "input string", "is not a valid JSON Pointer"),
    "mac": ("0", "input string", "is not a valid MAC address"),
    "uuid": ("0", "input string", "is not a valid UUID"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_that_are_known_act(name: str) -> None:
    text, what, told = FORMATS[name]
    compiled = compile_schema({"": {"format": name}}, "")
    assert not compiled.accepts(text)
    assert compiled.errors(text) == f'[{what} "{text}" {told}]'
    assert compiled.accepts(12), "a format is for texts"


@pytest.mark.parametrize(("name", "length"), [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha512", 128)])
def test_hashes_have_a_length(name: str, length: int) -> None:
    compiled = compile_schema({"": {"format": name}}, "")
    assert compiled.accepts("aF" * (length // 2))
    assert compiled.errors("aF") == f"[input string has bad length (2, expected {length})]"


@pytest.mark.parametrize(
    "text",
    ["a@b", "first.last+tag@example.co.uk", '"a b"@example.com', "Joe <joe@example.com>", "o'neil@x-y.org"],
)
def test_addresses_of_mail(text: str) -> None:
    assert compile_schema({"": {"format": "email"}}, "").accepts(text)


@pytest.mark.parametrize("text", ["a", "@b", "a@", "a b@c", "a@b c", "<a@b", "a@b>", "a..b@c", ".a@c", "a@b@c"])
def test_what_is_no_address_of_mail(text: str) -> None:
    assert not compile_schema({"": {"format": "email"}}, "").accepts(text)


def errors(schema: Any, value: Any) -> str:
    return compile_schema({"": schema}, "").errors(value)


TEXT = {"type": "string"}
NOT_TEXT = 'instance type (integer) does not match any allowed primitive type (allowed: ["string"])'


def test_below_something_wrong_nothing_is_looked_at() -> None:
    schema = {"required": ["b"], "properties": {"a": TEXT}}
    assert errors(schema, {"a": 1}) == '[object has missing required properties (["b"])]'


def test_beside_something_wrong_members_are_still_looked_at_but_not_into() -> None:
    inner = {"type": "object", "properties": {"x": {"maximum": 1}}}
    schema = {"properties": {"a": TEXT, "b": inner, "c": {"maxLength": 1}}}
    told = errors(schema, {"a": 1, "b": {"x": 2}, "c": "long"})
    assert NOT_TEXT in told
    assert "is too long" in told
    assert "maximum: 1" not in told, "b comes after a, where something was wrong"
    assert "maximum: 1" in errors(schema, {"b": {"x": 2}, "c": "long"})


def test_the_same_message_is_told_once() -> None:
    assert errors({"items": TEXT}, [1, 2, 3]) == f"[{NOT_TEXT}]"


def test_what_is_inside_of_combinations_is_not_told() -> None:
    schema = {"oneOf": [{"properties": {"a": TEXT}}, {"type": "string"}]}
    assert errors(schema, {"a": 1}) == "[instance failed to match exactly one schema (matched 0 out of 2)]"


def test_the_first_error_has_a_place() -> None:
    schema = {"properties": {"a/b": {"items": {"properties": {"p": TEXT}}}}}
    assert compile_schema({"": schema}, "").first_error({"a/b": [{"p": "x"}, {"p": 1}]}) == f"/a~1b/1/p: {NOT_TEXT}"
    assert compile_schema({"": TEXT}, "").first_error(1) == f"/: {NOT_TEXT}"


def test_long_values_are_cut() -> None:
    assert len(errors({"maxLength": 1}, "x" * 1_000_000)) < 3000
    assert len(errors({"enum": ["x" * 1_000_000]}, "y" * 1_000_000)) < 6000
