"""The characters of a template: a position in the source, the token classes as regular expressions, and errors."""

import re
from typing import NoReturn

from portico.lang.errors import NotBuilt, SourceError

SPECIAL = re.compile(r"[\\$#]")
BACKSLASHES = re.compile(r"\\+")
# `$`, quiet or not, formal or not, and the root's name. A hyphen belongs to a name (Velocity 1.7, not 2).
REFERENCE = re.compile(r"\$(!?)(\{?)([A-Za-z_][A-Za-z0-9_-]*)")
MEMBER = re.compile(r"\.([A-Za-z][A-Za-z0-9_-]*)(\(?)")
EMPTY_INDEX = re.compile(r"\[\s*\]")
DIRECTIVE = re.compile(r"#(?:\{([A-Za-z_@]\w*)\}|([A-Za-z_@]\w*))", re.ASCII)
ARGUMENTS = re.compile(r"[ \t]*\(")
SPACE = re.compile(r"\s*")
NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?([eE][+-]?\d{1,3})?")
WORD = re.compile(r"[A-Za-z]\w*", re.ASCII)
# A quote is doubled to stand inside its own kind of string; a backslash means nothing special.
STRING = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"")
UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
LINE_COMMENT = re.compile(r"##[^\r\n]*(?:\r\n|\r|\n)?")
RAW = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)

DIRECTIVES = frozenset(
    (
        "set",
        "if",
        "elseif",
        "else",
        "end",
        "foreach",
        "break",
        "stop",
        "macro",
        "define",
        "evaluate",
        "parse",
        "include",
        "literal",
    )
)


class TemplateError(SourceError):
    """A template that Velocity could not parse."""


class Cursor:
    """A place in a template's source."""

    __slots__ = ("at", "base", "name", "source")

    def __init__(self, source: str, name: str, base: tuple[int, int] = (1, 1)) -> None:
        self.source = source
        self.name = name
        self.at = 0
        self.base = base
        """Line and column of the first character, for the text of a string."""

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

    def place(self, at: int | None = None) -> tuple[int, int]:
        """Line and column, both from 1."""
        at = self.at if at is None else at
        line = self.source.count("\n", 0, at)
        first_line, first_column = self.base
        column = at - self.source.rfind("\n", 0, at)
        return first_line + line, column if line else column + first_column - 1

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        raise TemplateError(self.where(at), reason)

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        raise NotBuilt(self.where(at), f"{what} is not built yet")

    def where(self, at: int | None = None) -> str:
        line, column = self.place(at)
        return f"template {self.name!r}, line {line}, column {column}"
