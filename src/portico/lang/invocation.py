"""Who may invoke a function, by its resource policy.

With an integration's `credentials` the role decides: one of this account may (there is no IAM yet that could say
otherwise), one of another may not. A service needs the function's policy: exactly that of the qualifier that is
invoked, as on Lambda, where a permission is good for the ARN it was given for and no other. `$LATEST` cannot have a
policy of its own (Lambda, AddPermission) and is the unqualified function here. Neither role nor service: the account's
root, who may.
"""

import re
import shlex
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from portico.lang.policy import Context, Decision, Policy, PolicyError, Request, parse_policy, service
from portico.model.function import LATEST, FunctionStanding

ACTION: Final = "lambda:InvokeFunction"
REMEMBERED: Final = 4096
"""Answers, and compiled policies: one for each Route and its function, on a large host."""
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/.+")
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_ID: Final = 100
"""Characters of a StatementId (Lambda, AddPermission)."""


class Caller(Protocol):
    """On whose behalf a function is invoked: `ports.functions.Caller` is one."""

    @property
    def service(self) -> str | None: ...
    @property
    def source_arn(self) -> str | None: ...
    @property
    def source_account(self) -> str | None: ...
    @property
    def role(self) -> str | None: ...


class _Question(NamedTuple):
    """All that the answer for a service depends on."""

    policy: str | None
    """JSON text."""
    name: str
    qualifier: str
    """"" for the unqualified function."""
    service: str
    source_arn: str | None
    source_account: str | None


class Permissions:
    """The answers for the functions of one account and region, remembered: a warm call costs one look-up.

    An answer is remembered with the text of the policy that it follows from, so a policy that changes acts at once.
    """

    __slots__ = ("_account_id", "_answer", "_prefix")

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._prefix = f"arn:aws:lambda:{region}:{account_id}:function:"
        self._answer = lru_cache(maxsize=REMEMBERED)(self._decide)

    def check(self, standing: FunctionStanding, qualifier: str | None, caller: Caller) -> str | None:
        """None where `caller` may invoke the function; else the cause, for the operator.

        `qualifier`: a version or alias; None, "" and `$LATEST` are the unqualified function.
        """
        if caller.role is not None:
            return self._check_role(caller.role)
        if caller.service is None:
            return None
        key = "" if qualifier in (None, LATEST) else qualifier
        policy = standing.policies.get(key or "")
        return self._answer(
            _Question(policy, standing.name, key or "", caller.service, caller.source_arn, caller.source_account)
        )

    def _check_role(self, role: str) -> str | None:
        match = _ROLE.fullmatch(role)
        if match is None:
            return f"the integration's credentials {role!r} are not the ARN of a role"
        if match["account"] != self._account_id:
            return f"the integration's credentials {role!r} are a role of another account than {self._account_id}"
        return None

    def _decide(self, question: _Question) -> str | None:
        arn = self._prefix + question.name + (f":{question.qualifier}" if question.qualifier else "")
        if question.policy is None:
            return f"{arn} has no policy. {_permit(question)}"
        try:
            policy = _compiled(question.policy)
        except PolicyError as error:
            return f"the policy of {arn} cannot be enforced: {error}"
        verdict = policy.decide(Request(service(question.service), ACTION, arn, _context(question)))
        if verdict.decision is Decision.EXPLICIT_DENY:
            return f"the policy of {arn} denies the call in its statement {verdict.statement!r}"
        return None if verdict.allowed else f"the policy of {arn} does not allow the call. {_permit(question)}"


@lru_cache(maxsize=REMEMBERED)
def _compiled(policy: str) -> Policy:
    return parse_policy(policy)


def _context(question: _Question) -> Context:
    given = {"aws:sourcearn": question.source_arn, "aws:sourceaccount": question.source_account}
    return {key: value for key, value in given.items() if value is not None}


def _permit(question: _Question) -> str:
    """The line that would help."""
    options = {
        "function-name": question.name,
        "qualifier": question.qualifier,
        "statement-id": _statement_id(question),
        "action": ACTION,
        "principal": question.service,
        "source-arn": question.source_arn,
        "source-account": None if question.source_arn else question.source_account,
    }
    told = " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items() if value)
    return f"This would allow it: aws lambda add-permission {told}"


def _statement_id(question: _Question) -> str:
    """One for each source: two permissions with one id would be a conflict."""
    source = (question.source_arn or question.service).rpartition(":")[2]
    return _NOT_OF_AN_ID.sub("-", source).strip("-")[:_LONGEST_ID]
