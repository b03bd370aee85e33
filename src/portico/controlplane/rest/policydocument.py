"""An API's resource policy: what counts as one, how it is kept, how AWS shows it.

Kept is plain compact JSON with full ARNs; the answer's text carries one more layer of JSON escapes.
"""

import json
from collections.abc import Callable
from typing import Any

from portico.controlplane.operation import Realm
from portico.wire.aws.faults import BadRequestException

_INVALID = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
_VERSIONS = ("2012-10-17", "2008-10-17")
_POLICY_MEMBERS = {"Version", "Id", "Statement"}
_PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
_SHORTHAND = "execute-api:/"


def accept_policy(text: str, realm: Realm, api_id: str) -> str:
    """The policy as it is kept for `api_id`: compact JSON in which `execute-api:/…` became a full ARN of the API.

    API Gateway converts the shorthand when a policy is saved (guide: apigateway-resource-policies-examples). Raises
    BadRequestException for anything that is not a resource policy, an unknown member too: what is not understood
    could not be enforced.
    """
    policy = _parse(text)
    statements = _listed(policy["Statement"])
    arn = _arn(realm, api_id)
    for statement in statements:
        for member in ("Resource", "NotResource"):
            if member in statement:
                statement[member] = _expand(statement[member], arn)
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def shorten_policy(policy: str, realm: Realm, api_id: str) -> str:
    """A kept policy with the ARNs of its own API as `execute-api:/…` again, so that another API can take it over."""
    return policy.replace(_arn(realm, api_id), _SHORTHAND)


def _arn(realm: Realm, api_id: str) -> str:
    return f"arn:aws:execute-api:{realm.region}:{realm.account_id}:{api_id}/"


def show_policy(policy: str) -> str:
    r"""The policy as answers carry it: escaped like the inside of a JSON string, slashes too (`{\"Version\"…`).

    Clients undo it: terraform's provider unquotes the text and says that it meets escaped slashes in CIDR blocks.
    """
    return json.dumps(policy)[1:-1].replace("/", "\\/")


def _parse(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequestException(_INVALID) from error
    if not (
        isinstance(policy, dict)
        and policy.keys() <= _POLICY_MEMBERS
        and policy.get("Version", _VERSIONS[0]) in _VERSIONS
        and _each(policy.get("Statement"), _is_statement)
    ):
        raise BadRequestException(_INVALID)
    return policy


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.keys() <= _STATEMENT.keys()
        and all(_STATEMENT[member](value) for member, value in statement.items())
        and "Effect" in statement
        and all(len(statement.keys() & pair) == 1 for pair in _ONE_OF)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_texts(value: Any) -> bool:
    return _each(value, _is_text)


def _is_effect(value: Any) -> bool:
    return value in ("Allow", "Deny")


def _is_principal(value: Any) -> bool:
    if not isinstance(value, dict):
        return bool(value == "*")
    return bool(value) and value.keys() <= _PRINCIPAL_KINDS and all(_is_texts(names) for names in value.values())


def _is_condition(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(test, dict) and _are_operands(test) for test in value.values())


def _are_operands(test: dict[str, Any]) -> bool:
    return all(_each(operand, lambda one: isinstance(one, str | bool | int | float)) for operand in test.values())


_STATEMENT: dict[str, Callable[[Any], bool]] = {
    "Sid": lambda value: isinstance(value, str),
    "Effect": _is_effect,
    "Principal": _is_principal,
    "NotPrincipal": _is_principal,
    "Action": _is_texts,
    "NotAction": _is_texts,
    "Resource": _is_texts,
    "NotResource": _is_texts,
    "Condition": _is_condition,
}
_ONE_OF = ({"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"})


def _each(value: Any, holds: Callable[[Any], bool]) -> bool:
    """Policies write one thing bare or several as a list; an empty list says nothing and is refused."""
    listed = _listed(value)
    return bool(listed) and all(holds(one) for one in listed)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _expand(resources: str | list[str], arn: str) -> str | list[str]:
    if isinstance(resources, list):
        return [_expand_one(resource, arn) for resource in resources]
    return _expand_one(resources, arn)


def _expand_one(resource: str, arn: str) -> str:
    return arn + resource.removeprefix(_SHORTHAND) if resource.startswith(_SHORTHAND) else resource
