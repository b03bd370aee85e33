"""What a function may be called, and the ARNs of functions, versions and aliases.

`name`, `account:function:name`, or an ARN, each perhaps with `:qualifier`. The qualifier may also be given beside it.
"""

import re
from typing import Final, NamedTuple

from portico.controlplane.functions.faults import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from portico.controlplane.operation import Call, Realm
from portico.model.function import LATEST
from portico.wire.aws.constraints import refuse, unmet

LONGEST_NAME: Final = 64
"""Of the name alone (API reference, CreateFunction: "If you specify only the function name, it is limited to 64")."""

_SPELLING: Final = re.compile(
    r"(?:arn:[a-zA-Z-]*:lambda:)?(?:(?P<region>(?:[a-z]+-)+\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


class Named(NamedTuple):
    name: str
    qualifier: str | None
    """`$LATEST`, a version's number or an alias; None where none was given."""


def named(call: Call) -> Named:
    """Which function, and what of it, a call is about.

    Raises InvalidParameterValueException, ValidationException, ResourceNotFoundException, AccessDeniedException.
    """
    found = parse(call.params["FunctionName"], call.realm)
    given = call.params.get("Qualifier")
    if given is None or found.qualifier is None:
        return found._replace(qualifier=found.qualifier or given)
    if given != found.qualifier:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return found


def unqualified(call: Call) -> str:
    """The function's name, of a call that is not about a version or an alias. Raises as `named` does."""
    name, qualifier = named(call)
    if qualifier not in (None, LATEST):
        raise InvalidParameterValueException(
            "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do "
            "not set a version in your request."
        )
    return name


def parse(spelling: str, realm: Realm) -> Named:
    match = _SPELLING.fullmatch(spelling)
    if match is None:
        refuse(unmet(spelling, "functionName", f"Member must satisfy regular expression pattern: {_SPELLING.pattern}"))
    region, account, name, qualifier = match.group("region", "account", "name", "qualifier")
    if len(name) > LONGEST_NAME:
        refuse(unmet(name, "functionName", f"Member must have length less than or equal to {LONGEST_NAME}"))
    if region not in (None, realm.region):
        raise ResourceNotFoundException(
            f"Functions from '{region}' are not reachable in this region ('{realm.region}')"
        )
    if account not in (None, realm.account_id):
        raise AccessDeniedException(
            f"User: arn:aws:iam::{realm.account_id}:root is not authorized to perform this operation on resource: "
            f"arn:aws:lambda:{realm.region}:{account}:function:{name} because no resource-based policy allows it"
        )
    return Named(name, qualifier)


def function_arn(realm: Realm, name: str, qualifier: str | None = None) -> str:
    arn = f"arn:aws:lambda:{realm.region}:{realm.account_id}:function:{name}"
    return arn if qualifier is None else f"{arn}:{qualifier}"


def not_found(realm: Realm, name: str, qualifier: str | None = None) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {function_arn(realm, name, qualifier)}")


def is_version(qualifier: str) -> bool:
    """True for `$LATEST` and numbers; anything else names an alias."""
    return qualifier == LATEST or (qualifier.isascii() and qualifier.isdigit())
