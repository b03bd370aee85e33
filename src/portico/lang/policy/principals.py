"""Who asks, and whom a policy names.

A resource's policy names whole accounts (`123456789012` or `arn:aws:iam::123456789012:root`), users, roles and
sessions by their ARN, services by their domain, or everybody. A request comes from one principal, which answers to
several names: a role's session is the session, the role and the account.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from portico.lang.policy.document import PolicyError, members, texts

EVERYBODY: Final = "*"


class PrincipalKind(Enum):
    """The members of a Principal element, and those whom none of them names."""

    AWS = "AWS"
    SERVICE = "Service"
    FEDERATED = "Federated"
    CANONICAL_USER = "CanonicalUser"
    ANONYMOUS = ""


class Principal(NamedTuple):
    """Who makes a request: all the names of one principal."""

    kind: PrincipalKind
    names: frozenset[str]


ANONYMOUS: Final = Principal(PrincipalKind.ANONYMOUS, frozenset())


def service(name: str) -> Principal:
    """`apigateway.amazonaws.com` and its like."""
    return Principal(PrincipalKind.SERVICE, frozenset({name}))


def identity(*arns: str) -> Principal:
    """A user, a role or a session: its ARNs, the most specific first; of a session the role's ARN too."""
    account = arns[0].split(":")[4]
    return Principal(PrincipalKind.AWS, frozenset({account, *map(_account_or_arn, arns)}))


PrincipalTest = Callable[[Principal], bool]

_ROOT = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")
_AWS = re.compile(
    r"[0-9]{12}"
    r"|arn:aws[a-z-]*:iam::(?:[0-9]{12}:(?:root|(?:user|role)/[^*?]+)|cloudfront:user/[^*?]+)"
    r"|arn:aws[a-z-]*:sts::[0-9]{12}:(?:assumed-role|federated-user)/[^*?]+"
)
_NAME = re.compile(r"[^\s*?]+")
_FORMS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "AWS": (_AWS, "an account, the ARN of an account, user, role or session, or '*'"),
    "Service": (_NAME, "the name of a service, without wildcards"),
    "Federated": (_NAME, "the name of an identity provider, without wildcards"),
    "CanonicalUser": (_NAME, "the id of a canonical user, without wildcards"),
}


def compile_principals(place: str, value: Any) -> PrincipalTest:
    """A Principal element: whether it names who asks. Raises PolicyError."""
    named = _named(place, value)
    if EVERYBODY in named[PrincipalKind.AWS]:
        # `"*"` and {"AWS": "*"} are one: the guide says so of the anonymous (IAM, "Principal"), and topics' policies
        # let services in by it (SNS guide, S3 as a source).
        return lambda principal: True
    return lambda principal: not named[principal.kind].isdisjoint(principal.names)


def compile_exceptions(place: str, value: Any) -> PrincipalTest:
    """A NotPrincipal element: whether it leaves out who asks, and so its Deny counts.

    Only who is named by each of his names is left out: AWS looks at the account, the role and the session in turn,
    and tells authors to name all of them (guide: IAM, "NotPrincipal").
    """
    named = _named(place, value)
    if EVERYBODY in named[PrincipalKind.AWS]:
        raise PolicyError(place, "must not be '*', which leaves nobody")
    return lambda principal: not principal.names or not principal.names <= named[principal.kind]


def _named(place: str, value: Any) -> Mapping[PrincipalKind, frozenset[str]]:
    named: dict[PrincipalKind, frozenset[str]] = dict.fromkeys(PrincipalKind, frozenset())
    if value == EVERYBODY:
        return named | {PrincipalKind.AWS: frozenset({EVERYBODY})}
    kinds = members(place, value, _FORMS)
    if not kinds:
        raise PolicyError(place, "names nobody")
    for kind, names in kinds.items():
        each = texts(f"{place}.{kind}", names)
        named[PrincipalKind(kind)] = frozenset(_checked(at, kind, name) for at, name in each)
    return named


def _checked(place: str, kind: str, name: str) -> str:
    form, description = _FORMS[kind]
    if form.fullmatch(name) is None and (kind, name) != ("AWS", EVERYBODY):
        raise PolicyError(place, f"must be {description}")
    return _account_or_arn(name)


def _account_or_arn(name: str) -> str:
    """An account has two spellings."""
    root = _ROOT.fullmatch(name)
    return root[1] if root else name
