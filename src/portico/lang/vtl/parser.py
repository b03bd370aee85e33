"""From source to tree. The grammar is Velocity 1.7's; directives are refused by name until they are built."""

import re

from portico.lang.vtl import lexer
from portico.lang.vtl.lexer import Cursor
from portico.lang.vtl.nodes import (
    Call,
    Expression,
    Index,
    Interpolation,
    Literal,
    Node,
    Property,
    Reference,
    Step,
    Text,
)

NESTING_LIMIT = 32
"""Arguments inside arguments, strings inside strings."""

_WORDS = {"true": True, "false": False}


def parse(source: str, name: str) -> tuple[Node, ...]:
    """The nodes of a template. Raises TemplateError, and NotBuilt for a directive."""
    return _Parser(Cursor(source, name), 0).body()


class _Parser:
    def __init__(self, cursor: Cursor, nesting: int) -> None:
        self.cursor = cursor
        self.nesting = nesting
        self.nodes: list[Node] = []

    def body(self) -> tuple[Node, ...]:
        cursor = self.cursor
        while special := lexer.SPECIAL.search(cursor.source, cursor.at):
            self.text(cursor.source[cursor.at : special.start()])
            cursor.at = special.start()
            _AT[special[0]](self)
        self.text(cursor.source[cursor.at :])
        return tuple(self.nodes)

    def text(self, text: str) -> None:
        if text and self.nodes and isinstance(self.nodes[-1], Text):
            self.nodes[-1] = Text(self.nodes[-1].text + text)
        elif text:
            self.nodes.append(Text(text))

    def backslash(self) -> None:
        """Backslashes mean something only before a reference or a directive, and are text elsewhere."""
        cursor = self.cursor
        run = cursor.take(lexer.BACKSLASHES)
        assert run is not None
        reference = self.reference(len(run[0]))
        if reference is not None:
            self.nodes.append(reference)
            return
        directive = self.directive_here()
        if directive is None:
            self.text(run[0])
            return
        # Two backslashes print one; an odd one takes the directive's meaning away.
        self.text("\\" * (len(run[0]) // 2))
        if len(run[0]) % 2:
            self.text(directive[0])
            cursor.at = directive.end()

    def dollar(self) -> None:
        reference = self.reference(0)
        if reference is not None:
            self.nodes.append(reference)
        else:
            self.text("$")
            self.cursor.at += 1

    def hash(self) -> None:
        cursor = self.cursor
        if cursor.take(lexer.LINE_COMMENT) or self.block_comment():
            return
        raw = cursor.take(lexer.RAW)
        if raw is not None:
            self.text(raw[1])
        elif cursor.sees("#[["):
            cursor.fail("a '#[[' without its ']]#'")
        else:
            self.directive()

    def block_comment(self) -> bool:
        cursor = self.cursor
        if not cursor.sees("#*"):
            return False
        end = cursor.source.find("*#", cursor.at + 2)
        if end < 0:
            cursor.fail("a '#*' without its '*#'")
        cursor.at = end + 2
        return True

    def directive(self) -> None:
        """A hash that is no directive is text: a colour, an anchor, a number."""
        match = self.directive_here()
        if match is not None:
            self.cursor.refuse(f"template directive {match[0]}")
        other = lexer.DIRECTIVE.match(self.cursor.source, self.cursor.at)
        if other is not None and lexer.ARGUMENTS.match(self.cursor.source, other.end()):
            self.cursor.refuse(f"the call of macro {other[0]}")
        self.text("#")
        self.cursor.at += 1

    def directive_here(self) -> re.Match[str] | None:
        match = lexer.DIRECTIVE.match(self.cursor.source, self.cursor.at)
        return match if match is not None and (match[1] or match[2]) in lexer.DIRECTIVES else None

    def reference(self, backslashes: int) -> Reference | None:
        cursor = self.cursor
        start = cursor.at
        head = cursor.take(lexer.REFERENCE)
        if head is None:
            return None
        steps = tuple(self.steps())
        if head[2] and not cursor.skip("}"):
            cursor.fail(f"the reference {cursor.source[start : cursor.at]!r} lacks its '}}'")
        literal = cursor.source[start : cursor.at]
        return Reference(head[3], steps, literal, start, bool(head[1]), backslashes)

    def steps(self) -> list[Step]:
        cursor, steps = self.cursor, list[Step]()
        while True:
            if cursor.sees("[") and not lexer.EMPTY_INDEX.match(cursor.source, cursor.at):
                cursor.at += 1
                steps.append(Index(self.expression()))
                self.expect("]")
            elif (member := cursor.take(lexer.MEMBER)) is not None:
                steps.append(Call(member[1], self.arguments()) if member[2] else Property(member[1]))
            else:
                return steps

    def arguments(self) -> tuple[Expression, ...]:
        """Behind the opening parenthesis, to the closing one."""
        cursor = self.cursor
        cursor.take(lexer.SPACE)
        if cursor.skip(")"):
            return ()
        found = [self.expression()]
        while cursor.skip(","):
            found.append(self.expression())
        self.expect(")")
        return tuple(found)

    def expect(self, closing: str) -> None:
        if not self.cursor.skip(closing):
            self.cursor.fail(f"expected {closing!r}")

    def expression(self) -> Expression:
        """One argument or index, with the blanks around it."""
        self.nesting += 1
        if self.nesting > NESTING_LIMIT:
            self.cursor.fail(f"more than {NESTING_LIMIT} expressions inside each other")
        self.cursor.take(lexer.SPACE)
        found = self.reference(0) or self.string() or self.number() or self.word()
        self.cursor.take(lexer.SPACE)
        self.nesting -= 1
        return found

    def string(self) -> Expression | None:
        cursor = self.cursor
        base = cursor.place(cursor.at + 1)
        match = cursor.take(lexer.STRING)
        if match is None:
            return None
        if match[1] is not None:
            return Literal(match[1].replace("''", "'"))
        text = match[2].replace('""', '"')
        body = _Parser(Cursor(_unescaped(text), cursor.name, base), self.nesting).body()
        if all(isinstance(node, Text) for node in body):
            return Literal("".join(node.text for node in body if isinstance(node, Text)))
        return Interpolation(body)

    def number(self) -> Literal | None:
        match = self.cursor.take(lexer.NUMBER)
        if match is None:
            return None
        return Literal(float(match[0]) if match[1] or match[2] else int(match[0]))

    def word(self) -> Literal:
        cursor = self.cursor
        if cursor.sees("[") or cursor.sees("{"):
            cursor.refuse("a list, range or map as an argument")
        start = cursor.at
        match = cursor.take(lexer.WORD)
        if match is None or match[0] not in _WORDS:
            cursor.fail("expected a string, a number, true, false or a reference", start)
        return Literal(_WORDS[match[0]])


def _unescaped(text: str) -> str:
    return lexer.UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


_AT = {"\\": _Parser.backslash, "$": _Parser.dollar, "#": _Parser.hash}
