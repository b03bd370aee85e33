"""A VPC link leads to the machines that the operator named, in turns, under the name of the integration's URI."""

import socket
from collections import Counter
from pathlib import Path

from contract_scene import Backend, running

NLB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/pets/0123456789abcdef"


def nobody() -> str:
    """An address on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


def test_requests_through_a_link_go_to_its_living_machines(tmp_path: Path) -> None:
    with Backend("one") as one, Backend("two") as two:
        machines = f"{NLB}={one.address},{nobody()},{two.address}"
        with running(tmp_path, 1, "--vpc-link-target", machines) as scene:
            link = scene.aws("create-vpc-link", "--name", "pets", "--target-arns", NLB)
            assert link["status"] == "PENDING"
            assert scene.aws("get-vpc-link", "--vpc-link-id", link["id"])["status"] == "AVAILABLE"
            client = scene.client()
            api = client.create_rest_api(name="linked", endpointConfiguration={"types": ["REGIONAL"]})
            at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
            client.put_method(**at, authorizationType="NONE")
            place = {"connectionType": "VPC_LINK", "connectionId": "${stageVariables.link}"}
            uri = "http://pets.example.com/animals"
            client.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, **place)
            client.create_deployment(restApiId=api["id"], stageName="prod", variables={"link": link["id"]})
            told = [scene.call(api["id"], "/").json() for _ in range(8)]
            assert Counter(each["backend"] for each in told).keys() == {"one", "two"}
            assert {(each["headers"]["host"], each["target"]) for each in told} == {("pets.example.com", "/animals")}

            edit = {"op": "replace", "path": "/variables/link", "value": "nowhere"}
            client.update_stage(restApiId=api["id"], stageName="prod", patchOperations=[edit])
            assert scene.call(api["id"], "/").status == 500
