"""What is wrong with a document, in AWS's words: the walk of its validator, which says more than the checker.

Of a value all keywords are tried, in alphabetical order, `format` last. Members and items are gone into only while
nothing was wrong anywhere before; members in the order of their names. What is inside of allOf, anyOf, oneOf and not is
judged apart: only how many matched is told. A format that is not known is warned of among the errors. AWS collects the
messages in a Java set, so each comes once and in the order of its hash.
"""

from collections.abc import Callable
from typing import Any, Final

from portico.lang.ecmaregex import EcmaPattern
from portico.lang.jsonschema.budget import CHECK, STEPS, Among, Budget, has_twins, is_multiple, spend
from portico.lang.jsonschema.formats import FORMATS
from portico.lang.jsonschema.keywords import KEYWORDS
from portico.lang.jsonschema.nodes import Node
from portico.lang.jsonschema.references import escape
from portico.lang.jsonschema.shown import cut, utf16

MOST: Final = 200
"""Messages that are collected. AWS has no such bound; a document of a million wrong items is not worth more."""


class _Refused(Exception):
    """Of a value that is judged apart no more than this is asked."""


class Enough(Exception):
    """As many messages as are collected."""


class Report:
    """The messages of one document; or, of a branch that is judged apart, only whether the value is refused."""

    __slots__ = ("_apart", "_at", "_budget", "failed", "first", "messages")

    def __init__(self, budget: Budget | None = None, *, apart: bool = False) -> None:
        self.messages: list[str] = []
        self.failed = False
        self.first = ""
        """Where the first error was: a JSON pointer into the document, with the message."""
        self._at: list[str] = []
        self._apart = apart
        self._budget = [STEPS] if budget is None else budget

    def error(self, says: Callable[[], str]) -> None:
        """The value is refused. No message is made for a branch, which has no use for it."""
        if self._apart:
            raise _Refused
        message = says()
        if not self.failed:
            self.first = f"{''.join(f'/{escape(cut(step))}' for step in self._at) or '/'}: {message}"
        self.failed = True
        self.note(message)

    def note(self, message: str) -> None:
        """Raises Enough."""
        if len(self.messages) == MOST:
            raise Enough
        self.messages.append(message)

    def judge(self, node: Node, value: Any) -> None:
        """Add what is wrong with `value`. Raises TooMuch, Enough, and RecursionError where it is too deep."""
        while node.ref is not None:
            node = node.ref
        spend(self._budget, node.weight * CHECK)
        if node.format is not None and node.format not in FORMATS and not self._apart:
            self.note(f'format attribute "{cut(node.format)}" not supported')
        for keyword in KEYWORDS[type(value)]:
            keyword(self, node, value)
        if self.failed:
            return
        if type(value) is list:
            self._items(node, value)
        elif type(value) is dict:
            self._members(node, value)

    def _items(self, node: Node, values: list[Any]) -> None:
        for index, value in enumerate(values):
            item = node.items
            if isinstance(item, tuple):
                item = item[index] if index < len(item) else _schema(node.additional_items)
            if item is not None:
                self._below(str(index), item, value)

    def _members(self, node: Node, members: dict[str, Any]) -> None:
        for name in sorted(members, key=utf16):
            for schema in self._schemas_of(node, name):
                self._below(name, schema, members[name])

    def _below(self, step: str, node: Node, value: Any) -> None:
        self._at.append(step)
        self.judge(node, value)
        self._at.pop()

    def _schemas_of(self, node: Node, name: str) -> list[Node]:
        found = [node.properties[name]] if name in node.properties else []
        found += [schema for pattern, schema in node.pattern_properties if self.finds(pattern, name)]
        other = _schema(node.additional)
        return found or ([other] if other is not None else [])

    def finds(self, pattern: EcmaPattern, text: str) -> bool:
        spend(self._budget, pattern.steps(len(text)))
        return pattern.find(text) is not None

    def matching(self, nodes: tuple[Node, ...], value: Any) -> int:
        """How many of several schemas take a value."""
        matched = 0
        for node in nodes:
            try:
                Report(self._budget, apart=True).judge(node, value)
            except _Refused:
                continue
            matched += 1
        return matched

    def has_twins(self, values: list[Any]) -> bool:
        return has_twins(values, self._budget)

    def is_among(self, allowed: Among, value: Any) -> bool:
        return allowed(value, self._budget)

    def is_multiple(self, value: int | float, divisor: int | float) -> bool:
        return is_multiple(value, divisor, self._budget)


def _schema(switch: Node | bool) -> Node | None:
    return None if isinstance(switch, bool) else switch
