"""Directives: what they do, and what they take of the white space around them."""

import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import BudgetExceeded, EvaluationError
from portico.lang.vtl import compile_template
from portico.lang.vtl.lexer import TemplateError

ENV = FakeEnvironment(
    body='{"items":[{"n":"x","v":1},{"n":"y"}],"map":{"k":"v","l":"w"},"none":[null,1],"s":"text"}',
    stage_variables={"table": "pets"},
    context_values={"stage": "prod"},
)


def render(source: str) -> str:
    return compile_template(source, "test").render(ENV)


# #set


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#set($x = 1)$x", "1"),
        ("#set( $x=\n'a' )$x", "a"),
        ("#{set}($x = true)$x", "true"),
        ("#set(${x} = 1.50)$x", "1.5"),
        ("#set($x = $y)[$x]", "[$x]"),
        ("#set($x = 1)#set($x = $y)[$x]", "[1]"),
        ("#set($x = 1)#set($x = 1 / 0)[$x]", "[1]"),
        ("#set($x = 1)#set($x = $input.path('$.nothing'))[$x]", "[]"),
        ("#set($x = 1)#set($x = $input.path('$.none')[0])[$x]", "[]"),
        ("#set($m = {})#set($m.a = 1)#set($m['b'] = 2)#set($m.c = $nobody)$m", "{a=1, b=2}"),
        ("#set($l = [1, 2])#set($l[0] = 'a')#set($l[-1] = 'b')$l", "[a, b]"),
        ("#set($p = $input.path('$'))#set($p.s = 'new')$input.json('$.s')", '"new"'),
        ("#set($nobody.x = 1)[$nobody]", "[$nobody]"),
        ("#set($x = 'a')#set($x.length = 1)$x", "a"),
        ("#set $x = 1", "#set $x = 1"),
        ("#set($input = $input.json('$.s'))$input", '"text"'),
        ("#set($a-b = 1)$a-b ${a-b}", "1 1"),
    ],
)
def test_set(source: str, expected: str) -> None:
    assert render(source) == expected


def test_a_variable_of_a_loop_keeps_the_value_of_the_turn_before_where_it_is_set_to_an_unknown_variable() -> None:
    assert render("#foreach($i in [1..3])#if($i == 1)#set($y = 'a')#end#set($x = $y)#set($x = $no)$x#end") == "aaa"


# #if


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#if(true)a#end", "a"),
        ("#if(false)a#else#*x*#b#end", "b"),
        ("#if($nobody)a#elseif($context.stage)b#{else}c#end", "b"),
        ("#if ( false )a#elseif ( false )b#{else}c#{end}d", "cd"),
        ("#if($input.path('$.nothing'))a#{else}b#end", "b"),
        ("#if($input.params('nothing'))a#end", "a"),
        ("#set($x = '')#if($x)a#end#set($x = 0)#if($x)b#end#set($x = [])#if($x)c#end", "abc"),
        ("#set($x = false)#if($x)a#{else}b#end#if(!$x)c#end", "bc"),
        ('#if("text")a#{else}b#end#if(1)a#{else}b#end#if(1 + 1)a#{else}b#end', "bbb"),
        ("#if($nobody)#end.", "."),
        ("a#if(true)#if(false)x#{else}y#end#{end}b", "ayb"),
    ],
)
def test_if(source: str, expected: str) -> None:
    assert render(source) == expected


# #foreach


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#foreach($i in $input.path('$.items'))$i.n#if($foreach.hasNext),#end#end", "x,y"),
        ("#foreach($i in ['a', 'b'])$foreach.index$foreach.count$velocityCount$i #end", "011a 122b "),
        ("#foreach($i in [1..3])$foreach.first$foreach.last #end", "truefalse falsefalse falsetrue "),
        ("#foreach($v in $input.path('$.map'))$v#end", "vw"),
        ("#foreach($k in $input.path('$.map').keySet())$k#end", "kl"),
        ("#foreach($e in $input.path('$.map').entrySet())$e.key$e.value $e#end", "kv k=vlw l=w"),
        ("#foreach($k in $stageVariables.keySet())$k=$stageVariables.get($k)#end", "table=pets"),
        ("#foreach($i in [3..1])$i#end#foreach($i in [-1..1])$i#end", "321-101"),
        ("#foreach($i in $nobody)x#end#foreach($i in 'text')x#end#foreach($i in 5)x#end.", "."),
        ("#foreach($i in $input.path('$.none'))[$i]#end", "[][1]"),
        ("#set($i = 'old')#foreach($i in [1, 2])$i#end$i", "12old"),
        ("#foreach($i in [1, 2])$i#end$i$foreach.count$velocityCount", "12$i$foreach.count$velocityCount"),
        ("#foreach($i in [1, 2])#foreach($j in [1, 2])$foreach.parent.count$j #end#end", "11 12 21 22 "),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end.", "12."),
        ("#foreach($i in [1..9])$i$foreach.stop()#end.", "1."),
        ("#foreach($i in [1, 2])#foreach($j in [1, 2])#if($j == 2)#break($foreach.parent)#end$i$j#end#end.", "11."),
        ("#foreach($i in [1, 2])#set($foreach.note = $i)$foreach.note#end", "12"),
        ("#foreach($i in [5])$foreach.hasNext()$foreach.isFirst()$foreach.getIndex()#end", "falsetrue0"),
        ("#set($l = ['a', 'b'])#set($it = $l.iterator())$it.next()#foreach($x in $it)$x#end$it.hasNext()", "abfalse"),
    ],
)
def test_foreach(source: str, expected: str) -> None:
    assert render(source) == expected


def test_a_loop_ends_after_a_thousand_turns_without_a_word() -> None:
    told = render("#foreach($i in [1..1500])#if($foreach.count == 1000)$i $foreach.hasNext#end#end")
    assert told == "1000 true"
    body = "[" + ",".join(map(str, range(1200))) + "]"
    source = "#foreach($i in $input.path('$'))$i,#end"
    assert compile_template(source, "t").render(FakeEnvironment(body=body)).count(",") == 1000


# #break, #stop


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a#stop b", "a"),
        ("#foreach($i in [1, 2])$i#stop#end", "1"),
        ("a#break b", "a"),
        ("#macro(m)a#break b#end#m()c", "ac"),
        ("#macro(m)a#stop b#end#m()c", "a"),
        ("#macro(m)#foreach($i in [1, 2])$i#break($macro)#end#end#m()c", "1c"),
        ('#set($s = "a#stop")b', ""),
        ("#define($d)a#break b#end$d!", "a!"),
        ("#evaluate('a#break b')c", "ac"),
        ("#evaluate('a#stop b')c", "a"),
        ("a#stop('why')b", "a"),
    ],
)
def test_break_and_stop(source: str, expected: str) -> None:
    assert render(source) == expected


# #define, #evaluate


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#define($d)[$n]#end#set($n = 1)$d#set($n = 2)$d", "[1][2]"),
        ("#define( $d )#foreach($i in [1, 2])$i#end#end<$d>", "<12>"),
        ("#define($d)abc#end$d.length() $d.toUpperCase()", "3 ABC"),
        ('#define($d)$n#end#set($n = 5)#set($s = "<$d>")$s', "<5>"),
        ("#define($d)x$d#end$d", "xx"),
        ("#evaluate('#set($z = 5)$z')$z", "55"),
        ("#set($n = 'a')#evaluate(\"$n\")#evaluate($nobody)", "a"),
        ("#macro(m $a)#evaluate('<$a>')#end#m('x')", "<x>"),
        ("#evaluate('#macro(late $a)[$a]#end')#late(1)#never(2)", "[1]#never(2)"),
        ("#macro(m)m#end#evaluate('#m()')", "m"),
        ("#foreach($i in [1, 2])#evaluate('$foreach.count$i ')#end", "11 22 "),
    ],
)
def test_define_and_evaluate(source: str, expected: str) -> None:
    assert render(source) == expected


def test_what_cannot_be_parsed_while_rendering_fails_the_rendering() -> None:
    with pytest.raises(EvaluationError, match=r"'test', line 2, column 1: template '#evaluate', line 1, column 1"):
        render("\n#evaluate('#if(true)')")


# #macro


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#macro(hi $n $g)[$g $n]#end#hi('Bo' 'Hello')#hi( 'Bo','Hi' )", "[Hello Bo][Hi Bo]"),
        ("#hi('Bo')#macro(hi $n)[$n]#end", "[Bo]"),
        ("#macro(m)a#end#m #m() #{m}()#{m}b", "a a aab"),
        ("#macro(m $x)[$x]#end#m()#m('a' 'b')", "[$x][a]"),
        ("#macro(m $x)[$x]#end#set($x = 'global')#m()", "[global]"),
        ("#macro(m $x)[$x]#end#m($nobody)#m($nobody.at('home'))", "[$nobody][$nobody.at('home')]"),
        ("#macro(m $x)[$!x]#end#m($nobody)", "[]"),
        ("#macro(m $x)[$x]#end#m($input.path('$.nothing'))", "[]"),
        ("#macro(inc $v)#set($v = $v + 1)#end#set($k = 1)#inc($k)#inc($k)$k", "3"),
        ("#macro(put $m)#set($m.a = 1)#end#set($k = {})#put($k)$k", "{a=1}"),
        ("#macro(fill $m)#set($m = 'new')#end#set($k = {'a': 1})#fill($k.a)$k", "{a=new}"),
        ("#macro(own $v)#set($v = 2)$v#end#own(1)$v", "22"),
        ('#macro(lazy $x)#set($n = 1)$x#set($n = 2)$x#end#lazy("<$n>")', "<1><2>"),
        ("#macro(leak)#set($l = 'out')#end#leak()$l", "out"),
        ("#macro(wrap $t)<$t>$bodyContent</$t>#end#set($x = 1)#@wrap('b')in $x#end", "<b>in 1</b>"),
        ("#macro(wrap)[$!bodyContent]#end#wrap()", "[]"),
        ("#macro(twice)$bodyContent$bodyContent#end#@twice()#set($c = $c + 1)x#end", "xx"),
        ("#macro(m)a#end#macro(m)b#end#m()", "a"),
        ("#macro(down $n)$n#if($n > 0)#set($n = $n - 1)#down($n)#end#end#set($k = 3)#down($k)", "3210"),
        ("#macro(a)a#b()#end#macro(b)b#end#a()", "ab"),
        ("#foreach($i in [1, 2])#show()#end#macro(show)$foreach.count$i #end", "11 22 "),
        ("#nosuch(1, $x)#nosuch #{nosuch}()#@nosuch()x#end", "#nosuch(1, $x)#nosuch #{nosuch}()#@nosuch()x#end"),
        ("color: #fff; #section(see above)", "color: #fff; #section(see above)"),
    ],
)
def test_macros(source: str, expected: str) -> None:
    assert render(source) == expected


def test_macros_inside_each_other_are_bounded() -> None:
    with pytest.raises(BudgetExceeded, match="more than 20 macros inside each other"):
        render("#macro(m)#m()#end#m()")


# Strings


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('#set($n = "Bo")#set($s = "Hi ${n}!")$s', "Hi Bo!"),
        ("#set($n = 'Bo')#set($s = 'Hi $n')$s", "Hi $n"),
        ('#set($s = "a#if(true)b#{end}c#foreach($i in [1, 2])$i#end")$s', "abc12"),
        ('#set($s = "#fff $5 # $")$s', "#fff $5 # $"),
        ('#set($s = "say ""hi""")$s', 'say "hi"'),
        ("#set($s = 'it''s')$s", "it's"),
        ('#set($s = "\\u00e9 \\n")$s', "é \\n"),
        ('#set($s = "a## gone")[$s]', "[a]"),
        ('#set($s = "$nobody $!nobody.")$s', "$nobody ."),
        ('#macro(m $x)<$x>#end#set($s = "#m(1)")$s', "<1>"),
        ('#set($q = \'"\')"$q"', '"""'),
        ('#set($s = "$input.params("q")")', None),
    ],
)
def test_strings(source: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(TemplateError):
            render(source)
    else:
        assert render(source) == expected


# White space


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n#set($x = 1)\nb", "a\nb"),
        ("a\n  #set($x = 1)  \nb", "a\n  b"),
        ("#if(true)\n  #set($x = 1)\nb#end", "b"),
        ("$context.stage  #set($x = 1)b", "prodb"),
        ("#set($x = 1)  b", "  b"),
        ("a\n#if(true)  \nb\n#end  \nc", "a\nb\nc"),
        ("a\n  #if(true)\n  b\n  #end\nc", "a\n    b\n  c"),
        ("#if(false)x#else \nb#end", "b"),
        ("#if(true)\r\nb\r\n#end\r\nc", "b\r\nc"),
        ("#foreach($i in [1, 2])\n$i\n#end\n.", "1\n2\n."),
        ("#macro(m)\nbody\n#end\n#m()\n.", "body\n."),
        ("#macro(m)x#end#m\n.", "x\n."),
        ("#nosuch()\n.", "#nosuch()\n."),
        ("a ## gone\nb", "a b"),
        ("#* gone *#\nb", "\nb"),
        ("#define($d)\nx\n#end\n$d.", "x\n."),
        ("#[[a]]#\nb", "a\nb"),
    ],
)
def test_white_space(source: str, expected: str) -> None:
    assert render(source) == expected


# What cannot be parsed


@pytest.mark.parametrize(
    ("source", "place", "reason"),
    [
        ("a\n#if(true)b", "line 2, column 1", "lacks its #end"),
        ("#end", "line 1, column 1", "#end without its #if"),
        ("#if(true)#else#else#end", "line 1, column 15", "#else without its #if"),
        ("a\n #if x", "line 2, column 5", r"expected '\(' behind #if"),
        ("#if($a == )x#end", "line 1, column 11", "expected a string"),
        ("#if($a = 1)x#end", "line 1, column 8", r"expected '\)'"),
        ("#set($x 1)", "line 1, column 9", "expected '='"),
        ("#set(5 = 1)", "line 1, column 6", "needs a reference"),
        ("#set($x = 1 2)", "line 1, column 13", r"expected '\)'"),
        ("#set($x = 1 -1)", "line 1, column 13", "put a blank between them"),
        ("#foreach($x of [1])#end", "line 1, column 15", "expected 'in'"),
        ("#foreach($x.y in [1])#end", "line 1, column 10", "the name of a variable"),
        ("#foreach $x in [1]#end", "line 1, column 9", "expected"),
        ("#macro()x#end", "line 1, column 8", "needs a name"),
        ("#define('d')x#end", "line 1, column 9", "the name of a variable"),
        ("#m('a' +)", "line 1, column 8", "expected a string"),
        ("$input.path($a + $b)", "line 1, column 16", r"expected '\)'"),
        ("#include('x')", "line 1, column 1", "#include is not available"),
        ("a#parse('x')", "line 1, column 2", "#parse is not available"),
        ("#set($x = [1..'a'])", "line 1, column 12", "a range goes from and to"),
        ("#set($x = {'a' 1})", "line 1, column 16", "expected ':'"),
        ('\n#set($s = "ab\n #if(true)")', "line 3, column 2", "lacks its #end"),
        ("${a|'b'}", "line 1, column 4", "lacks its '}'"),
        ("#if(true)" * 60, "line 1", "inside each other"),
        ("#set($x = " + "(" * 60, "line 1", "inside each other"),
        ("#foreach($i in $j)" * 30 + "#end" * 30, "template", "nested too deeply"),
        ("$a" * 30_000, "line 1", "more than 25000 references"),
    ],
)
def test_what_velocity_cannot_parse_is_refused_with_its_place(source: str, place: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as refused:
        compile_template(source, "broken")
    assert place in str(refused.value)


def test_an_error_of_a_rendering_names_the_place() -> None:
    source = 'one\n#foreach($i in [1])\n  "$context.stage",\n  "$util.parseJson(\'{\')"\n#end'
    with pytest.raises(EvaluationError, match="template 'POST /pets', line 4, column 4: parseJson"):
        compile_template(source, "POST /pets").render(ENV)
