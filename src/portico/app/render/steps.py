"""A rendering step by step: a line for each reference and directive, and below it what may not have been meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from portico.lang.errors import BudgetExceeded
from portico.lang.vtl.javatypes import NOTHING
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering

WIDTH: Final = 100
"""Characters of a value that a step shows."""


class Steps:
    """lang's Trace. `tell` hears each line: where, what, its value."""

    def __init__(self, tell: Callable[[str], None], run: Rendering) -> None:
        self._tell = tell
        self._run = run
        self._hints: list[str] = []
        """Of the reference that is being evaluated: its line comes first."""

    def __call__(self, line: int, column: int, what: str, value: Any, /) -> Any:
        place = f"{line}:{column}"
        shown = f"{what:<40} {self._shown(what, value)}".rstrip()
        self._tell(f"{place:>7}  {shown}")
        for words in self._hints:
            self._tell(f"{'':>7}    {_cut(words)}")
        self._hints.clear()
        return value

    def hint(self, words: str, /) -> None:
        self._hints.append(words)

    def _shown(self, what: str, value: Any) -> str:
        if value is ...:
            return ""
        if value is None or value is NOTHING:
            return "nothing"
        if value == what:
            return "has no value, printed as it is written"
        if isinstance(value, str):
            return _cut(json.dumps(value, ensure_ascii=False))
        try:
            return _cut(text_of(self._run, value))
        except BudgetExceeded:
            return "(too large to show)"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text)} characters)"
