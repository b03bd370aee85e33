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
from portico.lang.jsonschema.nodes import Node
from portico.lang.jsonschema.references import escape
from portico.lang.jsontext import double_text, encode

LONGEST: Final = 2_000
"""Characters of a value, or of a list of values, that a message shows."""
MOST: Final = 200
"""Messages that are collected. AWS has no such bound; a document of a million wrong items is not worth more."""

_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
}


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

    def fails(self) -> None:
        """The value is refused: called before a message is made, which a branch has no use for."""
        if self._apart:
            raise _Refused

    def error(self, message: str) -> None:
        if not self.failed:
            self.first = f"{''.join(f'/{escape(_cut(step))}' for step in self._at) or '/'}: {message}"
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
            self.note(f'format attribute "{_cut(node.format)}" not supported')
        for keyword in _KEYWORDS[type(value)]:
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
        for name in sorted(members, key=_utf16):
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


def _utf16(name: str) -> bytes:
    """Java compares strings by their UTF-16 units."""
    return name.encode("utf-16-be", "surrogatepass")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def shown(value: Any) -> str:
    """A value as the messages show it: JSON, numbers as Java prints them."""
    return double_text(value) if isinstance(value, float) else _cut(encode(value))


# The keywords, each a message. In the order of their names for every kind of value.

Keyword = Callable[[Report, Node, Any], None]


def _additional_items(report: Report, node: Node, value: list[Any]) -> None:
    if isinstance(node.items, tuple) and node.additional_items is False and len(value) > len(node.items):
        report.fails()
        report.error(f"schema only allows {len(node.items)} elements in array but instance has {len(value)} elements")


def _additional_properties(report: Report, node: Node, value: dict[str, Any]) -> None:
    if node.additional is not False:
        return
    patterns = [pattern for pattern, _ in node.pattern_properties]
    others = value.keys() - node.properties.keys()
    extra = [name for name in others if not any(report.finds(pattern, name) for pattern in patterns)]
    if extra:
        report.fails()
        listed = shown(sorted(extra, key=_utf16))
        report.error(f"object instance has properties which are not allowed by the schema: {listed}")


def _all_of(report: Report, node: Node, value: Any) -> None:
    if node.all_of and (matched := report.matching(node.all_of, value)) != len(node.all_of):
        report.fails()
        counted = f"matched only {matched} out of {len(node.all_of)}"
        report.error(f"instance failed to match all required schemas ({counted})")


def _any_of(report: Report, node: Node, value: Any) -> None:
    if node.any_of and not report.matching(node.any_of, value):
        report.fails()
        report.error(f"instance failed to match at least one required schema among {len(node.any_of)}")


def _dependencies(report: Report, node: Node, value: dict[str, Any]) -> None:
    for name, need in node.dependencies.items():
        if name not in value:
            continue
        if isinstance(need, Node):
            report.judge(need, value)
        elif missing := [other for other in need if other not in value]:
            report.fails()
            told = f"schema requires {shown(list(need))}; missing: {shown(missing)}"
            report.error(f'property "{_cut(name)}" of object has missing property dependencies ({told})')


def _enum(report: Report, node: Node, value: Any) -> None:
    if node.enum is not None and not report.is_among(node.enum, value):
        report.fails()
        report.error(f"instance value ({shown(value)}) not found in enum (possible values: {_cut(node.enum.listed)})")


def _format(report: Report, node: Node, value: str) -> None:
    form = FORMATS.get(node.format or "")
    if form is not None and not form.takes(value):
        report.fails()
        report.error(form.refusal.format(_cut(value), len(value)))


def _max_items(report: Report, node: Node, value: list[Any]) -> None:
    if node.max_items is not None and len(value) > node.max_items:
        report.fails()
        bound = f"must have at most {node.max_items} elements but instance has {len(value)} elements"
        report.error(f"array is too long: {bound}")


def _max_length(report: Report, node: Node, value: str) -> None:
    if node.max_length is not None and len(value) > node.max_length:
        report.fails()
        told = f"length: {len(value)}, maximum allowed: {node.max_length}"
        report.error(f'string "{_cut(value)}" is too long ({told})')


def _max_properties(report: Report, node: Node, value: dict[str, Any]) -> None:
    if node.max_properties is not None and len(value) > node.max_properties:
        report.fails()
        told = f"found {len(value)} but schema requires at most {node.max_properties}"
        report.error(f"object has too many properties ({told})")


def _maximum(report: Report, node: Node, value: int | float) -> None:
    if node.maximum is None or value < node.maximum or (value == node.maximum and not node.exclusive_maximum):
        return
    report.fails()
    bound = shown(node.maximum)
    if value == node.maximum:
        report.error(f"numeric instance is not strictly lower than the required maximum {bound}")
    else:
        told = f"maximum: {bound}, found: {shown(value)}"
        report.error(f"numeric instance is greater than the required maximum ({told})")


def _min_items(report: Report, node: Node, value: list[Any]) -> None:
    if node.min_items is not None and len(value) < node.min_items:
        report.fails()
        bound = f"must have at least {node.min_items} elements but instance has {len(value)} elements"
        report.error(f"array is too short: {bound}")


def _min_length(report: Report, node: Node, value: str) -> None:
    if node.min_length is not None and len(value) < node.min_length:
        report.fails()
        told = f"length: {len(value)}, required minimum: {node.min_length}"
        report.error(f'string "{_cut(value)}" is too short ({told})')


def _min_properties(report: Report, node: Node, value: dict[str, Any]) -> None:
    if node.min_properties is not None and len(value) < node.min_properties:
        report.fails()
        told = f"found {len(value)} but schema requires at least {node.min_properties}"
        report.error(f"object has too few properties ({told})")


def _minimum(report: Report, node: Node, value: int | float) -> None:
    if node.minimum is None or value > node.minimum or (value == node.minimum and not node.exclusive_minimum):
        return
    report.fails()
    bound = shown(node.minimum)
    if value == node.minimum:
        report.error(f"numeric instance is not strictly greater than the required minimum {bound}")
    else:
        told = f"minimum: {bound}, found: {shown(value)}"
        report.error(f"numeric instance is lower than the required minimum ({told})")


def _multiple_of(report: Report, node: Node, value: int | float) -> None:
    if node.multiple_of is not None and not report.is_multiple(value, node.multiple_of):
        report.fails()
        report.error(f"remainder of division is not zero ({shown(value)} / {shown(node.multiple_of)})")


def _not(report: Report, node: Node, value: Any) -> None:
    if node.not_ is not None and report.matching((node.not_,), value):
        report.fails()
        report.error("instance matched a schema which it should not have")


def _one_of(report: Report, node: Node, value: Any) -> None:
    if node.one_of and (matched := report.matching(node.one_of, value)) != 1:
        report.fails()
        counted = f"matched {matched} out of {len(node.one_of)}"
        report.error(f"instance failed to match exactly one schema ({counted})")


def _pattern(report: Report, node: Node, value: str) -> None:
    if node.pattern is not None and not report.finds(node.pattern, value):
        report.fails()
        report.error(f'ECMA 262 regex "{node.pattern.source}" does not match input string "{_cut(value)}"')


def _required(report: Report, node: Node, value: dict[str, Any]) -> None:
    if missing := [name for name in node.required if name not in value]:
        report.fails()
        report.error(f"object has missing required properties ({shown(missing)})")


def _type(report: Report, node: Node, value: Any) -> None:
    kind = _KINDS[type(value)]
    if node.types and kind not in node.types:
        report.fails()
        allowed = shown(list(node.types))
        report.error(f"instance type ({kind}) does not match any allowed primitive type (allowed: {allowed})")


def _unique_items(report: Report, node: Node, value: list[Any]) -> None:
    if node.unique and report.has_twins(value):
        report.fails()
        report.error("array must not contain duplicate elements")


_ANY: Final[dict[str, Keyword]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "enum": _enum,
    "not": _not,
    "oneOf": _one_of,
    "type": _type,
}
_OF_NUMBERS: Final[dict[str, Keyword]] = {"maximum": _maximum, "minimum": _minimum, "multipleOf": _multiple_of}
_OF_STRINGS: Final[dict[str, Keyword]] = {
    "maxLength": _max_length,
    "minLength": _min_length,
    "pattern": _pattern,
    "~format": _format,
}
_OF_ARRAYS: Final[dict[str, Keyword]] = {
    "additionalItems": _additional_items,
    "maxItems": _max_items,
    "minItems": _min_items,
    "uniqueItems": _unique_items,
}
_OF_OBJECTS: Final[dict[str, Keyword]] = {
    "additionalProperties": _additional_properties,
    "dependencies": _dependencies,
    "maxProperties": _max_properties,
    "minProperties": _min_properties,
    "required": _required,
}


def _in_order(keywords: dict[str, Keyword]) -> tuple[Keyword, ...]:
    together = {**_ANY, **keywords}
    return tuple(together[name] for name in sorted(together))


_KEYWORDS: Final[dict[type, tuple[Keyword, ...]]] = {
    type(None): _in_order({}),
    bool: _in_order({}),
    dict: _in_order(_OF_OBJECTS),
    float: _in_order(_OF_NUMBERS),
    int: _in_order(_OF_NUMBERS),
    list: _in_order(_OF_ARRAYS),
    str: _in_order(_OF_STRINGS),
}
