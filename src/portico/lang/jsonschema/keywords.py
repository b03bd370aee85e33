"""What each keyword refuses, and what the validator says then; for every kind of value in the order of their names."""

from __future__ import annotations

from collections.abc import Callable
from operator import gt, lt
from typing import TYPE_CHECKING, Any, Final

from portico.lang.jsonschema.formats import FORMATS
from portico.lang.jsonschema.nodes import Node
from portico.lang.jsonschema.shown import cut, shown, utf16

if TYPE_CHECKING:
    from portico.lang.jsonschema.report import Report

Keyword = Callable[["Report", Node, Any], None]

_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
}


# Of any value


def _all_of(report: Report, node: Node, value: Any) -> None:
    if node.all_of and (matched := report.matching(node.all_of, value)) != len(node.all_of):
        counted = f"matched only {matched} out of {len(node.all_of)}"
        report.error(lambda: f"instance failed to match all required schemas ({counted})")


def _any_of(report: Report, node: Node, value: Any) -> None:
    if node.any_of and not report.matching(node.any_of, value):
        report.error(lambda: f"instance failed to match at least one required schema among {len(node.any_of)}")


def _enum(report: Report, node: Node, value: Any) -> None:
    allowed = node.enum
    if allowed is not None and not report.is_among(allowed, value):
        report.error(
            lambda: f"instance value ({shown(value)}) not found in enum (possible values: {cut(allowed.listed)})"
        )


def _not(report: Report, node: Node, value: Any) -> None:
    if node.not_ is not None and report.matching((node.not_,), value):
        report.error(lambda: "instance matched a schema which it should not have")


def _one_of(report: Report, node: Node, value: Any) -> None:
    if node.one_of and (matched := report.matching(node.one_of, value)) != 1:
        counted = f"matched {matched} out of {len(node.one_of)}"
        report.error(lambda: f"instance failed to match exactly one schema ({counted})")


def _type(report: Report, node: Node, value: Any) -> None:
    kind = _KINDS[type(value)]
    if node.types and kind not in node.types:
        report.error(
            lambda: (
                f"instance type ({kind}) does not match any allowed primitive type (allowed: {shown(list(node.types))})"
            )
        )


# Of numbers


def _limit(name: str, within: Callable[[Any, Any], bool], beyond: str, strictly: str) -> Keyword:
    """`minimum` or `maximum`: what is said of a number beyond it, and of itself where it is excluded."""
    excluded = f"exclusive_{name}"

    def keyword(report: Report, node: Node, value: int | float) -> None:
        bound = getattr(node, name)
        if bound is None or within(value, bound) or (value == bound and not getattr(node, excluded)):
            return
        if value == bound:
            report.error(lambda: f"numeric instance is not strictly {strictly} than the required {name} {shown(bound)}")
        else:
            report.error(
                lambda: (
                    f"numeric instance is {beyond} than the required {name} "
                    f"({name}: {shown(bound)}, found: {shown(value)})"
                )
            )

    return keyword


def _multiple_of(report: Report, node: Node, value: int | float) -> None:
    divisor = node.multiple_of
    if divisor is not None and not report.is_multiple(value, divisor):
        report.error(lambda: f"remainder of division is not zero ({shown(value)} / {shown(divisor)})")


# Of strings, arrays and objects


def _length(name: str, beyond: Callable[[int, int], bool], says: Callable[[Any, int], str]) -> Keyword:
    """A bound, the Node's member `name`, of how many characters, items or members there are."""

    def keyword(report: Report, node: Node, value: Any) -> None:
        bound = getattr(node, name)
        if bound is not None and beyond(len(value), bound):
            report.error(lambda: says(value, bound))

    return keyword


def _long(value: str, bound: int) -> str:
    return f'string "{cut(value)}" is too long (length: {len(value)}, maximum allowed: {bound})'


def _short(value: str, bound: int) -> str:
    return f'string "{cut(value)}" is too short (length: {len(value)}, required minimum: {bound})'


def _many_items(value: list[Any], bound: int) -> str:
    return f"array is too long: must have at most {bound} elements but instance has {len(value)} elements"


def _few_items(value: list[Any], bound: int) -> str:
    return f"array is too short: must have at least {bound} elements but instance has {len(value)} elements"


def _many_members(value: dict[str, Any], bound: int) -> str:
    return f"object has too many properties (found {len(value)} but schema requires at most {bound})"


def _few_members(value: dict[str, Any], bound: int) -> str:
    return f"object has too few properties (found {len(value)} but schema requires at least {bound})"


# Of strings


def _format(report: Report, node: Node, value: str) -> None:
    form = FORMATS.get(node.format or "")
    if form is not None and not form.takes(value):
        report.error(lambda: form.refusal.format(cut(value), len(value)))


def _pattern(report: Report, node: Node, value: str) -> None:
    pattern = node.pattern
    if pattern is not None and not report.finds(pattern, value):
        report.error(lambda: f'ECMA 262 regex "{pattern.source}" does not match input string "{cut(value)}"')


# Of arrays


def _additional_items(report: Report, node: Node, value: list[Any]) -> None:
    if isinstance(node.items, tuple) and node.additional_items is False and len(value) > len(node.items):
        most = len(node.items)
        report.error(lambda: f"schema only allows {most} elements in array but instance has {len(value)} elements")


def _unique_items(report: Report, node: Node, value: list[Any]) -> None:
    if node.unique and report.has_twins(value):
        report.error(lambda: "array must not contain duplicate elements")


# Of objects


def _additional_properties(report: Report, node: Node, value: dict[str, Any]) -> None:
    if node.additional is not False:
        return
    patterns = [pattern for pattern, _ in node.pattern_properties]
    others = value.keys() - node.properties.keys()
    if extra := [name for name in others if not any(report.finds(pattern, name) for pattern in patterns)]:
        report.error(
            lambda: (
                f"object instance has properties which are not allowed by the schema: {shown(sorted(extra, key=utf16))}"
            )
        )


def _dependencies(report: Report, node: Node, value: dict[str, Any]) -> None:
    for name, need in node.dependencies.items():
        if name not in value:
            continue
        if isinstance(need, Node):
            report.judge(need, value)
        else:
            _dependency(report, name, need, value)


def _dependency(report: Report, name: str, need: tuple[str, ...], value: dict[str, Any]) -> None:
    if missing := [other for other in need if other not in value]:
        report.error(
            lambda: (
                f'property "{cut(name)}" of object has missing property dependencies '
                f"(schema requires {shown(list(need))}; missing: {shown(missing)})"
            )
        )


def _required(report: Report, node: Node, value: dict[str, Any]) -> None:
    if missing := [name for name in node.required if name not in value]:
        report.error(lambda: f"object has missing required properties ({shown(missing)})")


_ANY: Final[dict[str, Keyword]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "enum": _enum,
    "not": _not,
    "oneOf": _one_of,
    "type": _type,
}
_OF_NUMBERS: Final[dict[str, Keyword]] = {
    "maximum": _limit("maximum", lt, "greater", "lower"),
    "minimum": _limit("minimum", gt, "lower", "greater"),
    "multipleOf": _multiple_of,
}
_OF_STRINGS: Final[dict[str, Keyword]] = {
    "maxLength": _length("max_length", gt, _long),
    "minLength": _length("min_length", lt, _short),
    "pattern": _pattern,
    "~format": _format,
}
_OF_ARRAYS: Final[dict[str, Keyword]] = {
    "additionalItems": _additional_items,
    "maxItems": _length("max_items", gt, _many_items),
    "minItems": _length("min_items", lt, _few_items),
    "uniqueItems": _unique_items,
}
_OF_OBJECTS: Final[dict[str, Keyword]] = {
    "additionalProperties": _additional_properties,
    "dependencies": _dependencies,
    "maxProperties": _length("max_properties", gt, _many_members),
    "minProperties": _length("min_properties", lt, _few_members),
    "required": _required,
}


def _in_order(keywords: dict[str, Keyword]) -> tuple[Keyword, ...]:
    together = {**_ANY, **keywords}
    return tuple(together[name] for name in sorted(together))


KEYWORDS: Final[dict[type, tuple[Keyword, ...]]] = {
    type(None): _in_order({}),
    bool: _in_order({}),
    dict: _in_order(_OF_OBJECTS),
    float: _in_order(_OF_NUMBERS),
    int: _in_order(_OF_NUMBERS),
    list: _in_order(_OF_ARRAYS),
    str: _in_order(_OF_STRINGS),
}
