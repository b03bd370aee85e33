"""The functions that stand, as control has written them to the state directory, found by their ARNs."""

import random
import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from portico.adapters.state_dir import Reset, StateAbsent, StateReader
from portico.kernel.errors import PorticoError
from portico.model.function import LATEST, Alias, FunctionStanding, FunctionVersion, decode_function
from portico.ports.changes import Change
from portico.ports.functions import FailureKind, FunctionFailure

KIND: Final = "function"
"""Of the records of Standing that are kept here."""
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>[A-Za-z0-9$_-]{1,128}))?"
)


class NotApplied(PorticoError):
    """A Change could not be acted on. The text has the traceback: it is a bug of ours."""


class Found(NamedTuple):
    """What an ARN means now."""

    function: FunctionStanding
    qualifier: str
    """"" for the unqualified function."""
    version: FunctionVersion
    others: tuple[tuple[float, FunctionVersion], ...] = ()
    """Of an alias with weights: each further version, and the sum of the weights up to it."""

    def choose(self) -> FunctionVersion:
        """The version that serves the next call."""
        if self.others:
            drawn = random.random()  # noqa: S311  a share of the calls, no secret
            for until, version in self.others:
                if drawn < until:
                    return version
        return self.version


class Catalogue:
    """Follows the state directory; `changed` is told the functions whenever one of them is another than before."""

    def __init__(
        self, state: Path, account_id: str, region: str, changed: Callable[[Iterable[FunctionStanding]], None]
    ) -> None:
        self._state = state
        self._reader = StateReader(state)
        self._account_id = account_id
        self._region = region
        self._changed = changed
        self._functions: dict[str, FunctionStanding] = {}
        self._unreadable: dict[str, str] = {}
        self.loaded = False
        """Whether the state was read; until then nothing can be said of any function."""

    def follow(self) -> int:
        """The Change that is known now; 0 before control has written any state. Raises StateError, NotApplied."""
        try:
            news = self._reader.poll()
        except StateAbsent:
            return 0
        try:
            self._apply(news)
        except Exception:
            self._reader = StateReader(self._state)  # it has told its news; the next one tells all of it
            raise NotApplied(traceback.format_exc()) from None
        return self._reader.seq

    def find(self, arn: str) -> Found | FunctionFailure:
        """What `arn` means, or why nothing."""
        match = _ARN.fullmatch(arn)
        if match is None:
            return FunctionFailure(FailureKind.NOT_FOUND, f"{arn} is not the ARN of a function")
        if (match["region"], match["account"]) != (self._region, self._account_id):
            here = f"account {self._account_id} in {self._region}"
            return FunctionFailure(FailureKind.NOT_FOUND, f"{arn} is not a function of {here}, which this server plays")
        if not self.loaded:
            return FunctionFailure(FailureKind.UNAVAILABLE, "the state directory could not be read yet")
        name, qualifier = match["name"], match["qualifier"] or ""
        function = self._functions.get(name)
        if function is None:
            cause = self._unreadable.get(name)
            if cause is not None:
                return FunctionFailure(FailureKind.UNAVAILABLE, cause)
            return FunctionFailure(FailureKind.NOT_FOUND, f"Function not found: {arn}")
        found = _resolved(function, qualifier)
        return found or FunctionFailure(FailureKind.NOT_FOUND, f"Function not found: {arn}")

    def _apply(self, news: list[Change] | Reset) -> None:
        changes = news.changes if isinstance(news, Reset) else news
        ours = [change for change in changes if change.kind == KIND]
        if isinstance(news, Reset):
            self._functions.clear()
            self._unreadable.clear()
        elif not ours:
            return
        self.loaded = True
        for change in ours:
            self._take(change)
        self._changed(self._functions.values())

    def _take(self, change: Change) -> None:
        self._functions.pop(change.key, None)
        self._unreadable.pop(change.key, None)
        if change.value is None:
            return
        try:
            self._functions[change.key] = decode_function(change.value)
        except msgspec.ValidationError as error:  # perhaps of a newer version: it may ask for a protection
            self._unreadable[change.key] = f"the record of function {change.key} cannot be read: {error}"


def _resolved(function: FunctionStanding, qualifier: str) -> Found | None:
    alias = function.aliases.get(qualifier)
    version = function.versions.get(alias.version if alias else qualifier or LATEST)
    if version is None:
        return None
    return Found(function, qualifier, version, _others(function, alias) if alias else ())


def _others(function: FunctionStanding, alias: Alias) -> tuple[tuple[float, FunctionVersion], ...]:
    others, until = [], 0.0
    for number, weight in alias.weights.items():
        version = function.versions.get(number)
        if version is not None:
            until += weight
            others.append((until, version))
    return tuple(others)
