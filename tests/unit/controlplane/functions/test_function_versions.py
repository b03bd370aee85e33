"""Published versions and the aliases that point to them."""

from typing import Any

import pytest

from lambda_scene import ARN, Lambda, refusal, zipped
from portico.model.function import Alias


@pytest.fixture
def aws() -> Lambda:
    made = Lambda()
    made.create()
    return made


def changed(aws: Lambda, **settings: Any) -> str:
    """A version of something new."""
    aws.client.update_function_configuration(FunctionName="hello", **settings)
    return str(aws.client.publish_version(FunctionName="hello")["Version"])


def test_a_version_is_what_the_function_was(aws: Lambda) -> None:
    published = aws.client.publish_version(FunctionName="hello", Description="first")
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (published["Version"], published["FunctionArn"]) == ("1", f"{ARN}:hello:1")
    code = zipped(app__py="x = 2")
    aws.client.update_function_code(FunctionName="hello", ZipFile=code)
    aws.client.update_function_configuration(FunctionName="hello", Timeout=60)
    kept = aws.client.get_function_configuration(FunctionName="hello", Qualifier="1")
    assert (kept["Timeout"], kept["Description"], kept["CodeSha256"]) == (3, "first", published["CodeSha256"])
    standing = aws.standing()
    assert standing is not None
    assert [(one.version, one.timeout) for one in standing.versions.values()] == [("$LATEST", 60), ("1", 3)]


def test_nothing_new_is_not_published_again(aws: Lambda) -> None:
    first = aws.client.publish_version(FunctionName="hello", Description="first")
    again = aws.client.publish_version(FunctionName="hello", Description="second")
    same = aws.client.update_function_code(FunctionName="hello", ZipFile=zipped(), Publish=True)
    for answer in (again, same):
        assert (answer["Version"], answer["RevisionId"]) == ("1", first["RevisionId"])
    assert changed(aws, MemorySize=256) == "2"
    assert changed(aws, MemorySize=128) == "3"
    assert aws.client.update_function_code(FunctionName="hello", ZipFile=zipped(a="b"), Publish=True)["Version"] == "4"


def test_a_version_that_was_deleted_is_published_anew(aws: Lambda) -> None:
    aws.client.publish_version(FunctionName="hello")
    aws.client.delete_function(FunctionName="hello", Qualifier="1")
    assert aws.client.publish_version(FunctionName="hello")["Version"] == "2"


def test_only_the_code_that_was_seen_is_published(aws: Lambda) -> None:
    sha = aws.client.get_function_configuration(FunctionName="hello")["CodeSha256"]
    sentence = (
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({sha}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )
    told = refusal(lambda: aws.client.publish_version(FunctionName="hello", CodeSha256="other"))
    assert told == (400, "InvalidParameterValueException", sentence)
    assert aws.client.publish_version(FunctionName="hello", CodeSha256=sha)["Version"] == "1"


def test_versions_are_listed_in_the_order_of_their_making(aws: Lambda) -> None:
    numbers = [changed(aws, Timeout=seconds) for seconds in range(4, 15)]
    assert numbers[-1] == "11"
    first = aws.client.list_versions_by_function(FunctionName="hello", MaxItems=3)
    rest = aws.client.list_versions_by_function(FunctionName="hello", Marker=first["NextMarker"])
    listed = first["Versions"] + rest["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", *numbers]
    assert [one["FunctionArn"] for one in listed[:2]] == [f"{ARN}:hello:$LATEST", f"{ARN}:hello:1"]


def test_versions_are_listed_one_at_a_time(aws: Lambda) -> None:
    changed(aws, Timeout=4)
    changed(aws, Timeout=5)
    pages = aws.client.get_paginator("list_versions_by_function").paginate(
        FunctionName="hello", PaginationConfig={"PageSize": 1}
    )
    assert [[one["Version"] for one in page["Versions"]] for page in pages] == [["$LATEST"], ["1"], ["2"]]


def test_what_cannot_be_deleted(aws: Lambda) -> None:
    changed(aws, Timeout=4)
    changed(aws, Timeout=5)
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    aws.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1", RoutingConfig=weights)
    for qualifier, status, code, sentence in (
        ("$LATEST", 400, "InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the fu"),
        ("live", 400, "InvalidParameterValueException", "Deletion of aliases is not currently supported."),
        ("1", 409, "ResourceConflictException", "Unable to delete version because the following aliases reference i"),
        ("2", 409, "ResourceConflictException", "Unable to delete version because the following aliases reference i"),
    ):
        told = refusal(lambda q=qualifier: aws.client.delete_function(FunctionName="hello", Qualifier=q))
        assert told[:2] == (status, code)
        assert told[2].startswith(sentence)


# Aliases


def test_an_alias_leads_to_a_version(aws: Lambda) -> None:
    changed(aws, Timeout=4)
    made = aws.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1", Description="what is live")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert {k: v for k, v in made.items() if k not in ("ResponseMetadata", "RevisionId")} == {
        "AliasArn": f"{ARN}:hello:live",
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "what is live",
    }
    told = aws.client.get_function_configuration(FunctionName="hello:live")
    assert (told["Version"], told["FunctionArn"], told["Timeout"]) == ("1", f"{ARN}:hello:live", 4)
    standing = aws.standing()
    assert standing is not None
    assert standing.aliases == {"live": Alias(version="1")}


def test_an_alias_moves_by_and_by(aws: Lambda) -> None:
    changed(aws, Timeout=4)
    changed(aws, Timeout=5)
    made = aws.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    half = aws.client.update_alias(FunctionName="hello", Name="live", RoutingConfig=weights)
    assert (half["FunctionVersion"], half["RoutingConfig"]) == ("1", weights)
    assert half["RevisionId"] != made["RevisionId"]
    standing = aws.standing()
    assert standing is not None
    assert standing.aliases == {"live": Alias(version="1", weights={"2": 0.25})}
    whole = aws.client.update_alias(
        FunctionName="hello", Name="live", FunctionVersion="2", RoutingConfig={}, RevisionId=half["RevisionId"]
    )
    assert (whole["FunctionVersion"], "RoutingConfig" in whole) == ("2", False)
    stale = refusal(lambda: aws.client.update_alias(FunctionName="hello", Name="live", RevisionId=half["RevisionId"]))
    assert stale[:2] == (412, "PreconditionFailedException")


def test_aliases_are_listed_by_name_and_by_version(aws: Lambda) -> None:
    changed(aws, Timeout=4)
    for name, version in (("b", "1"), ("a", "$LATEST"), ("c", "1")):
        aws.client.create_alias(FunctionName="hello", Name=name, FunctionVersion=version)
    first = aws.client.list_aliases(FunctionName="hello", MaxItems=2)
    rest = aws.client.list_aliases(FunctionName="hello", Marker=first["NextMarker"])
    assert [one["Name"] for one in first["Aliases"] + rest["Aliases"]] == ["a", "b", "c"]
    of_version = aws.client.list_aliases(FunctionName="hello", FunctionVersion="1")["Aliases"]
    assert [one["Name"] for one in of_version] == ["b", "c"]


def test_a_deleted_alias_takes_its_policy_with_it(aws: Lambda) -> None:
    aws.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="$LATEST")
    statement = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    aws.client.add_permission(FunctionName="hello:live", **statement)
    aws.client.delete_alias(FunctionName="hello", Name="live")
    assert aws.client.delete_alias(FunctionName="hello", Name="live")["ResponseMetadata"]["HTTPStatusCode"] == 204
    standing = aws.standing()
    assert standing is not None
    assert (standing.aliases, standing.policies) == ({}, {})
    aws.client.create_alias(FunctionName="hello", Name="live", FunctionVersion="$LATEST")
    assert refusal(lambda: aws.client.get_policy(FunctionName="hello:live"))[0] == 404


NOT_2 = f"Function not found: {ARN}:hello:2"


@pytest.mark.parametrize(
    ("alias", "status", "code", "sentence"),
    [
        ({"Name": "there"}, 409, "ResourceConflictException", f"Alias already exists: {ARN}:hello:there"),
        ({"FunctionVersion": "2"}, 404, "ResourceNotFoundException", NOT_2),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}}, 404, "ResourceNotFoundException", NOT_2),
        (
            {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
            400,
            "InvalidParameterValueException",
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
            400,
            "InvalidParameterValueException",
            "Invalid function version 1. Function version 1 is already included in routing configuration.",
        ),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5, "3": 0.5}}},
            400,
            "InvalidParameterValueException",
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
        ),
    ],
)
def test_what_cannot_be_an_alias(aws: Lambda, alias: dict[str, Any], status: int, code: str, sentence: str) -> None:
    changed(aws, Timeout=4)
    aws.client.create_alias(FunctionName="hello", Name="there", FunctionVersion="1")
    asked = {"FunctionName": "hello", "Name": "new", "FunctionVersion": "1", **alias}
    assert refusal(lambda: aws.client.create_alias(**asked)) == (status, code, sentence)


@pytest.mark.parametrize("ask", ["get_alias", "update_alias"])
def test_an_alias_that_is_not_there(aws: Lambda, ask: str) -> None:
    assert refusal(lambda: getattr(aws.client, ask)(FunctionName="hello", Name="none")) == (
        404,
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:hello:none",
    )


def test_markers_that_were_never_handed_out(aws: Lambda) -> None:
    told = refusal(lambda: aws.client.list_aliases(FunctionName="hello", Marker="%%%"))
    assert told[:2] == (400, "InvalidParameterValueException")
