"""Templates between a request and its answer: what they override, what they see, what happens where they fail."""

import json
from typing import Any

import pytest

from playbook.stage import (
    HOST,
    NOON,
    REQUEST_ID,
    Play,
    api,
    http,
    lambda_custom,
    mock,
    on_path,
    responds,
)
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.ports.compilation import CompileError
from portico.ports.functions import InvocationType
from recorded_answers import recorded_scenario

INTERNAL = '{"message": "Internal server error"}'


def one(integration: dict[str, Any], path: str = "/", **settings: Any) -> Play:
    return Play(api({path: {"ANY": integration}}, **settings))


def mocked(request: str, response: str | None = None, **settings: Any) -> Play:
    templates = {} if response is None else {"responseTemplates": {"application/json": response}}
    return one(mock(responds(**templates, **settings), template=request))


def requested(template: str, **settings: Any) -> Play:
    """An integration whose request template is this, and a request that it rendered."""
    return one(http("http://backend/", requestTemplates={"application/json": template}, **settings))


# responseOverride


def test_a_response_override_of_the_request_template_is_there_for_the_response_as_recorded() -> None:
    """Recorded facts 135 and 136, with and without a response template."""
    request = """#set($context.responseOverride.status = 444)
#set($context.responseOverride.header.foo = "bar")
#set($context.responseOverride.custom = "is also passed around")
{"statusCode": 200}"""
    response = """{"statusOverride": "$context.responseOverride.status",
"fooHeader": "$context.responseOverride.header.foo", "custom": "$context.responseOverride.custom"}"""
    for name, template in (("True", response), ("False", None)):
        scenario = f"test_integration_mock_with_response_override_in_request_template[{name}]"
        recorded = recorded_scenario("integrations.json", scenario)["response"]
        answer = mocked(request, template).asks("GET /").hears
        assert (answer.status, answer["foo"]) == (recorded["status_code"], "bar")
        if template is None:
            assert repr(answer.content) == recorded["body"]
        else:
            assert answer.json == recorded["body"]


def test_values_are_assigned_in_every_way_as_recorded() -> None:
    request = """#set($name = "value")
#set($context.requestOverride.querystring[$name] = "bar")
#set($put = $context.requestOverride.querystring.put("value2", "putBar"))
#set($context["requestOverride"]["header"]["value3"] = "nestedFoo")
{"statusCode": 200}"""
    response = """{"value": "$context.requestOverride.querystring.value",
"value2": "$context.requestOverride.querystring['value2']", "value3": "$context.requestOverride.header.value3"}"""
    recorded = recorded_scenario("integrations.json", "test_integration_mock_with_vtl_map_assignation")["response"]
    answer = mocked(request, response).asks("GET /").hears
    assert (answer.status, answer.json) == (recorded["status_code"], recorded["body"])


@pytest.mark.parametrize(
    ("status", "sent"),
    [("404", 404), ("'404'", 404), ("599", 599), ("'teapot'", 200), ("99", 200), ("600", 200), ("[1]", 200)],
)
def test_a_status_that_is_none_is_passed_over(status: str, sent: int) -> None:
    play = mocked('{"statusCode": 200}', f"#set($context.responseOverride.status = {status})x")
    assert play.asks("GET /").hears.status == sent


def test_headers_take_the_place_of_mapped_ones() -> None:
    mapped = {"method.response.header.X-Mapped": "'mapped'", "method.response.header.Content-Type": "'text/plain'"}
    template = """#set($context.responseOverride.header.x-mapped = "set")
#set($context.responseOverride.header.X-List = ["a", 1])
#set($context.responseOverride.header.Date = "never")
#set($context.responseOverride.header.Transfer-Encoding = "chunked")
#set($context.responseOverride.header.content-type = "text/html")<p>"""
    answer = mocked('{"statusCode": 200}', template, responseParameters=mapped).asks("GET /").hears
    assert (answer["X-Mapped"], answer["X-List"], answer["Content-Type"]) == ("set", "a,1", "text/html")
    assert (answer["x-amzn-Remapped-Date"], answer["Transfer-Encoding"]) == ("never", None)


def test_answers_that_were_overridden_are_not_kept_for_others() -> None:
    template = "#if($input.params('s'))#set($context.responseOverride.status = $input.params('s'))#end x"
    play = mocked('{"statusCode": 200}', template)
    assert [play.asks(f"GET /?s={status}").hears.status for status in (404, 200, 500)] == [404, 200, 500]


# requestOverride


def test_what_a_backend_is_sent_can_be_overridden() -> None:
    template = """#set($context.requestOverride.header.X-Color = "red")
#set($context.requestOverride.header.X-New = ["a", "b"])
#set($context.requestOverride.querystring.q = "set")
#set($context.requestOverride.querystring.more = ["1", "2"])
#set($context.requestOverride.path.id = "a b")
body"""
    parameters = {
        "integration.request.header.X-Color": "'blue'",
        "integration.request.querystring.q": "'mapped'",
        "integration.request.querystring.r": "'kept'",
        "integration.request.path.id": "method.request.path.id",
    }
    given = on_path("id")
    play = one(
        http(
            "http://backend/{id}",
            **{**given, "requestParameters": parameters},
            requestTemplates={"application/json": template},
        ),
        "/things/{id}",
    )
    play.asks("POST /things/7")
    heard = play.backend.hears
    assert heard.target == "/a%20b?q=set&r=kept&more=1&more=2"
    assert (heard["X-Color"], heard["X-New"], heard.body) == ("red", "a,b", "body")


def test_the_gateway_s_own_headers_can_be_overridden() -> None:
    play = requested("#set($context.requestOverride.header.Accept = 'text/csv')x")
    play.asks("POST /")
    assert play.backend.hears["Accept"] == "text/csv"


@pytest.mark.parametrize(
    "template",
    [
        "#set($context.requestOverride.header.Content-Length = '5')",
        "#set($context.requestOverride.header.Transfer-Encoding = 'chunked')",
        "#set($context.requestOverride.header.Host = 'a b')",
        "#set($context.requestOverride.header['X Y'] = 'a')",
        '#set($line = $util.urlDecode("a%0d%0aX: b"))#set($context.requestOverride.header.X = $line)',
        "#set($context.requestOverride.header = 'all')",
        "#set($context.requestOverride.header.X = '1')#set($context.requestOverride.header.X = '2')",
    ],
)
def test_what_would_break_the_request_is_a_500(template: str) -> None:
    play = requested(template)
    assert play.asks("POST /").hears.body == INTERNAL
    assert not play.backend.calls
    assert play.causes


def test_a_function_can_be_called_asynchronously_by_an_override() -> None:
    template = "#set($context.requestOverride.header['X-Amz-Invocation-Type'] = 'Event'){}"
    play = one(lambda_custom(responds(), requestTemplates={"application/json": template}))
    play.asks("POST /")
    assert play.functions.last.kind is InvocationType.EVENT


# What templates see


def test_the_context_as_a_whole_is_that_which_was_recorded() -> None:
    """Its names and those of its maps, in their order; what has no value prints nothing."""
    template = """{#foreach($key in $context.keySet())
"$key": "$util.escapeJavaScript($context.get($key))"#if($foreach.hasNext),#end
#end, "identity_": {#foreach($key in $context.identity.keySet())
"$key": "$util.escapeJavaScript($context.identity.get($key))"#if($foreach.hasNext),#end
#end}, "requests": {#foreach($key in $context.requestOverride.keySet())
"$key": "$util.escapeJavaScript($context.requestOverride.get($key))"#if($foreach.hasNext),#end
#end}, "authorizer": {#foreach($key in $context.authorizer.keySet())x#end}}"""
    play = requested(template)
    play.asks("POST /?q=1", "User-Agent: python/requests/tests")
    heard = json.loads(play.backend.hears.body)
    recorded = recorded_scenario("sqs.json", "test_sqs_amz_json_protocol")["sqs-messages"][0]["Body"]
    assert list(heard)[: len(recorded["context"])] == list(recorded["context"])
    assert list(heard["identity_"].items())[-2:] == [("userAgent", "python/requests/tests"), ("user", "")]
    assert list(heard["identity_"]) == list(recorded["identity"])
    assert heard["requests"] == recorded["requestOverride"]
    assert (heard["authorizer"], recorded["authorizer_keys"]) == ({}, {})
    assert (heard["identity"], heard["requestOverride"], heard["httpMethod"]) == ("", "", "POST")


def test_a_request_template_reads_the_request_and_a_response_template_the_answer() -> None:
    request = "$context.requestId $context.domainName $context.requestTimeEpoch $input.params('q') $input.body"
    response = "$input.path('$.a') $input.params('q') $context.stage"
    settings = {"requestTemplates": {"application/json": request}}
    play = one(http("http://backend/", responds(responseTemplates={"application/json": response}), **settings))
    client = play.asks("POST /?q=1", body=b'{"b":1}')
    assert play.backend.hears.body == f'{REQUEST_ID} {HOST} {int(NOON * 1000)} 1 {{"b":1}}'
    play.backend.answers('HTTP/1.1 200 OK\n\n{"a":"answered"}')
    assert client.hears.body == "answered 1 dev"


def test_a_template_that_goes_too_far_is_a_500_that_names_the_place() -> None:
    play = requested('one\n#foreach($i in [1..1000])\n#set($s = "$!s$input.body$s")#end$s')
    assert play.asks("POST /", body=b"x" * 1000).hears.body == INTERNAL
    assert "template 'request template application/json', line 3, column 1: the template makes a text" in play.causes[0]


def test_functions_are_called_with_what_a_template_renders() -> None:
    template = """#set($all = $input.params())
{#foreach($k in $all.keySet())"$k": $all.get($k).size()#if($foreach.hasNext),#end#end}"""
    play = one(lambda_custom(responds(), requestTemplates={"application/json": template}))
    play.asks("POST /?a=1&b=2")
    assert play.functions.event["querystring"] == 2


# At the deployment


@pytest.mark.parametrize("where", ["requestTemplates", "responseTemplates"])
def test_a_template_that_does_not_parse_is_refused_at_the_deployment_with_its_place(where: str) -> None:
    broken = {"text/plain": "fine", "application/json": "one\n  #if(true)"}
    integration = (
        http("http://backend/", requestTemplates=broken)
        if where == "requestTemplates"
        else http("http://backend/", responds(responseTemplates=broken))
    )
    play = one(integration, "/pets")
    kind = where.removesuffix("Templates")
    with pytest.raises(CompileError) as refused:
        Compiler(play.ports).check(decode_snapshot(play.load(play.stages["api1", "dev"].snapshot)), None)
    place = f"template '{kind} template application/json', line 2, column 3: a directive lacks its #end"
    assert str(refused.value) == f"ANY /pets: {place}"
