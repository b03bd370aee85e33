"""Schemas and documents made to hold a worker up: each ends within a second and 64 MB, refused or judged.

Every bomb runs in the measured way alone: the seconds are the processor's, the memory is what Python allocates.
"""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from effort import cpu_seconds
from playbook.stage import Play, api, mock

URL = "https://apigateway.amazonaws.com/restapis/api1/models/"
SECONDS = 1.0
BYTES = 64 << 20

Bomb = tuple[Any, bytes]


def nested(levels: int, opening: str, closing: str, core: str = "1") -> bytes:
    return (opening * levels + core + closing * levels).encode()


def chain(keyword: str, length: int, wide: int = 2) -> dict[str, Any]:
    """d0 refers to d1 twice, d1 to d2 twice, …: two to the power of `length` ways."""
    links = {f"d{n}": {keyword: [{"$ref": f"#/definitions/d{n + 1}"}] * wide} for n in range(length)}
    return {"definitions": {**links, f"d{length}": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/d0"}]}


def tree(keyword: str, wide: int = 2) -> dict[str, Any]:
    """Each level of the document is judged twice by what judges the next level twice."""
    branch = {"properties": {"a": {"$ref": "#/definitions/t"}}, "items": {"$ref": "#/definitions/t"}}
    return {"definitions": {"t": {keyword: [branch] * wide}}, "allOf": [{"$ref": "#/definitions/t"}]}


def deep_schema(levels: int) -> str:
    return '{"not":' * levels + "{}" + "}" * levels


MANY = ",".join(["1"] * 400_000)
BOMBS: dict[str, Callable[[], Bomb]] = {
    "allOf, doubled 40 times": lambda: (chain("allOf", 40), b"1"),
    "oneOf, doubled 40 times": lambda: (chain("oneOf", 40), b"1"),
    "anyOf, doubled 12 times, of many items": lambda: (
        {"items": {"$ref": "#/definitions/d0"}, "definitions": chain("anyOf", 12)["definitions"]},
        b"[%b]" % MANY.encode(),
    ),
    "oneOf of oneOf, 100 wide": lambda: (chain("oneOf", 2, 100), b"1"),
    "allOf twice at each level": lambda: (tree("allOf"), nested(60, '{"a":', "}")),
    "oneOf twice at each level": lambda: (tree("oneOf"), nested(60, '{"a":', "}")),
    "anyOf ten times at each level": lambda: (tree("anyOf", 10), nested(300, "[", "]", '"x"')),
    "not of not, 5000 deep": lambda: (deep_schema(5000), b"1"),
    "properties, 4000 deep": lambda: ('{"properties":{"a":' * 4000 + "{}" + "}}" * 4000, nested(300, '{"a":', "}")),
    "items, 300 deep": lambda: ('{"items":' * 300 + "{}" + "}" * 300, nested(300, "[", "]")),
    "a document 900 deep for a schema of itself": lambda: ({"items": {"$ref": "#"}}, nested(900, "[", "]")),
    "a document 100 000 deep": lambda: ({"type": "array"}, nested(100_000, "[", "]")),
    "a document 100 000 deep that does not close": lambda: ({"type": "array"}, b"[" * 100_000),
    "objects 50 000 deep": lambda: ({"type": "object"}, nested(50_000, '{"a":', "}")),
    "references in a circle": lambda: ({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#"}}}, b"1"),
    "allOf in a circle of 1000": lambda: (
        {
            "definitions": {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{(n + 1) % 1000}"}]} for n in range(1000)},
            "$ref": "#/definitions/d0",
        },
        b"1",
    ),
    "a chain of 5900 references": lambda: (
        {
            "definitions": {
                **{f"d{n}": {"$ref": f"#/definitions/d{n + 1}"} for n in range(5900)},
                "d5900": {"type": "string"},
            },
            "allOf": [{"$ref": "#/definitions/d0"}],
        },
        b"1",
    ),
    "dependencies in a circle": lambda: ({"dependencies": {"a": {"$ref": "#"}}}, b'{"a":1}'),
    "an enum of 20 000 texts": lambda: ({"enum": [str(n) for n in range(20_000)]}, b'"x"'),
    "an enum of 20 000 objects": lambda: (
        {"items": {"enum": [{"a": n} for n in range(20_000)]}},
        b"[%b]" % b",".join([b'{"a":-1}'] * 20_000),
    ),
    "an enum of one object of 50 000 members": lambda: (
        {"items": {"enum": [{str(n): n for n in range(30_000)}]}},
        b"[%b]" % b",".join([b'{"0":1}'] * 50_000),
    ),
    "a pattern that backtracks exponentially": lambda: ({"pattern": "^(a+)+$"}, b'"%b!"' % (b"a" * 40)),
    "a pattern with alternatives that overlap": lambda: ({"pattern": "^(a|aa)+$"}, b'"%b!"' % (b"a" * 60)),
    "a quadratic pattern and a long text": lambda: ({"pattern": "a*b"}, b'"%b"' % (b"a" * 200_000)),
    "a cubic pattern and a text of 5000": lambda: ({"pattern": "a*a*b"}, b'"%b"' % (b"a" * 5000)),
    "a pattern of degree five": lambda: ({"pattern": "^a*a*a*a*a*$"}, b'"%b!"' % (b"a" * 300)),
    "a quadratic pattern and many texts": lambda: (
        {"items": {"pattern": "a*b"}},
        b"[%b]" % b",".join([b'"%b"' % (b"a" * 400)] * 20_000),
    ),
    "a linear pattern and a text of 8 MB": lambda: ({"pattern": "^[a-z]*$"}, b'"%b"' % (b"a" * (8 << 20))),
    "many linear patterns and a text of 8 MB": lambda: (
        {"anyOf": [{"pattern": f"^[a-z]*{n}$"} for n in range(50)]},
        b'"%b"' % (b"a" * (8 << 20)),
    ),
    "counted repetitions": lambda: ({"pattern": "^(a{1,500}){1,500}$"}, b'"%b!"' % (b"a" * 2000)),
    "a pattern of 4000 optional pieces": lambda: ({"pattern": "a?" * 2000}, b'"%b"' % (b"a" * 2000)),
    "patternProperties and many members": lambda: (
        {"patternProperties": {f"a*{n}$": {} for n in range(50)}},
        json.dumps({"a" * 30 + str(n): n for n in range(50_000)}).encode(),
    ),
    "patternProperties with a bomb": lambda: ({"patternProperties": {"(a+)+$": {}}}, b'{"%b!":1}' % (b"a" * 40)),
    "additionalProperties of 400 000 members": lambda: (
        {"additionalProperties": {"type": "string"}},
        json.dumps({str(n): "" for n in range(400_000)}).encode(),
    ),
    "no additionalProperties, 200 branches, many members": lambda: (
        {"anyOf": [{"properties": {"a": {}}, "additionalProperties": False, "minimum": n} for n in range(200)]},
        json.dumps({str(n): 0 for n in range(200_000)}).encode(),
    ),
    "5000 required members of 20 000 objects": lambda: (
        {"items": {"anyOf": [{"required": [f"m{n}" for n in range(5000)]}, {"type": "object"}]}},
        b"[%b]" % b",".join([b"{}"] * 20_000),
    ),
    "uniqueItems of 400 000": lambda: ({"uniqueItems": True}, json.dumps(list(range(400_000))).encode()),
    "uniqueItems of large objects": lambda: (
        {"uniqueItems": True},
        json.dumps([{str(m): m for m in range(200)} for _ in range(1000)]).encode(),
    ),
    "uniqueItems, 1000 times over": lambda: (
        {"allOf": [{"uniqueItems": True, "maxItems": 10**9 + n} for n in range(1000)]},
        json.dumps(list(range(20_000))).encode(),
    ),
    "400 000 wrong items": lambda: ({"items": {"type": "string"}}, b"[%b]" % MANY.encode()),
    "20 000 items wrong in ways of their own": lambda: (
        {"items": {"maximum": -1}},
        json.dumps(list(range(20_000))).encode(),
    ),
    "3 000 000 values": lambda: ({}, b"[%b]" % b",".join([b"1"] * 3_000_000)),
    "2 000 000 empty lists": lambda: ({}, b"[%b]" % b",".join([b"[]"] * 2_000_000)),
    "450 000 small objects": lambda: ({}, b"[%b]" % b",".join([b'{"a":1}'] * 220_000)),
    "a text of 10 MB": lambda: ({"maxLength": 1}, b'"%b"' % (b"x" * ((10 << 20) - 2))),
    "a text of 10 MB of four bytes each": lambda: (
        {"minLength": 1},
        b'"%b"' % ("\U0001f600" * ((5 << 19) - 1)).encode(),
    ),
    "a number of 100 000 digits": lambda: ({"multipleOf": 3}, b"1" * 100_000),
    "numbers of 300 digits, divided": lambda: (
        {"items": {"multipleOf": 1e-300}},
        b"[%b]" % b",".join([b"1.7e308"] * 50_000),
    ),
    "1 000 000 bytes of 1e300": lambda: ({"items": {"minimum": 0}}, b"[%b]" % b",".join([b"1e300"] * 160_000)),
    "5900 schemas": lambda: (
        {"properties": {f"m{n}": {"type": "string", "maxLength": n} for n in range(5900)}},
        b'{"m1":"xx"}',
    ),
    "15 000 schemas": lambda: ({"properties": {f"m{n}": {"type": "string"} for n in range(15_000)}}, b"{}"),
    "a name of 100 000 characters": lambda: ({"required": ["x" * 100_000]}, b"{}"),
    "white space of 10 MB": lambda: ({}, b" " * (10 << 20)),
}


def play_of(schema: Any) -> Play:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    telling = {
        "responseType": "BAD_REQUEST_BODY",
        "responseTemplates": {"application/json": '{"e": "$context.error.validationErrorString"}'},
    }
    method = {**mock(), "requestValidatorId": "v", "requestModels": {"application/json": "Bomb"}}
    return Play(
        api(
            {"/": {"POST": method}},
            requestValidators=[{"id": "v", "validateRequestBody": True}],
            models=[{"id": "m", "name": "Bomb", "schema": text}],
            gatewayResponses=[telling],
        )
    )


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends(name: str) -> None:
    schema, body = BOMBS[name]()
    play = play_of(schema)
    statuses = set[int]()

    def exploded() -> None:  # a bug of ours raises
        statuses.add(play.asks("POST /", body=body).hears.status)

    assert cpu_seconds(exploded, SECONDS) < SECONDS
    assert statuses <= {200, 400, 500}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory(name: str) -> None:
    schema, body = BOMBS[name]()
    play = play_of(schema)
    tracemalloc.start()
    try:
        play.asks("POST /", body=body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BYTES


def test_models_that_all_lead_to_each_other_are_in_memory_once() -> None:
    """20 methods have a model each, and each model leads to all 1800 schemas of the API: 4 MB, or 20 times that."""
    members = {f"m{n}": {"type": "string"} for n in range(90)}
    schemas = [{"properties": {**members, "next": {"$ref": f"{URL}M{(n + 1) % 20}"}}} for n in range(20)]
    validated = {**mock(), "requestValidatorId": "v"}
    play = Play(
        api(
            {f"/{n}": {"POST": {**validated, "requestModels": {"application/json": f"M{n}"}}} for n in range(20)},
            requestValidators=[{"id": "v", "validateRequestBody": True}],
            models=[{"id": f"m{n}", "name": f"M{n}", "schema": json.dumps(one)} for n, one in enumerate(schemas)],
        )
    )
    tracemalloc.start()
    try:
        for n in range(20):
            for value, status in (("1", 400), ('"a"', 200)):
                body = b'{"next":{"m1":%s}}' % value.encode()
                assert play.asks(f"POST /{n}", body=body).hears.status == status
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BYTES


def test_an_apis_models_together_are_bounded() -> None:
    many = {f"m{n}": {"type": "string"} for n in range(5000)}
    names = ["A", "B", "C", "D", "E"]
    validated = {**mock(), "requestValidatorId": "v"}
    play = Play(
        api(
            {f"/{name}": {"POST": {**validated, "requestModels": {"application/json": name}}} for name in names},
            requestValidators=[{"id": "v", "validateRequestBody": True}],
            models=[{"id": name, "name": name, "schema": json.dumps({"properties": many})} for name in names],
        )
    )
    statuses = [play.asks(f"POST /{name}", body=b"{}").hears.status for name in names]
    assert statuses == [200, 200, 200, 500, 500]
    assert "models of more than 20000 schemas are not compiled" in play.causes[-1]


def test_there_are_fifty() -> None:
    assert len(BOMBS) >= 50
