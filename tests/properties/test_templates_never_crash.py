"""Whatever a template holds, it is compiled or refused, and renders or fails in a way that we foresaw."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError, SourceError
from portico.lang.vtl import compile_template

ENV = FakeEnvironment(body='{"a":[1,{"b":"x"}],"s":"text"}', context_values={"stage": "prod"})
PIECES = [
    "$",
    "$!",
    "${",
    "}",
    "input",
    "context",
    "util",
    ".path",
    ".json",
    ".params",
    ".body",
    "(",
    ")",
    "'$.a'",
    '"$.s"',
]
PIECES += [
    "[0]",
    "[",
    "]",
    ".stage",
    "$input.path('$.a')",
    "$context.stage",
    ".size()",
    ".get(",
    "1",
    "-2",
    ",",
    " ",
    "\\",
    "#",
]
PIECES += [
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "#set",
    "text",
    "\n",
    "'",
    '"',
    "$util.",
    "parseJson(",
    "urlDecode(",
    "%",
    "é",
    "\u2028",
]
PIECES += [
    ".replaceAll(",
    "'(a|b)*'",
    ".split(",
    ".substring(",
    "true",
    "1.5e3",
    ".toString()",
    ".keySet()",
    ".replace('t','')",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_template_is_rendered_or_refused(source: str) -> None:
    try:
        template = compile_template(source, "fuzz")
    except SourceError:
        return
    with contextlib.suppress(EvaluationError):
        template.render(ENV)


@given(st.text(st.characters(exclude_characters="$#\\", exclude_categories=["Cs"])))
def test_text_is_itself(source: str) -> None:
    assert compile_template(source, "text").render(ENV) == source
