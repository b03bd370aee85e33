"""References: what they find, how they print, and what is text."""

import json

import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import BudgetExceeded, EvaluationError
from portico.lang.vtl import compile_template
from portico.lang.vtl.lexer import TemplateError

ENV = FakeEnvironment(
    body='{"pets":[{"name":"Bo","price":10.00}],"owner":{"id":7,"tags":["a"]},"none":null,"yes":true}',
    path_parameters={"petId": "p1", "both": "from path"},
    query={"q": ["1", "2"], "both": ["from query"]},
    header_lists={"X-Trace": ["t1"], "both": ["from header"]},
    stage_variables={"table": "pets-prod"},
    context_values={"stage": "prod", "identity.sourceIp": "192.0.2.1", "requestTimeEpoch": 1_700_000_000_000},
)


def render(source: str, env: FakeEnvironment = ENV) -> str:
    return compile_template(source, "test").render(env)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$input.json('$.pets[0].name')", '"Bo"'),
        ("$input.json('$.pets')", '[{"name":"Bo","price":10.0}]'),
        ('$input.json("$.owner")', '{"id":7,"tags":["a"]}'),
        ("$input.json('$.missing')", '""'),
        ("$input.json('$.none')", "null"),
        ("$input.path('$.pets[0].name')", "Bo"),
        ("$input.path('$.pets')[0].name", "Bo"),
        ("$input.path('$.pets').size()", "1"),
        ("$input.path('$.owner')", '{id=7, tags=["a"]}'),
        ("$input.path('$.yes')", "true"),
        ("$input.path('$.missing')", ""),
        ("[$input.path('$').owner.missing.deeper]", "[]"),
        ("$input.params('petId') $input.params('q') $input.params('x-trace')", "p1 2 t1"),
        ("$input.params('both')", "from path"),
        ("[$input.params('nowhere')]", "[]"),
        ("$input.params().header.get('X-Trace')", "t1"),
        ("$input.params().querystring", "{q=2, both=from query}"),
        ("$input.params().path.petId", "p1"),
        ("$context.stage/pets", "prod/pets"),
        ("${context.identity.sourceIp}x", "192.0.2.1x"),
        ("$context.get('stage')", "prod"),
        ("$context['stage']", "prod"),
        ("$context.requestTimeEpoch", "1700000000000"),
        ("[$context.authorizer.claims.sub]", "[]"),
        ("$stageVariables.table", "pets-prod"),
        ("$stageVariables['table'] ${stageVariables['table']}", "pets-prod pets-prod"),
        ("[$stageVariables.other]", "[]"),
        ("$context.stage.toUpperCase().substring(0, 2)", "PR"),
        ("$input.params($input.path('$.owner').get('key'))", ""),
        ("""$input.params("pet$!nobody${context.nothing}Id")""", "p1"),
    ],
)
def test_references_print(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$foo", "$foo"),
        ("${foo.bar(1)}!", "${foo.bar(1)}!"),
        ("[$!foo] [$!{foo.bar}]", "[] []"),
        ("$", "$"),
        ("$5.00 and $$ and $.x", "$5.00 and $$ and $.x"),
        ("$context.stage.", "prod."),
        ("$$context.stage", "$prod"),
        ("${", "${"),
        ("$input.body[]", ENV.body + "[]"),
        ("$foo-bar", "$foo-bar"),
    ],
)
def test_what_velocity_does_not_know_is_printed_as_written(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\$context.stage", "$context.stage"),
        (r"\\$context.stage", r"\prod"),
        (r"\\\$context.stage", r"\$context.stage"),
        (r"\$foo", r"\$foo"),
        (r"\\$foo", r"\\$foo"),
        (r"\$!foo", r"\$!foo"),
        (r"a\b \\ c", r"a\b \\ c"),
        (r"\#set($x = 1)", "#set($x = 1)"),
        (r"\#fff", r"\#fff"),
    ],
)
def test_backslashes_escape_as_in_velocity_1_7(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a ## gone $context.stage\nb", "a b"),
        ("a ## gone", "a "),
        ("a#* gone\n#set() *#b", "ab"),
        ("#[[ $context.stage #if ]]#", " $context.stage #if "),
        ("color: #333; #fff, &#39; #", "color: #333; #fff, &#39; #"),
    ],
)
def test_comments_raw_blocks_and_hashes(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("""$util.escapeJavaScript("it's a/b \\ é")""", r"it\'s a\/b \\ \u00E9"),
        ("$util.urlEncode('a b&c~*é')", "a+b%26c%7E*%C3%A9"),
        ("$util.urlDecode('a+b%26c')", "a b&c"),
        ("$util.base64Encode('hé')", "aMOp"),
        ("$util.base64Decode('aMOp')", "hé"),
        ("$util.base64Decode('_-8')", "\ufffd\ufffd"),
        ("""$util.parseJson('{"a":[1,{"b":2}]}').a[1].b""", "2"),
        ("""$util.parseJson('{"a":[1,{"b":2}]}').a[-2]""", "1"),
        ("$util.escapeJavaScript($input.path('$.owner'))", ""),
        ("$util.nosuch('x')", ""),
        ("$util.escapeJavaScript($input.json('$.owner')).replaceAll('\\\\\"', '\"')", '{"id":7,"tags":["a"]}'),
        ("$input.body.replaceAll('[^0-9]+', '.')", ".10.00.7."),
        ("$context.stage.replaceAll('(p)(r)', '$2$1')", "rpod"),
        ("$input.params('petId').split('p')[1]", "1"),
        ("$context.stage.contains('ro') $context.stage.indexOf('z')", "true -1"),
        ("$input.path('$.owner').keySet() $input.path('$.owner').containsKey('id')", "[id, tags] true"),
    ],
)
def test_functions(source: str, expected: str) -> None:
    assert render(source) == expected


def test_the_empty_body_is_an_empty_object() -> None:
    empty = FakeEnvironment()
    assert render("$input.body $input.json('$') [$input.path('$.a')]", empty) == "{} {} []"


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        ("token=x&text=a+b", 'token=x&text=a+b|"token=x&text=a+b"|2||""'),
        (" <pet/>\n", '<pet/>|"<pet/>"|1||""'),
        ('{"a": ', '|""|||""'),
        ("[1, 2", '|""|||""'),
        ('"half', '|""|||""'),
        (" ", '|""|||""'),
    ],
)
def test_a_body_that_is_no_json_is_a_text_to_paths_but_for_one_that_begins_like_json(body: str, printed: str) -> None:
    """Amazon's blueprints for chat commands have `{"body": $input.json("$")}` for forms, others split the text."""
    source = (
        "$input.path('$')|$input.json('$')|$input.path('$').split('&').size()|$input.path('$.a')|$input.json('$.a')"
    )
    assert render(source, FakeEnvironment(body=body)) == printed


def test_a_body_that_is_not_json_has_no_members() -> None:
    raw = FakeEnvironment(body="some raw data")
    assert (
        render("$input.body $input.json('$') [$input.path('$')]", raw)
        == 'some raw data "some raw data" [some raw data]'
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("${context.stage", "lacks its '}'"),
        ("$input.json('$.a'", "expected ')'"),
        ("$input.json('$.a", "expected a string"),
        ("$input.body[x]", "expected a string"),
        ("#[[ never closed", "without its ']]#'"),
        ("$input.path('$[')", "JSONPath"),
        ("$input.json(" * 40, "inside each other"),
        ("x" * 400_000, "bytes"),
    ],
)
def test_broken_templates_are_refused(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=r".") as refused:
        compile_template(source, "broken")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "$util.parseJson('{')",
        "$util.urlDecode('%zz')",
        "$context.stage.substring(9)",
        "$input.path($context.stage.concat('['))",
    ],
)
def test_what_java_answers_with_an_exception_fails_the_rendering(source: str) -> None:
    with pytest.raises(EvaluationError):
        render(source)


def test_the_output_is_bounded() -> None:
    env = FakeEnvironment(body="x" * 4_000_000)
    with pytest.raises(BudgetExceeded):
        render("$input.body" * 3, env)
    with pytest.raises(BudgetExceeded):
        render("$input.body.replaceAll('x', 'xxxx')", env)


def test_a_pattern_that_could_take_for_ever_is_not_run_on_a_long_text() -> None:
    env = FakeEnvironment(body="a" * 100_000)
    for pattern in ("(a+)+b", "a*a*b", "(a|aa)*c"):
        with pytest.raises(BudgetExceeded):
            render(f"$input.body.replaceAll('{pattern}', '')", env)


def test_the_body_is_parsed_once_and_numbers_print_as_in_java() -> None:
    env = FakeEnvironment(body=json.dumps({"big": 2.0e10, "int": 12345678901234567890, "small": 0.0001}))
    assert render("$input.json('$')", env) == '{"big":2.0E10,"int":12345678901234567890,"small":1.0E-4}'
    assert render("$input.path('$.big')", env) == "2.0E10"
