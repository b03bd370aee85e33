"""An API's resource policy: what counts as one, how it is kept, how AWS shows it.

Kept is plain compact JSON with full ARNs; the answer's text carries one more layer of JSON escapes.
"""

import json

from portico.controlplane.operation import Realm
from portico.lang.policy import PolicyError, parse_policy
from portico.wire.aws.faults import BadRequestException

_INVALID = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
_SHORTHAND = "execute-api:/"


def accept_policy(text: str, realm: Realm, api_id: str) -> str:
    """The policy as it is kept for `api_id`: compact JSON in which `execute-api:/…` became a full ARN of the API.

    API Gateway converts the shorthand when a policy is saved (guide: apigateway-resource-policies-examples). Raises
    BadRequestException for anything that `lang/policy` does not take: it could not be enforced.
    """
    _check(text)
    policy = json.loads(text)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    arn = _arn(realm, api_id)
    for statement in statements:
        for member in ("Resource", "NotResource"):
            if member in statement:
                statement[member] = _expand(statement[member], arn)
    kept = json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
    _check(kept)
    return kept


def _check(text: str) -> None:
    try:
        parse_policy(text)
    except PolicyError as error:
        raise BadRequestException(_INVALID) from error


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


def _expand(resources: str | list[str], arn: str) -> str | list[str]:
    if isinstance(resources, list):
        return [_expand_one(resource, arn) for resource in resources]
    return _expand_one(resources, arn)


def _expand_one(resource: str, arn: str) -> str:
    return arn + resource.removeprefix(_SHORTHAND) if resource.startswith(_SHORTHAND) else resource
