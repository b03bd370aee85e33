"""Statements, compiled: whether one applies to a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from portico.lang.policy.conditions import Condition, compile_conditions
from portico.lang.policy.context import Context
from portico.lang.policy.document import PolicyError, members, texts
from portico.lang.policy.patterns import Matcher, Test, Wild, compile_test, glob, read_pattern
from portico.lang.policy.principals import Principal, PrincipalTest, compile_exceptions, compile_principals


class PolicyKind(Enum):
    """What a policy is attached to."""

    RESOURCE = "resource"
    """Each statement says for whom (Principal or NotPrincipal)."""
    IDENTITY = "identity"
    """A user's or role's, or what an authorizer returned: it is about its owner, and names nobody."""


class Request(NamedTuple):
    """What a policy is asked about."""

    principal: Principal
    action: str
    """`execute-api:Invoke`, in any case."""
    resource: str
    """ARN."""
    context: Context = {}
    """Keys in lower case."""


@dataclass(frozen=True, slots=True)
class Statement:
    allows: bool
    name: str
    """Its Sid, or its place in the document."""
    principals: PrincipalTest
    actions: Matcher
    """Of the action in lower case."""
    resources: Test
    conditions: tuple[Condition, ...]

    def applies(self, request: Request) -> bool:
        return (
            self.actions(request.action.lower())
            and self.principals(request.principal)
            and self.resources(request.resource, request.context)
            and all(condition.holds(request.context) for condition in self.conditions)
        )


_ELEMENTS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_EFFECTS: Final = {"Allow": True, "Deny": False}


def compile_statement(place: str, value: Any, kind: PolicyKind, *, variables: bool) -> Statement:
    """Raises PolicyError."""
    elements = members(place, value, _ELEMENTS)
    effect = elements.get("Effect")
    if type(effect) is not str or effect not in _EFFECTS:
        raise PolicyError(f"{place}.Effect", "must be Allow or Deny")
    allows = _EFFECTS[effect]
    return Statement(
        allows=allows,
        name=_sid(f"{place}.Sid", elements.get("Sid")) or place,
        principals=_principals(place, elements, kind, allows),
        actions=_actions(place, elements),
        resources=_resources(place, elements, allows, variables),
        conditions=compile_conditions(
            f"{place}.Condition", elements.get("Condition", {}), allows=allows, variables=variables
        ),
    )


def _sid(place: str, value: Any) -> str:
    if value is not None and type(value) is not str:
        raise PolicyError(place, "must be a string")
    return value or ""


def _either(place: str, elements: Mapping[str, Any], name: str) -> str:
    """Which of an element and its `Not…` a statement has: it must be one of them."""
    there = [one for one in (name, f"Not{name}") if one in elements]
    if len(there) != 1:
        raise PolicyError(place, f"must have either {name} or Not{name}")
    return there[0]


def _principals(place: str, elements: Mapping[str, Any], kind: PolicyKind, allows: bool) -> PrincipalTest:
    if kind is PolicyKind.IDENTITY:
        if "Principal" in elements or "NotPrincipal" in elements:
            raise PolicyError(place, "a policy of an identity names no principals")
        return lambda principal: True
    name = _either(place, elements, "Principal")
    if name == "Principal":
        return compile_principals(f"{place}.{name}", elements[name])
    if allows:
        # "Using it with "Effect":"Allow" is not supported" (guide: IAM, "NotPrincipal").
        raise PolicyError(f"{place}.{name}", "is not supported with Allow")
    return compile_exceptions(f"{place}.{name}", elements[name])


_ACTION = re.compile(r"\*|[a-z0-9*?-]+:[a-z0-9*?-]+")


def _actions(place: str, elements: Mapping[str, Any]) -> Matcher:
    name = _either(place, elements, "Action")
    matchers = [_action(at, text.lower()) for at, text in texts(f"{place}.{name}", elements[name])]
    wanted = name == "Action"
    return lambda action: any(matcher(action) for matcher in matchers) is wanted


def _action(place: str, text: str) -> Matcher:
    if _ACTION.fullmatch(text) is None:
        raise PolicyError(place, "must be '*' or service:action")
    return glob([Wild(piece) if piece in ("*", "?") else piece for piece in re.split(r"([*?])", text) if piece])


def _resources(place: str, elements: Mapping[str, Any], allows: bool, variables: bool) -> Test:
    """Wildcards span the whole ARN, `/` and `:` too (guide: IAM, "Resource")."""
    name = _either(place, elements, "Resource")
    wanted = name == "Resource"

    def compiled(at: str, source: str) -> Test:
        tokens = read_pattern(at, source, wildcards=True, variables=variables)
        # As in conditions: a variable without a value matches nothing, except where Allow names what it is not about.
        return compile_test(tokens, glob, unresolved=allows and not wanted)

    tests = [compiled(at, source) for at, source in texts(f"{place}.{name}", elements[name])]
    return lambda resource, context: any(test(resource, context) for test in tests) is wanted
