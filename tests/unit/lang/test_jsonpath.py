"""JSONPath: what paths find, against a naive reading of the document, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.errors import BudgetExceeded, SourceError
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
        # A dot before a bracket, the third part of a slice and signs of ends: all as Jayway 2.4 and 2.9 have it.
        ("$.a.['b'].[0]", 1),
        ("$.list[*].['c']", [4]),
        ("$.a.b[0:3:2]", [1, 2, {"c": 3}]),
        ("$.a.b[0:-1]", []),
        ("$.a.b[-1:1]", [{"c": 3}, 1]),
        ("$.a.b[-9:0]", [1, 2, {"c": 3}]),
        ("$.a.b[-2:-1]", [2]),
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
    "path",
    [
        "$.",
        "$[",
        "$..",
        "$[a]",
        "$a",
        "$['a",
        "$.a b",
        "",
        "$.a[1",
        "$" + ".a" * 101,
        "$.a[(@.length-1)]",
        "$.a.nosuch()",
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)


STORE = {
    "max": 10,
    "books": [
        {"title": "Sword", "price": 12, "tags": ["a", "b"], "isbn": None},
        {"title": "Moby", "price": 8.99, "tags": []},
        {"title": "Lord", "price": "9", "tags": ["b"]},
    ],
    "owner": {"name": "Bo", "age": 40},
}


@pytest.mark.parametrize(
    ("test", "titles"),
    [
        ("@.isbn", ["Sword"]),
        ("!@.isbn", ["Moby", "Lord"]),
        ("@.price < 10", ["Moby"]),
        ("@.price < $.max", ["Moby"]),
        ("@['price'] >= 12 || @.title == 'Lord'", ["Sword", "Lord"]),
        ("@.price > 1 && (@.title == 'Moby' || @.title == \"Sword\")", ["Sword", "Moby"]),
        ("!(@.price > 1)", ["Lord"]),
        ("@.isbn == null", ["Sword"]),
        ("@.isbn != 1", ["Sword", "Moby", "Lord"]),
        ("9 == @.price", ["Lord"]),
        ("@.title =~ /.o.*/", ["Moby", "Lord"]),
        ("@.title =~ /MOBY/i", ["Moby"]),
        ("@.title in ['Moby', 'Sword']", ["Sword", "Moby"]),
        ("@.title nin ['Moby']", ["Sword", "Lord"]),
        ("@.nothing nin ['Moby']", ["Sword", "Moby", "Lord"]),
        ("@.title nin 'Moby'", []),
        ("@.tags contains 'b'", ["Sword", "Lord"]),
        ("@.title contains 'or'", ["Sword", "Lord"]),
        ("@.tags size 2", ["Sword"]),
        ("@.tags empty true", ["Moby"]),
        ("@.tags subsetof ['b', 'c']", ["Moby", "Lord"]),
        ("@.tags anyof ['a']", ["Sword"]),
        ("@.tags noneof ['a']", ["Moby", "Lord"]),
        ("@.tags all ['a', 'b']", ["Sword"]),
        ("@.tags.length() > 1", ["Sword"]),
        ("@.tags[0] == 'b'", ["Lord"]),
        ("'a' == 'b'", []),
        ("@.title", ["Sword", "Moby", "Lord"]),
    ],
)
def test_filters(test: str, titles: list[str]) -> None:
    assert read(f"$.books[?({test})].title", STORE) == titles
    assert read(f"$.books[ ?( {test} ) ].title", STORE) == titles


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.owner[?(@.age > 30)].name", ["Bo"]),
        ("$.owner[?(@.age > 50)]", []),
        ("$..[?(@.age)].name", ["Bo"]),
        ("$..[?(@.price == 12)].title", ["Sword"]),
        ("$.max[?(@.x)]", MISSING),
        ("$.books.length()", 3),
        ("$.owner.length()", 2),
        ("$.owner.name.length()", None),
        ("$.owner.keys()", ["name", "age"]),
        ("$..price.length()", 3),
        ("$..price.min()", 8.99),
        ("$..age.sum()", 40.0),
        ("$.books[*].tags.length()", [2, 0, 1]),
        ("$.books[0].tags.last()", "b"),
        ("$.books[0].tags.index(0)", "a"),
        ("$.books[1].tags.first()", MISSING),
        ("$.books[1].tags.avg()", MISSING),
        ("$.books[0].tags.append('c')", ["a", "b", "c"]),
        ("$.books[0].tags.concat('-', $.max)", "ab-10"),
        ("$..['title','isbn']", [{"title": "Sword", "isbn": None}]),
    ],
)
def test_filters_and_functions_in_paths(path: str, found: Any) -> None:
    assert read(path, STORE) == found


def test_a_deviation_is_jayways_to_the_last_digit() -> None:
    assert read("$.stddev()", [3, 1, 2.5]) == 0.8498365855987975


def test_numbers_together() -> None:
    numbers = {"n": [2, 4, 4, 4, 5, 5, 7, 9, "x"]}
    assert [read(f"$.n.{name}()", numbers) for name in ("min", "max", "sum", "avg", "stddev")] == [2, 9, 40, 5, 2]


@pytest.mark.parametrize(
    "path",
    [
        *("$[?]", "$[?(]", "$[?(@.a]", "$[?(@.a ==)]", "$[?(@.a === 1)]", "$[?('a')]", "$[?(@.a like 'b')]"),
        *("$[?(@.a =~ /(/)]", "$[?(@.a =~ /a/q)]", "$.a.length().b", "$.a.length(", "$[?(@.a in [1)]", "$[?(@.a && )]"),
        *("$[?(" + "!" * 4000 + ")]", "$[?(@.a in " + "[" * 4000 + ")]", "$.a" + ".concat($.b" * 300),
        *("$[?(" + "(" * 30 + "@.a" + ")" * 30 + ")]", "$" + "[0]" * 2000),
    ],
)
def test_broken_filters_and_functions_are_refused(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)


def test_filters_share_the_budget_of_their_search() -> None:
    document = {"items": [{"a": list(range(1000))} for _ in range(1000)]}
    with pytest.raises(BudgetExceeded):
        read("$..[?(@..a)]", document)


def test_a_pattern_that_could_take_for_ever_is_not_matched() -> None:
    with pytest.raises(BudgetExceeded):
        read("$[?(@ =~ /(a+)+b/)]", ["a" * 100])


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


@given(st.text(st.sampled_from("$.[]*'\"a0-1:,?()@=<&|! \\"), max_size=24), documents)
def test_any_text_is_a_path_or_refused(source: str, document: Any) -> None:
    try:
        path = compile_path(source)
    except SourceError:
        return
    path.read(document)
