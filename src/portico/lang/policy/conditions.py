"""The Condition element: operators over the values of a request, all of which must hold.

Several values of the policy are alternatives; under a negated operator none of them may match. A key that the request
does not have makes an operator false, a negated one true, `…IfExists` true, `ForAllValues:` true and `ForAnyValue:`
false (guide: IAM, "Condition operators" and "Multivalued context keys").

A key with several values under an operator without `ForAllValues:` or `ForAnyValue:`, which the guide forbids, is
read so that it opens nothing: all values must match for an Allow, and one suffices for a Deny.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from portico.lang.policy.context import Context, values
from portico.lang.policy.document import NumberText, PolicyError, listed, mapping
from portico.lang.policy.operators import OPERATORS, Operator, Setting, truth
from portico.lang.policy.patterns import Test


class Condition(Protocol):
    def holds(self, context: Context) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Compared:
    key: str
    tests: Sequence[Test]
    negated: bool
    quantifier: Callable[[Iterable[bool]], bool]
    of_set: bool
    """With `ForAllValues:` or `ForAnyValue:`, for which an empty text is as good as none (guide: IAM, "Multivalued
    context keys")."""
    missing: bool
    """The answer where the request has no such key."""

    def holds(self, context: Context) -> bool:
        found = values(context, self.key)
        if not found or (self.of_set and not any(found)):
            return self.missing
        if len(found) == 1:
            return self._one(found[0], context)
        return self.quantifier(self._one(value, context) for value in found)

    def _one(self, value: str, context: Context) -> bool:
        for test in self.tests:
            if test(value, context):
                return not self.negated
        return self.negated


@dataclass(frozen=True, slots=True)
class _Null:
    """Whether the key is missing must be one of `wanted`."""

    key: str
    wanted: frozenset[bool]

    def holds(self, context: Context) -> bool:
        return (not values(context, self.key)) in self.wanted


_NAME = re.compile(r"(?:(?P<set>forallvalues|foranyvalue):)?(?P<operator>[a-z]+?)(?P<if_exists>ifexists)?")
_QUANTIFIERS: Final[dict[str, Callable[[Iterable[bool]], bool]]] = {"forallvalues": all, "foranyvalue": any}
_NULL: Final = "null"


@dataclass(frozen=True, slots=True)
class _Called:
    """An operator as a policy calls it, with what stands before and behind its name."""

    operator: Operator
    set: str | None
    if_exists: bool

    def missing(self) -> bool:
        if self.if_exists or self.set == "forallvalues":
            return True
        return self.operator.negated and self.set is None


def compile_conditions(place: str, value: Any, *, allows: bool, variables: bool) -> tuple[Condition, ...]:
    """The conditions of a statement. `allows`: its effect. Raises PolicyError."""
    conditions: list[Condition] = []
    for name, keys in _without_case(place, value).items():
        at = f"{place}.{name}"
        if not mapping(at, keys):
            raise PolicyError(at, "compares nothing")
        for key, operands in _without_case(at, keys).items():
            conditions.append(_condition(f"{at}.{key}", name, key, operands, allows, variables))
    return tuple(conditions)


def _condition(place: str, name: str, key: str, operands: Any, allows: bool, variables: bool) -> Condition:
    texts = [(at, _operand(at, operand)) for at, operand in listed(place, operands)]
    if name.lower() == _NULL:
        return _Null(key.lower(), frozenset(_is_true(at, text) for at, text in texts))
    called = _called(place, name)
    negated = called.operator.negated
    # What cannot be told does not match, except where that would let a negated Allow through.
    setting = Setting(variables, untold=negated and allows)
    return _Compared(
        key=key.lower(),
        tests=tuple(called.operator.compile(at, text, setting) for at, text in texts),
        negated=negated,
        quantifier=_QUANTIFIERS[called.set] if called.set else all if allows else any,
        of_set=called.set is not None,
        missing=called.missing(),
    )


def _called(place: str, name: str) -> _Called:
    match = _NAME.fullmatch(name.lower())
    operator = OPERATORS.get(match["operator"]) if match else None
    if match is None or operator is None:
        raise PolicyError(place, f"unknown condition operator {name!r}")
    return _Called(operator, match["set"], match["if_exists"] is not None)


def _operand(place: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) in (str, NumberText):
        return str(value)
    raise PolicyError(place, "must be a string, a number or a boolean")


def _is_true(place: str, text: str) -> bool:
    found = truth(text)
    if found is None:
        raise PolicyError(place, f"{text!r} is not true or false")
    return found


def _without_case(place: str, value: Any) -> dict[str, Any]:
    """Names of operators and keys have no case: two that differ in nothing else are one, and come twice."""
    found = mapping(place, value)
    if "" in found:
        raise PolicyError(place, "a name is empty")
    if len({name.lower() for name in found}) != len(found):
        raise PolicyError(place, "a name comes twice")
    return found
