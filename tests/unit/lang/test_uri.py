import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.lang.errors import EvaluationError, MissingPathParameter, UnknownStageVariable, UnsafeValue
from portico.lang.uri import AddressError, Authority, UriError, compile_uri, substitute


def test_what_is_constant_is_decided_at_once() -> None:
    uri = compile_uri("https://Example.com/a%20b/?x=1&y", {})
    assert uri.authority == Authority(True, "example.com", 443)
    assert uri.target == "/a%20b/?x=1&y"


@pytest.mark.parametrize(
    ("source", "authority", "target"),
    [
        ("http://h", Authority(False, "h", 80), "/"),
        ("HTTP://h:8080?q", Authority(False, "h", 8080), "/?q"),
        ("http://[::1]:1024/x", Authority(False, "::1", 1024), "/x"),
        (
            "http://${stageVariables.host}/${stageVariables.base}?v=${stageVariables.v}",
            Authority(False, "b.example", 80),
            "/v1?v=2",
        ),
        ("http://h/${other}", Authority(False, "h", 80), "/$%7Bother%7D"),
        ("http://h/é", Authority(False, "h", 80), "/%C3%A9"),
    ],
)
def test_constant_uris(source: str, authority: Authority, target: str) -> None:
    uri = compile_uri(source, {"host": "b.example", "base": "v1", "v": "2"})
    assert (uri.authority, uri.target) == (authority, target)


def test_path_parameters_stay_in_their_place() -> None:
    uri = compile_uri("http://h/{id}/{proxy}?q={q}", {}, greedy=["proxy"])
    assert uri.authority == Authority(False, "h", 80)
    assert uri.target is None
    values = {"id": "a/b?c#d é%", "proxy": "x/y z", "q": "1&b=2#"}
    assert uri.resolve_target(values) == "/a%2Fb%3Fc%23d%20%C3%A9%25/x/y%20z?q=1%26b%3D2%23"


def test_a_host_may_come_from_the_request_and_is_checked() -> None:
    uri = compile_uri("https://{host}.example:8443/", {})
    assert uri.authority is None
    assert uri.resolve({"host": "a"}) == (Authority(True, "a.example", 8443), "/")
    for host in ("a/b", "a@b", "a b", "a\r\n", "a:1", "-a", "a#"):
        with pytest.raises(AddressError):
            uri.resolve({"host": host})


def test_a_missing_value_and_a_way_up_are_errors() -> None:
    uri = compile_uri("http://h/a/{p}", {}, greedy=["p"])
    with pytest.raises(MissingPathParameter):
        uri.resolve({})
    for value in ("..", ".", "x/../y", "../x", "x/.."):
        with pytest.raises(UnsafeValue):
            uri.resolve({"p": value})
    assert uri.resolve({"p": "..a/b..c/..."})[1] == "/a/..a/b..c/..."


def test_an_unknown_stage_variable_is_an_error() -> None:
    with pytest.raises(UnknownStageVariable, match="'nope'"):
        compile_uri("http://h/${stageVariables.nope}", {"yes": "1"})
    assert substitute("${stageVariables.a}-${b}", {"a": "1"}) == "1-${b}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "h/x",
        "//h",
        "ftp://h/",
        "http://",
        "http://:80/",
        "http://u:p@h/",
        "http://h:22/",
        "http://h:1023/",
        "http://h:65536/",
        "http://h:x/",
        "http://h/#f",
        "http://h/a b",
        "http://h/\r\n",
        "http://a_b!/",
        "http://{h}:22/",
        "arn:aws:apigateway:us-east-1:sqs:path/x",
    ],
)
def test_other_uris_are_refused(source: str) -> None:
    with pytest.raises(UriError):
        compile_uri(source, {})


@given(st.text(max_size=20), st.text(max_size=20), st.booleans())
def test_no_value_changes_the_shape_of_the_target(segment: str, query: str, greedy: bool) -> None:
    uri = compile_uri("http://h/a/{s}/b?q={q}&z=1", {}, greedy=["s"] if greedy else ())
    try:
        target = uri.resolve_target({"s": segment, "q": query})
    except EvaluationError:
        return
    path, _, rest = target.partition("?")
    assert path.startswith("/a/")
    assert path.endswith("/b")
    assert greedy or path.count("/") == 3
    assert rest.count("&") == 1
    assert target.isascii()
    assert target.isprintable()
    assert not set(target) & set(' "<>\\^`{|}#')
