"""URIs of AWS services: what they call, and what is said of those that are not called."""

import pytest

from portico.lang.errors import MissingPathParameter, NotBuilt, UnknownStageVariable, UnsafeValue
from portico.lang.service_uri import ServiceUri, compile_service_uri, plain


def compiled(service_api: str, greedy: tuple[str, ...] = (), **variables: str) -> ServiceUri:
    return compile_service_uri(f"arn:aws:apigateway:eu-west-1:{service_api}", variables, greedy)


@pytest.mark.parametrize(
    ("service_api", "target"),
    [
        ("sqs:path/111122223333/queue", "/111122223333/queue"),
        ("sqs:path//", "/"),
        ("sqs:path/", "/"),
        ("s3:path//bucket", "/bucket"),
        ("s3:path/bucket/a b".replace(" ", "%20"), "/bucket/a%20b"),
        ("s3:path/bucket/(1)", "/bucket/%281%29"),
        ("s3:path/bucket?list-type=2&prefix=a/b", "/bucket?list-type=2&prefix=a/b"),
        ("sns:action/Publish", "/?Action=Publish"),
        ("sns:action/Publish&Version=2010-03-31", "/?Action=Publish&Version=2010-03-31"),
        ("lex:path/bot/(1)", "/bot/(1)"),
    ],
)
def test_targets_that_no_request_changes(service_api: str, target: str) -> None:
    assert compiled(service_api).target.text == target


@pytest.mark.parametrize(
    ("service_api", "values", "target"),
    [
        ("s3:path/{bucket}/{key}", {"bucket": "b", "key": "a/b c"}, "/b/a/b%20c"),
        ("sqs:path/{account}/{name}", {"account": "1", "name": "a/b"}, "/1/a%2Fb"),
        ("sns:action/Publish&Message={text}", {"text": "a&b=c d"}, "/?Action=Publish&Message=a%26b%3Dc%20d"),
    ],
)
def test_placeholders(service_api: str, values: dict[str, str], target: str) -> None:
    uri = compiled(service_api)
    assert uri.target.text is None
    assert uri.target.resolve(values) == target


def test_a_greedy_placeholder_keeps_its_slashes() -> None:
    assert compiled("iotdata:path/topics/{proxy}", ("proxy",)).target.resolve({"proxy": "a/b"}) == "/topics/a/b"


def test_values_stay_in_their_places() -> None:
    target = compiled("s3:path/bucket/{key}").target
    with pytest.raises(UnsafeValue):
        target.resolve({"key": "../other/secret"})
    with pytest.raises(MissingPathParameter):
        target.resolve({})


def test_operation_service_subdomain_and_region() -> None:
    uri = compiled("streams.dynamodb:action/ListStreams")
    assert (uri.operation, uri.service.name, uri.subdomain, uri.region) == (
        "ListStreams",
        "streams.dynamodb",
        "",
        "eu-west-1",
    )
    uri = compiled("photos.s3:path/k")
    assert (uri.operation, uri.service.name, uri.subdomain) == ("", "s3", "photos")


def test_stage_variables_are_put_in_first() -> None:
    assert compiled("${stageVariables.s}:path/${stageVariables.q}", s="sqs", q="1/q").target.text == "/1/q"
    with pytest.raises(UnknownStageVariable):
        compiled("sqs:path/${stageVariables.q}")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not of the form"),
        ("https://sqs.eu-west-1.amazonaws.com/", "not of the form"),
        ("arn:aws:sqs:eu-west-1:111122223333:queue", "not of the form"),
        ("arn:aws:apigateway:eu-west-1:sqs:queue/x", "not of the form"),
        ("arn:evil:apigateway:eu-west-1:sqs:path/x", "not of the form"),
        ("arn:aws:apigateway:eu-west-1:sqs:path/a b", "not of the form"),
        ("arn:aws:apigateway:eu-west-1:sqs:path/a\r\nHost: x", "not of the form"),
        ("arn:aws:apigateway::sqs:path/x", "'' is not a region"),
        ("arn:aws:apigateway:evil.example/:sqs:path/x", "is not a region"),
        ("arn:aws:apigateway:eu-west-1::path/x", "'' is not a service"),
        ("arn:aws:apigateway:eu-west-1:evil.example/sqs:path/x", "is not a service"),
        ("arn:aws:apigateway:eu-west-1:user@sqs:path/x", "is not a service"),
        ("arn:aws:apigateway:eu-west-1:{host}.s3:path/x", "is not a service"),
        ("arn:aws:apigateway:eu-west-1:-a.s3:path/x", "is not a service"),
        ("arn:aws:apigateway:eu-west-1:a..s3:path/x", "is not a service"),
        ("arn:aws:apigateway:eu-west-1:execute-api:path/x", "integration of type HTTP"),
        ("arn:aws:apigateway:eu-west-1:s3:action/GetObject", "called by path"),
        ("arn:aws:apigateway:eu-west-1:sns:action/", "'' is not the name of an action"),
        ("arn:aws:apigateway:eu-west-1:sns:action/{which}", "'{which}' is not the name of an action"),
    ],
)
def test_what_is_not_called_and_why(source: str, reason: str) -> None:
    with pytest.raises(NotBuilt) as caught:
        compile_service_uri(source, {})
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("target", "told"),
    [("/a+b", "/a%2Bb"), ("/%41", "/A"), ("/caf%C3%A9", "/caf%C3%A9"), ("/a%2Fb?x=%41+", "/a/b?x=%41+"), ("/~", "/~")],
)
def test_the_one_spelling_of_a_key(target: str, told: str) -> None:
    assert plain(target) == told
    assert plain(told) == told
