"""What policies say of a request: an explicit Deny before any Allow, and a Deny where nobody says anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from portico.lang.policy.document import LENGTH_LIMIT, PolicyError, listed, members, read_document
from portico.lang.policy.statements import PolicyKind, Request, Statement, compile_statement


class Decision(Enum):
    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"
    """No statement applies; in AWS's tables of two policies: neutral."""


class Verdict(NamedTuple):
    decision: Decision
    statement: str | None = None
    """The Sid of the statement that decided, or its place (`Statement[2]`). For logs."""

    @property
    def allowed(self) -> bool:
        return self.decision is Decision.ALLOW


_SILENCE: Final = Verdict(Decision.IMPLICIT_DENY)


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy."""

    statements: tuple[Statement, ...]

    def decide(self, request: Request) -> Verdict:
        verdict = _SILENCE
        for statement in self.statements:
            if statement.allows and verdict.allowed:
                continue
            if statement.applies(request):
                if not statement.allows:
                    return Verdict(Decision.EXPLICIT_DENY, statement.name)
                verdict = Verdict(Decision.ALLOW, statement.name)
        return verdict


def decide(policies: Iterable[Policy], request: Request) -> Verdict:
    """The verdict of several policies of one kind together."""
    verdict = _SILENCE
    for policy in policies:
        found = policy.decide(request)
        if found.decision is Decision.EXPLICIT_DENY:
            return found
        if found.allowed and not verdict.allowed:
            verdict = found
    return verdict


_MEMBERS: Final = ("Version", "Id", "Statement")
_WITH_VARIABLES: Final = "2012-10-17"
_FIRST_VERSION: Final = "2008-10-17"
"""What a policy without Version has."""


def parse_policy(
    document: str | Mapping[str, Any], kind: PolicyKind = PolicyKind.RESOURCE, *, limit: int = LENGTH_LIMIT
) -> Policy:
    """Compile a policy, given as JSON text or as what such a text decodes to.

    `limit`: characters. Raises PolicyError, whose `place` is like `Statement[0].Condition.IpAddress.aws:SourceIp`.
    """
    found = members("", read_document(document, limit), _MEMBERS)
    version = found.get("Version", _FIRST_VERSION)
    if version not in (_FIRST_VERSION, _WITH_VARIABLES):
        raise PolicyError("Version", f"must be {_WITH_VARIABLES} or {_FIRST_VERSION}")
    if type(found.get("Id", "")) is not str:
        raise PolicyError("Id", "must be a string")
    if "Statement" not in found:
        raise PolicyError("Statement", "is missing")
    compiled = (
        compile_statement(place, statement, kind, variables=version == _WITH_VARIABLES)
        for place, statement in listed("Statement", found["Statement"])
    )
    return Policy(tuple(compiled))
