import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import SourceError
from portico.lang.simple import compile_simple

ENV = FakeEnvironment(
    path_parameters={"id": "7"},
    query={"q": ["1", "line\nbreak"]},
    header_lists={"Accept": ["text/html"]},
    stage_variables={"a": "A"},
    context_values={"error.message": 'say "no"', "error.responseType": "UNAUTHORIZED", "status": 401},
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"message":$context.error.messageString}', '{"message":"say \\"no\\""}'),
        ("$context.error.message.", 'say "no".'),
        ("${context.error.responseType}x $context.status", "UNAUTHORIZEDx 401"),
        ("$stageVariables.a [$stageVariables.b] [$context.nothing]", "A [] []"),
        ("$method.request.path.id $method.request.header.accept", "7 text/html"),
        ("$method.request.querystring.q", "line\nbreak"),
        ("method.request.path.id", "method.request.path.id"),
        ("#if($x) $input.body $ $5 ${context.a $!context.a", "#if($x) $input.body $ $5 ${context.a $!context.a"),
        ("", ""),
    ],
)
def test_only_variables_are_replaced(source: str, expected: str) -> None:
    assert compile_simple(source).render(ENV) == expected


def test_an_error_without_a_message_is_null() -> None:
    assert compile_simple('{"message":$context.error.messageString}').render(FakeEnvironment()) == '{"message":null}'


def test_a_template_has_a_size() -> None:
    with pytest.raises(SourceError):
        compile_simple("x" * 400_000)
