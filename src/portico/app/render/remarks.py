"""What is worth knowing of a rendering beside what it printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from portico.app.render.request import Request
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering

_AROUND: Final = 40
"""Characters that are shown before and behind the place where JSON ends to be JSON."""


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
