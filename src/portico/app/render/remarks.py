"""What is worth knowing of a rendering beside what it printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from portico.app.render.request import Request
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering

_AROUND: Final = 40
"""Characters that are shown before and behind the place where JSON ends to be JSON."""
_MISSPELT: Final = (
    (re.compile(r"#(?:else|\{else\})[ \t]+if[ \t]*\("), "an #else and a text; #elseif( is one directive"),
    (re.compile(r"#set[ \t]+\$"), "a text; the directive is #set($name = value)"),
)
"""What looks like a directive and is text: no step tells of it."""


def doubts(source: str) -> Iterator[str]:
    """What a template prints as text that was hardly meant so, with its place."""
    found = [(match.start(), match[0].strip(), words) for what, words in _MISSPELT for match in what.finditer(source)]
    for at, written, words in sorted(found):
        line, column = source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
        yield f"{f'{line}:{column}':>7}  {written} is {words}"


def remarks(request: Request, printed: bytes) -> Iterator[str]:
    """What the template overrode, a line each; then, where it began to print JSON and did not, where that is."""
    run = Rendering(request)
    for name, override in request.overrides.items():
        yield from (f"{name}.{key} = {text_of(run, value)}" for key, value in override.items() if value != {})
    text = printed.decode("utf-8", "replace")
    if text.lstrip()[:1] in ("{", "["):
        yield from _no_json(text)


def _no_json(text: str) -> Iterator[str]:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        yield f"what is printed is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        line = text.split("\n")[error.lineno - 1]
        start = max(0, error.colno - 1 - _AROUND)
        yield f"    {line[start : error.colno - 1 + _AROUND]}"
        yield f"    {' ' * (error.colno - 1 - start)}^"
    except RecursionError:
        yield "what is printed is nested so deeply that few readers take it for JSON"
