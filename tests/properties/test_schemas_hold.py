"""Generated schemas and documents: checker, report and an independent validator say the same; nothing crashes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.lang.errors import BudgetExceeded, SourceError
from portico.lang.jsonschema import Schema, Schemas, compile_schema
from portico.lang.jsonschema.syntax import syntax_errors

NAMES = st.sampled_from(["a", "b", "c", "id", "$ref", "x y", "é"])
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -2.0, 1e300])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text("ab🐲", max_size=3)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])
REFERENCES = st.sampled_from([{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/b"}])
COUNTS = st.integers(0, 3)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas whose parts are `inner`."""
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    some_names = st.lists(NAMES, min_size=1, max_size=2, unique=True)
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(DOCUMENTS, min_size=1, max_size=3),
        "minimum": st.integers(-2, 2) | st.just(0.5),
        "maximum": st.integers(-2, 2) | st.just(0.5),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": st.sampled_from(["^a", "b$", "^[ab]*$", "a.b"]),
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "items": inner | st.lists(inner, min_size=1, max_size=2),
        "additionalItems": st.booleans() | inner,
        "minProperties": COUNTS,
        "maxProperties": COUNTS,
        "required": some_names,
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]"]), inner, max_size=2),
        "additionalProperties": st.booleans() | inner,
        "dependencies": st.dictionaries(NAMES, some_names | inner, max_size=2),
        "allOf": several,
        "anyOf": several,
        "oneOf": several,
        "not": inner,
    }
    pairs = st.one_of(*(st.tuples(st.just(name), values) for name, values in keywords.items()))
    return st.lists(pairs, max_size=4).map(dict) | REFERENCES


def compiled_if_it_ends(schema: Any) -> Schema | None:
    """None for a schema that goes in circles."""
    try:
        return compile_schema({"": schema}, "")
    except SourceError as error:
        if "refers to itself" not in str(error):
            raise
        return None


SCHEMAS = st.recursive(st.just({}), around, max_leaves=8)
ROOTS = st.builds(lambda root, a, b: {"allOf": [root], "definitions": {"a": a, "b": b}}, SCHEMAS, SCHEMAS, SCHEMAS)
SOME_KEYWORDS = ["$ref", "allOf", "enum", "id", "items", "minimum", "not", "pattern", "properties", "required", "type"]
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SOME_KEYWORDS) | NAMES, inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=400)
@given(ROOTS, DOCUMENTS)
def test_the_checker_and_the_report_agree(schema: Any, document: Any) -> None:
    compiled = compiled_if_it_ends(schema)
    if compiled is not None:
        assert compiled.accepts(document) is (compiled.errors(document) == "[]")
        assert compiled.accepts(document) is (compiled.first_error(document) == "")


@settings(max_examples=400)
@given(ROOTS, DOCUMENTS)
def test_an_independent_validator_says_the_same(schema: Any, document: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="NOT RUN: jsonschema is not installed")
    compiled = compiled_if_it_ends(schema)
    if compiled is not None:
        assert compiled.accepts(document) is jsonschema.Draft4Validator(schema).is_valid(document)


PLACES = ("a", "b", "c", "c#/properties/a")
MODELS = st.fixed_dictionaries(
    {name: st.recursive(st.sampled_from([{"$ref": place} for place in PLACES]), around, max_leaves=4) for name in "abc"}
)


@settings(max_examples=300)
@given(MODELS, st.permutations("abc"), st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_models_that_share_what_they_lead_to_judge_as_each_alone(
    models: dict[str, Any], order: list[str], documents: list[Any]
) -> None:
    together = Schemas(models)

    def verdicts(uri: str, schemas: Schemas) -> list[bool] | str:
        try:
            schema = schemas.schema(uri)
        except SourceError as error:
            return type(error).__name__
        return [schema.accepts(document) for document in documents]

    for uri in (*order, *order):
        assert verdicts(uri, together) == verdicts(uri, Schemas(models))


@given(ANYTHING, DOCUMENTS)
def test_any_json_is_a_schema_or_refused(schema: Any, document: Any) -> None:
    told = list(syntax_errors(schema))
    try:
        compiled = compile_schema({"": schema}, "")
        compiled.errors(document)
        compiled.accepts(document)
    except (SourceError, BudgetExceeded):
        return
    assert isinstance(schema, dict) or told
