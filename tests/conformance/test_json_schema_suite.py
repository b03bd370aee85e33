"""The draft-4 suite of json-schema.org: all 618 core cases, by the quick checker and by the report alike.

Its remote documents and the metaschema are handed in, as an API's models are; nothing is ever fetched.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from portico.lang.errors import NotBuilt
from portico.lang.jsonschema import compile_schema

HERE = Path(__file__).resolve().parents[2]
SUITE = Path(os.environ.get("PORTICO_CONFORMANCE", HERE.parent / "shared" / "conformance")) / "json-schema-draft4"
CORE = sorted(SUITE.glob("tests/draft4/*.json"))
OPTIONAL = sorted(SUITE.glob("tests/draft4/optional/**/*.json"))

if not CORE:
    pytest.skip("NOT RUN: the draft-4 vectors of JSON-Schema-Test-Suite are not here", allow_module_level=True)

ROOT = "https://vectors.example/root"
REMOTES = {
    f"http://localhost:1234/{path.relative_to(SUITE / 'remotes').as_posix()}": json.loads(path.read_text())
    for path in SUITE.glob("remotes/**/*.json")
}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
NAMES: dict[str, Any] = {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True}
SCHEMA: dict[str, Any] = {"$ref": "#"}
SCHEMAS: dict[str, Any] = {"type": "array", "minItems": 1, "items": SCHEMA}
BY_NAME: dict[str, Any] = {"type": "object", "additionalProperties": SCHEMA}
METASCHEMA: dict[str, Any] = {
    "id": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {
        "multipleOf": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "minLength": COUNT,
        "maxLength": COUNT,
        "minItems": COUNT,
        "maxItems": COUNT,
        "minProperties": COUNT,
        "maxProperties": COUNT,
        "required": NAMES,
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
        "items": {"anyOf": [SCHEMA, SCHEMAS]},
        "additionalProperties": {"anyOf": [{"type": "boolean"}, SCHEMA]},
        "definitions": BY_NAME,
        "properties": BY_NAME,
        "patternProperties": BY_NAME,
        "allOf": SCHEMAS,
        "anyOf": SCHEMAS,
        "oneOf": SCHEMAS,
        "not": SCHEMA,
        "type": {"anyOf": [{"type": "string"}, {**NAMES}]},
    },
}
"""What the suite asks of the metaschema, in our own words."""


def cases(paths: list[Path]) -> list[Any]:
    return [
        pytest.param(
            group["schema"],
            case["data"],
            case["valid"],
            id=f"{path.stem}: {group['description']}: {case['description']}",
        )
        for path in paths
        for group in json.loads(path.read_text())
        for case in group["tests"]
    ]


def verdicts(schema: Any, document: Any) -> tuple[bool, str]:
    compiled = compile_schema({**REMOTES, "http://json-schema.org/draft-04/schema": METASCHEMA, ROOT: schema}, ROOT)
    return compiled.accepts(document), compiled.errors(document)


def test_the_suite_is_whole() -> None:
    assert len(cases(CORE)) == 618


@pytest.mark.parametrize(("schema", "document", "valid"), cases(CORE))
def test_core(schema: Any, document: Any, valid: bool) -> None:
    accepted, errors = verdicts(schema, document)
    assert accepted is valid
    assert (errors == "[]") is valid or errors.startswith("[format attribute ")


YOUNGER = "\\p is younger than the ECMA 262 of AWS's validator"
OTHERWISE = {
    **{
        f"ecmascript-regex: patterns always use unicode semantics with {keyword}: {case}": YOUNGER
        for keyword in ("pattern", "patternProperties")
        for case in ("ascii character", "literal unicode", "unicode character in hex")
    },
    **{
        f"ecmascript-regex: {keyword} with non-ASCII digits: {case}": YOUNGER
        for keyword in ("pattern", "patternProperties")
        for case in ("ascii digits", "non-ascii digits")
    },
    "date-time: validation of date-time strings: a valid date-time with a leap second": "Joda-Time has none",
    "date-time: validation of date-time strings: a second fraction of fifteen nines": "Joda-Time reads twelve digits",
    "hostname: validation of host names: a host name containing illegal characters": "Guava takes underscores",
    "hostname: validation of host names: contains underscore": "Guava takes underscores",
    "hostname: validation of host names: trailing dot": "Guava takes one dot at the end",
    "hostname: validation of host names: invalid non-ASCII KELVIN SIGN": "Guava takes letters of any script",
    "uri: validation of URIs: an invalid protocol-relative URI Reference": "java.net.URI takes references",
    "uri: validation of URIs: an invalid relative URI Reference": "java.net.URI takes references",
    "uri: validation of URIs: an invalid URI though valid URI reference": "java.net.URI takes references",
    "uri: validation of URIs: non-numeric port is invalid": "java.net.URI takes it for a registry's name",
    "uri: validation of URIs: leading zero in an embedded IPv4 address": "java.net.URI takes it for a registry's name",
}
"""Where AWS's validator, and so we, decide otherwise than the suite: by the beginning of a case's name."""


@pytest.mark.parametrize(("schema", "document", "valid"), cases(OPTIONAL))
def test_optional(schema: Any, document: Any, valid: bool, request: pytest.FixtureRequest) -> None:
    otherwise = any(request.node.callspec.id.startswith(name) for name in OTHERWISE)
    try:
        accepted, errors = verdicts(schema, document)
    except NotBuilt:
        pytest.skip("NOT RUN: the pattern is not built, and refused at a deployment")
    assert accepted is (valid is not otherwise)
    assert accepted is (errors == "[]" or errors.startswith("[format attribute "))
