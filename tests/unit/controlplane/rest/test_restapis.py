"""RestApis, as recorded in TestApiGatewayApiRestApi and re-expressed."""

import datetime

import pytest

from refusing import bare, refused, status
from wire_client import ACCOUNT

COMPRESSION = "Invalid minimum compression size, must be between 0 and 10485760"
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
    '"Resource":"execute-api:/*"}]}'
)


@pytest.fixture
def api(client):
    return client.create_rest_api(name="pets")


def patch(client, api, *operations):
    edits = [dict(zip(("op", "path", "value"), one, strict=False)) for one in operations]
    return client.update_rest_api(restApiId=api["id"], patchOperations=edits)


def expected(api, **more):
    """What AWS answers for an API of which nothing but the name was said, and `more`."""
    return {
        "id": api["id"],
        "name": "pets",
        "createdDate": api["createdDate"],
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": api["rootResourceId"],
    } | more


YOUNGER = {"securityPolicy": "TLS_1_0", "apiStatus": "AVAILABLE"}
"""What only the reading operations tell (docs/decisions/0049)."""


def test_defaults(client, api):
    assert status(api) == 201
    assert bare(api) == expected(api)
    assert len(api["id"]) == 10
    assert abs(api["createdDate"] - datetime.datetime.now(tz=datetime.UTC)) < datetime.timedelta(minutes=1)


def test_get_shows_empty_tags_and_the_list_does_not(client, api):
    assert bare(client.get_rest_api(restApiId=api["id"])) == expected(api, tags={}, **YOUNGER)
    assert client.get_rest_apis()["items"] == [expected(api, **YOUNGER)]


def test_everything_that_can_be_said(client):
    api = client.create_rest_api(
        name="pets",
        description="all of them",
        version="v1",
        binaryMediaTypes=["image/png"],
        minimumCompressionSize=0,
        apiKeySource="AUTHORIZER",
        endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]},
        tags={"team": "zoo"},
        disableExecuteApiEndpoint=True,
        securityPolicy="SecurityPolicy_TLS13_1_3_2025_09",
        endpointAccessMode="STRICT",
    )
    said = {
        "description": "all of them",
        "version": "v1",
        "binaryMediaTypes": ["image/png"],
        "minimumCompressionSize": 0,
        "apiKeySource": "AUTHORIZER",
        "endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1"]},
        "tags": {"team": "zoo"},
        "disableExecuteApiEndpoint": True,
        "securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09",
        "endpointAccessMode": "STRICT",
    }
    assert bare(api) == expected(api, **said)
    assert bare(client.get_rest_api(restApiId=api["id"])) == expected(api, **said, apiStatus="AVAILABLE")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({}, {"types": ["EDGE"], "ipAddressType": "ipv4"}),
        ({"types": ["REGIONAL"]}, {"types": ["REGIONAL"], "ipAddressType": "ipv4"}),
        ({"types": ["PRIVATE"]}, {"types": ["PRIVATE"], "ipAddressType": "dualstack"}),
        ({"ipAddressType": "dualstack"}, {"types": ["EDGE"], "ipAddressType": "dualstack"}),
    ],
)
def test_endpoint_defaults(client, asked, answered):
    assert client.create_rest_api(name="pets", endpointConfiguration=asked)["endpointConfiguration"] == answered


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"name": " "}, "Name cannot be empty"),
        ({"description": ""}, "Description cannot be an empty string"),
        (
            {"endpointConfiguration": {"types": []}},
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
        (
            {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
            "Cannot create an api with multiple Endpoint Types.",
        ),
        (
            {"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "ipv4"}},
            "Only dualstack ipAddressType is supported for Private APIs.",
        ),
        (
            {"endpointConfiguration": {"vpcEndpointIds": ["vpce-1"]}},
            "VPCEndpoints can only be specified with PRIVATE apis.",
        ),
        ({"description": "", "endpointConfiguration": {"types": []}}, "Description cannot be an empty string"),
        ({"minimumCompressionSize": -1}, COMPRESSION),
        ({"minimumCompressionSize": 10_485_761}, COMPRESSION),
        (
            {"policy": "{}"},
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
        ),
        ({"endpointAccessMode": "STRICT"}, "Endpoint access mode is not supported for this security policy"),
        (
            {"securityPolicy": "TLS_1_2", "endpointAccessMode": "BASIC"},
            "Endpoint access mode is not supported for this security policy",
        ),
        (
            {"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"},
            "Endpoint access mode is required for the specified security policy",
        ),
        ({"tags": {"aws:x": "y"}}, "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)"),
    ],
)
def test_what_create_refuses(client, said, message):
    with refused("BadRequestException", message):
        client.create_rest_api(**{"name": "pets", **said})
    assert client.get_rest_apis()["items"] == []


def test_an_id_is_case_sensitive(client, api):
    wrong = api["id"].upper() + "A"
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:{wrong}"):
        client.get_rest_api(restApiId=wrong)


@pytest.mark.parametrize("name", ["get_rest_api", "delete_rest_api", "update_rest_api"])
def test_an_unknown_api(client, name):
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:api_id"):
        getattr(client, name)(restApiId="api_id")


def test_a_new_api_has_its_root_and_two_models(client, api):
    assert client.get_resources(restApiId=api["id"])["items"] == [{"id": api["rootResourceId"], "path": "/"}]
    assert [model["name"] for model in client.get_models(restApiId=api["id"])["items"]] == ["Empty", "Error"]


def test_apis_come_page_by_page_oldest_first(client):
    made = [client.create_rest_api(name=f"api {number}")["id"] for number in range(5)]
    pages = [page["items"] for page in client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2})]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [api["id"] for page in pages for api in page] == made


def test_delete_takes_all_of_it_away(client, store, api):
    other = client.create_rest_api(name="other")
    with store.write() as unit:
        unit.put("stage", api["id"], "prod", {"stageName": "prod"})
        unit.stand("stage", f"{api['id']}/prod", {"stageName": "prod"})
        unit.stand("stage", f"{other['id']}/prod", {"stageName": "prod"})
    assert status(client.delete_rest_api(restApiId=api["id"])) == 202
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:{api['id']}"):
        client.get_rest_api(restApiId=api["id"])
    with store.read() as unit:
        assert unit.find("resource", api["id"]) == unit.find("model", api["id"]) == unit.find("stage", api["id"]) == []
        assert len(unit.find("resource", other["id"])) == 1
    assert [change.key for change in store.standing()[1]] == [f"{other['id']}/prod"]


def test_patch_simple_members(client, api):
    answer = patch(
        client,
        api,
        ("replace", "/name", "zoo"),
        ("add", "/description", "animals"),
        ("replace", "/apiKeySource", "AUTHORIZER"),
        ("replace", "/disableExecuteApiEndpoint", "true"),
    )
    changed = {
        "name": "zoo",
        "description": "animals",
        "apiKeySource": "AUTHORIZER",
        "disableExecuteApiEndpoint": True,
        "tags": {},
    }
    assert status(answer) == 200
    assert bare(answer) == expected(api, **changed)
    assert bare(client.get_rest_api(restApiId=api["id"])) == expected(api, **changed, **YOUNGER)


def test_compression_on_zero_and_off(client, api):
    assert patch(client, api, ("replace", "/minimumCompressionSize", "10"))["minimumCompressionSize"] == 10
    assert "minimumCompressionSize" not in patch(client, api, ("replace", "/minimumCompressionSize", ""))
    assert patch(client, api, ("replace", "/minimumCompressionSize", "0"))["minimumCompressionSize"] == 0
    assert "minimumCompressionSize" not in patch(client, api, ("replace", "/minimumCompressionSize"))


@pytest.mark.parametrize("size", ["-1", "test", "10485761"])
def test_compression_out_of_range(client, api, size):
    with refused("BadRequestException", COMPRESSION):
        patch(client, api, ("replace", "/minimumCompressionSize", size))


def test_binary_media_types(client, api):
    assert patch(client, api, ("add", "/binaryMediaTypes/-", "image/png"))["binaryMediaTypes"] == ["-"]
    types = patch(client, api, ("add", "/binaryMediaTypes/image~1png"), ("remove", "/binaryMediaTypes/-"))
    assert types["binaryMediaTypes"] == ["image/png"]
    patch(client, api, ("add", "/binaryMediaTypes/image~1gif"))
    replaced = patch(client, api, ("replace", "/binaryMediaTypes/image~1png", "image/jpeg"))
    assert replaced["binaryMediaTypes"] == ["image/gif", "image/jpeg"]
    gone = patch(client, api, ("remove", "/binaryMediaTypes/image~1gif"), ("remove", "/binaryMediaTypes/image~1jpeg"))
    assert "binaryMediaTypes" not in gone


def test_becoming_private_makes_the_addresses_dualstack(client, api):
    answer = patch(client, api, ("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"))
    assert answer["endpointConfiguration"] == {"types": ["PRIVATE"], "ipAddressType": "dualstack"}
    with refused("BadRequestException", "Only dualstack ipAddressType is supported for Private APIs."):
        patch(client, api, ("replace", "/endpointConfiguration/ipAddressType", "ipv4"))
    with refused("BadRequestException", "ipAddressType must be either ipv4 or dualstack."):
        patch(client, api, ("replace", "/endpointConfiguration/ipAddressType", "wrong"))


def test_an_api_that_names_no_security_policy_tells_the_one_of_its_endpoint(client, api):
    private = client.create_rest_api(name="pets", endpointConfiguration={"types": ["PRIVATE"]})
    assert [one["securityPolicy"] for one in client.get_rest_apis()["items"]] == ["TLS_1_0", "TLS_1_2"]
    patch(client, private, ("replace", "/endpointConfiguration/types/0", "EDGE"))
    assert client.get_rest_api(restApiId=private["id"])["securityPolicy"] == "TLS_1_0"


def test_from_a_legacy_security_policy_to_an_enhanced_one_and_back(client, api):
    # Guide, "How to change a security policy": the two go together, and an empty mode takes it away.
    enhanced = "SecurityPolicy_TLS13_1_3_2025_09"
    with refused("BadRequestException", "Endpoint access mode is required for the specified security policy"):
        patch(client, api, ("replace", "/securityPolicy", enhanced))
    answer = patch(client, api, ("replace", "/securityPolicy", enhanced), ("replace", "/endpointAccessMode", "STRICT"))
    assert (answer["securityPolicy"], answer["endpointAccessMode"]) == (enhanced, "STRICT")
    with refused("BadRequestException", "Endpoint access mode is not supported for this security policy"):
        patch(client, api, ("replace", "/securityPolicy", "TLS_1_0"))
    back = patch(client, api, ("replace", "/securityPolicy", "TLS_1_0"), ("replace", "/endpointAccessMode", ""))
    assert bare(back) == expected(api, tags={}, securityPolicy="TLS_1_0")


def test_terraform_names_the_type_by_an_index(client, api):
    answer = patch(client, api, ("replace", "/endpointConfiguration/types/0", "REGIONAL"))
    assert answer["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_types_added_and_removed_must_leave_one(client, api):
    swapped = patch(
        client,
        api,
        ("remove", "/endpointConfiguration/types/EDGE"),
        ("add", "/endpointConfiguration/types/REGIONAL"),
    )
    assert swapped["endpointConfiguration"]["types"] == ["REGIONAL"]
    with refused("BadRequestException", "Cannot create an api with multiple Endpoint Types."):
        patch(client, api, ("add", "/endpointConfiguration/types/EDGE"))


def test_vpc_endpoints_of_a_private_api(client, api):
    with refused("BadRequestException", "VPCEndpoints can only be specified with PRIVATE apis."):
        patch(client, api, ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"))
    answer = patch(
        client,
        api,
        ("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"),
        ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"),
        ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-2"),
    )
    assert answer["endpointConfiguration"]["vpcEndpointIds"] == ["vpce-1", "vpce-2"]
    left = patch(client, api, ("remove", "/endpointConfiguration/vpcEndpointIds", "vpce-1"))
    assert left["endpointConfiguration"]["vpcEndpointIds"] == ["vpce-2"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (("add", "/binaryMediaTypes", "x"), "Invalid patch path /binaryMediaTypes"),
        (("replace", "/binaryMediaTypes", "x"), "Invalid patch path /binaryMediaTypes"),
        (("remove", "/binaryMediaTypes"), "Invalid patch path /binaryMediaTypes"),
        (("add", "/minimumCompressionSize", "10"), "Invalid patch operation specified. Must be one of: [replace]"),
        (
            ("add", "/endpointConfiguration/ipAddressType", "ipv4"),
            "Invalid patch operation specified. Must be one of: [replace]",
        ),
        (
            ("test", "/endpointConfiguration/types/EDGE", "PRIVATE"),
            "Invalid patch operation specified. Must be 'add'|'remove'|'replace'",
        ),
        (
            ("replace", "/endpointConfiguration/types/EDGE", "wrong"),
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
        ),
        (("replace", "/name", ""), "Name cannot be empty"),
        (("replace", "/apiKeySource", "NOBODY"), "Invalid apiKeySource specified. Valid options are HEADER,AUTHORIZER"),
        (
            ("replace", "/endpointAccessMode", "OPEN"),
            "Invalid endpointAccessMode specified. Valid options are BASIC,STRICT",
        ),
        (("replace", "/version", "2"), "Invalid patch path /version"),
        (
            ("replace", "/policy", "[]"),
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
        ),
    ],
)
def test_what_update_refuses(client, api, operation, message):
    with refused("BadRequestException", message):
        patch(client, api, ("replace", "/description", "not kept"), operation)
    assert bare(client.get_rest_api(restApiId=api["id"])) == expected(api, tags={}, **YOUNGER)


def test_a_policy_comes_back_escaped_and_with_full_arns(client, api):
    answer = patch(client, api, ("replace", "/policy", POLICY))
    full = POLICY.replace("execute-api:/*", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api['id']}/*")
    escaped = full.replace('"', '\\"').replace("/", "\\/")
    assert answer["policy"] == escaped
    assert client.get_rest_api(restApiId=api["id"])["policy"] == escaped
    assert client.get_rest_apis()["items"][0]["policy"] == escaped
    assert patch(client, api, ("replace", "/description", "kept"))["policy"] == escaped
    assert "policy" not in patch(client, api, ("replace", "/policy", ""))


def test_the_stored_policy_is_plain_json(client, store, api):
    patch(client, api, ("replace", "/policy", POLICY))
    with store.read() as unit:
        assert unit.get("restapi", "", api["id"])["policy"].startswith('{"Version":"2012-10-17"')
