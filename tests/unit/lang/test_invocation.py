"""Who may invoke a function: roles, services by the policy of the very qualifier, the root; and the line that helps."""

import json
import shlex
from typing import Any

import pytest

from portico.lang.invocation import Permissions
from portico.model.function import FunctionStanding
from portico.ports.functions import Caller

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pets"
SOURCE = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc123/prod/GET/pets"
GATEWAY = Caller(service="apigateway.amazonaws.com", source_arn=SOURCE, source_account=ACCOUNT)


def permission(qualifier: str = "", **changes: Any) -> dict[str, Any]:
    """A statement as AddPermission writes it."""
    statement = {
        "Sid": "gateway",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"{FUNCTION}:{qualifier}" if qualifier else FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc123/*/GET/pets"}},
    }
    return statement | changes


def standing(**policies: list[dict[str, Any]]) -> FunctionStanding:
    texts = {
        {"latest": ""}.get(qualifier, qualifier.removeprefix("v")): json.dumps(
            {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        )
        for qualifier, statements in policies.items()
    }
    return FunctionStanding(name="pets", policies=texts)


def check(function: FunctionStanding, qualifier: str | None = None, caller: Caller = GATEWAY) -> str | None:
    return Permissions(ACCOUNT, "eu-west-1").check(function, qualifier, caller)


# The service, by the policy


@pytest.mark.parametrize("qualifier", [None, "", "$LATEST"])
def test_a_permission_of_the_function_lets_the_gateway_in(qualifier: str | None) -> None:
    assert check(standing(latest=[permission()]), qualifier) is None


@pytest.mark.parametrize("qualifier", ["live", "7"])
def test_a_qualifier_needs_a_permission_of_its_own(qualifier: str) -> None:
    only_the_function = standing(latest=[permission(Resource=f"{FUNCTION}*")])
    assert check(only_the_function, qualifier) is not None
    its_own = FunctionStanding(name="pets", policies={qualifier: standing(x=[permission(qualifier)]).policies["x"]})
    assert check(its_own, qualifier) is None
    assert check(its_own) is not None


@pytest.mark.parametrize(
    ("changes", "caller"),
    [
        ({}, GATEWAY._replace(source_arn=SOURCE.replace("/GET/", "/POST/"))),
        ({}, GATEWAY._replace(source_arn=SOURCE.replace("abc123", "abc124"))),
        ({}, GATEWAY._replace(source_arn=None)),
        ({}, GATEWAY._replace(service="events.amazonaws.com")),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "999999999999"}}}, GATEWAY),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}}, GATEWAY._replace(source_account=None)),
        ({"Principal": {"AWS": ACCOUNT}}, GATEWAY),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, GATEWAY),
        ({"Principal": {"Service": "events.amazonaws.com"}}, GATEWAY),
        ({"Action": "lambda:GetFunction"}, GATEWAY),
        ({"Resource": FUNCTION + "2"}, GATEWAY),
    ],
)
def test_what_a_permission_does_not_say_it_does_not_allow(changes: dict[str, Any], caller: Caller) -> None:
    cause = check(standing(latest=[permission(**changes)]), caller=caller)
    assert cause is not None
    assert "does not allow the call" in cause


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}},
        {"Condition": {}},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Action": "lambda:*"},
    ],
)
def test_wider_permissions_allow_too(changes: dict[str, Any]) -> None:
    assert check(standing(latest=[permission(**changes)])) is None


def test_a_deny_is_named_and_no_permission_is_said_to_help() -> None:
    cause = check(standing(latest=[permission(), permission(Sid="never", Effect="Deny", Principal="*")]))
    assert cause == f"the policy of {FUNCTION} denies the call in its statement 'never'"


def test_a_policy_that_cannot_be_read_allows_nobody() -> None:
    cause = check(FunctionStanding(name="pets", policies={"": '{"Statement": []}'}))
    assert cause is not None
    assert "cannot be enforced" in cause


def test_a_policy_that_changes_acts_at_once() -> None:
    permissions = Permissions(ACCOUNT, "eu-west-1")
    assert permissions.check(standing(), None, GATEWAY) is not None
    assert permissions.check(standing(latest=[permission()]), None, GATEWAY) is None
    assert permissions.check(standing(), None, GATEWAY) is not None


# The line that would help


def options(cause: str | None) -> dict[str, str]:
    assert cause is not None
    words = shlex.split(cause.partition("This would allow it: ")[2])
    assert words[:3] == ["aws", "lambda", "add-permission"]
    return dict(zip(words[3::2], words[4::2], strict=True))


def test_the_cause_has_the_permission_that_would_help() -> None:
    assert options(check(standing(), "live")) == {
        "--function-name": "pets",
        "--qualifier": "live",
        "--statement-id": "abc123-prod-GET-pets",
        "--action": "lambda:InvokeFunction",
        "--principal": "apigateway.amazonaws.com",
        "--source-arn": SOURCE,
    }
    assert "--qualifier" not in options(check(standing(latest=[permission(Action="lambda:GetFunction")])))


@pytest.mark.parametrize("path", ["{proxy+}", "it's; rm -rf $HOME", "x" * 300])
def test_the_permission_that_was_told_helps_whatever_the_path_is(path: str) -> None:
    caller = GATEWAY._replace(source_arn=SOURCE.replace("pets", path))
    told = options(check(standing(), caller=caller))
    condition = {"ArnLike": {"AWS:SourceArn": told["--source-arn"]}}
    assert len(told["--statement-id"]) <= 100
    assert set(told["--statement-id"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert check(standing(latest=[permission(Condition=condition)]), caller=caller) is None


# Roles and the root


def test_a_role_of_the_account_may_without_any_policy() -> None:
    assert check(standing(), caller=GATEWAY._replace(role=f"arn:aws:iam::{ACCOUNT}:role/path/gateway")) is None


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::999999999999:role/gateway",
        "arn:aws:iam::*:user/*",
        f"arn:aws:iam::{ACCOUNT}:user/somebody",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:role",
        "",
    ],
)
def test_no_other_role_may_even_where_the_policy_would_allow_the_service(role: str) -> None:
    assert check(standing(latest=[permission()]), caller=GATEWAY._replace(role=role)) is not None


def test_the_root_of_the_account_may() -> None:
    assert check(standing(), caller=Caller()) is None
