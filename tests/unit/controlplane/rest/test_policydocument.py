"""Resource policies: what is one, and how it is kept and shown."""

import json

import pytest

from portico.controlplane.rest.policydocument import accept_policy, show_policy
from portico.wire.aws.faults import BadRequestException
from wire_client import realm

STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}


def accept(policy):
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return json.loads(accept_policy(text, realm(), "abc"))


def statement(**changed):
    return {name: value for name, value in {**STATEMENT, **changed}.items() if value is not None}


def policy(**changed):
    return {"Version": "2012-10-17", "Statement": [statement(**changed)]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("execute-api:/*", "arn:aws:execute-api:us-east-1:000000000000:abc/*"),
        ("execute-api:/prod/GET/pets", "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/pets"),
        ("arn:aws:execute-api:us-east-1:1:x/*", "arn:aws:execute-api:us-east-1:1:x/*"),
        ("*", "*"),
        (
            ["execute-api:/a", "execute-api:/b"],
            [f"arn:aws:execute-api:us-east-1:000000000000:abc/{one}" for one in "ab"],
        ),
    ],
)
def test_the_short_form_becomes_an_arn(given, kept):
    assert accept(policy(Resource=given))["Statement"][0]["Resource"] == kept
    assert accept(policy(Resource=None, NotResource=given))["Statement"][0]["NotResource"] == kept


def test_what_is_kept_is_compact():
    assert accept_policy(json.dumps(policy(Resource="*"), indent=4), realm(), "abc") == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
        '"Resource":"*"}]}'
    )


@pytest.mark.parametrize(
    "accepted",
    [
        {"Statement": STATEMENT},
        {"Version": "2008-10-17", "Id": "x", "Statement": [STATEMENT, statement(Effect="Deny", Sid="")]},
        policy(
            Principal={"AWS": ["arn:aws:iam::111111111111:root", "222222222222"], "Service": "lambda.amazonaws.com"}
        ),
        policy(Effect="Deny", Principal=None, NotPrincipal={"AWS": "111111111111"}),
        policy(Action=None, NotAction=["execute-api:Invoke"]),
        policy(Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}, "Bool": {"aws:SecureTransport": True}}),
    ],
)
def test_what_a_policy_is(accepted):
    assert accept(accepted)


@pytest.mark.parametrize(
    "refused",
    [
        "",
        "no json",
        "[]",
        '"text"',
        "null",
        "[" * 100_000,
        {},
        {"Version": "2012-10-17"},
        {"Version": "2020-01-01", "Statement": [STATEMENT]},
        {"Statement": []},
        {"Statement": [STATEMENT, "x"]},
        {"Statement": [STATEMENT], "Unknown": 1},
        '{"Statement": [], "Statement": ' + json.dumps(STATEMENT) + "}",
        policy(Effect="Maybe"),
        policy(Effect=None),
        policy(Principal=None),
        policy(Principal="someone"),
        policy(Principal={}),
        policy(Principal={"Nobody": "x"}),
        policy(Principal={"AWS": []}),
        policy(Principal={"AWS": "1"}),
        policy(NotPrincipal={"AWS": "111111111111"}),
        policy(Principal=None, NotPrincipal={"AWS": "111111111111"}),
        policy(Action=None),
        policy(Action=""),
        policy(Action=7),
        policy(NotAction="x"),
        policy(Resource=None),
        policy(Resource=[]),
        policy(Condition=[]),
        policy(Condition={"IpAddress": "x"}),
        policy(Condition={"IpAddress": {"aws:SourceIp": "everywhere"}}),
        policy(Condition={"IpAddresses": {"aws:SourceIp": "10.0.0.0/8"}}),
        policy(Condition={"IpAddress": {"aws:SourceIp": {}}}),
        policy(Unknown="x"),
        policy(Resource=["execute-api:/*"] * 500),
        policy(Sid=7),
        policy(Effect=["Allow"]),
    ],
)
def test_what_no_policy_is(refused):
    with pytest.raises(BadRequestException) as caught:
        accept(refused)
    assert caught.value.message == (
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
    )


def test_shown_is_the_inside_of_a_json_string():
    kept = accept_policy(json.dumps(policy(Sid='a "quoted" \\ text')), realm(), "abc")
    assert show_policy(kept).startswith('{\\"Version\\":\\"2012-10-17\\"')
    assert json.loads(f'"{show_policy(kept)}"') == kept
