"""CreateRestApi with `cloneFrom`: the definition of another API under ids of its own."""

import json
from typing import Any

from rest_play import RestPlay, patch, refusal

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:auth"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def play() -> RestPlay:
    """An API with one of everything that a definition holds."""
    found = RestPlay()
    made = {"name": "a", "type": "TOKEN", "authorizerUri": URI, "identitySource": "method.request.header.A"}
    authorizer = found.call("create_authorizer", **made)["id"]
    validator = found.call("create_request_validator", name="v", validateRequestBody=True)["id"]
    pets = found.resource("{id}", found.resource("pets"))
    guarded = {"authorizationType": "CUSTOM", "authorizerId": authorizer, "requestValidatorId": validator}
    at = {"resourceId": pets, "httpMethod": "GET"}
    found.call("put_method", **at, **guarded)
    found.call("put_integration", **at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    address = f"https://apigateway.amazonaws.com/restapis/{found.api}/models/Error"
    schema = json.dumps({"$ref": address})
    found.call("create_model", name="Pet", contentType="application/json", schema=schema)
    found.call("put_gateway_response", responseType="THROTTLED", statusCode="420")
    found.call("create_documentation_part", location={"type": "API"}, properties='{"info": {}}')
    found.deploy("dev")
    return found


def clone(found: RestPlay, **params: Any) -> dict[str, Any]:
    return dict(found.client.create_rest_api(name="copy", cloneFrom=found.api, **params))


def resources(found: RestPlay, api: str) -> dict[str, Any]:
    listed = found.client.get_resources(restApiId=api, embed=["methods"])["items"]
    return {resource["path"]: resource for resource in listed}


def test_a_clone_has_every_part_under_ids_of_its_own() -> None:
    found = play()
    copy = clone(found)
    ours, theirs = resources(found, copy["id"]), resources(found, found.api)
    client = found.client
    authorizer = client.get_authorizers(restApiId=copy["id"])["items"][0]
    validator = client.get_request_validators(restApiId=copy["id"])["items"][0]
    method = ours["/pets/{id}"]["resourceMethods"]["GET"]

    assert ours.keys() == theirs.keys()
    assert not {resource["id"] for resource in ours.values()} & {resource["id"] for resource in theirs.values()}
    assert (ours["/"]["id"], ours["/pets"]["parentId"]) == (copy["rootResourceId"], copy["rootResourceId"])
    assert (method["authorizerId"], method["requestValidatorId"]) == (authorizer["id"], validator["id"])
    assert method["methodIntegration"]["cacheNamespace"] == ours["/pets/{id}"]["id"]
    assert client.get_gateway_response(restApiId=copy["id"], responseType="THROTTLED")["statusCode"] == "420"
    (part,), (original,) = (client.get_documentation_parts(restApiId=one)["items"] for one in (copy["id"], found.api))
    assert {**part, "id": original["id"]} == original
    assert part["id"] != original["id"]


def test_the_models_of_a_clone_refer_to_each_other() -> None:
    found = play()
    copy = clone(found)["id"]
    schema = json.loads(found.client.get_model(restApiId=copy, modelName="Pet")["schema"])
    assert schema == {"$ref": f"https://apigateway.amazonaws.com/restapis/{copy}/models/Error"}
    assert [model["name"] for model in found.client.get_models(restApiId=copy)["items"]] == ["Empty", "Error", "Pet"]


def test_settings_are_taken_over_unless_the_call_says_otherwise() -> None:
    found = play()
    settings = (patch("add", "/binaryMediaTypes/image~1png"), patch("replace", "/minimumCompressionSize", "5"))
    found.call("update_rest_api", patchOperations=list(settings))
    as_it_was, changed = clone(found), clone(found, minimumCompressionSize=7)
    assert (as_it_was["binaryMediaTypes"], as_it_was["minimumCompressionSize"]) == (["image/png"], 5)
    assert (changed["binaryMediaTypes"], changed["minimumCompressionSize"]) == (["image/png"], 7)


def test_a_policy_protects_the_clone_as_it_does_its_source() -> None:
    found = play()
    found.call("update_rest_api", patchOperations=[patch("replace", "/policy", json.dumps(POLICY))])
    copy = clone(found)
    policy = json.loads(json.loads(f'"{copy["policy"]}"'))
    assert policy["Statement"][0]["Resource"].endswith(f":{copy['id']}/*")


def test_a_clone_is_reached_as_its_source_is_unless_the_call_says_otherwise() -> None:
    found = play()
    enhanced = {"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "endpointAccessMode": "STRICT"}
    private = {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1"]}
    found.call(
        "update_rest_api",
        patchOperations=[
            patch("replace", "/endpointConfiguration/types/0", "PRIVATE"),
            patch("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"),
            patch("replace", "/disableExecuteApiEndpoint", "true"),
            *(patch("replace", f"/{member}", value) for member, value in enhanced.items()),
        ],
    )
    copy = clone(found)
    assert {member: copy[member] for member in enhanced} == enhanced
    assert (copy["endpointConfiguration"], copy["disableExecuteApiEndpoint"]) == (private, True)

    said = {"endpointConfiguration": {"types": ["REGIONAL"]}, "disableExecuteApiEndpoint": False}
    other = clone(found, securityPolicy="TLS_1_2", **said)
    assert other["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert (other["disableExecuteApiEndpoint"], other["securityPolicy"]) == (False, "TLS_1_2")
    assert "endpointAccessMode" not in other


def test_deployments_stages_and_tags_stay_behind() -> None:
    found = play()
    copy = clone(found)
    assert "tags" not in copy
    assert found.client.get_stages(restApiId=copy["id"])["item"] == []
    assert found.client.get_deployments(restApiId=copy["id"])["items"] == []


def test_a_clone_goes_its_own_way() -> None:
    found = play()
    copy = clone(found)["id"]
    found.client.delete_rest_api(restApiId=copy)
    assert "/pets/{id}" in resources(found, found.api)


def test_an_api_that_is_not_there_cannot_be_cloned() -> None:
    found = play()
    before = len(found.client.get_rest_apis()["items"])
    said = refusal(found.client.create_rest_api, name="copy", cloneFrom="nope")
    assert said == "404 NotFoundException: Invalid API identifier specified 000000000000:nope"
    assert len(found.client.get_rest_apis()["items"]) == before
