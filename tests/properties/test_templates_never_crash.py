"""Whatever a template holds, it is compiled or refused, and renders or fails in a way that we foresaw."""

import contextlib
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from effort import cpu_seconds
from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError, SourceError
from portico.lang.vtl import compile_template

BODY = '{"a":[1,{"b":"x"},null],"s":"text","m":{"k":{"k":1}},"n":null}'
PIECES = re.findall(
    r"\S+",
    """
    $ $! ${ } input context util .path .json .params .body ( ) '$.a' "$.s" [0] [ ] .stage $input.path('$.a') \\
    $context.stage .size() .get( 1 -2 , # ## #* *# #[[ ]]# text ' " $util. parseJson( urlDecode( % é .replaceAll(
    '(a|b)*' .split( .substring( true 1.5e3 .toString() .keySet() .replace('t','') #set( $x $y = == + - * / % < &&
    ! #if( #if($x) #elseif( #else #end #foreach( in $i $foreach.count $foreach.parent #break #stop #macro(m #m( #@m(
    $bodyContent #define($d) $d #evaluate( #include( {'k':1} [1..3] .add( .put('a', .entrySet() .iterator() .class
    $input.path('$') #break($foreach) $context.responseOverride.status $context.requestOverride.header.put( .m.k
    .format("%s", $velocityCount 99999999999
    """,
)
PIECES += ["\n", " ", "  ", ") ", "#end ", "\u2028", "#foreach($i in $x)"]

templates = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


def environment() -> FakeEnvironment:
    return FakeEnvironment(body=BODY, context_values={"stage": "prod"})


@given(templates)
def test_any_template_is_rendered_or_refused(source: str) -> None:
    try:
        template = compile_template(source, "fuzz")
    except SourceError:
        return
    with contextlib.suppress(EvaluationError):
        template.render(environment())


statements = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["text\n", "  ", "$x", "$i.k", "$!y", "$foreach.hasNext", "#break", "#stop", "$d", "#m($x)"]),
        st.builds("#set(${} = {})\n".format, names, expressions),
        st.builds("#if({})\n{}#else{}#end".format, expressions, bodies, bodies),
        st.builds("#foreach($i in {})\n{}#end\n".format, expressions, bodies),
        st.builds("#macro(m $a){}#end".format, bodies),
        st.builds("#define($d){}#end".format, bodies),
        st.builds("#evaluate({})".format, names.map("${}".format)),
        st.builds("#@m({}){}#end".format, names.map("${}".format), bodies),
        names.map("${}".format),
    )
)
names = st.sampled_from(["x", "y", "i", "l"])
values = st.sampled_from(
    ["$x", "$y", "$i", "$l", "1", "2.5", "'a'", '"<$x>"', "[1, $x]", "{'k': $y}", "[1..3]", "true"]
)
calls = st.builds(
    "${}.{}".format,
    names,
    st.sampled_from(
        ["size()", "get(0)", "add($x)", "put('k', $y)", "keySet()", "k", "length()", "toString()", "addAll($l)"]
    ),
)
expressions = st.one_of(
    values,
    calls,
    st.builds("{} {} {}".format, values, st.sampled_from(["+", "*", "/", "%", "==", "<", "&&", "||", "!="]), values),
    st.builds("(!{})".format, values),
)
bodies = st.lists(statements, max_size=3).map("".join)


@settings(deadline=None)
@given(st.lists(statements, max_size=6).map("".join))
def test_templates_of_whole_directives_are_rendered_within_a_second(source: str) -> None:
    try:
        template = compile_template("#set($l = [])" + source, "fuzz")
    except SourceError:
        return

    def rendered() -> None:
        with contextlib.suppress(EvaluationError):
            template.render(environment())

    assert cpu_seconds(rendered, 1) < 1


@settings(max_examples=30)
@given(st.lists(statements, max_size=5).map("".join))
def test_a_template_renders_the_same_every_time(source: str) -> None:
    try:
        template = compile_template(source, "fuzz")
    except SourceError:
        return

    def outcome() -> str:
        try:
            return template.render(environment())
        except EvaluationError as error:
            return str(error)

    assert outcome() == outcome()


class Listener:
    """A trace that hears everything and says nothing."""

    def __call__(self, line: int, column: int, what: str, value: Any, /) -> Any:
        return value

    def hint(self, words: str, /) -> None:
        assert words


@settings(deadline=None)
@given(st.one_of(templates, st.lists(statements, max_size=5).map("".join).map("#set($l = [])".__add__)))
def test_a_template_that_is_traced_renders_the_same(source: str) -> None:
    try:
        alone, traced = (compile_template(source, "fuzz", trace=trace) for trace in (None, Listener()))
    except SourceError:
        return
    outcomes = []
    for template in (alone, traced):
        try:
            outcomes.append(template.render(environment()))
        except EvaluationError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@given(st.text(st.characters(exclude_characters="$#\\", exclude_categories=["Cs"])))
def test_text_is_itself(source: str) -> None:
    assert compile_template(source, "text").render(environment()) == source
