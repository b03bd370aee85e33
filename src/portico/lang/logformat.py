"""Access log formats: one line of text with `$context` variables.

A format is taken apart when a stage gets it, and again where the stage is served: literal parts and Variables. Whoever
serves requests binds each Variable to the getter of its value and joins the parts. Values are printed so that a request
cannot forge a line or, inside a quoted string, end the string.
"""

import re
from typing import NamedTuple

from portico.lang.errors import SourceError
from portico.lang.jsontext import to_text

MISSING_TEXT = "-"

_VARIABLE = re.compile(r"\$(?:\{context((?:\.\w+)+)\}|context((?:\.\w+)+))", re.ASCII)
_OTHER = re.compile(r"\$\{?[A-Za-z_][\w.]*", re.ASCII)
# C0, DEL, C1, the Unicode line ends and lone surrogates: whatever a log reader may take for the end of a line.
_CONTROL = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff"
_UNSAFE = re.compile(f"[{_CONTROL}]")
_UNSAFE_QUOTED = re.compile(f'["\\\\{_CONTROL}]')
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


class LogFormatError(SourceError):
    """Not an access log format."""

    def __init__(self, reason: str) -> None:
        super().__init__("access log format", reason)


class Variable(NamedTuple):
    """`$context.{path}`; `quoted` where it stands inside double quotes."""

    path: str
    quoted: bool

    def text(self, value: object) -> str:
        """`value` as this place of the line prints it: `-` where there is none, escaped where it needs to be."""
        if value is None or value == "":
            return MISSING_TEXT
        text = to_text(value)
        unsafe = _UNSAFE_QUOTED if self.quoted else _UNSAFE
        return unsafe.sub(_escape, text) if unsafe.search(text) else text


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u{ord(match[0]):04x}"


def parse_format(text: str) -> list[str | Variable]:
    """Literal parts and Variables in their order. Raises LogFormatError for variables other than `$context`."""
    line = text.rstrip("\r\n")
    parts: list[str | Variable] = []
    quoted, at = False, 0
    for match in _VARIABLE.finditer(line):
        quoted = _literal(parts, line[at : match.start()], quoted)
        parts.append(Variable((match[1] or match[2])[1:], quoted))
        at = match.end()
    _literal(parts, line[at:], quoted)
    return parts


def _literal(parts: list[str | Variable], text: str, quoted: bool) -> bool:
    """Append a literal part; answers whether a string is open behind it."""
    other = _OTHER.search(text)
    if other is not None:
        raise LogFormatError(f"{other[0]} is not a $context variable")
    if _UNSAFE.search(text.replace("\t", "")):
        raise LogFormatError("a format is a single line, without control characters")
    if text:
        parts.append(text)
    return quoted ^ (text.replace('\\"', "").count('"') % 2 == 1)
