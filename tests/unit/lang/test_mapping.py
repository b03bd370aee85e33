"""Parameter mappings: what may stand on each side, and the value that a request gives it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError, InvalidRequestJson, InvalidResponseJson, UnsafeValue
from portico.lang.mapping import (
    MappingError,
    Phase,
    Target,
    compile_source,
    parse_source,
    parse_target,
)

ENV = FakeEnvironment(
    body='{"price":10.00,"pets":["a",{"n":1}],"name":"Bo","none":null,"no":false}',
    path_parameters={"id": "7"},
    query={"q": ["1", "2"], "empty": [""]},
    header_lists={"X-Multi": ["a", "b"]},
    response_header_lists={"ETag": ["x", "y"]},
    stage_variables={"v": "prod"},
    context_values={"stage": "prod", "requestTimeEpoch": 1, "authorizer.claims.custom:role": "admin"},
)


def value(source: str, phase: Phase = Phase.REQUEST, env: FakeEnvironment = ENV) -> object:
    return compile_source(parse_source(source, phase))(env)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("method.request.path.id", "7"),
        ("method.request.querystring.q", "2"),
        ("method.request.multivaluequerystring.q", ["1", "2"]),
        ("method.request.header.x-multi", "b"),
        ("method.request.multivalueheader.X-Multi", "a,b"),
        ("method.request.querystring.empty", None),
        ("method.request.multivaluequerystring.empty", None),
        ("method.request.header.absent", None),
        ("method.request.multivalueheader.absent", None),
        ("method.request.path.absent", None),
        ("method.request.body", ENV.body),
        ("method.request.body.price", "10.0"),
        ("method.request.body.name", "Bo"),
        ("method.request.body.pets[1].n", "1"),
        ("method.request.body.pets", '["a",{"n":1}]'),
        ("method.request.body.pets[1]", '{"n":1}'),
        ("method.request.body.no", "false"),
        ("method.request.body.none", None),
        ("method.request.body.absent", None),
        ("stageVariables.v", "prod"),
        ("stageVariables.absent", None),
        ("context.stage", "prod"),
        ("context.requestTimeEpoch", None),
        ("context.authorizer.claims.custom:role", "admin"),
        ("'static, it''s text'", "static, it''s text"),
        ("''", None),
    ],
)
def test_request_sources(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("integration.response.header.etag", "y"),
        ("integration.response.multivalueheader.ETag", "x,y"),
        ("integration.response.body.name", "Bo"),
        ("integration.response.body[0]", None),
        ("context.stage", "prod"),
        ("'*'", "*"),
    ],
)
def test_response_sources(source: str, expected: object) -> None:
    assert value(source, Phase.RESPONSE) == expected


def test_a_body_is_json_by_its_first_character_only() -> None:
    plain = FakeEnvironment(body="plain {")
    assert value("method.request.body", env=plain) == "plain {"
    assert value("method.request.body.a", env=plain) is None
    assert value("method.request.body", env=FakeEnvironment()) is None


@pytest.mark.parametrize("body", ["{", "[1", '"x', "'x'"])
def test_a_body_that_looks_like_json_and_is_not_is_an_error(body: str) -> None:
    broken = FakeEnvironment(body=body)
    with pytest.raises(InvalidRequestJson):
        value("method.request.body.a", env=broken)
    with pytest.raises(InvalidRequestJson):
        value("method.request.body", env=broken)
    with pytest.raises(InvalidResponseJson):
        value("integration.response.body.a", Phase.RESPONSE, broken)


@pytest.mark.parametrize("char", ["\r", "\n", "\0"])
def test_line_breaks_and_nul_are_refused_in_every_value(char: str) -> None:
    env = FakeEnvironment(
        body=f"x{char}y",
        path_parameters={"a": char},
        query={"a": ["fine", f"1{char}2"]},
        response_header_lists={"a": [char]},
        context_values={"a": f"v{char}"},
    )
    for source in ("path.a", "querystring.a", "multivaluequerystring.a", "body"):
        with pytest.raises(UnsafeValue):
            value(f"method.request.{source}", env=env)
    with pytest.raises(UnsafeValue):
        value("context.a", env=env)
    with pytest.raises(UnsafeValue):
        value("integration.response.header.a", Phase.RESPONSE, env)
    with pytest.raises(MappingError):
        parse_source(f"'a{char}b'")


@pytest.mark.parametrize(
    ("text", "phase", "target"),
    [
        ("integration.request.header.X.Y-Z", Phase.REQUEST, Target("header", "X.Y-Z")),
        ("integration.request.querystring.q", Phase.REQUEST, Target("querystring", "q")),
        ("integration.request.path.id", Phase.REQUEST, Target("path", "id")),
        ("method.response.header.ETag", Phase.RESPONSE, Target("header", "ETag")),
        ("gatewayresponse.header.X", Phase.GATEWAY_RESPONSE, Target("header", "X")),
    ],
)
def test_targets(text: str, phase: Phase, target: Target) -> None:
    assert parse_target(text, phase) == target


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("integration.request.body.x", Phase.REQUEST),
        ("integration.request.header.", Phase.REQUEST),
        ("integration.request.header.a b", Phase.REQUEST),
        ("integration.request.header.a\r\nb", Phase.REQUEST),
        ("method.response.header.X", Phase.REQUEST),
        ("method.response.querystring.x", Phase.RESPONSE),
        ("gatewayresponse.path.x", Phase.GATEWAY_RESPONSE),
        ("", Phase.REQUEST),
    ],
)
def test_other_targets_are_refused(text: str, phase: Phase) -> None:
    with pytest.raises(MappingError):
        parse_target(text, phase)


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("true", Phase.REQUEST),
        ("static", Phase.REQUEST),
        ("'open", Phase.REQUEST),
        ("'", Phase.REQUEST),
        ("method.request.header", Phase.REQUEST),
        ("method.request.header.", Phase.REQUEST),
        ("method.request.cookie.x", Phase.REQUEST),
        ("method.request.bodyx", Phase.REQUEST),
        ("method.request.body[", Phase.REQUEST),
        ("integration.response.header.x", Phase.REQUEST),
        ("method.request.header.x", Phase.RESPONSE),
        ("method.request.body.x", Phase.GATEWAY_RESPONSE),
        ("method.request.multivalueheader.x", Phase.GATEWAY_RESPONSE),
        ("context.", Phase.REQUEST),
        ("stageVariables.a-b", Phase.REQUEST),
    ],
)
def test_other_sources_are_refused_and_quoted(text: str, phase: Phase) -> None:
    with pytest.raises(MappingError) as refused:
        parse_source(text, phase)
    assert refused.value.expression == text
    assert refused.value.reason


@pytest.mark.parametrize(
    ("name", "kind", "poisons"),
    [
        ("content-LENGTH", "HTTP", True),
        ("Transfer-Encoding", "MOCK", True),
        ("X-Amzn-Trace-Id", "HTTP_PROXY", True),
        ("Authorization", "HTTP", False),
        ("Authorization", "AWS_PROXY", True),
        ("TE", "AWS", True),
    ],
)
def test_poison_headers(name: str, kind: str, poisons: bool) -> None:
    assert Target("header", name).poisons(kind) is poisons
    assert not Target("querystring", name).poisons(kind)


_heads = ["method.request.", "integration.response.", "context.", "stageVariables.", "'"]
_tails = st.text(st.sampled_from("abody.[]0'{}$*\n"), max_size=15)


@given(st.sampled_from(_heads), st.sampled_from(["", "body", "header.", "path."]), _tails, st.sampled_from(Phase))
def test_any_text_is_a_source_or_refused(head: str, kind: str, tail: str, phase: Phase) -> None:
    try:
        read = compile_source(parse_source(head + kind + tail, phase))
    except MappingError:
        return
    try:
        result = read(ENV)
    except EvaluationError:
        return
    assert result is None or "\n" not in result
