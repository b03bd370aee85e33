"""Exported text: Jackson's hand, and nothing that reads back as something else."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from portico.controlplane.openapi.export.writing import as_json, as_yaml

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT)
TREES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3))
)


def test_json_has_blanks_around_colons_and_arrays_on_one_line() -> None:
    document = {"schemes": ["https", "http"], "parts": [{"a": 1}, {}], "none": [], "é": {"b": {"c": None}}}
    assert as_json(document).decode() == (
        "{\n"
        '  "schemes" : [ "https", "http" ],\n'
        '  "parts" : [ {\n'
        '    "a" : 1\n'
        "  }, { } ],\n"
        '  "none" : [ ],\n'
        '  "é" : {\n'
        '    "b" : {\n'
        '      "c" : null\n'
        "    }\n"
        "  }\n"
        "}"
    )


def test_yaml_has_its_texts_in_quotes_and_its_keys_bare() -> None:
    document = {"swagger": "2.0", "schemes": ["https"], "paths": {"/pets/{id}": {"200": {"yes": True, "": "a\nb"}}}}
    assert as_yaml(document).decode() == (
        '---\nswagger: "2.0"\nschemes:\n- "https"\npaths:\n  /pets/{id}:\n    "200":\n      "yes": true\n'
        '      "": "a\\nb"\n'
    )


def test_a_long_text_is_not_folded_and_a_shared_one_is_no_alias() -> None:
    shared = ["word " * 100]
    assert len(as_yaml({"a": shared, "b": shared}).splitlines()) == 5


@given(st.dictionaries(TEXT, TREES))
def test_json_reads_back(document: dict[str, Any]) -> None:
    assert json.loads(as_json(document)) == document


@given(st.dictionaries(TEXT, TREES))
def test_yaml_reads_back(document: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(document)) == document


@pytest.mark.parametrize(
    "name", ["200", "true", "null", "~", "1e3", "2016-01-01", "0x1F", "=", "<<", "- a", "a: b", "#a"]
)
def test_keys_stay_texts(name: str) -> None:
    assert yaml.safe_load(as_yaml({name: "x"})) == {name: "x"}
