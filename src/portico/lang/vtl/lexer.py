"""The characters of a template: a position in the source, the token classes as regular expressions, and errors."""

import re
from bisect import bisect_right
from typing import NoReturn

from portico.lang.errors import SourceError
from portico.lang.vtl.nodes import Place

SPECIAL = re.compile(r"[\\$#]")
BACKSLASHES = re.compile(r"\\+")
# `$`, quiet or not, formal or not, and the root's name. A hyphen belongs to a name (Velocity 1.7, not 2).
REFERENCE = re.compile(r"\$(!?)(\{?)([A-Za-z_][A-Za-z0-9_-]*)")
# An exclamation mark that is escaped makes text of the reference; one of its backslashes goes.
ESCAPED_BANG = re.compile(r"\$(\\+)!")
# An exclamation mark behind a dollar that begins no reference is not printed.
LONE_BANG = re.compile(r"\$!(?![A-Za-z_{}$#\[])")
_BRANCHING = r"#(?:\{(?:if|elseif|else|end)\}|(?:if|elseif|else|end)(?![A-Za-z0-9_@]))"
# Dollars that touch one of the grammar's own directives, or a comment, are part of its token and not printed.
SWALLOWED = re.compile(rf"(?:\$!?){{1,8}}(?=[ \t]*#(?:set|\{{set\}}) *\(|#\*|{_BRANCHING})")
# Two hashes behind `$a.b` are no comment to Velocity 1.7 but text, or one hash too many before a directive.
NO_COMMENT = re.compile(r"##(?![#*]|\[\[)")
SPARE_HASH = re.compile(rf"#(?={_BRANCHING})")
# Behind an escaping backslash only the last of several dollars is printed.
SPARE_DOLLARS = re.compile(r"\${1,8}(?=\$!?\{?[A-Za-z_])")
MEMBER = re.compile(r"\.([A-Za-z][A-Za-z0-9_-]*)(\(?)")
EMPTY_INDEX = re.compile(r"\[\s*\]")
DIRECTIVE = re.compile(r"#(?:\{([A-Za-z_@][A-Za-z0-9_]*)\}|([A-Za-z_@][A-Za-z0-9_@]*))")
OPENING = re.compile(r"\s*\(")
SPACE = re.compile(r"\s*")
BLANKS = re.compile(r"[ \t]*")
# What a directive takes with it: blanks behind it, if nothing else follows on the line, with the line's end.
LINE_REST = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
COMMA = re.compile(r"\s*,?\s*")
INTEGER = re.compile(r"-?\d{1,300}")
FLOAT = re.compile(
    r"-?(?:\d{1,300}\.(?!\.)\d*(?:[eE][+-]?\d{1,5})?|\.\d+(?:[eE][+-]?\d{1,5})?|\d{1,300}[eE][+-]?\d{1,5})"
)
"""With a fraction or an exponent; `1..5` is a range."""
SIGNED = re.compile(r"-\.?\d")
WORD = re.compile(r"[A-Za-z_@][A-Za-z0-9_@]*")
# A quote is doubled to stand inside its own kind of string; a backslash means nothing special.
STRING = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"")
UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
LINE_COMMENT = re.compile(r"##[^\r\n]*(?:\r\n|\r|\n)?")
RAW = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)


START = Place(1, 1)


class TemplateError(SourceError):
    """A template that Velocity could not parse."""


class Cursor:
    """A place in a template's source."""

    __slots__ = ("_lines", "at", "base", "name", "source")

    def __init__(self, source: str, name: str, base: Place = START) -> None:
        self.source = source
        self.name = name
        self.at = 0
        self.base = base
        """Where the first character is, for the text of a string."""
        self._lines: list[int] | None = None

    def take(self, token: re.Pattern[str]) -> re.Match[str] | None:
        """The token that stands here, behind which the cursor then is; or None."""
        match = token.match(self.source, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def sees(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def skip(self, text: str) -> bool:
        seen = self.sees(text)
        self.at += len(text) if seen else 0
        return seen

    def place(self, at: int | None = None) -> Place:
        at = self.at if at is None else at
        if self._lines is None:
            self._lines = [match.end() for match in re.finditer("\n", self.source)]
        line = bisect_right(self._lines, at)
        column = at - (self._lines[line - 1] if line else 0) + 1
        return Place(self.base.line + line, column if line else column + self.base.column - 1)

    def fail(self, reason: str, at: int | Place | None = None) -> NoReturn:
        raise TemplateError(self.where(at), reason)

    def where(self, at: int | Place | None = None) -> str:
        return where(self.name, at if isinstance(at, Place) else self.place(at))


def where(name: str, place: Place) -> str:
    """How errors name a place."""
    return f"template {name!r}, line {place.line}, column {place.column}"
