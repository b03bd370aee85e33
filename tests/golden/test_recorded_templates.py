"""What AWS printed for templates."""

import pytest

from fake_environment import FakeEnvironment
from portico.lang.vtl import compile_template
from recorded_answers import recorded_scenario


def render(source: str, body: str) -> str:
    return compile_template(source, "recorded").render(FakeEnvironment(body=body))


FORMATTING = "TestApiGatewayCommon::test_input_path_template_formatting"
BODY = "TestApiGatewayCommon::test_input_body_formatting"
DICT = '{"a":{"foo":"bar"}}'
LIST = '{"a":[{"foo":"bar"}]}'


@pytest.mark.parametrize(
    ("key", "template", "body"),
    [
        ("dict-response", "$input.path('$.a')", DICT),
        ("json-list", "$input.path('$.a')", LIST),
        ("nested-dict", "$input.path('$').a", DICT),
        ("nested-list", "$input.path('$').a", LIST),
        ("dict-in-list", "$input.path('$.a')[0]", LIST),
        ("list-with-nested-list", "$input.path('$.a[0]')", '{"a":[[{"foo":"bar"}]]}'),
        ("dict-with-nested-list", "$input.path('$.a')", '{"a":{"foo":[{"nested":"bar"}]}}'),
        ("bigger-dict", "$input.path('$')", '{"bigger":"dict","to":"test","with":"separators"}'),
        ("to-string", "$input.path('$.a').toString()", DICT),
        ("list-to-string", "$input.path('$').toString()", '{"list":[{"foo":"bar"}]}'),
    ],
)
def test_values_print_as_recorded(key: str, template: str, body: str) -> None:
    assert render(template, body) == recorded_scenario("common.json", FORMATTING)[key]


MISSING = (
    "#set($x = $input.path('$.a'))\n"
    "{\"body\": $input.path('$.a'), \"nested\": $input.path('$.a').nested, "
    '"isNull": "#if($x == $null)true#{else}false#end", "isEmptyString": "#if($x == "")true#{else}false#end"}'
)


@pytest.mark.parametrize(
    ("key", "body"),
    [("empty-body", ""), ("nested-empty-list", '{"a":[]}'), ("nested-null-list", '{"a":null}')],
)
def test_what_is_missing_prints_and_compares_as_recorded(key: str, body: str) -> None:
    recorded = recorded_scenario("common.json", FORMATTING)[key]
    assert render(MISSING, body) == recorded
    assert render(MISSING.replace("$x", "$input.path('$.a')").partition("\n")[2], body) == recorded


@pytest.mark.parametrize(
    ("key", "body"), [("empty-body", ""), ("json-body", '{"some": "value"}'), ("str-body", "some raw data")]
)
@pytest.mark.parametrize(
    ("scenario", "template"),
    [
        ("response-raw-body", "$input.body"),
        ("response-str-body-input", "Action=SendMessage&MessageBody=$input.body"),
        (
            "response-url-encode",
            "EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.some)",
        ),
    ],
)
def test_the_body_prints_as_recorded(scenario: str, template: str, key: str, body: str) -> None:
    recorded = recorded_scenario("common.json", BODY)[scenario][key]
    assert f"b'{render(template, body)}'" == recorded


SAYING = "Action=SendMessage&MessageBody=$input.body"


@pytest.mark.parametrize(
    ("key", "body"), [("empty-body", ""), ("json-body", '{"some": "value"}'), ("str-body", "some raw data")]
)
@pytest.mark.parametrize(
    ("scenario", "request_template", "response_template"),
    [("response-str-body-output", "$input.body", SAYING), ("response-str-body-all", SAYING, SAYING)],
)
def test_what_a_backend_echoed_prints_as_recorded(
    scenario: str, request_template: str, response_template: str, key: str, body: str
) -> None:
    echoed = render(request_template, body)
    assert f"b'{render(response_template, echoed)}'" == recorded_scenario("common.json", BODY)[scenario][key]


@pytest.mark.parametrize("key", ["empty-body", "json-body", "str-body"])
def test_a_member_of_the_body_is_nothing_as_recorded(key: str) -> None:
    """The request template prints nothing, so that the backend echoes nothing, which a response template sees as {}."""
    echoed = render("$input.body.some", '{"some": "value"}')
    assert (
        f"b'{render('$input.body', echoed)}'"
        == recorded_scenario("common.json", BODY)["response-body-attr-access"][key]
    )
