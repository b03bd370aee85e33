"""A policy of one statement, asked about one request."""

from typing import Any

from portico.lang.policy import Policy, PolicyKind, Principal, Request, Verdict, parse_policy, service

GATEWAY = service("apigateway.amazonaws.com")
ARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/pets"
STATEMENT: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ARN}


def statement(**changed: Any) -> dict[str, Any]:
    """STATEMENT with other members; None takes one away."""
    return {name: value for name, value in {**STATEMENT, **changed}.items() if value is not None}


def policy(*statements: dict[str, Any], version: str = "2012-10-17", kind: PolicyKind = PolicyKind.RESOURCE) -> Policy:
    return parse_policy({"Version": version, "Statement": list(statements)}, kind)


def ask(
    *statements: dict[str, Any],
    principal: Principal = GATEWAY,
    action: str = "execute-api:Invoke",
    resource: str = ARN,
    context: dict[str, Any] | None = None,
) -> Verdict:
    return policy(*statements).decide(Request(principal, action, resource, context or {}))


def holds(condition: Any, context: dict[str, Any], *, allows: bool = True, version: str = "2012-10-17") -> bool:
    """Whether a Condition holds: its statement applies."""
    one = statement(Effect="Allow" if allows else "Deny", Condition=condition)
    compiled = parse_policy({"Version": version, "Statement": one})
    return compiled.statements[0].applies(Request(GATEWAY, "execute-api:Invoke", ARN, context))
