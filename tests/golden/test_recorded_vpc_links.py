"""VPC links, call by call against what AWS answered."""

import pytest

from recorded_calls import scenario

LINKS = "TestApiGatewayVpcLink::test_"


def test_what_a_link_may_not_be() -> None:
    with scenario("api.json", f"{LINKS}create_vpc_link_invalid_parameters") as replay:
        create = "create_vpc_link"
        replay.hold("create_vpc_link_invalid_target_arn", create, name="test-vpc-link", targetArns=["invalid-arn"])
        arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/my-load-balancer/50dc6c495c0c9188"
        replay.hold("create_vpc_link_empty_name", create, name="", targetArns=[arn])


@pytest.mark.parametrize("verb", ["get", "update", "delete"])
def test_a_link_that_is_not_there(verb: str) -> None:
    name = f"{verb}_vpc_link"
    with scenario("api.json", f"{LINKS}{name}_invalid_id") as replay:
        edits = {"patchOperations": [{"op": "replace", "path": "/name", "value": "n"}]} if verb == "update" else {}
        replay.hold(f"{name}_invalid_id", name, vpcLinkId="invalid-id", **edits)
