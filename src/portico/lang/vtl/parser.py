"""From source to tree: text, directives, and what of the blanks around directives is printed. Velocity 1.7's grammar.

Of white space Velocity takes away: blanks and the line's end behind a directive's `)`, behind `#else` and `#end`; the
line's end of a `##` comment; and blanks before a `#set` unless text stands before them (a line's end is text). All else
is printed.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from portico.lang.vtl import lexer
from portico.lang.vtl.expressions import ExpressionParser, Shared
from portico.lang.vtl.lexer import Cursor
from portico.lang.vtl.nodes import (
    Block,
    Branch,
    Break,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Index,
    Literal,
    Macro,
    MacroCall,
    Node,
    Place,
    Property,
    Reference,
    Set,
    Stop,
    Text,
    Tree,
)

DEPTH_LIMIT = 50
"""Directives inside each other."""

_LOOP_SIZE = 5
_ARGUMENT_SIZE = 20
"""What a loop, and a macro's argument, count among nodes: they are more work to compile."""
_ENDS = ("end",)
_BRANCH_ENDS = ("elseif", "else", "end")


def parse(source: str, name: str) -> Tree:
    """The tree of a template. Raises TemplateError."""
    shared = Shared()
    body = _Parser(Cursor(source, name), 0, shared).block(())
    return Tree(body, shared.macros, shared.size)


class _Parser(ExpressionParser):
    def __init__(self, cursor: Cursor, nesting: int, shared: Shared) -> None:
        super().__init__(cursor, nesting, shared)
        self.nodes: list[Node] = []
        self.pending: list[str] = []
        """Text that is not yet a node."""
        self.depth = 0
        self.closing = ""
        """The word of the directive that ended the last block, and where that is."""
        self.closed_at = cursor.base

    def interpolated(self, text: str, base: Place) -> Block:
        self.deeper()
        body = _Parser(Cursor(text, self.cursor.name, base), self.nesting, self.shared).block(())
        self.nesting -= 1
        return body

    # Blocks

    def block(self, ends: tuple[str, ...], opened: Place | None = None) -> Block:
        """Everything to one of the directives `ends`, or to the end of the source where none is named.

        `opened`: where the directive is that the block belongs to.
        """
        outer, self.nodes, self.pending = (self.nodes, self.pending), [], []
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.cursor.fail(f"more than {DEPTH_LIMIT} directives inside each other")
        self.closing = ""
        while not self.closing and self.element(ends):
            pass
        if ends and not self.closing:
            self.cursor.fail("a directive lacks its #end", opened)
        self.flush()
        found, (self.nodes, self.pending) = tuple(self.nodes), outer
        self.depth -= 1
        return found

    def element(self, ends: tuple[str, ...]) -> bool:
        """The text up to the next special character, and what begins there. False at the end of the source."""
        cursor = self.cursor
        special = lexer.SPECIAL.search(cursor.source, cursor.at)
        if special is None:
            self.text(cursor.source[cursor.at :])
            cursor.at = len(cursor.source)
            return False
        before = cursor.source[cursor.at : special.start()]
        cursor.at = special.start()
        if special[0] == "#":
            self.hash(before, ends)
        else:
            self.text(before)
            self.backslash(ends) if special[0] == "\\" else self.dollar()
        return True

    def text(self, text: str) -> None:
        if text:
            self.pending.append(text)

    def flush(self) -> None:
        if self.pending:
            self.nodes.append(Text("".join(self.pending)))
            self.pending = []

    def add(self, node: Node) -> None:
        self.flush()
        self.nodes.append(node)

    def dollar(self) -> None:
        reference = self.reference()
        if reference is not None:
            self.refer(reference)
        elif self.cursor.take(lexer.SWALLOWED) is None:
            self.text(self.bare_dollar())

    def bare_dollar(self) -> str:
        """What a dollar prints that begins no reference."""
        if (escaped := self.cursor.take(lexer.ESCAPED_BANG)) is not None:
            return f"${escaped[1][1:]}!"
        if self.cursor.take(lexer.LONE_BANG) is None:
            self.cursor.at += 1
        return "$"

    def refer(self, reference: Reference) -> None:
        """A reference in the text. Behind one that ends with a name and has no braces, `##` is no comment."""
        self.add(reference)
        names = [step for step in reference.steps if not isinstance(step, Index)]
        if names and isinstance(names[-1], Property) and not reference.literal.startswith(("${", "$!{")):
            spare = self.cursor.take(lexer.SPARE_HASH)
            text = self.cursor.take(lexer.NO_COMMENT) if spare is None else None
            self.text("##" if text is not None else "")

    def backslash(self, ends: tuple[str, ...]) -> None:
        """Backslashes mean something only before a reference or a directive, and are text elsewhere."""
        cursor = self.cursor
        bare = bool(self.pending) and self.pending[-1].endswith(("#", "$"))
        run = cursor.take(lexer.BACKSLASHES)
        assert run is not None
        count = len(run[0])
        if bare and cursor.sees("$"):  # they are inside the token that the hash or dollar began, and escape nothing
            self.text(run[0])
            return
        if count % 2:
            cursor.take(lexer.SPARE_DOLLARS)
        reference = self.reference(count)
        if reference is not None:
            self.refer(reference)
            return
        directive = self.directive_here()
        if directive is None or not self.known(_word(directive)):
            self.text(run[0])
            return
        # Two backslashes print one; an odd one takes the directive's meaning away.
        self.text("\\" * (count // 2))
        if count % 2:
            self.text(directive[0])
            cursor.at = directive.end()
        else:
            self.hash("", ends)

    # What begins with a hash

    def hash(self, before: str, ends: tuple[str, ...]) -> None:
        cursor = self.cursor
        directive = self.directive_here()
        if directive is None or not (_word(directive) == "set" and self.set(before, directive)):
            self.text(before)
            if directive is not None:
                self.directive(directive, ends)
            elif not self.comment():
                self.text("#")
                cursor.at += 1

    def directive_here(self) -> re.Match[str] | None:
        return lexer.DIRECTIVE.match(self.cursor.source, self.cursor.at)

    def known(self, word: str) -> bool:
        return word in _DIRECTIVES or word in _BRANCH_ENDS or word in self.shared.macros

    def comment(self) -> bool:
        """A comment, which is dropped, and which nothing need end; or `#[[raw text]]#`."""
        cursor = self.cursor
        if cursor.take(lexer.LINE_COMMENT):
            return True
        if cursor.sees("#*"):
            end = cursor.source.find("*#", cursor.at + 2)
            cursor.at = len(cursor.source) if end < 0 else end + 2
            return True
        raw = cursor.take(lexer.RAW)
        if raw is not None:
            self.text(raw[1])
        elif cursor.sees("#[["):
            cursor.fail("a '#[[' without its ']]#'")
        return raw is not None

    def directive(self, match: re.Match[str], ends: tuple[str, ...]) -> None:
        cursor, word = self.cursor, _word(match)
        self.count()
        if word in ends:
            self.closing, self.closed_at = word, cursor.place()
            cursor.at = match.end()
            if word != "elseif":
                cursor.take(lexer.LINE_REST)
        elif word in _BRANCH_ENDS:
            cursor.fail(f"#{word} without its #if, or where it cannot stand")
        elif (handler := _DIRECTIVES.get(word)) is not None:
            handler(self, match)
        else:
            self.macro_call(match)

    def open(self, match: re.Match[str]) -> None:
        """Go behind a directive's word and its opening parenthesis."""
        self.cursor.at = match.end()
        if self.cursor.take(lexer.OPENING) is None:
            self.cursor.fail(f"expected '(' behind {match[0]}")

    def close(self) -> None:
        """A directive's closing parenthesis takes the rest of its line with it, where that is blank."""
        self.cursor.take(lexer.SPACE)
        self.expect(")")
        self.cursor.take(lexer.LINE_REST)

    def name(self, match: re.Match[str]) -> str:
        """A reference without steps."""
        self.cursor.take(lexer.SPACE)
        start = self.cursor.at
        reference = self.reference()
        if reference is None or reference.steps:
            self.cursor.fail(f"{match[0]} takes the name of a variable, as in $name", start)
        return reference.root

    # The directives

    def set(self, before: str, match: re.Match[str]) -> bool:
        """False where no parenthesis follows: that is text."""
        cursor = self.cursor
        opening = lexer.BLANKS.match(cursor.source, match.end())
        if opening is None or not cursor.source.startswith("(", opening.end()):
            return False
        self.text(before if before.strip(" \t") else "")
        at = cursor.place()
        self.count()
        cursor.at = opening.end() + 1
        cursor.take(lexer.SPACE)
        target = self.reference()
        if target is None:
            cursor.fail("#set needs a reference to set")
        cursor.take(lexer.SPACE)
        if cursor.sees("==") or not cursor.skip("="):
            cursor.fail("expected '='")
        value = self.expression()
        self.close()
        self.add(Set(target, value, at))
        return True

    def word_set(self, match: re.Match[str]) -> None:
        """`#set` without a parenthesis."""
        self.text(match[0])
        self.cursor.at = match.end()

    def if_(self, match: re.Match[str]) -> None:
        branches, at = list[Branch](), self.cursor.place()
        self.open(match)
        word = "if"
        while word != "else":
            condition = self.expression()
            self.close()
            body = self.block(_BRANCH_ENDS, at)
            branches.append(Branch(f"#{word}", condition, body, at))
            word, at = self.closing, self.closed_at
            if word == "end":
                break
            if word == "elseif" and self.cursor.take(lexer.OPENING) is None:
                self.cursor.fail("expected '(' behind #elseif")
        otherwise = self.block(_ENDS, at) if word == "else" else ()
        self.closing = ""
        self.add(If(tuple(branches), otherwise))

    def foreach(self, match: re.Match[str]) -> None:
        at = self.cursor.place()
        self.open(match)
        name = self.name(match)
        self.cursor.take(lexer.SPACE)
        word = self.cursor.take(lexer.WORD)
        if word is None or word[0] != "in":
            self.cursor.fail("expected 'in'")
        items = self.argument()
        self.count(_LOOP_SIZE)
        self.close()
        self.add(Foreach(name, items, self.body(at), at))

    def body(self, opened: Place) -> Block:
        found = self.block(_ENDS, opened)
        self.closing = ""
        return found

    def macro(self, match: re.Match[str]) -> None:
        cursor, at = self.cursor, self.cursor.place()
        self.open(match)
        cursor.take(lexer.SPACE)
        name = cursor.take(lexer.WORD)
        if name is None:
            cursor.fail("#macro needs a name, without quotes")
        parameters: list[str] = []
        cursor.take(lexer.COMMA)
        while not cursor.sees(")"):
            parameters.append(self.name(match))
            cursor.take(lexer.COMMA)
        self.close()
        macro = Macro(name[0], tuple(parameters), self.body(at), at)
        self.shared.macros.setdefault(macro.name, macro)
        self.add(macro)

    def macro_call(self, match: re.Match[str]) -> None:
        cursor, word = self.cursor, _word(match)
        start, at = cursor.at, cursor.place()
        cursor.at = match.end()
        if cursor.take(lexer.OPENING) is None:
            self.add(MacroCall(word, (), None, match[0], at))
            return
        arguments: list[tuple[Expression, str]] = []
        cursor.take(lexer.COMMA)
        while not cursor.sees(")"):
            before = cursor.at
            self.count(_ARGUMENT_SIZE)
            arguments.append((self.directive_argument(word), cursor.source[before : cursor.at]))
            cursor.take(lexer.COMMA)
        self.close()
        body = self.body(at) if word.startswith("@") else None
        literal = cursor.source[start : cursor.at]
        self.add(MacroCall(word.removeprefix("@"), tuple(arguments), body, literal, at))

    def directive_argument(self, word: str) -> Expression:
        """A single value; a bare word too, where it is not known that `word` is a macro."""
        cursor = self.cursor
        bare = lexer.WORD.match(cursor.source, cursor.at)
        if bare is not None and bare[0] not in ("true", "false") and word not in self.shared.macros:
            cursor.at = bare.end()
            return Literal(None)
        self.deeper()
        found = self.value()
        self.nesting -= 1
        return found

    def define(self, match: re.Match[str]) -> None:
        at = self.cursor.place()
        self.open(match)
        name = self.name(match)
        self.close()
        self.add(Define(name, self.body(at), at))

    def evaluate(self, match: re.Match[str]) -> None:
        at = self.cursor.place()
        self.open(match)
        value = self.argument()
        self.close()
        self.add(Evaluate(value, at))

    def literal_text(self, match: re.Match[str]) -> None:
        cursor, at = self.cursor, self.cursor.place()
        self.open(match)
        self.close()
        start = cursor.at
        self.body(at)
        end = cursor.source.rfind("#", start, cursor.at)
        self.text(cursor.source[start:end])

    def break_(self, match: re.Match[str]) -> None:
        at = self.cursor.place()
        self.add(Break(self.optional_argument(match), at))

    def stop(self, match: re.Match[str]) -> None:
        at = self.cursor.place()
        self.optional_argument(match)
        self.add(Stop(at))

    def optional_argument(self, match: re.Match[str]) -> Expression | None:
        cursor = self.cursor
        cursor.at = match.end()
        if cursor.take(lexer.OPENING) is None:
            return None
        cursor.take(lexer.SPACE)
        found = None if cursor.sees(")") else self.argument()
        self.close()
        return found

    def forbidden(self, match: re.Match[str]) -> NoReturn:
        self.cursor.fail(f"{match[0]} is not available: a template of an API is all there is")


def _word(match: re.Match[str]) -> str:
    return match[1] or match[2]


_DIRECTIVES: dict[str, Callable[[_Parser, re.Match[str]], None]] = {
    "set": _Parser.word_set,
    "if": _Parser.if_,
    "foreach": _Parser.foreach,
    "macro": _Parser.macro,
    "define": _Parser.define,
    "evaluate": _Parser.evaluate,
    "literal": _Parser.literal_text,
    "break": _Parser.break_,
    "stop": _Parser.stop,
    "include": _Parser.forbidden,
    "parse": _Parser.forbidden,
}
