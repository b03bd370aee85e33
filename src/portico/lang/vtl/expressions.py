"""Expressions from source to tree: references, literals, operators. The grammar is Velocity 1.7's.

An argument of a method, macro or `#foreach` is a single value; operators stand only in `#set`, `#if` and `#elseif`.
A minus that touches a number is the number's: `$a -1` is no subtraction, and is refused as Velocity refuses it.
"""

import re
from typing import NamedTuple

from portico.lang.vtl import lexer
from portico.lang.vtl.lexer import Cursor
from portico.lang.vtl.nodes import (
    Binary,
    Block,
    Call,
    Expression,
    Index,
    Interpolation,
    ListLiteral,
    Literal,
    Macro,
    MapLiteral,
    Not,
    Place,
    Property,
    Range,
    Reference,
    Step,
    Text,
)

NESTING_LIMIT = 32
"""Arguments inside arguments, strings inside strings, parentheses inside parentheses."""
CHAIN_LIMIT = 100
"""Operators of one rank in a row."""
LITERAL_LIMIT = 200
NODE_LIMIT = 25_000
"""References, directives and operators of one template: a few hundred are many."""
MEMBERS_LIMIT = 1000
"""Elements of one list or map, arguments of one call."""


_MEANT = {
    "$.": "; a JSONPath stands in quotes",
    "$[": "; a JSONPath stands in quotes",
    "null": "; null has no word, but $null, or any variable that was never set",
}
"""What people write where a value should stand."""


class Level(NamedTuple):
    """Operators of one rank."""

    token: re.Pattern[str]
    spellings: dict[str, str]
    """Those with letters, and what they mean."""


def _level(symbols: str, **words: str) -> Level:
    pattern = "|".join([symbols, *(rf"{word}(?![A-Za-z0-9_@])" for word in words)])
    return Level(re.compile(pattern), words)


LEVELS = (
    _level(r"\|\|", **{"or": "||"}),
    _level(r"&&", **{"and": "&&"}),
    _level(r"==|!=", eq="==", ne="!="),
    _level(r"<=|>=|<|>", le="<=", ge=">=", lt="<", gt=">"),
    _level(r"[+-]"),
    _level(r"[*/%]"),
)
"""From the weakest to the strongest; each is taken from left to right."""
_NOT = re.compile(r"!(?!=)|not(?![A-Za-z0-9_@])")
_WORDS = {"true": True, "false": False}


class Shared:
    """What the parser of a template and those of its strings have in common."""

    def __init__(self) -> None:
        self.macros: dict[str, Macro] = {}
        self.size = 0


class ExpressionParser:
    """The half of the parser that reads expressions. `interpolated` parses the text of a string."""

    def __init__(self, cursor: Cursor, nesting: int, shared: Shared) -> None:
        self.cursor = cursor
        self.nesting = nesting
        self.shared = shared

    def interpolated(self, text: str, base: Place) -> Block:
        raise NotImplementedError

    def count(self, size: int = 1) -> None:
        self.shared.size += size
        if self.shared.size > NODE_LIMIT:
            self.cursor.fail(f"more than {NODE_LIMIT} references and directives")

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > NESTING_LIMIT:
            self.cursor.fail(f"more than {NESTING_LIMIT} expressions inside each other")

    # References

    def reference(self, backslashes: int = 0) -> Reference | None:
        cursor = self.cursor
        start = cursor.at
        head = cursor.take(lexer.REFERENCE)
        if head is None:
            return None
        self.count()
        steps = tuple(self.steps())
        if head[2] and not cursor.skip("}"):
            cursor.fail(f"the reference {cursor.source[start : cursor.at]!r} lacks its '}}'")
        literal = cursor.source[start : cursor.at]
        return Reference(head[3], steps, literal, cursor.place(start), bool(head[1]), backslashes)

    def steps(self) -> list[Step]:
        cursor, steps = self.cursor, list[Step]()
        while True:
            if cursor.sees("[") and not lexer.EMPTY_INDEX.match(cursor.source, cursor.at):
                cursor.at += 1
                steps.append(Index(self.argument()))
                self.expect("]")
            elif (member := cursor.take(lexer.MEMBER)) is not None:
                steps.append(Call(member[1], self.arguments(")")) if member[2] else Property(member[1]))
            else:
                return steps
            self.count()

    def arguments(self, closing: str) -> tuple[Expression, ...]:
        """Behind the opening bracket, to the closing one."""
        cursor = self.cursor
        cursor.take(lexer.SPACE)
        if cursor.skip(closing):
            return ()
        found = [self.argument()]
        while cursor.skip(","):
            found.append(self.argument())
            if len(found) > MEMBERS_LIMIT:
                cursor.fail(f"more than {MEMBERS_LIMIT} values in a row")
        self.expect(closing)
        return tuple(found)

    def expect(self, closing: str) -> None:
        if not self.cursor.skip(closing):
            compares = "; '==' compares" if self.cursor.sees("=") else ""
            self.cursor.fail(f"expected {closing!r}{compares}")

    # Single values

    def argument(self) -> Expression:
        """One value, with the blanks around it."""
        self.deeper()
        self.cursor.take(lexer.SPACE)
        found = self.value()
        self.cursor.take(lexer.SPACE)
        self.nesting -= 1
        return found

    def value(self) -> Expression:
        found = self.reference() or self.string() or self.number()
        if found is not None:
            return found
        self.count()
        if self.cursor.skip("["):
            return self.list_or_range()
        if self.cursor.skip("{"):
            return self.map()
        return self.word()

    def string(self) -> Expression | None:
        cursor = self.cursor
        start = cursor.at
        match = cursor.take(lexer.STRING)
        if match is None:
            return None
        if match[1] is not None:
            return Literal(match[1].replace("''", "'"))
        text = lexer.UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), match[2]).replace('""', '"')
        if "$" not in text and "#" not in text:
            return Literal(text)
        body = self.interpolated(text, cursor.place(start + 1))
        if all(isinstance(node, Text) for node in body):
            return Literal("".join(node.text for node in body if isinstance(node, Text)))
        return Interpolation(body)

    def number(self) -> Literal | None:
        match = self.cursor.take(lexer.FLOAT)
        if match is not None:
            return Literal(float(match[0]))
        match = self.cursor.take(lexer.INTEGER)
        return None if match is None else Literal(int(match[0]))

    def list_or_range(self) -> Expression:
        cursor = self.cursor
        start = cursor.at
        cursor.take(lexer.SPACE)
        if cursor.skip("]"):
            return ListLiteral(())
        first = self.argument()
        if not cursor.skip(".."):
            cursor.at = start
            return ListLiteral(self.arguments("]"))
        last = self.argument()
        self.expect("]")
        for end in (first, last):
            if not isinstance(end, Reference) and not (isinstance(end, Literal) and type(end.value) is int):
                cursor.fail("a range goes from and to an integer or a reference", start)
        return Range(first, last)

    def map(self) -> Expression:
        cursor, pairs = self.cursor, list[tuple[Expression, Expression]]()
        cursor.take(lexer.SPACE)
        if cursor.skip("}"):
            return MapLiteral(())
        while True:
            key = self.argument()
            self.expect(":")
            pairs.append((key, self.argument()))
            if len(pairs) > MEMBERS_LIMIT:
                cursor.fail(f"more than {MEMBERS_LIMIT} entries of a map")
            if not cursor.skip(","):
                break
        self.expect("}")
        return MapLiteral(tuple(pairs))

    def word(self) -> Literal:
        start = self.cursor.at
        match = self.cursor.take(lexer.WORD)
        if match is None or match[0] not in _WORDS:
            written = match[0] if match else self.cursor.source[start : start + 2]
            meant = _MEANT.get(written, "; a text stands in quotes" if match else "")
            self.cursor.fail(f"expected a string, a number, a list, a map, true, false or a reference{meant}", start)
        return Literal(_WORDS[match[0]])

    # Operators

    def expression(self, level: int = 0) -> Expression:
        """Everything that may stand in `#if( )` or behind the `=` of `#set( )`, with the blanks around it."""
        if level == len(LEVELS):
            return self.unary()
        cursor = self.cursor
        cursor.take(lexer.SPACE)
        start = cursor.at
        left, length = self.expression(level + 1), 0
        while (operator := self.operator(LEVELS[level])) is not None:
            self.count()
            length += 1
            if length > CHAIN_LIMIT:
                cursor.fail(f"more than {CHAIN_LIMIT} operators in a row")
            literal, right_start = self.literal(start, operator.start()), cursor.at
            right = self.expression(level + 1)
            name = LEVELS[level].spellings.get(operator[0], operator[0])
            left = Binary(name, left, right, (literal, self.literal(right_start, cursor.at)))
        return left

    def literal(self, start: int, end: int) -> str:
        """How an operand is written. A long one is not told: it would be told again for each operator of a chain."""
        return self.cursor.source[start:end].strip() if end - start <= LITERAL_LIMIT else ""

    def operator(self, level: Level) -> re.Match[str] | None:
        cursor = self.cursor
        if level.token.pattern.startswith("[+-]") and lexer.SIGNED.match(cursor.source, cursor.at):
            cursor.fail("a '-' that touches a number is the number's sign; put a blank between them to subtract")
        return cursor.take(level.token)

    def unary(self) -> Expression:
        self.deeper()
        cursor = self.cursor
        cursor.take(lexer.SPACE)
        if cursor.take(_NOT):
            self.count()
            found: Expression = Not(self.unary())
        elif cursor.skip("("):
            found = self.expression()
            self.expect(")")
        else:
            found = self.value()
        cursor.take(lexer.SPACE)
        self.nesting -= 1
        return found
