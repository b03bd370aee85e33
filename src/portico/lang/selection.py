"""Which integration response answers: the first whose selection pattern matches the whole of a text.

The text is the backend's status, or for a Lambda function the `errorMessage`. A response without a pattern (absent or
empty) is the default and answers where no other does. Patterns are Java's, matched as String.matches does.

A status code is three characters, so any pattern may be matched on it, and its answer is decided once for all
statuses. An error message is text from outside: a pattern that could take exponential time on it is refused when it is
compiled for messages.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from portico.lang.javaregex import PatternError, compile_java

T = TypeVar("T")

FIRST_STATUS, LAST_STATUS = 100, 599
_NOBODY = 255
"""In a table of statuses: no response. AWS has at most 255 status codes to answer with, so no index is as high."""


class Selection(Generic[T]):
    """The integration responses of one method, in their order."""

    __slots__ = ("_by_status", "_patterns", "_responses")

    def __init__(self, choices: Sequence[tuple[str | None, T]]) -> None:
        self._patterns = tuple(pattern or "" for pattern, _ in choices)
        self._responses = tuple(response for _, response in choices)
        self._by_status = _table(self._patterns)

    def select_status(self, status: int) -> T | None:
        """The response for an HTTP status; None where none matches and there is no default."""
        if FIRST_STATUS <= status <= LAST_STATUS:
            return self._answer(self._by_status[status - FIRST_STATUS])
        return self._answer(_index(self._patterns, str(status)))

    def select(self, text: str | None) -> T | None:
        """The response for an error message; None stands for no error, which `.*` matches as well.

        Raises BudgetExceeded where the text is too long for a pattern to be matched safely.
        """
        return self._answer(_index(self._patterns, text or ""))

    def _answer(self, index: int) -> T | None:
        return None if index == _NOBODY else self._responses[index]


def compile_selection(choices: Sequence[tuple[str | None, T]], *, messages: bool = False) -> Selection[T]:
    """Compile (pattern, response) pairs. `messages`: for error messages, which bombs may not be matched on.

    Raises PatternError.
    """
    if len(choices) >= _NOBODY:
        raise PatternError("integration responses", f"at most {_NOBODY - 1} can be told apart")
    for pattern, _ in choices:
        if pattern and compile_java(pattern).bomb and messages:
            raise PatternError(
                f"pattern {pattern!r}", "it repeats what can match in several ways, which takes too long"
            )
    return Selection(choices)


@lru_cache(maxsize=256)
def _table(patterns: tuple[str, ...]) -> bytes:
    """The index of the response for each status. Methods mostly share their patterns, so they share tables."""
    return bytes(_index(patterns, str(status)) for status in range(FIRST_STATUS, LAST_STATUS + 1))


def _index(patterns: tuple[str, ...], text: str) -> int:
    default = _NOBODY
    for at, pattern in enumerate(patterns):
        if not pattern:
            default = at if default == _NOBODY else default
        elif compile_java(pattern).matches(text):
            return at
    return default
