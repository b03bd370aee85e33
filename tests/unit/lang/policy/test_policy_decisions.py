"""What policies decide: effects, principals, actions, resources, and several policies together."""

from itertools import permutations
from typing import Any

import pytest

from policy_scene import ARN, GATEWAY, ask, policy, statement
from portico.lang.policy import (
    ANONYMOUS,
    Decision,
    PolicyKind,
    Principal,
    PrincipalKind,
    Request,
    Verdict,
    decide,
    identity,
    parse_policy,
    service,
)

ACCOUNT = "123456789012"
ROOT = identity(f"arn:aws:iam::{ACCOUNT}:root")
ANN = identity(f"arn:aws:iam::{ACCOUNT}:user/staff/Ann")
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/gateway/session-1"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/path/gateway"
SESSION = identity(SESSION_ARN, ROLE_ARN)
STRANGER = identity("arn:aws:iam::999999999999:user/staff/Ann")
FEDERATED = Principal(PrincipalKind.FEDERATED, frozenset({"accounts.google.com"}))
CANONICAL = Principal(PrincipalKind.CANONICAL_USER, frozenset({"79a59df9"}))
EVERYBODY = [ANONYMOUS, GATEWAY, ROOT, ANN, SESSION, STRANGER, FEDERATED, CANONICAL]

ALLOW = statement(Sid="allow")
DENY = statement(Sid="deny", Effect="Deny")
SILENT = statement(Sid="silent", Action="execute-api:ManageConnections")


# Effects


@pytest.mark.parametrize(
    ("statements", "decision", "decided"),
    [
        ([ALLOW], Decision.ALLOW, "allow"),
        ([DENY], Decision.EXPLICIT_DENY, "deny"),
        ([SILENT], Decision.IMPLICIT_DENY, None),
        ([ALLOW, SILENT], Decision.ALLOW, "allow"),
        ([ALLOW, DENY], Decision.EXPLICIT_DENY, "deny"),
        ([ALLOW, SILENT, DENY], Decision.EXPLICIT_DENY, "deny"),
    ],
)
def test_an_explicit_deny_wins_and_silence_denies(
    statements: list[dict[str, Any]], decision: Decision, decided: str | None
) -> None:
    for order in permutations(statements):
        assert ask(*order) == Verdict(decision, decided)
        assert ask(*order).allowed is (decision is Decision.ALLOW)


def test_statements_without_a_sid_are_named_by_their_place() -> None:
    assert ask(SILENT, statement()).statement == "Statement[1]"
    assert ask(statement(), statement(Effect="Deny", Sid="")).statement == "Statement[1]"


def test_several_policies_decide_like_one() -> None:
    allows, denies, silent = (policy(one) for one in (ALLOW, DENY, SILENT))
    request = Request(GATEWAY, "execute-api:Invoke", ARN)
    for policies, decision in (
        ([], Decision.IMPLICIT_DENY),
        ([silent, silent], Decision.IMPLICIT_DENY),
        ([silent, allows], Decision.ALLOW),
        ([allows, silent, denies], Decision.EXPLICIT_DENY),
    ):
        for order in permutations(policies):
            assert decide(order, request).decision is decision


# Principals


@pytest.mark.parametrize(
    ("named", "matched"),
    [
        ("*", EVERYBODY),
        ({"AWS": "*"}, EVERYBODY),
        ({"AWS": [ROLE_ARN, "*"]}, EVERYBODY),
        ({"AWS": ACCOUNT}, [ROOT, ANN, SESSION]),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, [ROOT, ANN, SESSION]),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, [ROOT, ANN, SESSION]),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/staff/Ann"}, [ANN]),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/staff/ann"}, []),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/Ann"}, []),
        ({"AWS": ROLE_ARN}, [SESSION]),
        ({"AWS": SESSION_ARN}, [SESSION]),
        ({"AWS": f"{SESSION_ARN}0"}, []),
        ({"AWS": ["999999999999", ROLE_ARN]}, [SESSION, STRANGER]),
        ({"Service": "apigateway.amazonaws.com"}, [GATEWAY]),
        ({"Service": ["sns.amazonaws.com", "apigateway.amazonaws.com"]}, [GATEWAY]),
        ({"Service": ACCOUNT}, []),
        ({"Federated": "accounts.google.com"}, [FEDERATED]),
        ({"CanonicalUser": "79a59df9"}, [CANONICAL]),
        ({"AWS": "999999999999", "Service": "apigateway.amazonaws.com"}, [GATEWAY, STRANGER]),
    ],
)
def test_whom_a_principal_names(named: Any, matched: list[Principal]) -> None:
    assert [who for who in EVERYBODY if ask(statement(Principal=named), principal=who).allowed] == matched


@pytest.mark.parametrize(
    ("left_out", "spared"),
    [
        ({"AWS": [f"arn:aws:iam::{ACCOUNT}:user/staff/Ann", ACCOUNT]}, [ROOT, ANN]),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, [ROOT]),
        # Not by all of his names: AWS looks at the account, the role and the session in turn.
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/staff/Ann"}, []),
        ({"AWS": [ROLE_ARN, ACCOUNT]}, [ROOT]),
        ({"AWS": [ROLE_ARN, SESSION_ARN, ACCOUNT]}, [ROOT, SESSION]),
        ({"Service": "apigateway.amazonaws.com"}, [GATEWAY]),
        ({"Federated": "accounts.google.com", "CanonicalUser": "79a59df9"}, [FEDERATED, CANONICAL]),
    ],
)
def test_whom_notprincipal_spares(left_out: Any, spared: list[Principal]) -> None:
    exceptions = statement(Effect="Deny", Principal=None, NotPrincipal=left_out)
    denied = [who for who in EVERYBODY if ask(exceptions, principal=who).decision is Decision.EXPLICIT_DENY]
    assert [who for who in EVERYBODY if who not in denied] == spared


# Actions


@pytest.mark.parametrize(
    ("action", "matched"),
    [
        ("*", True),
        ("execute-api:Invoke", True),
        ("EXECUTE-API:INVOKE", True),
        ("execute-api:*", True),
        ("execute-api:In*e", True),
        ("execute-api:Invok?", True),
        ("*:Invoke", True),
        ("execute-api:Invoke?", False),
        ("execute-api:InvalidateCache", False),
        ("lambda:Invoke", False),
        (["lambda:*", "execute-api:invoke"], True),
    ],
)
def test_actions_have_wildcards_and_no_case(action: Any, matched: bool) -> None:
    for asked in ("execute-api:Invoke", "Execute-API:invoke"):
        assert ask(statement(Action=action), action=asked).allowed is matched
        assert ask(statement(Action=None, NotAction=action), action=asked).allowed is not matched


# Resources


@pytest.mark.parametrize(
    ("resource", "matched"),
    [
        ("*", True),
        (ARN, True),
        (ARN.upper(), False),
        (ARN.removesuffix("s"), False),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/pet?", True),
        ("arn:aws:execute-api:*:*:abc123/*", True),
        ("arn:aws:execute-api:*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc124/*", False),
        (["arn:aws:s3:::x", "*/pets"], True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/${stage}/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/${stage, 'test'}/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/${missing, 'prod'}/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/${star}/*", False),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/${*}/*", False),
    ],
)
def test_resources_have_wildcards_and_variables(resource: Any, matched: bool) -> None:
    context = {"stage": "prod", "star": "*"}
    assert ask(statement(Resource=resource), context=context).allowed is matched
    assert ask(statement(Resource=None, NotResource=resource), context=context).allowed is not matched


@pytest.mark.parametrize("member", ["Resource", "NotResource"])
def test_a_variable_without_a_value_allows_nothing(member: str) -> None:
    """Of a Deny only NotResource applies: what it spares has no name now."""
    parts = {"Resource": None} | {member: "arn:aws:execute-api:us-east-1:123456789012:abc123/${aws:username}"}
    assert ask(statement(**parts)).decision is Decision.IMPLICIT_DENY
    denies = ask(statement(**parts, Effect="Deny")).decision is Decision.EXPLICIT_DENY
    assert denies is (member == "NotResource")


# Policies of identities


def test_a_policy_of_an_identity_is_about_its_owner() -> None:
    owned = policy(statement(Principal=None), kind=PolicyKind.IDENTITY)
    for who in EVERYBODY:
        assert owned.decide(Request(who, "execute-api:Invoke", ARN)).allowed


# Policies as AWS documents and writes them


def test_the_guide_s_api_for_a_range_of_addresses() -> None:
    """Allow everybody, deny who is not in the range: explicit deny outside, allow inside."""
    everything = "arn:aws:execute-api:us-east-1:123456789012:abc123/*"
    outside = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}
    ranged = policy(
        statement(Resource=everything), statement(Sid="range", Effect="Deny", Resource=everything, Condition=outside)
    )
    for address, decision in (
        ("192.0.2.7", Decision.ALLOW),
        ("198.51.100.255", Decision.ALLOW),
        ("203.0.113.1", Decision.EXPLICIT_DENY),
        ("2001:db8::1", Decision.EXPLICIT_DENY),
        ("not an address", Decision.EXPLICIT_DENY),
    ):
        request = Request(ANONYMOUS, "execute-api:Invoke", ARN, {"aws:sourceip": address})
        assert ranged.decide(request).decision is decision
    assert ranged.decide(Request(ANONYMOUS, "execute-api:Invoke", ARN)).decision is Decision.EXPLICIT_DENY


def test_the_permission_that_lambda_writes() -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:pets"
    permissions = parse_policy(
        '{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"gateway","Effect":"Allow",'
        '"Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{function}","Condition":{{"StringEquals":{{"AWS:SourceAccount":"123456789012"}},'
        '"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/pets"}}}]}'
    )
    context = {"aws:sourcearn": ARN, "aws:sourceaccount": "123456789012"}
    asked = Request(GATEWAY, "lambda:InvokeFunction", function, context)
    assert permissions.decide(asked) == Verdict(Decision.ALLOW, "gateway")
    assert not permissions.decide(asked._replace(principal=service("s3.amazonaws.com"))).allowed
    assert not permissions.decide(asked._replace(context={"aws:sourcearn": ARN})).allowed
