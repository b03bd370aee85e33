"""From the text of a JSONPath to its steps."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from portico.lang.jsonpath import filters, functions, paths
from portico.lang.jsonpath.filters import Test, Value
from portico.lang.jsonpath.paths import Path, PathError, Step

MAX_STEPS = 100
"""Steps of one path."""
MAX_LENGTH = 4096
"""Characters of one path."""
KEPT_LENGTH = 256
"""Characters of a path that is remembered: requests may bring paths of their own."""
MAX_NESTING = 20
"""Parentheses and filters inside each other."""

_NAME = re.compile(r"[^.\[\]()\s,'\"?*]+")
# Inside a filter an operator ends a name as well.
_FILTER_NAME = re.compile(r"[^.\[\]()\s,'\"?*=!<>&|~]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r"\s*")
_INTEGER = re.compile(r"-?\d{1,9}")
# A third part is passed over: Jayway knows no steps.
_SLICE = re.compile(r"(-?\d{1,9})?\s*:\s*(-?\d{1,9})?(?:\s*:\s*-?\d{0,9})?")
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")
_WORD = re.compile(r"(true|false|null)(?![A-Za-z0-9_])")
_WORDS = {"true": True, "false": False, "null": None}
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_OPERATOR = re.compile(r"==|!=|<=|>=|=~|<|>|([A-Za-z]+)")


def compile_path(source: str) -> Path:
    """Compile a path. One that does not begin with `$` is read as if it began with `$.`, as Jayway does.

    Raises PathError.
    """
    if len(source) > MAX_LENGTH:
        raise PathError(f"JSONPath {source[:40]!r}…", f"it has more than {MAX_LENGTH} characters")
    return _kept(source) if len(source) <= KEPT_LENGTH else _Parser(source).parse()


@lru_cache(maxsize=1024)
def _kept(source: str) -> Path:
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source.strip()
        if not self.source.startswith("$"):
            self.source = "$." + self.source
        self.at = 1
        self.nesting = 0
        self.function_step: Step | None = None

    def parse(self) -> Path:
        steps = self.steps(lambda: self.at < len(self.source))
        return Path(self.source, steps)

    def steps(self, more: Callable[[], bool]) -> tuple[Step, ...]:
        steps: list[Step] = []
        while more():
            if len(steps) == MAX_STEPS:
                self.fail(f"more than {MAX_STEPS} steps")
            if steps and steps[-1] is self.function_step:
                self.fail("a function stands at the end of a path")
            steps.append(self.step(any(step.deep for step in steps)))
        return tuple(steps)

    def step(self, below_deep: bool) -> Step:
        deep = self.skip("..")
        # A dot before a bracket is passed over: `$.['detail-type']`.
        if self.skip("[") or self.skip(".["):
            step = self.bracket(deep)
        elif deep or self.skip("."):
            step = self.skip_wildcard() or self.dotted(below_deep or deep)
        else:
            self.fail("expected '.' or '['")
        return step._replace(deep=True, definite=False) if deep and not step.gathers else step

    def dotted(self, below_deep: bool) -> Step:
        match = (_FILTER_NAME if self.nesting else _NAME).match(self.source, self.at)
        if match is None:
            self.fail("expected a name")
        self.at = match.end()
        return self.function(match[0], below_deep) if self.skip("(") else paths.name(match[0])

    def function(self, name: str, below_deep: bool) -> Step:
        if name not in functions.FUNCTIONS:
            self.fail(f"there is no function {name}()")
        arguments: list[Value] = []
        self.deeper()
        self.space()
        while not self.skip(")"):
            arguments.append(self.value())
            if not self.comma() and not self.source.startswith(")", self.at):
                self.fail("expected ',' or ')'")
        self.nesting -= 1
        self.function_step = paths.computed(functions.bind(name, arguments), below_deep)
        return self.function_step

    def bracket(self, deep: bool) -> Step:
        self.space()
        if self.skip("?"):
            return self.filter(deep)
        keys = self.quoted()
        step = None if keys else self.skip_wildcard() or self.sliced() or self.numbered()
        self.close()
        return step or self.named(keys, deep)

    def named(self, keys: list[str], deep: bool) -> Step:
        if len(keys) == 1:
            return paths.name(keys[0])
        return paths.names(keys, self.at == len(self.source), deep)

    def quoted(self) -> list[str]:
        keys: list[str] = []
        while (text := self.string()) is not None:
            keys.append(text)
            if not self.comma():
                break
        return keys

    def string(self) -> str | None:
        match = _QUOTED.match(self.source, self.at)
        if match is None:
            return None
        self.at = match.end()
        return _ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2])

    def sliced(self) -> Step | None:
        match = _SLICE.match(self.source, self.at)
        if match is None:
            return None
        self.at = match.end()
        return paths.between(*(None if bound is None else int(bound) for bound in match.groups()))

    def numbered(self) -> Step:
        places: list[int] = []
        while match := _INTEGER.match(self.source, self.at):
            self.at = match.end()
            places.append(int(match[0]))
            if not self.comma():
                break
        if not places:
            self.fail("expected a name, an index, a slice, a filter or '*'")
        return paths.index(places[0]) if len(places) == 1 else paths.indices(places)

    # Filters

    def filter(self, deep: bool) -> Step:
        self.space()
        if not self.skip("("):
            self.fail("expected '('")
        test = self.either()
        self.expect(")")
        self.close()
        return paths.accepted(test, deep)

    def either(self) -> Test:
        self.deeper()
        tests = [self.both()]
        while self.skip("||"):
            tests.append(self.both())
        self.nesting -= 1
        return filters.any_of(tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self.skip("&&"):
            tests.append(self.single())
        return filters.all_of(tests)

    def single(self) -> Test:
        negated = False
        self.space()
        while self.skip("!"):
            negated = not negated
            self.space()
        if self.skip("("):
            test = self.either()
            self.expect(")")
            self.space()
        else:
            test = self.comparison()
        return filters.negated(test) if negated else test

    def comparison(self) -> Test:
        left = self.value()
        operator = _OPERATOR.match(self.source, self.at)
        if operator is None:
            return filters.exists(left) or self.fail("only a path can stand without an operator")
        name = operator[0].lower() if operator[1] else operator[0]
        if name not in filters.OPERATORS:
            self.fail(f"there is no operator {operator[0]!r}")
        self.at = operator.end()
        right = self.value()
        return filters.compare(name, left, right)

    def value(self) -> Value:
        """A path from the element or the document, or a constant, with the blanks around it."""
        self.space()
        found = self.path_value() or self.constant()
        self.space()
        return found

    def path_value(self) -> Value | None:
        start = self.at
        if self.source[start : start + 1] not in ("@", "$"):
            return None
        self.at += 1
        self.deeper()
        steps = self.steps(lambda: self.source[self.at : self.at + 1] in (".", "["))
        path = Path(self.source[start : self.at], steps)
        self.nesting -= 1
        return Value(path=path, from_root=self.source[start] == "$")

    def constant(self) -> Value:
        text = self.string()
        if text is not None:
            return Value(constant=text)
        for token, read in _CONSTANTS:
            if match := token.match(self.source, self.at):
                self.at = match.end()
                return read(match, self)
        if not self.skip("["):
            self.fail("expected a path or a value")
        return self.list_constant()

    def list_constant(self) -> Value:
        items: list[object] = []
        self.deeper()
        self.space()
        while not self.skip("]"):
            items.append(self.value().constant)
            if not self.comma() and not self.source.startswith("]", self.at):
                self.fail("expected ',' or ']'")
        self.nesting -= 1
        return Value(constant=items)

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"more than {MAX_NESTING} parentheses inside each other")

    # Characters

    def skip_wildcard(self) -> Step | None:
        return paths.children() if self.skip("*") else None

    def skip(self, text: str) -> bool:
        if not self.source.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def space(self) -> None:
        match = _SPACE.match(self.source, self.at)
        self.at = match.end() if match else self.at

    def comma(self) -> bool:
        self.space()
        if not self.skip(","):
            return False
        self.space()
        return True

    def expect(self, text: str) -> None:
        self.space()
        if not self.skip(text):
            self.fail(f"expected {text!r}")

    def close(self) -> None:
        self.expect("]")

    def fail(self, reason: str) -> NoReturn:
        raise PathError(f"JSONPath {self.source!r}, column {self.at + 1}", reason)


def _number(match: re.Match[str], _parser: _Parser) -> Value:
    text = match[0]
    return Value(constant=int(text) if text.lstrip("-").isdecimal() else float(text))


def _regex(match: re.Match[str], parser: _Parser) -> Value:
    try:
        return Value(pattern=filters.pattern(match[1], match[2]))
    except PathError as error:
        parser.fail(error.reason)


_CONSTANTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], _Parser], Value]], ...] = (
    (_NUMBER, _number),
    (_WORD, lambda match, _: Value(constant=_WORDS[match[1]])),
    (_REGEX, _regex),
)
