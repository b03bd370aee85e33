"""Templates that would take a worker's time or memory: sixty of them, each with the body that it is given."""

from typing import NamedTuple


class Bomb(NamedTuple):
    name: str
    source: str
    body: str = "{}"


_LOOP = "#foreach($i in [1..1000])"
_DEEP = _LOOP * 3 + "%s" + "#end" * 3
_TEXT = "x" * 1_000_000
_LARGE = "x" * 10_000_000
_LIST = "[" + ",".join(["1"] * 100_000) + "]"
_TREE = '{"a":' + "[" * 150 + "1" + "]" * 150 + ',"b":[' + ",".join(['{"a":[1,2,3]}'] * 20_000) + "]}"


def _doubled(name: str, start: str, step: str, times: int = 1000) -> Bomb:
    return Bomb(name, f"{start}#foreach($i in [1..{times}]){step}#end$s")


BOMBS = [
    # Texts
    _doubled("a text added to itself", "#set($s = 'xxxxxxxx')", "#set($s = $s + $s)"),
    _doubled("a text in a text", "#set($s = 'xxxxxxxx')", '#set($s = "$s$s")'),
    _doubled("a text behind itself", "#set($s = 'xxxxxxxx')", "#set($s = $s.concat($s))"),
    _doubled("a wide text", "#set($s = '\U0001f600')", '#set($s = "$s$s")'),
    _doubled("a text replaced by more", "#set($s = 'xx')", "#set($s = $s.replace('x', 'xx'))"),
    _doubled("a pattern replaced by more", "#set($s = 'xx')", "#set($s = $s.replaceAll('x', 'xx'))"),
    _doubled("a text encoded again and again", "#set($s = '%%%%')", "#set($s = $util.urlEncode($s))"),
    _doubled("base64 of base64", "#set($s = 'xxxx')", "#set($s = $util.base64Encode($s))"),
    _doubled("quotes escaped again and again", "#set($s = '\\')", "#set($s = $util.escapeJavaScript($s))"),
    _doubled("a list joined with itself", "#set($s = 'xx')", "#set($s = $s.join($s, [$s, $s]))"),
    Bomb("a text repeated", "#set($s = 'x')$s.repeat(2000000000)"),
    Bomb("a wide format", "#set($s = '')$s.format('%200000000d', 1)"),
    Bomb("formats in loops", _DEEP % "$s.format('%9999d %9999d', 1, 2)", "{}"),
    Bomb(
        "many large texts in variables",
        "#set($b = $input.body)" + "".join(f'#set($v{n} = "${{b}}{n}")' for n in range(3000)),
        _TEXT,
    ),
    Bomb("large texts in a list", f'#set($l = []){_LOOP}$l.add("$input.body$i")#end', _TEXT),
    Bomb("large texts in a map", f'#set($m = {{}}){_LOOP}$!m.put("$input.body$i", 1)#end', _TEXT),
    Bomb("large texts as arguments", "#set($l = [" + ",".join(['"$input.body."'] * 900) + "])", _TEXT),
    Bomb(
        "large texts compared",
        '#set($a = "$input.body.")#set($b = "$input.body.")' + _DEEP % "#if($a == $b)#end",
        _LARGE[:9_000_000],
    ),
    Bomb("large texts searched", _DEEP % "#if($input.body.contains('y'))#end", _LARGE),
    Bomb("large texts made large letters", _DEEP % "#set($s = $input.body.toUpperCase())", _LARGE),
    Bomb("large texts cut", _DEEP % "#set($s = $input.body.substring(1))", _LARGE),
    Bomb("large texts in characters", "$input.body.toCharArray().size()$input.body.getBytes().size()", _LARGE),
    Bomb("hashes of large texts", _DEEP % "#set($s = $input.body.hashCode())", _LARGE),
    Bomb("large texts escaped", _DEEP % "#set($s = $util.escapeJavaScript($input.body))", "\x01" * 5_000_000),
    Bomb("large texts decoded", _DEEP % "#set($s = $util.urlDecode($input.body))", "%41" * 3_000_000),
    # Loops and output
    Bomb("loops in loops", _DEEP % ""),
    Bomb("loops that print", _DEEP % "$i and some text that is printed each time"),
    Bomb("loops that branch", _DEEP % "#if($i > 5)a#elseif($i < 3)b#{else}c#end"),
    Bomb("the body again and again", _LOOP + "$input.body" * 100 + "#end", _LARGE),
    Bomb("a long text again and again", _LOOP + _LOOP + "y" * 100_000 + "#end#end"),
    Bomb("wide characters again and again", _LOOP + _LOOP + "\U0001f600" * 20_000 + "#end#end"),
    Bomb("the body as JSON again and again", _DEEP % "$input.json('$')", _TREE),
    Bomb("parameters again and again", _DEEP % "$input.params('nobody')$input.params().header"),
    # Lists and maps
    _doubled("a list added to itself", "#set($s = [1])", "#set($x = $s.addAll($s))"),
    _doubled("a list in a list", "#set($s = [1])", "#set($s = [$s, $s])", 100),
    _doubled("a map in a map", "#set($s = {})", "#set($s = {'a': $s, 'b': $s})", 100),
    Bomb("a list that is in itself", "#set($l = [1])$l.add($l)$l $l.hashCode() $l.equals($l)"),
    Bomb("a map that is in itself", "#set($m = {})$!m.put('m', $m)$m"),
    Bomb("a document that is in itself", "#set($d = $input.path('$'))#set($d.d = $d)$input.json('$')$d"),
    Bomb(
        "a document of documents",
        "#set($d = $input.path('$'))" + "#set($d.a = [$d.a, $d.a])" * 60 + "$input.json('$.a')",
        '{"a":1}',
    ),
    Bomb(
        "trees compared",
        "#set($a = [1])#set($b = [1])" + "#set($a = [$a, $a])#set($b = [$b, $b])" * 60 + "#if($a == $b)x#end",
    ),
    Bomb("a long list searched", "#set($l = $input.path('$'))" + _DEEP % "#if($l.contains(2))#end", _LIST),
    Bomb("a long range printed", "#set($r = [1..2000000000])$r"),
    Bomb("a long range searched", _DEEP % "#set($x = [1..2000000000])#if($x.contains('a'))#end"),
    Bomb(
        "keys of a large map",
        "#set($m = $input.path('$'))" + _DEEP % "$m.keySet().size()",
        "{" + ",".join(f'"k{n}":1' for n in range(50_000)) + "}",
    ),
    Bomb("whole numbers without an end", "#set($n = 7)" + _LOOP + "#set($n = $n * $n)#end$n"),
    # Patterns
    Bomb("a pattern that goes back", "$input.body.replaceAll('(x+)+y', '')", _TEXT),
    Bomb("a pattern that goes back a little", _LOOP + "$input.body.matches('.*x.*y')#end", "x" * 5000),
    Bomb(
        "patterns of all kinds",
        _DEEP % "#set($x = $input.body.replaceAll(\"a{$i,1000}b$foreach.parent.count\", ''))",
        "x" * 100,
    ),
    Bomb("a body cut into characters", "$input.body.split('').size()", _LARGE),
    Bomb("a pattern in a path", '$input.json("$[?(@ =~ /(x+)+y/)]")', '["' + "x" * 5000 + '"]'),
    # Macros, definitions, evaluation
    Bomb("a macro that calls itself", "#macro(m)#m()#m()#end#m()"),
    Bomb("macros that call each other", "#macro(a)#b()#b()#end#macro(b)#a()#a()#end#a()"),
    Bomb(
        "macros twenty deep",
        "".join(f"#macro(m{n})" + f"#m{n + 1}()" * 9 + "#end" for n in range(19)) + "#macro(m19)x#end#m0()",
    ),
    Bomb(
        "arguments of arguments",
        "".join(f'#macro(m{n} $x)#m{n + 1}("$x$x$x$x")#end' for n in range(18)) + "#macro(m18 $x)$x#end#m0('x')",
    ),
    Bomb(
        "definitions of definitions",
        "#define($d0)x#end" + "".join(f"#define($d{n + 1})$d{n}$d{n}$d{n}#end" for n in range(40)) + "$d40",
    ),
    Bomb("a definition of itself", "#define($d)$d$d$d#end$d"),
    Bomb("an evaluation of itself", "#set($s = '#evaluate($s)#evaluate($s)')#evaluate($s)"),
    Bomb("evaluations of all kinds", _DEEP % '#evaluate("$i $foreach.parent.count $input.body")', "x" * 2000),
    Bomb("a large evaluation", "#evaluate($input.body)", "$a" * 100_000),
    # Paths and JSON
    Bomb("deep searches", _DEEP % "$input.json('$..*')", _TREE),
    Bomb("deep searches in filters", "$input.json('$..[?(@..a)]')", _TREE),
    Bomb("paths of all kinds", _DEEP % '#set($x = $input.path("$.b[$i].a[?(@ > $foreach.parent.count)]"))', _TREE),
    Bomb("JSON in JSON", _DEEP % "#set($x = $util.parseJson($input.body))", _TREE),
    Bomb("JSON that goes deep", "$util.parseJson($input.body)", "[" * 1_000_000),
]
"""Those that are only found out while they are rendered."""

REFUSED = [
    Bomb("references without an end", "$a" * 150_000),
    Bomb("directives inside each other", "#if(true)" * 5000),
    Bomb("loops inside each other", "#foreach($i in [1..9])" * 40 + "#end" * 40),
    Bomb("parentheses inside each other", "#if(" + "(" * 20_000 + "true" + ")" * 20_000 + ")#end"),
    Bomb("negations without an end", "#if(" + "!" * 100_000 + "true)#end"),
    Bomb("lists inside each other", "#set($x = " + "[" * 50_000 + "]" * 50_000 + ")"),
    Bomb("a chain without an end", "$a" + ".b" * 100_000),
    Bomb("a sum without an end", "#set($x = 1" + " + 1" * 20_000 + ")"),
    Bomb("conditions without an end", "#if($a" + " && $a" * 20_000 + ")#end"),
    Bomb("branches without an end", "#if($a)" + "#elseif($a)" * 8000 + "#end"),
    Bomb("macros without an end", "".join(f"#macro(m{n})#end" for n in range(20_000))),
    Bomb("strings in strings", '#set($x = "' + '$a.b(""' * 40_000 + '")'),
]
"""Those that need not even be rendered: some are refused for their size, the others print little."""

HARMLESS = [
    Bomb("hashes", "#" * 300_000),
    Bomb("dollars", "$" * 300_000),
    Bomb("quiet dollars", "$!" * 150_000),
    Bomb("dollars behind a backslash", "\\" + "$" * 299_999),
    Bomb("hashes that might be escaped", "#\\" * 150_000),
    Bomb("backslashes", "\\" * 300_000),
    Bomb("braces", "${" * 150_000),
    Bomb("openings of comments", "#* *#" * 60_000),
    Bomb("unknown macros", "#a " * 24_000),
    Bomb("line ends", "\n" * 300_000),
]
"""Long, and only text."""
