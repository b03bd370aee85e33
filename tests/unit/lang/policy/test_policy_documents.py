"""What is a policy, and what is refused, with its place: nothing in a document may be overlooked."""

import json
from typing import Any

import pytest

from policy_scene import statement
from portico.lang.errors import SourceError
from portico.lang.policy import LENGTH_LIMIT, Policy, PolicyError, PolicyKind, parse_policy


def refusal(document: Any, kind: PolicyKind = PolicyKind.RESOURCE) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse_policy(document, kind)
    return caught.value


@pytest.mark.parametrize(
    "accepted",
    [
        {"Statement": statement()},
        {"Statement": [statement()]},
        {"Version": "2012-10-17", "Id": "any text", "Statement": [statement(Sid="one"), statement(Sid="one")]},
        {"Version": "2008-10-17", "Statement": [statement(Sid="", Condition={})]},
        {"Statement": statement(Principal=None, NotPrincipal={"AWS": "123456789012"}, Effect="Deny")},
        {"Statement": statement(Principal={"AWS": "arn:aws-us-gov:iam::123456789012:role/a/b"})},
        {"Statement": statement(Principal={"AWS": "arn:aws:sts::123456789012:federated-user/Ann"})},
        {"Statement": statement(Principal={"AWS": "arn:aws:iam::cloudfront:user/Origin Access Identity E1"})},
        {"Statement": statement(Principal={"Federated": "arn:aws:iam::123456789012:saml-provider/corp"})},
    ],
)
def test_what_a_policy_is(accepted: dict[str, Any]) -> None:
    assert isinstance(parse_policy(accepted), Policy)
    assert len(parse_policy(json.dumps(accepted, indent=2)).statements) == len(parse_policy(accepted).statements)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "null",
        '"text"',
        "7",
        "{",
        '{"Statement": [NaN]}',
        '{"Statement": [Infinity]}',
        "[" * 20_000,
        '{"Statement":' * 1_500,
        '{"a":1' + "0" * 5_000 + "}",
        '{"Statement":[],"Statement":[]}',
        '{"Statement":{"Effect":"Allow","Effect":"Deny"}}',
        '{"Statement":{"Condition":{"Bool":{"a":"true","a":"false"}}}}',
    ],
)
def test_text_that_is_no_policy(text: str) -> None:
    assert refusal(text).place in ("", "Statement", "Statement[0]")


def test_a_member_that_comes_twice_is_named() -> None:
    assert "'Effect' comes twice" in refusal('{"Statement":{"Effect":"Allow","Effect":"Deny"}}').reason


@pytest.mark.parametrize(
    "decoded", [{"Statement": {1, 2}}, {"Statement": b"x"}, {("a",): 1}, {"Statement": float("nan")}]
)
def test_what_is_not_decoded_json(decoded: Any) -> None:
    assert refusal(decoded)


def test_what_holds_itself_is_no_document() -> None:
    circle: dict[str, Any] = {}
    circle["Statement"] = circle
    assert refusal(circle)


def test_documents_have_a_length_and_lists_too() -> None:
    long = json.dumps({"Statement": statement(Sid="x" * LENGTH_LIMIT)})
    assert str(LENGTH_LIMIT) in refusal(long).reason
    assert refusal(json.loads(long))
    assert parse_policy(long, limit=2 * LENGTH_LIMIT)
    assert refusal({"Statement": statement(Action=["a:b"] * 2_001)}).place == "Statement.Action"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "Statement"),
        ({"Statement": []}, "Statement"),
        ({"Statement": "x"}, "Statement"),
        ({"Statement": [statement(), None]}, "Statement[1]"),
        ({"Statement": [[statement()]]}, "Statement[0]"),
        ({"Statement": statement(), "Sid": "x"}, ""),
        ({"statement": statement()}, ""),
        ({"Version": "2020-01-01", "Statement": statement()}, "Version"),
        ({"Version": 2012, "Statement": statement()}, "Version"),
        ({"Version": ["2012-10-17"], "Statement": statement()}, "Version"),
        ({"Version": None, "Statement": statement()}, "Version"),
        ({"Id": 7, "Statement": statement()}, "Id"),
        ({"Id": {}, "Statement": statement()}, "Id"),
    ],
)
def test_documents_that_are_refused(document: dict[str, Any], place: str) -> None:
    assert refusal(document).place == place


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"Effect": None}, "Effect"),
        ({"Effect": "allow"}, "Effect"),
        ({"Effect": "Maybe"}, "Effect"),
        ({"Effect": ["Allow"]}, "Effect"),
        ({"Effect": {}}, "Effect"),
        ({"Effect": True}, "Effect"),
        ({"Sid": 7}, "Sid"),
        ({"Sid": []}, "Sid"),
        ({"Unknown": "x"}, ""),
        ({"action": "x:y"}, ""),
        ({"Principal": None}, ""),
        ({"NotPrincipal": {"AWS": "123456789012"}}, ""),
        ({"Principal": None, "NotPrincipal": {"AWS": "123456789012"}}, "NotPrincipal"),
        ({"Principal": None, "NotPrincipal": "*", "Effect": "Deny"}, "NotPrincipal"),
        ({"Principal": "123456789012"}, "Principal"),
        ({"Principal": ["*"]}, "Principal"),
        ({"Principal": {}}, "Principal"),
        ({"Principal": {"aws": "*"}}, "Principal"),
        ({"Principal": {"AWS": []}}, "Principal.AWS"),
        ({"Principal": {"AWS": ""}}, "Principal.AWS"),
        ({"Principal": {"AWS": 123456789012}}, "Principal.AWS"),
        ({"Principal": {"AWS": ["*", 7]}}, "Principal.AWS[1]"),
        ({"Principal": {"AWS": "12345678901"}}, "Principal.AWS"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}}, "Principal.AWS"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:group/x"}}, "Principal.AWS"),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, "Principal.AWS"),
        ({"Principal": {"AWS": "arn:aws:sts::123456789012:assumed-role/gateway/*"}}, "Principal.AWS"),
        ({"Principal": {"AWS": "arn:aws:s3:::bucket"}}, "Principal.AWS"),
        ({"Principal": {"Service": "*"}}, "Principal.Service"),
        ({"Principal": {"Service": "*.amazonaws.com"}}, "Principal.Service"),
        ({"Principal": {"Federated": "*"}}, "Principal.Federated"),
        ({"Principal": {"CanonicalUser": "*"}}, "Principal.CanonicalUser"),
        ({"Action": None}, ""),
        ({"NotAction": "x:y"}, ""),
        ({"Action": ""}, "Action"),
        ({"Action": []}, "Action"),
        ({"Action": {}}, "Action"),
        ({"Action": 7}, "Action"),
        ({"Action": "Invoke"}, "Action"),
        ({"Action": "execute-api:"}, "Action"),
        ({"Action": "execute-api:Invoke "}, "Action"),
        ({"Action": ["x:y", "${aws:username}:x"]}, "Action[1]"),
        ({"Resource": None}, ""),
        ({"NotResource": "*"}, ""),
        ({"Resource": []}, "Resource"),
        ({"Resource": ""}, "Resource"),
        ({"Resource": ["*", {}]}, "Resource[1]"),
        ({"Resource": ["*", "${x"]}, "Resource[1]"),
        ({"Condition": []}, "Condition"),
        ({"Condition": {"Bool": {"aws:SecureTransport": ["true", "x"]}}}, "Condition.Bool.aws:SecureTransport[1]"),
    ],
)
def test_statements_that_are_refused_are_told_by_their_place(changes: dict[str, Any], place: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [statement(), statement(**changes)]}
    refused = refusal(document)
    assert refused.place == f"Statement[1].{place}".removesuffix(".")
    assert str(refused) == f"{refused.place}: {refused.reason}"
    assert isinstance(refused, SourceError)


@pytest.mark.parametrize("member", ["Principal", "NotPrincipal"])
def test_a_policy_of_an_identity_names_no_principals(member: str) -> None:
    named = statement(Principal=None, Effect="Deny") | {member: {"AWS": "123456789012"}}
    assert refusal({"Statement": named}, PolicyKind.IDENTITY).place == "Statement"
