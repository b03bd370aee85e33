"""JSONPath: what paths find, against a naive reading of the document, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.errors import BudgetExceeded, NotBuilt, SourceError
from portico.lang.jsonpath import MISSING, PathError, compile_path

DOCUMENT = {"a": {"b": [1, 2, {"c": 3}], "it's": 0}, "none": None, "list": [{"c": 4}, 5, {"d": 6}]}


def read(path: str, document: Any = DOCUMENT) -> Any:
    return compile_path(path).read(document)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", DOCUMENT),
        ("$.a.b[0]", 1),
        ("$.a.b[-1].c", 3),
        ("$['a']['b'][1]", 2),
        ('$["a"].b[ 1 ]', 2),
        (r"$.a['it\'s']", 0),
        ("a.b[0]", 1),
        ("$.none", None),
        ("$.a.b[*]", [1, 2, {"c": 3}]),
        ("$.list[*].c", [4]),
        ("$.list.*.c", [4]),
        ("$..c", [3, 4]),
        ("$..[0]", [1, {"c": 4}]),
        ("$.a.b[0,2,9]", [1, {"c": 3}]),
        ("$.a.b[1:]", [2, {"c": 3}]),
        ("$.a.b[:-1]", [1, 2]),
        ("$.a.b[5:9]", []),
        ("$['a','none']", {"a": DOCUMENT["a"], "none": None}),
        ("$.list[*]['c','d']", [{"c": 4}, {"d": 6}]),
        ("$..nothing", []),
        ("$.list[*].nothing", []),
    ],
)
def test_what_a_path_finds(path: str, found: Any) -> None:
    assert read(path) == found


@pytest.mark.parametrize(
    "path", ["$.x", "$.a.b[7]", "$.a[0]", "$.none.x", "$.x[*]", "$.a.b.c", "$.a[0:1]", "$.none['x']"]
)
def test_a_definite_beginning_that_leads_nowhere_has_no_value(path: str) -> None:
    assert read(path) is MISSING


@pytest.mark.parametrize(
    "path", ["$.", "$[", "$..", "$[a]", "$a", "$['a", "$.a b", "", "$.a[1", "$[1:2:3]", "$" + ".a" * 101]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)


@pytest.mark.parametrize("path", ["$.a[?(@.b)]", "$.a.length()", "$.a[(@.length-1)]"])
def test_filters_and_functions_are_not_built(path: str) -> None:
    with pytest.raises(NotBuilt, match="not built yet"):
        compile_path(path)


def test_a_reading_has_a_budget() -> None:
    document: Any = [0]
    for _ in range(60):
        document = [document, 1]
    with pytest.raises(BudgetExceeded):
        read("$..*..*..*..*", document)


documents = st.recursive(
    st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
keys = st.lists(st.sampled_from("abc") | st.integers(-3, 3), max_size=4)


@given(documents, keys)
def test_a_definite_path_is_python_indexing(document: Any, path: list[str | int]) -> None:
    found: Any = document
    for key in path:
        try:
            found = found[key] if isinstance(found, dict | list) else MISSING
        except (LookupError, TypeError):
            found = MISSING
    assert read("$" + "".join(f"[{key!r}]" for key in path), document) == found


@given(documents, st.sampled_from("abc"))
def test_a_deep_path_finds_what_a_walk_finds(document: Any, name: str) -> None:
    def walk(node: Any) -> list[Any]:
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        own = [node[name]] if isinstance(node, dict) and name in node else []
        return own + [found for child in children for found in walk(child)]

    assert read(f"$..{name}", document) == walk(document)


@given(st.text(st.sampled_from("$.[]*'\"a0-1:,?( \\"), max_size=20), documents)
def test_any_text_is_a_path_or_refused(source: str, document: Any) -> None:
    try:
        path = compile_path(source)
    except SourceError:
        return
    path.read(document)
