"""What the engine itself, velocity 1.7 as it is published, printed for templates where its grammar surprises.

Each row was found by rendering random templates with both and comparing.
"""

import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError
from portico.lang.vtl import compile_template

GIVEN = (
    '#set($n = 3)#set($f = 2.5)#set($s = "hello")#set($t = true)#set($l = ["x", "y", "z"])#set($l2 = [1, 2])'
    '#set($m = {"k": "v", "n": 5})'
)


def rendered(template: str) -> str:
    return compile_template(GIVEN + template, "t", plain=True).render(FakeEnvironment())


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        # Dollars that touch a directive of the grammar, or a comment, go with it.
        ("a $#set($v = 1)b", "a b"),
        ("price: $#if($t)5#end", "price: 5"),
        ("#if($t)a$#{else}b#end", "a"),
        ("#if($t)a$#end b", "a b"),
        ("$!#if($t)x#end", "x"),
        ("$$#if($t)x#end", "x"),
        ("$#*c*#x", "x"),
        ("$##c\nx", "$x"),
        ("$#nope", "$#nope"),
        ("$ #if($t)x#end", "$ x"),
        ("a $ #set($v = 1)b", "a b"),
        ("$! \t#set($v = 1)b", "b"),
        # An exclamation mark behind a dollar is not printed where no name follows.
        ("$!5", "$5"),
        ('"$!"', '"$"'),
        ("$!, ", "$, "),
        ("$!!s", "$!s"),
        ("$!{5}", "$!{5}"),
        # Behind an escaping backslash one dollar is printed.
        ("\\$$s", "$s"),
        ("\\$$nobody", "\\$nobody"),
        ("$$s", "$hello"),
        # Behind a hash or a dollar backslashes escape no reference.
        ("#\\$s", "#\\hello"),
        ("#\\\\$s", "#\\\\hello"),
        ("$\\$s", "$\\hello"),
        # Behind `$a.b` two hashes are no comment.
        ("$m.k##\nx", "v##\nx"),
        ("$m.k## $s\nx", "v## hello\nx"),
        ("$!m.k##\nx", "v##\nx"),
        ('$m.k##"x"\n', 'v##"x"\n'),
        ("$nobody.a##\nx", "$nobody.a##\nx"),
        ("#if($t)$m.k##end\nx", "vx"),
        ("$m.k###c\nx", "vx"),
        ("$m.k ##c\nx", "v x"),
        ("${m.k}##c\nx", "vx"),
        ('$m["k"]##c\nx', "vx"),
        ("$m.size()##c\nx", "2x"),
        ("$s##c\nx", "hellox"),
        # A comment may lack its end.
        ("a#* never closed $s", "a"),
    ],
)
def test_text_that_is_nearly_a_directive_or_reference(template: str, printed: str) -> None:
    assert rendered(template) == printed


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ('#foreach($i in {"zeta": 1, "alpha": 2, "b": 3})$i#end', "123"),
        ('#set($v = {"b": 1, "a": 2})#set($v.c = 3)$v.keySet()', "[b, a, c]"),
        ("#set($v = [$f..4])$v", "[2, 3, 4]"),
        ("$m.keySet()[0]", "$m.keySet()[0]"),
        ("$m.values().get(0)", "$m.values().get(0)"),
        ("$m.entrySet().size()", "2"),
        ("$l.length()", "$l.length()"),
        ('$s.split("l").length()', '$s.split("l").length()'),
        ('$s.split("l").size()', "3"),
        ('$s.split("l")[0]', "he"),
        ("$l[-1]", "z"),
        ("$m[-1]", "$m[-1]"),
        ("$nobody[-1]", "$nobody[-1]"),
        ("$l.addAll(1, $l2)$l", "true[x, 1, 2, y, z]"),
        ('$l.removeAll(["x", "q"])$l', "true[y, z]"),
        ('$l.retainAll(["x", "q"])$l', "true[x]"),
        ("$l.retainAll($l)$l", "false[x, y, z]"),
    ],
)
def test_lists_maps_and_sets(template: str, printed: str) -> None:
    assert rendered(template) == printed


@pytest.mark.parametrize(
    "template", ["$nobody.get($l[9])", "$m.none.get($l.get(9))", "$nobody[$l[9]]", "$m.none.join($l[9])"]
)
def test_arguments_are_not_asked_for_where_there_is_nobody_to_take_them(template: str) -> None:
    assert rendered(template) == template
    with pytest.raises(EvaluationError, match="index 9"):
        rendered(template.replace("$nobody", "$m").replace("$m.none", "$m"))


@pytest.mark.parametrize("value", ["$s", "$n", "$t", "$s.length()"])
def test_what_has_no_size_cannot_be_counted_from_its_end(value: str) -> None:
    with pytest.raises(EvaluationError, match="size"):
        rendered(f"{value}[-1]")
