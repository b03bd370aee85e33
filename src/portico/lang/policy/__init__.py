"""AWS's policy language: a JSON document is compiled once, and asked about many requests.

    policy = parse_policy(text)
    verdict = policy.decide(Request(service("apigateway.amazonaws.com"), "lambda:InvokeFunction", arn, context))

It carries the policies of functions, and is made for those of APIs, identities and authorizers. What a policy says is
for its caller to weigh where there are several kinds (tables A and B of API Gateway's authorization flow).

`document` reads JSON, `principals`, `patterns`, `operators` and `conditions` are the elements, `statements` puts them
together, `decision` asks all statements.
"""

from portico.lang.policy.context import Context
from portico.lang.policy.decision import Decision, Policy, Verdict, decide, parse_policy
from portico.lang.policy.document import LENGTH_LIMIT, PolicyError
from portico.lang.policy.principals import ANONYMOUS, Principal, PrincipalKind, identity, service
from portico.lang.policy.statements import PolicyKind, Request

__all__ = [
    "ANONYMOUS",
    "LENGTH_LIMIT",
    "Context",
    "Decision",
    "Policy",
    "PolicyError",
    "PolicyKind",
    "Principal",
    "PrincipalKind",
    "Request",
    "Verdict",
    "decide",
    "identity",
    "parse_policy",
    "service",
]
