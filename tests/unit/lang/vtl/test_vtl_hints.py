"""What a rendering that is traced says of what may not have been meant."""

from typing import Any

import pytest

from fake_environment import FakeEnvironment
from portico.lang.vtl import compile_template

BODY = '{"total": 7, "note": null, "pets": [{"name": "Bo"}], "labels": {"a": "b"}}'
REQUEST = FakeEnvironment(
    body=BODY,
    path_parameters={"id": "7"},
    query={"page": ["2"]},
    header_lists={"X-Color": ["red"]},
    stage_variables={"table": "pets"},
    context_values={"stage": "prod", "identity.sourceIp": "192.0.2.1"},
)


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, line: int, column: int, what: str, value: Any, /) -> Any:
        return value

    def hint(self, words: str, /) -> None:
        self.heard.append(words)


def hints(source: str, request: FakeEnvironment = REQUEST) -> list[str]:
    listener = Listener()
    compile_template(f"#set($root = $input.path('$')){source}", "t", trace=listener).render(request)
    return listener.heard


@pytest.mark.parametrize(
    ("source", "words"),
    [
        # JSONPaths
        ("$input.json('$.pet')", "$ has no pet; did you mean pets?"),
        ("$input.json('$.pets[0].owner.name')", "$.pets[0] has no owner; there are name"),
        ("$input.path('$.pets[1]')", "$.pets has no [1]; it has 1"),
        ("$input.path('$.pets.name')", "$.pets is a list and has no name"),
        ("$input.path('$.note')", "$.note is null"),
        ("$input.path($root.pets[0].name)", "$ has no Bo; there are total, note, pets, labels"),
        # Parameters
        ("$input.params('colour')", "the request has no parameter colour; there are in the path id; in"),
        ("$input.params().header.x-color", ".x-color leads nowhere: did you mean X-Color?"),
        ("$input.params().querystring.get('Page')", ".Page leads nowhere: did you mean page?"),
        # Values
        ("#set($limit = $root.totl)", ".totl leads nowhere: did you mean total?"),
        ("$root.note.text", ".note is null"),
        ("$root.pets.size", ".size leads nowhere: a list has no members; size() is a method"),
        ("$input.body.total", ".total leads nowhere: a text has no members"),
        ("$root.labels['c']", ".c leads nowhere: there are a"),
        # Methods
        ("$util.escapeJavascript('x')", "escapeJavascript() is no method of $util; did you mean escapeJavaScript()?"),
        ("$root.pets.get()", "get() of a list takes 1 arguments, not 0"),
        ("$util.urlEncode($root)", "urlEncode() of $util has no value for a map"),
        ("$input.nosuch()", "nosuch() is no method of $input"),
        # API Gateway's other objects
        ("$context.stag", "$context has no stag; did you mean stage?"),
        ("$stageVariables.tables", ".tables leads nowhere: did you mean table?"),
        # Arithmetic and loops
        ("#set($half = $root.total / 2)", "7 / 2 is a whole number, as both of them are"),
        ("#set($next = $input.params('page') + 1)", "a text + a number is a text: one behind the other"),
        ("#set($more = $root.labels * 2)", "a map * a number has no value"),
        ("#if($input.params('page') > 1)#end", "a text > a number is never true"),
        ("#if(1.5 <= $root.labels)#end", "a number <= a map is never true"),
        ("#foreach($l in $root.labels)#end", "of a map the values are gone through; .keySet() has its keys"),
        ("#foreach($l in $root.total)#end", "a number has no turns"),
    ],
)
def test_what_leads_nowhere_or_elsewhere_is_told(source: str, words: str) -> None:
    (heard,) = hints(source)
    assert heard.startswith(words)


@pytest.mark.parametrize(
    "source",
    [
        "$root.total$root.pets[0].name$root.labels.get('a')$root.pets.size()",
        "$input.json('$.pets')$input.path('$.total')$input.params('X-COLOR')$input.params('id')$input.body",
        "$context.stage$context.identity.sourceIp$stageVariables.table$util.urlEncode('x')",
        "#set($half = $root.total / 7)#set($text = 'a' + 'b')#set($sum = $root.total + 1.5)",
        "#foreach($pet in $root.pets)$pet.name#if($foreach.hasNext),#end#end#foreach($i in [1..2])$i#end",
        "#if($root.total > 1.5)#end#if($root.total < 1)#end#if($root.labels == 'x' || $root.total != 2)#end",
        "$unknown.member#set($x = $unknown)",
    ],
)
def test_what_leads_somewhere_is_not(source: str) -> None:
    assert hints(source) == []


@pytest.mark.parametrize(("body", "times"), [("<xml/>", 1), ("{xml", 2)])
def test_a_payload_that_is_no_json_is_told(body: str, times: int) -> None:
    """A text is at least what `$` finds."""
    heard = hints("$input.json('$.a')", FakeEnvironment(body=body))
    assert heard == ["the payload is no JSON, so that no path finds anything in it"] * times


def test_only_the_first_step_that_leads_nowhere_is_told() -> None:
    assert hints("$root.labels.x.y.z($root.total)") == [".x leads nowhere: there are a"]


def test_long_lists_of_names_are_cut() -> None:
    body = "{" + ", ".join(f'"m{n:02}": 1' for n in range(40)) + "}"
    (heard,) = hints("$root.quite", FakeEnvironment(body=body))
    assert heard.endswith("m10, m11 and 28 more")
