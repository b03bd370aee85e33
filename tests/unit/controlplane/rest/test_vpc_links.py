"""VPC links (recorded fact 88): made, named, listed, deleted; and what stages know of them."""

import pytest

from rest_play import RestPlay, patch, refusal

NLB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/pets/0123"
READY = {"status": "AVAILABLE", "statusMessage": "Your vpc link is ready for use"}
UNKNOWN = "404 NotFoundException: Invalid Vpc Link identifier specified"


@pytest.fixture
def play() -> RestPlay:
    return RestPlay()


def made(play: RestPlay, **params):
    answer = play.client.create_vpc_link(**{"name": "pets", "targetArns": [NLB], **params})
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 202
    return answer


def told(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_link_is_pending_when_it_is_made_and_available_from_then_on(play):
    answer = made(play, description="mine")
    key = answer["id"]
    assert answer == {"id": key, "name": "pets", "description": "mine", "targetArns": [NLB], "status": "PENDING"}
    read = told(play.client.get_vpc_link(vpcLinkId=key))
    assert read == {**answer, **READY, "tags": {}}
    assert play.client.get_vpc_links()["items"] == [{**answer, **READY}]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"name": ""}, "Name cannot be empty"),
        ({"name": " "}, "Name cannot be empty"),
        ({"targetArns": ["invalid-arn"]}, "Invalid ARN. ARN is not well formed invalid-arn"),
        ({"targetArns": []}, "No target arn specified for vpc link."),
        ({"targetArns": [NLB, NLB + "4"]}, "More than one target arn specified for vpc link."),
        ({"tags": {"aws:x": ""}}, "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)"),
    ],
)
def test_what_a_link_may_not_be(play, params, message):
    assert refusal(made, play, **params) == f"400 BadRequestException: {message}"
    assert play.client.get_vpc_links()["items"] == []


def test_who_is_not_there(play):
    for operation in ("get", "delete", "update"):
        assert refusal(getattr(play.client, f"{operation}_vpc_link"), vpcLinkId="nobody") == UNKNOWN


def test_links_by_name_page_by_page(play):
    for name in ("c", "a", "b", "a"):
        made(play, name=name)
    first = play.client.get_vpc_links(limit=3)
    rest = play.client.get_vpc_links(position=first["position"])
    assert [link["name"] for link in first["items"] + rest["items"]] == ["a", "a", "b", "c"]


def test_name_and_description_are_replaced_and_where_it_leads_is_not(play):
    key = made(play)["id"]

    def update(*edits):
        return told(play.client.update_vpc_link(vpcLinkId=key, patchOperations=list(edits)))

    answer = update(patch("replace", "/name", "toys"), patch("replace", "/description", "d"))
    assert (answer["name"], answer["description"], answer["tags"]) == ("toys", "d", {})
    assert refusal(update, patch("replace", "/name", "")) == "400 BadRequestException: Name cannot be empty"
    assert refusal(update, patch("replace", "/targetArns", NLB)).startswith(
        "400 BadRequestException: Invalid patch path"
    )
    assert play.client.get_vpc_link(vpcLinkId=key)["name"] == "toys"


def test_tags_of_a_link(play):
    key = made(play, tags={"a": "1"})["id"]
    arn = f"arn:aws:apigateway:us-east-1::/vpclinks/{key}"
    play.client.tag_resource(resourceArn=arn, tags={"b": "2"})
    assert play.client.get_vpc_link(vpcLinkId=key)["tags"] == {"a": "1", "b": "2"}
    assert refusal(play.client.get_tags, resourceArn=f"{arn}x") == UNKNOWN


def linked(play: RestPlay, connection: str, verb: str = "GET") -> None:
    at = {"resourceId": play.root, "httpMethod": verb}
    play.call("put_method", **at, authorizationType="NONE")
    link = {"connectionType": "VPC_LINK", "connectionId": connection}
    play.call("put_integration", **at, type="HTTP_PROXY", integrationHttpMethod=verb, uri="http://pets/", **link)


def test_a_stage_knows_where_its_links_lead(play):
    key = made(play)["id"]
    linked(play, key)
    linked(play, "nobody", "POST")
    play.deploy("dev")
    assert play.standing()["vpcLinks"] == {key: [NLB]}
    assert play.compilation.seen[-1][1].vpc_links == {key: (NLB,)}


def test_links_by_stage_variables_and_those_of_a_canary(play):
    first, second = (made(play)["id"] for _ in range(2))
    linked(play, "${stageVariables.link}")
    play.deploy("dev")
    assert "vpcLinks" not in play.standing()
    play.update_stage(patch("replace", "/variables/link", first))
    assert play.standing()["vpcLinks"].keys() == {first}
    play.update_stage(patch("replace", "/canarySettings/stageVariableOverrides/link", second))
    assert play.standing()["vpcLinks"].keys() == {first, second}
    play.update_stage(patch("remove", "/canarySettings"))
    assert play.standing()["vpcLinks"].keys() == {first}


def test_a_link_that_deployed_methods_lead_through_stays(play):
    key = made(play)["id"]
    linked(play, key)
    linked(play, key, "POST")
    play.deploy("dev")
    play.deploy("dev", canarySettings={"percentTraffic": 1.0})
    assert refusal(play.client.delete_vpc_link, vpcLinkId=key) == (
        f"400 BadRequestException: Cannot delete vpc link. Vpc link '{key}', is referenced in "
        f"[{play.api}:GET:{play.root}:dev, {play.api}:POST:{play.root}:dev] in format of "
        "[RESTApiId:Method:Resource:Stage]."
    )
    play.call("delete_stage", stageName="dev")
    assert play.client.delete_vpc_link(vpcLinkId=key)["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert refusal(play.client.get_vpc_link, vpcLinkId=key) == UNKNOWN
