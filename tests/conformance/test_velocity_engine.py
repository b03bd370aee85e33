"""Random templates, rendered here and by Apache Velocity 1.7 itself.

PORTICO_VELOCITY is a folder with velocity-1.7.jar, commons-collections-3.2.1.jar and commons-lang-2.4.jar; without it,
or without Java, nothing is run. What the engine refuses may be taken here.
"""

import base64
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_environment import FakeEnvironment
from portico.lang.errors import EvaluationError, SourceError
from portico.lang.vtl import compile_template

JARS = os.environ.get("PORTICO_VELOCITY", "")
PROGRAM = Path(__file__).with_name("VelocityEngine.java")

GIVEN = (
    '#set($n = 3)#set($z = 0)#set($f = 2.5)#set($s = "hello")#set($e = "")#set($t = true)#set($b = false)'
    '#set($l = ["x", "y", "z"])#set($m = {"k": "v", "n": 5})#set($o = {"a": {"b": [1, {"c": 2}]}})'
)
NAMES = ["n", "z", "f", "s", "e", "t", "b", "l", "m", "o", "u"]
STEPS = [
    *(".k", ".n", ".a.b", ".u", ".size()", ".length()", ".isEmpty()", ".keySet()", ".values()", ".toString()"),
    *("[0]", "[1]", "['k']", "[$z]", ".get(0)", ".get('k')", ".contains('x')", ".indexOf('l')", ".substring(0, 0)"),
    *(".equals($s)", ".toUpperCase()", ".replaceAll('l', 'L')", ".concat('!')"),
]
LITERALS = ["1", "0", "-3", "2.5", ".5", "1e3", '"a"', "'b'", '"$s"', '"a${s}b$u"', "''", "true", "false"]
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "and", "or", "eq", "ne", "lt", "ge"]
TEXTS = [
    *("abc", '{"a": ', '"', "}, ", "$", "$$", "$5", "$(", "$!5", "#-", "#nope", "#nope($s)", "\\$s", "\\\\$s"),
    *("\\$u", "\\#if", "${s}", "$s.", "$s, ", "$s-", "$m.k.", "##c\n", "#*c*#", "#[[$s]]#", "é", ".", "\\", "$m.k##\n"),
]
BLANKS = ["", "", " ", "\n", "  ", "\n  ", "\t", "\r\n"]


class Author:
    """Writes templates."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def one(self, choices: list[str]) -> str:
        return self.draw.choice(choices)

    def reference(self) -> str:
        name = self.one(NAMES) + "".join(self.one(STEPS) for _ in range(self.draw.choice([0, 0, 1, 1, 2])))
        return self.one(["$", "$", "$!"]) + (f"{{{name}}}" if self.draw.random() < 0.3 else name)

    def value(self, depth: int) -> str:
        kind = self.draw.randrange(8)
        if kind < 4 or depth > 2:
            return self.reference() if kind % 2 else self.one(LITERALS)
        if kind == 4:
            return f"[{', '.join(self.value(depth + 1) for _ in range(self.draw.randrange(3)))}]"
        if kind == 5:
            return f"{{'a': {self.value(depth + 1)}, $f: {self.value(depth + 1)}}}"
        return self.one(["[1..3]", "[$n..$z]", "[-1..$f]"]) if kind == 6 else self.reference()

    def expression(self, depth: int = 0) -> str:
        kind = self.draw.random()
        if depth > 2 or kind < 0.5:
            return self.value(depth)
        if kind < 0.6:
            return f"!{self.expression(depth + 1)}" if kind < 0.55 else f"({self.expression(depth + 1)})"
        return f"{self.expression(depth + 1)} {self.one(OPERATORS)} {self.expression(depth + 1)}"

    def block(self, depth: int) -> str:
        return "".join(self.piece(depth) for _ in range(self.draw.randrange(1, 4)))

    def piece(self, depth: int = 0) -> str:
        kind, before, after = self.draw.randrange(10 if depth < 3 else 6), self.one(BLANKS), self.one(BLANKS)
        if kind < 3:
            return self.one(TEXTS) + after
        if kind < 5:
            return self.reference() + after
        if kind == 5:
            return f"{before}#set(${self.one(['v', 's', 'u'])} = {self.expression()}){after}"
        if kind == 6:
            items = self.one(["$l", "$m", "[1..3]", "$m.keySet()", "$u"])
            seen = self.one(["$i", "$foreach.count", "$velocityCount", "#if($foreach.hasNext),#end", "$foreach.index"])
            return f"{before}#foreach($i in {items}){after}{seen}{self.block(depth + 1)}#end{before}"
        if kind == 7:
            return f"{before}#macro(shown $a $c){after}[$a]$!c{self.one(TEXTS)}#end{before}#shown({self.value(2)} $s)"
        otherwise = f"#else{after}{self.block(depth + 1)}" if kind == 8 else ""
        return f"{before}#if({self.expression()}){after}{self.block(depth + 1)}{otherwise}#end{before}"


@pytest.fixture(scope="module")
def engine() -> Iterator["subprocess.Popen[str]"]:
    if not JARS or shutil.which("java") is None:
        pytest.skip("NOT RUN: no Apache Velocity 1.7 (set PORTICO_VELOCITY), or no Java")
    command = ["java", "-cp", f"{JARS}/*", str(PROGRAM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def theirs(engine: "subprocess.Popen[str]", template: str) -> str:
    assert engine.stdin is not None
    assert engine.stdout is not None
    engine.stdin.write(base64.b64encode(template.encode()).decode() + "\n")
    engine.stdin.flush()
    answer = engine.stdout.readline().strip()
    return answer if answer in ("refused", "failed") else f"printed {base64.b64decode(answer).decode()}"


def ours(template: str) -> str:
    try:
        compiled = compile_template(template, "t", plain=True)
    except SourceError:
        return "refused"
    try:
        return f"printed {compiled.render(FakeEnvironment())}"
    except EvaluationError:
        return "failed"


@pytest.mark.parametrize("seed", range(20))
def test_random_templates_print_what_the_engine_prints(engine: "subprocess.Popen[str]", seed: int) -> None:
    author = Author(seed)
    for _ in range(25):
        template = GIVEN + "".join(author.piece() for _ in range(3))
        expected = theirs(engine, template)
        assert expected == "refused" or ours(template) == expected, template
