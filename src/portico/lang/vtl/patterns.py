"""The methods of String that take a regular expression. A pattern is weighed before it may see a text."""

import re
from collections.abc import Callable

from portico.lang.errors import EvaluationError, SourceError
from portico.lang.javaregex import JavaPattern, compile_java
from portico.lang.vtl.javatypes import View
from portico.lang.vtl.runtime import Rendering

_REPLACEMENT = re.compile(r"\\(.)|\$(?:(\d)|\{([A-Za-z]\w*)\})|([\\$])", re.DOTALL)
_AT_ONCE = 4096
"""Pieces of a result that are joined at once."""


def matches(run: Rendering, text: str, source: str) -> bool:
    pattern = _pattern(run, source)
    run.spend(2 * pattern.match_cost(text))
    return pattern.matches(text)


def replace_all(run: Rendering, text: str, source: str, replacement: str) -> str:
    return _replaced(run, text, source, replacement, 0)


def replace_first(run: Rendering, text: str, source: str, replacement: str) -> str:
    return _replaced(run, text, source, replacement, 1)


def split(run: Rendering, text: str, source: str, limit: int = 0) -> View:
    """Java's split: empty texts at the end are dropped unless a limit is given, and one before an empty match."""
    pattern = _searchable(run, source, text)
    parts, at = list[str](), 0
    for match in pattern.regex.finditer(text):
        if 0 < limit <= len(parts) + 1:
            break
        if match.end() > 0 and match.start() < len(text):
            parts.append(text[at : match.start()])
            run.keep_made(64 + 2 * len(parts[-1]))
            run.spend(2)
            at = match.end()
    if not parts:
        return View((text,))
    parts.append(text[at:])
    while limit == 0 and parts and not parts[-1]:
        parts.pop()
    return View(parts)


def _pattern(run: Rendering, source: str) -> JavaPattern:
    run.spend(5 + len(source))
    try:
        return compile_java(source)
    except SourceError as error:
        raise EvaluationError(str(error)) from None


def _searchable(run: Rendering, source: str, text: str) -> JavaPattern:
    pattern = _pattern(run, source)
    pattern.check_search(text)
    run.spend(2 * pattern.search_cost(text))
    return pattern


def _replaced(run: Rendering, text: str, source: str, replacement: str, count: int) -> str:
    pattern = _searchable(run, source, text)
    expand = _expansion(replacement, pattern.regex)
    parts, size, at, found = list[str](), 0, 0, 0
    for match in pattern.regex.finditer(text):
        parts += [text[at : match.start()], expand(match)]
        size += len(parts[-2]) + len(parts[-1])
        at = match.end()
        found += 1
        if found == count:
            break
        if len(parts) > _AT_ONCE:
            run.spend(_AT_ONCE)
            run.admit(size)
            parts = ["".join(parts)]
    if not found:
        return text
    run.spend(len(parts))
    run.admit(size + len(text) - at)
    return run.made("".join(parts) + text[at:])


def _expansion(replacement: str, regex: re.Pattern[str]) -> Callable[[re.Match[str]], str]:
    """What a match is replaced with: `$1` and `${name}` are its groups, a backslash takes a character as it is."""
    if "$" not in replacement and "\\" not in replacement:
        return lambda _: replacement
    pieces: list[str | int] = []
    at = 0
    for found in _REPLACEMENT.finditer(replacement):
        pieces += [replacement[at : found.start()], _piece(found, regex)]
        at = found.end()
    pieces.append(replacement[at:])
    return lambda match: "".join([piece if isinstance(piece, str) else match[piece] or "" for piece in pieces])


def _piece(found: re.Match[str], regex: re.Pattern[str]) -> str | int:
    if found[1] is not None:
        return found[1]
    group = int(found[2]) if found[2] else regex.groupindex.get(found[3] or "", -1)
    if not 0 <= group <= regex.groups:
        raise EvaluationError(f"the pattern has no group {found[0]!r}")
    return group
