"""Values: literals, operators, Java's methods, and how everything prints."""

import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError
from portico.lang.vtl import compile_template

ENV = FakeEnvironment(
    body='{"list":[1,"b",null,2.50],"map":{"b":1,"a":{"x":[1]}},"big":1e10,"s":"text","t":true,"none":null}',
    context_values={"requestTimeEpoch": 1_700_000_000_123},
)


def render(source: str) -> str:
    return compile_template(source, "test").render(ENV)


def value(expression: str) -> str:
    """What `#set($x = expression)` makes of it; nothing where it has no value."""
    return render(f"#set($x = {expression})$!x")


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("1", "1"),
        ("-7", "-7"),
        ("4.5e3", "4500.0"),
        ("1e10", "1.0E10"),
        ("-.5", "-0.5"),
        ("5.", "5.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("true", "true"),
        ("'a'", "a"),
        ("[]", "[]"),
        ("[1, 'a', [true], $nobody]", "[1, a, [true], null]"),
        ("[1..4]", "[1, 2, 3, 4]"),
        ("[ 2 .. -1 ]", "[2, 1, 0, -1]"),
        ("{}", "{}"),
        ("{'b': 1, 'a': [1], 3: {'x': 'y'}, true: $nobody}", "{b=1, a=[1], 3={x=y}, true=null}"),
        ("{ 'k' : 'v' }", "{k=v}"),
    ],
)
def test_literals(expression: str, printed: str) -> None:
    assert value(expression) == printed


def test_maps_of_a_template_keep_their_order() -> None:
    """Velocity 1.7 makes a LinkedHashMap of them."""
    assert value("{'one': 1, 'two': 2, 'three': 3, 'four': 4}") == "{one=1, two=2, three=3, four=4}"


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("1 + 2 * 3 - 4", "3"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 % -3", "1"),
        ("-7 % 3", "-1"),
        ("7 / 2.0", "3.5"),
        ("5.5 % 2", "1.5"),
        ("1 / 0", ""),
        ("1 % 0", ""),
        ("1.0 / 0", ""),
        ("2147483647 + 1", "2147483648"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("5000000.0 * 2", "1.0E7"),
        ("'a' + 1 + 2", "a12"),
        ("1 + 2 + 'a'", "3a"),
        ("'n: ' + $nobody", "n: $nobody"),
        ("'l: ' + [1, 2]", "l: [1, 2]"),
        ("'t: ' + true", "t: true"),
        ("1 + true", ""),
        ("1 + $nobody", ""),
        ("'a' - 'b'", ""),
        ("[1] + [2]", ""),
        ("1 == 1.0", "true"),
        ("1 == '1'", "true"),
        ("'a' == 'a'", "true"),
        ("true == 'true'", "true"),
        ("[1, 2] == [1, 2]", "true"),
        ("[1] == [1.0]", "false"),
        ("{'a': 1} == {'a': 1}", "true"),
        ("$nobody == $noone", "true"),
        ("$nobody == ''", "true"),
        ("$nobody != 'x'", "true"),
        ("'' == $input.path('$.none')", "true"),
        ("[] == ''", "false"),
        ("[] == $nobody", "false"),
        ("0 == ''", "false"),
        ("false == $nobody", "false"),
        ("1 < 2 && 2 >= 2 && 3 > 2.5 && 1 <= 1", "true"),
        ("'a' < 'b'", "false"),
        ("$nobody < 1", "false"),
        ("1 lt 2 and 2 ge 2 and not (1 gt 2) or false", "true"),
        ("1 eq 1 and 1 ne 2 and 1 le 1", "true"),
        ("!true || !$nobody", "true"),
        ("true && 'text'", "false"),
        ("$input.path('$.t') && $input.path('$.list')", "true"),
    ],
)
def test_operators(expression: str, printed: str) -> None:
    assert value(expression) == printed


def test_the_second_side_is_not_looked_at_where_the_first_decides() -> None:
    assert value("false && $x.y.substring(9)") == "false"
    assert render("#set($s = 'a')#if(true || $s.substring(9))ok#end") == "ok"


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        ("length()", "11"),
        ("isEmpty()", "false"),
        ("empty", "false"),
        ("charAt(1)", "e"),
        ("substring(6)", "World"),
        ("substring(0, 5)", "Hello"),
        ("subSequence(0, 1)", "H"),
        ("toUpperCase()", "HELLO WORLD"),
        ("toLowerCase()", "hello world"),
        ("trim()", "Hello World"),
        ("concat('!')", "Hello World!"),
        ("contains('lo W')", "true"),
        ("startsWith('He')", "true"),
        ("startsWith('lo', 3)", "true"),
        ("endsWith('ld')", "true"),
        ("equals('Hello World')", "true"),
        ("equals(5)", "false"),
        ("equalsIgnoreCase('hello world')", "true"),
        ("compareTo('Hello')", "6"),
        ("compareTo('Iello')", "-1"),
        ("compareToIgnoreCase('HELLO WORLD')", "0"),
        ("indexOf('o')", "4"),
        ("indexOf('o', 5)", "7"),
        ("indexOf('x')", "-1"),
        ("lastIndexOf('o')", "7"),
        ("lastIndexOf('o', 6)", "4"),
        ("replace('l', 'L')", "HeLLo WorLd"),
        ("replaceAll('[aeiou]', '<$0>')", "H<e>ll<o> W<o>rld"),
        ("replaceAll('(?<v>[aeiou])', '${v}${v}')", "Heelloo Woorld"),
        ("replaceAll('o', '\\$')", "Hell$ W$rld"),
        ("replaceFirst('o', '0')", "Hell0 World"),
        ("matches('Hello.*')", "true"),
        ("matches('Hello')", "false"),
        ("split(' ')", "[Hello, World]"),
        ("split('o')[1]", " W"),
        ("split('l', 2)", "[He, lo World]"),
        ("split('').size()", "11"),
        ("split(' ').size()", "2"),
        ("hashCode()", "-862545276"),
        ("repeat(2)", "Hello WorldHello World"),
        ("toCharArray().size()", "11"),
        ("getBytes().get(0)", "72"),
        ("bytes.size()", "11"),
        ("codePointAt(0)", "72"),
        ("toString()", "Hello World"),
        ("valueOf(1.5)", "1.5"),
        ("join('-', [1, 'a'])", "1-a"),
        ("nosuch()", ""),
        ("length(1)", ""),
        ("substring('a')", ""),
        ("contains($nobody)", ""),
        ("class", ""),
        ("class.forName('java.lang.Runtime')", ""),
        ("getClass()", ""),
        ("getClass().getName()", ""),
    ],
)
def test_methods_of_strings(call: str, printed: str) -> None:
    assert render(f"#set($s = 'Hello World')$!s.{call}") == printed


def test_characters_beyond_the_first_plane_are_two_for_java() -> None:
    source = "#set($s = 'a\U0001f600b')$s.length() $s.indexOf('b') $s.substring(3) $s.substring(1, 3)"
    assert render(source) == "4 3 b \U0001f600"
    assert render("#set($s = '\U0001f600')$s.substring(0, 1)$s.substring(1)") == "\U0001f600"
    assert render("#set($s = '\U0001f600')$s.charAt(0).") == "?."


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("'%s is %d', 'x', 5", "x is 5"),
        ("'%05d|%-4d|%+d|%,d', 42, 42, 42, 1234567", "00042|42  |+42|1,234,567"),
        ("'%.2f|%8.1f|%e', 1.005, 2.25, 12345.678", "1.00|     2.2|1.234568e+04"),
        ("'%5s|%-5s|%.2s|%S', 'abc', 'abc', 'abc', 'abc'", "  abc|abc  |ab|ABC"),
        ("'%x %X %o %c %b %%', 255, 255, 8, 'z', true", "ff FF 10 z true %"),
        ("'%2$s %1$s', 'a', 'b'", "b a"),
        ("'%s', $nobody", "null"),
        ("'%s %s', [1], {'a': 1}", "[1] {a=1}"),
        ("'%tF %<s', 1", None),
        ("'%1$tY-%1$tm-%1$td %1$tH:%1$tM:%1$tS.%1$tL', $context.requestTimeEpoch", "2023-11-14 22:13:20.123"),
        ("'%1$tF %1$tT %1$tb %1$tA', $context.requestTimeEpoch", "2023-11-14 22:13:20 Nov Tuesday"),
        ("'%d', 'x'", None),
        ("'%d'", None),
        ("'%99999999d', 1", None),
    ],
)
def test_format(arguments: str, printed: str | None) -> None:
    source = f"#set($s = '')$s.format({arguments})"
    if printed is None:
        with pytest.raises(EvaluationError):
            render(source)
    else:
        assert render(source) == printed


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("#set($i = 0)$i.parseInt('42') $i.valueOf('-7') $i.parseInt('ff', 16) $i.toString(255, 16)", "42 -7 255 ff"),
        (
            "#set($i = 300)$i.intValue() $i.byteValue() $i.doubleValue() $i.compareTo(5) $i.equals(300)",
            "300 44 300.0 1 true",
        ),
        ("#set($i = 0)$i.toHexString(255) $i.toBinaryString(5) $i.max(1, 2) $i.signum(-5)", "ff 101 2 -1"),
        (
            "#set($d = 2.7)$d.intValue() $d.longValue() $d.isNaN() $d.parseDouble('1e3') $d.valueOf('5')",
            "2 2 false 1000.0 5.0",
        ),
        (
            "#set($b = true)$b.booleanValue() $b.parseBoolean('TRUE') $b.valueOf('x') $b.equals(true)",
            "true true false true",
        ),
    ],
)
def test_methods_of_numbers_and_booleans(source: str, printed: str) -> None:
    assert render(source) == printed


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("$l.size() $l.isEmpty() $l.empty $l.get(0) $l[1] $l[-1]", "3 false false a b c"),
        (
            "$l.contains('b') $l.indexOf('c') $l.indexOf('x') $l.subList(1, 3) $l.containsAll(['a'])",
            "true 2 -1 [b, c] true",
        ),
        ("$l.add('d') $l", "true [a, b, c, d]"),
        ("$l.add(0, 'z')$l.addAll([1, 2]) $l", "true [z, a, b, c, 1, 2]"),
        ("$l.set(0, 'z') $l.remove(1) $l.remove('c') $l.remove('x') $l", "a b true false [z]"),
        ("$l.clear()$l", "[]"),
        ("$l.iterator().next() $l.toArray().size()", "a 3"),
        ("$l.add($nobody)$l", "true[a, b, c, null]"),
        ("$l.nosuch() $l.get('x').", " ."),
    ],
)
def test_methods_of_lists(source: str, printed: str) -> None:
    assert render(f"#set($l = ['a', 'b', 'c']){source}") == printed


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("$m.size() $m.isEmpty() $m.get('a') $m.a $m['a'] $m.getOrDefault('x', 5)", "2 false 1 1 1 5"),
        (
            "$m.containsKey('a') $m.containsKey('x') $m.containsValue(2) $m.keySet() $m.values()",
            "true false true [a, b] [1, 2]",
        ),
        ("$m.put('a', 9) $m.put('c', 3)$m", "1 {a=9, b=2, c=3}"),
        ("$m.putIfAbsent('a', 9) $m.putAll({'d': 4})$m.remove('b') $m", "1 2 {a=1, d=4}"),
        ("$m.entrySet()", "[a=1, b=2]"),
        ("#foreach($e in $m.entrySet())$e.getKey()$e.value#end", "a1b2"),
        ("$m.clear()$m $m.size", "{} "),
        ("$m.toString() $m.equals({'b': 2, 'a': 1})", "{a=1, b=2} true"),
        ("$m.class $m.keySet().contains('a') $m.keySet().size()", " true 2"),
    ],
)
def test_methods_of_maps(source: str, printed: str) -> None:
    assert render(f"#set($m = {{'a': 1, 'b': 2}}){source}") == printed


@pytest.mark.parametrize(
    "source",
    [
        *("$s.charAt(9)", "$s.substring(-1)", "$s.substring(3, 2)", "$i.parseInt('x')", "$i.parseInt('99999999999')"),
        *("$d.parseDouble('x')", "$l.get(5)", "$l[5]", "$l[-5]", "$l.set(5, 1)", "$l.subList(2, 1)", "$s.repeat(-1)"),
        *("$m.put([1], 2)", "$it.next()", "$s.replaceAll('(', '')", "$s.replaceAll('a', '$1')", "$l.remove(9)"),
        *(
            "$util.parseJson('{')",
            "$util.urlDecode('%z')",
            "$input.path($s.concat('['))",
            "$input.json($s.concat('['))",
        ),
    ],
)
def test_what_java_answers_with_an_exception_fails_the_rendering(source: str) -> None:
    given = (
        "#set($s = 'abc')#set($i = 0)#set($d = 0.5)#set($l = [1])#set($m = {})#set($e = [])#set($it = $e.iterator())"
    )
    with pytest.raises(EvaluationError, match=r"template 'test', line 1, column"):
        render(given + source)


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("$input.path('$.list') $input.path('$.map')", '[1,"b",null,2.5] {b=1, a={x=[1]}}'),
        ("#set($l = $input.path('$.list'))$l.add({'k': [1]})$l", 'true[1,"b",null,2.5,{"k":[1]}]'),
        ("#set($l = [$input.path('$.list'), $input.path('$.map')])$l", '[[1,"b",null,2.5], {b=1, a={x=[1]}}]'),
        ("$input.path('$.big') $input.json('$.big')", "1.0E10 1.0E10"),
        ("#set($p = $input.path('$'))#set($p.n = 2.0e9 * 5)$input.json('$.n')", "1.0E10"),
        ("$input $util.", " ."),
    ],
)
def test_values_print_as_in_java(source: str, printed: str) -> None:
    assert render(source) == printed


def test_escape_javascript_takes_every_character() -> None:
    text = "".join(map(chr, range(256))) + "\u2028\U0001f600"
    env = FakeEnvironment(body=text)
    escaped = compile_template("$util.escapeJavaScript($input.body)", "t").render(env)
    assert escaped.startswith("\\u0000\\u0001") and "\\b\\t\\n\\u000B\\f\\r" in escaped
    assert (
        escaped.endswith("\\u00FF\\u2028\\uD83D\\uDE00") and '\\"' in escaped and "\\'" in escaped and "\\/" in escaped
    )
    assert "\x7f" in escaped


@pytest.mark.parametrize("size", [10, 70_000, 140_001])
def test_large_texts_are_converted_piece_by_piece_without_a_seam(size: int) -> None:
    text = ("é%&'" * size)[:size]
    env = FakeEnvironment(body=text)
    for there, back in (("urlEncode", "urlDecode"), ("base64Encode", "base64Decode")):
        source = f"$util.{back}($util.{there}($input.body))"
        assert compile_template(source, "t").render(env) == text
