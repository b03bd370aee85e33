"""Tags by ARN: of an API and of a stage."""

import pytest

from refusing import refused, status
from wire_client import ACCOUNT

PREFIX = "arn:aws:apigateway:us-east-1::"


@pytest.fixture
def api(client):
    return client.create_rest_api(name="pets", tags={"team": "zoo"})


@pytest.fixture
def arn(api):
    return f"{PREFIX}/restapis/{api['id']}"


@pytest.fixture
def stage_arn(api, arn, store):
    with store.write() as unit:
        unit.put("stage", api["id"], "prod", {"stageName": "prod"})
    return f"{arn}/stages/prod"


def tags(client, arn):
    return client.get_tags(resourceArn=arn)["tags"]


def test_tags_of_an_api(client, api, arn):
    assert tags(client, arn) == {"team": "zoo"}
    assert status(client.tag_resource(resourceArn=arn, tags={"team": "farm", "env": ""})) == 204
    assert tags(client, arn) == {"team": "farm", "env": ""}
    assert client.get_rest_api(restApiId=api["id"])["tags"] == {"team": "farm", "env": ""}
    assert status(client.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])) == 204
    assert tags(client, arn) == {"env": ""}


def test_without_tags(client, api, arn):
    client.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert tags(client, arn) == {}
    assert "tags" not in client.get_rest_apis()["items"][0]
    assert client.get_rest_api(restApiId=api["id"])["tags"] == {}


def test_tags_of_a_stage(client, arn, stage_arn):
    client.tag_resource(resourceArn=stage_arn, tags={"env": "prod"})
    assert tags(client, stage_arn) == {"env": "prod"}
    assert tags(client, arn) == {"team": "zoo"}


@pytest.mark.parametrize(
    ("resource", "code", "message"),
    [
        ("/restapis/fake", "NotFoundException", f"Invalid API identifier specified {ACCOUNT}:fake"),
        ("/restapis/fake/stages/prod", "NotFoundException", "Invalid stage identifier specified"),
        ("/usageplans/abcdef", "BadRequestException", "Tags of /usageplans/abcdef are not supported yet"),
        ("", "BadRequestException", "Invalid ARN specified in the request"),
    ],
)
def test_what_carries_no_tags(client, resource, code, message):
    for call in (
        lambda: client.get_tags(resourceArn=PREFIX + resource),
        lambda: client.tag_resource(resourceArn=PREFIX + resource, tags={"a": "b"}),
        lambda: client.untag_resource(resourceArn=PREFIX + resource, tagKeys=["a"]),
    ):
        with refused(code, message):
            call()


def test_an_arn_of_another_region(client, arn):
    with refused("BadRequestException", "Invalid ARN specified in the request"):
        client.get_tags(resourceArn=arn.replace("us-east-1", "eu-west-1"))


@pytest.mark.parametrize("key", ["x" * 129, "a#b", "a;b", "a\u0000b"])
def test_what_no_key_is(client, arn, key):
    with refused("BadRequestException", f"Invalid tag key specified: {key}"):
        client.tag_resource(resourceArn=arn, tags={key: "x"})


@pytest.mark.parametrize("key", ["aws:x", "AWS:x"])
def test_the_reserved_prefix(client, arn, key):
    with refused("BadRequestException", "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)"):
        client.tag_resource(resourceArn=arn, tags={key: "x"})


@pytest.mark.parametrize("value", ["x" * 257, "a#b"])
def test_what_no_value_is(client, arn, value):
    with refused("BadRequestException", "Invalid tag value specified for tag key: k"):
        client.tag_resource(resourceArn=arn, tags={"k": value})


def test_letters_of_any_language(client, arn):
    client.tag_resource(resourceArn=arn, tags={"größe 名": "+-=._:/@"})
    assert tags(client, arn)["größe 名"] == "+-=._:/@"


def test_fifty_and_no_more(client, arn):
    client.untag_resource(resourceArn=arn, tagKeys=["team"])
    client.tag_resource(resourceArn=arn, tags={f"k{number}": "" for number in range(50)})
    with refused("LimitExceededException", "The number of tags exceeds the limit of 50 tags per resource"):
        client.tag_resource(resourceArn=arn, tags={"one": "more"})
    assert len(tags(client, arn)) == 50
