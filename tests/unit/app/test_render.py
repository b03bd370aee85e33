"""`portico render`: a template at the terminal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portico.app.render import RenderError, read_event, remarks, render, request_of

EVENT = {
    "httpMethod": "POST",
    "body": '{"items":[{"n":"a"},{"n":"b"}]}',
    "queryStringParameters": {"q": "2"},
    "multiValueQueryStringParameters": {"q": ["1", "2"]},
    "headers": {"X-Color": "red"},
    "pathParameters": {"id": "7"},
    "stageVariables": {"table": "pets"},
    "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
}


def rendered(source: str, **options: object) -> str:
    return render(source, "t", request_of(EVENT, **options)).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("$input.body", EVENT["body"]),
        ("$input.json('$.items[0]')", '{"n":"a"}'),
        ("$input.params('q') $input.params('id') $input.params('x-color') $input.params('none').", "2 7 red ."),
        ("$input.params()", "{path={id=7}, querystring={q=2}, header={X-Color=red}}"),
        (
            "$stageVariables.table $context.stage $context.identity.sourceIp [$context.identity.user]",
            "pets prod 192.0.2.1 []",
        ),
        ("$context.identity $context.keySet().size()", "{sourceIp=192.0.2.1} 4"),
    ],
)
def test_an_event_is_the_request(source: str, printed: str) -> None:
    assert rendered(source) == printed


def test_options_take_the_place_of_what_the_event_says() -> None:
    source = "$input.body $input.params('x-color') $stageVariables.table $context.stage $context.identity.user"
    options = {
        "body": "{}",
        "headers": ["X-Color: blue"],
        "variables": ["table=orders"],
        "context": ["stage=dev", "identity.user=ann"],
    }
    assert rendered(source, **options) == "{} blue orders dev ann"


def test_an_event_may_be_empty_and_its_body_base64() -> None:
    assert render("$input.body $context.stage.", "t", request_of({})).decode() == "{} ."
    coded = request_of({"body": "aMOp", "isBase64Encoded": True})
    assert render("$input.body", "t", coded).decode() == "hé"


@pytest.mark.parametrize("text", ["X-Color", ": red", ""])
def test_options_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(RenderError):
        request_of({}, headers=[text])


@pytest.mark.parametrize("text", ["{", "[]", "nul"])
def test_events_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    with pytest.raises(RenderError, match=r"event\.json"):
        read_event(str(path), str)


def test_every_step_is_told_with_its_place_and_value() -> None:
    source = """#set($root = $input.path('$'))
#set($gone = $nobody)
#foreach($item in $root.items)
#if($item.n == "b")"$item.n $itm"#end
#end
#nosuch()
#set($s = "<$context.stage>")
#macro(m)x#end#m()#break"""
    told: list[str] = []
    render(source, "t", request_of(EVENT), told.append)
    assert [" ".join(line.split()) for line in told] == [
        '1:1 #set $root {items=[{"n":"a"},{"n":"b"}]}',
        "2:1 #set $gone stays as it was",
        '3:19 $root.items [{"n":"a"},{"n":"b"}]',
        "3:1 #foreach $item, turns: 2",
        "3:1 #foreach $item {n=a}",
        '4:5 $item.n "a"',
        "4:1 #if false",
        "3:1 #foreach $item {n=b}",
        '4:5 $item.n "b"',
        "4:1 #if true",
        '4:21 $item.n "b"',
        "4:29 $itm has no value, printed as it is written",
        '6:1 there is no macro #nosuch: "#nosuch()\\n"',
        '7:13 $context.stage "prod"',
        '7:1 #set $s "<prod>"',
        "8:15 #m",
        "8:19 #break",
    ]


def test_stepping_through_changes_nothing() -> None:
    source = "#define($d)$x#end#set($x = 1)#foreach($i in [1, 2])$d$i#if($foreach.hasNext),#end#end#evaluate('$x')"
    told: list[str] = []
    assert render(source, "t", request_of(EVENT), told.append) == render(source, "t", request_of(EVENT))
    assert any("$x" in line for line in told)


def test_what_is_overridden_is_told() -> None:
    request = request_of({})
    render("#set($context.responseOverride.status = 404)#set($context.requestOverride.header.X = 'y')", "t", request)
    assert list(remarks(request, b"")) == ["requestOverride.header = {X=y}", "responseOverride.status = 404"]


@pytest.mark.parametrize(
    ("printed", "place", "shown"),
    [
        ('{"a": ""x""}', "line 1, column 9: Expecting ',' delimiter", ['    {"a": ""x""}', "            ^"]),
        ("[\n1,\n]", "line 3, column 1: Expecting value", ["    ]", "    ^"]),
        ("{" + " " * 99 + "b", "line 1, column 101: Expecting property", [f"    {'':40}b", f"    {'':40}^"]),
    ],
)
def test_what_begins_as_json_and_is_none_is_told(printed: str, place: str, shown: list[str]) -> None:
    words, *lines = remarks(request_of({}), printed.encode())
    assert words.startswith(f"what is printed is no JSON: {place}")
    assert lines == shown


@pytest.mark.parametrize("printed", ['{"a": 1}\n', "", "Action=SendMessage&x={", "<a/>"])
def test_what_is_json_or_never_began_as_such_is_not_told(printed: str) -> None:
    assert list(remarks(request_of({}), printed.encode())) == []


def test_texts_that_look_like_directives_are_told_before_the_first_step() -> None:
    told: list[str] = []
    render("#if($x)a\n#else if($y)b#end#if($x)#{else} if(z)#end\n #set $x = 1", "t", request_of({}), told.append)
    assert told[:3] == [
        "    2:1  #else if( is an #else and a text; #elseif( is one directive",
        "   2:25  #{else} if( is an #else and a text; #elseif( is one directive",
        "    3:2  #set $ is a text; the directive is #set($name = value)",
    ]
    told.clear()
    render("#if($x)a#elseif($y)b#{else}c if(d)#end#set($x = 1)", "t", request_of({}), told.append)
    assert not any(" is a" in line for line in told)


def test_hints_stand_below_the_step_that_they_belong_to() -> None:
    told: list[str] = []
    render("$input.json('$.item')$util.urlEncode($input.params('q'))", "t", request_of(EVENT), told.append)
    assert told[0].startswith("    1:1  $input.json('$.item')")
    assert told[1] == f"{'':11}$ has no item; did you mean items?"
    assert len(told) == 4


# The command


def portico(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portico", "render", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=240)


def test_the_command_prints_what_is_rendered_and_nothing_else(tmp_path: Path) -> None:
    template, event = tmp_path / "t.vtl", tmp_path / "event.json"
    template.write_text("#set($context.responseOverride.status = 404)$input.params('q')$stageVariables.v")
    event.write_text(json.dumps(EVENT))
    done = portico(str(template), "--event", str(event), "--stage-variable", "v=x", "--step")
    assert (done.returncode, done.stdout) == (0, "2x")
    assert "responseOverride.status = 404" in done.stderr
    assert "#set $context.responseOverride.status" in done.stderr


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("one\n  #if(true)", "template '-', line 2, column 3: a directive lacks its #end"),
        ("$util.parseJson('{')", "template '-', line 1, column 1: parseJson: "),
    ],
)
def test_the_command_ends_with_1_where_the_template_is_broken_or_fails(template: str, words: str) -> None:
    done = portico("-", given=template)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"portico: {words}")


def test_a_file_that_is_not_there_is_told() -> None:
    done = portico("nowhere.vtl")
    assert done.returncode == 1
    assert "nowhere.vtl" in done.stderr
