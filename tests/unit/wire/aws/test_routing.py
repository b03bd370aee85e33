"""Greedy labels and precedence, which the REST API model does not have but other services do."""

from portico.wire.aws.routing import Router


def router(*templates: str) -> Router[str]:
    made: Router[str] = Router()
    for template in templates:
        made.add("GET", template, template)
    return made


def reached(made: Router[str], path: str, **query: list[str]) -> tuple[str, dict[str, str]] | None:
    match = made.match("GET", path, query)
    return None if match is None else (match.target, match.labels)


def test_a_greedy_label_takes_all_that_is_left() -> None:
    assert reached(router("/{Bucket}/{Key+}"), "/b/a/b/c") == ("/{Bucket}/{Key+}", {"Bucket": "b", "Key": "a/b/c"})


def test_a_greedy_label_leaves_what_follows_it() -> None:
    template = "/connections/{Id+}/close"
    assert reached(router(template), "/connections/a/b/close") == (template, {"Id": "a/b"})


def test_a_literal_wins_over_a_label_and_a_label_over_a_greedy_one() -> None:
    made = router("/a/{x+}", "/a/{x}", "/a/b")
    assert reached(made, "/a/b") == ("/a/b", {})
    assert reached(made, "/a/c") == ("/a/{x}", {"x": "c"})
    assert reached(made, "/a/c/d") == ("/a/{x+}", {"x": "c/d"})


def test_a_branch_that_leads_nowhere_is_left_again() -> None:
    made = router("/a/b/c", "/a/{x}/d")
    assert reached(made, "/a/b/d") == ("/a/{x}/d", {"x": "b"})


def test_more_literals_in_the_query_win() -> None:
    made = router("/x", "/x?a=1", "/x?a=1&b=")
    assert reached(made, "/x", a=["1"], b=[""]) == ("/x?a=1&b=", {})
    assert reached(made, "/x", a=["1"]) == ("/x?a=1", {})
    assert reached(made, "/x", a=["2"]) == ("/x", {})
