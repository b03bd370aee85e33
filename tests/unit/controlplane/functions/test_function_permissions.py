"""AddPermission, RemovePermission, GetPolicy: the policy document as AWS builds it."""

import json
from typing import Any

import pytest

from lambda_scene import ARN, Lambda, refusal
from portico.controlplane.functions import policy

API = "arn:aws:execute-api:us-east-1:000000000000:a1b2c3/prod/GET/pets"


@pytest.fixture
def aws() -> Lambda:
    made = Lambda()
    made.create(Publish=True)
    made.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1")
    return made


def allow(aws: Lambda, sid: str = "a", **changed: Any) -> Any:
    usual = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "FunctionName": "hello"}
    return aws.client.add_permission(**{**usual, "StatementId": sid, **changed})


def test_a_statement_is_written_as_aws_writes_it(aws: Lambda) -> None:
    added = allow(aws, SourceArn=API, SourceAccount="000000000000")
    expected = (
        '{"Sid":"a","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},'
        f'"Action":"lambda:InvokeFunction","Resource":"{ARN}:hello","Condition":'
        '{"StringEquals":{"AWS:SourceAccount":"000000000000"},"ArnLike":{"AWS:SourceArn":"' + API + '"}}}'
    )
    assert added["Statement"] == expected
    assert added["ResponseMetadata"]["HTTPStatusCode"] == 201
    told = aws.client.get_policy(FunctionName="hello")["Policy"]
    assert told == f'{{"Version":"2012-10-17","Id":"default","Statement":[{expected}]}}'
    standing = aws.standing()
    assert standing is not None
    assert standing.policies == {"": told}


@pytest.mark.parametrize(
    ("given", "principal"),
    [
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:role/x", {"AWS": "arn:aws:iam::123456789012:role/x"}),
        ("*", "*"),
    ],
)
def test_who_is_allowed(aws: Lambda, given: str, principal: Any) -> None:
    assert json.loads(allow(aws, Principal=given)["Statement"])["Principal"] == principal


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({}, None),
        ({"SourceArn": API}, {"ArnLike": {"AWS:SourceArn": API}}),
        ({"PrincipalOrgID": "o-a1b2c3d4e5f"}, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5f"}}),
        ({"EventSourceToken": "token"}, {"StringEquals": {"lambda:EventSourceToken": "token"}}),
        ({"FunctionUrlAuthType": "NONE"}, {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
        ({"InvokedViaFunctionUrl": True}, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
    ],
)
def test_on_what_condition(aws: Lambda, given: dict[str, Any], condition: Any) -> None:
    assert json.loads(allow(aws, **given)["Statement"]).get("Condition") == condition


@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_each_qualifier_has_a_policy_of_its_own(aws: Lambda, qualifier: str) -> None:
    allow(aws)
    added = json.loads(allow(aws, Qualifier=qualifier)["Statement"])
    assert added["Resource"] == f"{ARN}:hello:{qualifier}"
    standing = aws.standing()
    assert standing is not None
    assert standing.policies.keys() == {"", qualifier}
    aws.client.remove_permission(FunctionName="hello", StatementId="a", Qualifier=qualifier)
    assert aws.client.get_policy(FunctionName="hello")
    assert refusal(lambda: aws.client.get_policy(FunctionName=f"hello:{qualifier}")) == (
        404,
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    )


def test_a_statement_is_removed_by_its_id(aws: Lambda) -> None:
    for sid in ("a", "b"):
        allow(aws, sid)
    removed = aws.client.remove_permission(FunctionName="hello", StatementId="a")
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    left = json.loads(aws.client.get_policy(FunctionName="hello")["Policy"])["Statement"]
    assert [one["Sid"] for one in left] == ["b"]


STALE = (
    "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the latest "
    "RevisionId for your resource."
)


def test_a_policy_that_has_changed_meanwhile_is_not_edited(aws: Lambda) -> None:
    allow(aws)
    for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "live"}):
        allow(aws, "seen", **qualifier)
        seen = aws.client.get_policy(FunctionName="hello", **qualifier)["RevisionId"]
        allow(aws, "b", RevisionId=seen, **qualifier)
        for edit in (
            lambda q=qualifier, s=seen: allow(aws, "c", RevisionId=s, **q),
            lambda q=qualifier, s=seen: aws.client.remove_permission(
                FunctionName="hello", StatementId="b", RevisionId=s, **q
            ),
        ):
            assert refusal(edit) == (412, "PreconditionFailedException", STALE)


def test_instances_do_not_mind_permissions(aws: Lambda) -> None:
    before = aws.standing()
    allow(aws)
    after = aws.standing()
    assert before is not None
    assert after is not None
    assert before.versions == after.versions


INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("changed", "status", "code", "sentence"),
    [
        (
            {},
            409,
            "ResourceConflictException",
            "The statement id (a) provided already exists. Please provide a new statement id, or remove the",
        ),
        ({"Qualifier": "$LATEST"}, 400, INVALID, "We currently do not support adding policies for $LATEST."),
        (
            {"Principal": "nobody"},
            400,
            INVALID,
            "The provided principal was invalid. Please check the principal and tr",
        ),
        ({"Qualifier": "2"}, 404, MISSING, f"Function not found: {ARN}:hello:2"),
        ({"Qualifier": "none"}, 404, MISSING, f"Function not found: {ARN}:hello:none"),
        (
            {"Action": "s3:Get"},
            400,
            "ValidationException",
            "1 validation error detected: Value 's3:Get' at 'action' fa",
        ),
    ],
)
def test_what_is_not_added(aws: Lambda, changed: dict[str, Any], status: int, code: str, sentence: str) -> None:
    allow(aws)
    told = refusal(lambda: allow(aws, **changed))
    assert told[:2] == (status, code)
    assert told[2].startswith(sentence)


def test_what_is_not_there_to_be_removed(aws: Lambda) -> None:
    def remove() -> Any:
        return aws.client.remove_permission(FunctionName="hello", StatementId="b")

    assert refusal(remove) == (404, MISSING, "No policy is associated with the given resource.")
    allow(aws)
    assert refusal(remove) == (404, MISSING, "Statement b is not found in resource policy.")


def test_a_policy_has_its_size(aws: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MAX_POLICY", 300)
    allow(aws)
    status, code, sentence = refusal(lambda: allow(aws, "b"))
    assert (status, code) == (400, "PolicyLengthExceededException")
    assert sentence.startswith("The final policy size (")
    assert sentence.endswith(") is bigger than the limit (300).")
