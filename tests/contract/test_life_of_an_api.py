"""An API of 30 methods: built, deployed, called, changed, rolled back, deleted; once by boto3, once by the AWS CLI.

Both acts are written as they would be for AWS. What is different is in contract_scene: the endpoint, the credentials.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from contract_scene import STAGE, Backend, Refused, Scene

SHELVES = [f"shelf{number}" for number in range(10)]
"""Ten resources, three methods each: GET and POST of a backend, and a mock of Portico's own."""
MISSING = {"message": "Missing Authentication Token"}


def test_by_boto3(scene: Scene, client: Any, backend: Backend) -> None:
    api = client.create_rest_api(name="library by boto3", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    shelves = {}
    for shelf in SHELVES:
        shelves[shelf] = client.create_resource(restApiId=api, parentId=root, pathPart=shelf)["id"]
        for verb in ("GET", "POST"):
            place = {"restApiId": api, "resourceId": shelves[shelf], "httpMethod": verb}
            client.put_method(**place, authorizationType="NONE")
            uri = f"{backend.url}/{shelf}"
            client.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod=verb, uri=uri)
        place = {"restApiId": api, "resourceId": shelves[shelf], "httpMethod": "OPTIONS"}
        client.put_method(**place, authorizationType="NONE")
        client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        client.put_method_response(**place, statusCode="200")
        client.put_integration_response(
            **place, statusCode="200", responseTemplates={"application/json": f"options of {shelf}"}
        )
    assert scene.call(api, "/shelf0").json() == {"message": "Forbidden"}, "nothing is deployed"

    first = client.create_deployment(restApiId=api, stageName=STAGE)["id"]
    summary = client.get_deployment(restApiId=api, deploymentId=first, embed=["apisummary"])["apiSummary"]
    assert sum(len(methods) for methods in summary.values()) == 30
    expect_the_library(scene, api)

    place = {"restApiId": api, "resourceId": shelves["shelf3"], "httpMethod": "GET"}
    moved = {"op": "replace", "path": "/uri", "value": f"{backend.url}/moved"}
    client.update_integration(**place, patchOperations=[moved])
    client.delete_method(restApiId=api, resourceId=shelves["shelf4"], httpMethod="POST")
    expect_the_library(scene, api)

    second = client.create_deployment(restApiId=api, stageName=STAGE)["id"]
    expect_the_changed_library(scene, api)

    back = {"op": "replace", "path": "/deploymentId", "value": first}
    client.update_stage(restApiId=api, stageName=STAGE, patchOperations=[back])
    expect_the_library(scene, api)
    client.delete_deployment(restApiId=api, deploymentId=second)

    client.delete_rest_api(restApiId=api)
    assert scene.call(api, "/shelf0").status == 403
    with pytest.raises(client.exceptions.NotFoundException, match="Invalid API identifier specified"):
        client.get_rest_api(restApiId=api)


@pytest.mark.timeout(300)  # a hundred processes
def test_by_the_aws_cli(scene: Scene, backend: Backend) -> None:
    aws = scene.aws
    regional = '{"types": ["REGIONAL"]}'
    api = aws("create-rest-api", "--name", "library by hand", "--endpoint-configuration", regional)["id"]
    ours = ("--rest-api-id", api)
    root = aws("get-resources", *ours)["items"][0]["id"]
    build = partial(cli_shelf, scene, backend, api, root)
    with ThreadPoolExecutor(4) as hands:  # nine processes for a shelf take three seconds of a core
        shelves = dict(zip(SHELVES, hands.map(build, SHELVES), strict=True))

    first = aws("create-deployment", *ours, "--stage-name", STAGE)["id"]
    expect_the_library(scene, api)

    place = (*ours, "--resource-id", shelves["shelf3"], "--http-method", "GET")
    moved = f"op=replace,path=/uri,value={backend.url}/moved"
    aws("update-integration", *place, "--patch-operations", moved)
    aws("delete-method", *ours, "--resource-id", shelves["shelf4"], "--http-method", "POST")
    expect_the_library(scene, api)

    aws("create-deployment", *ours, "--stage-name", STAGE)
    expect_the_changed_library(scene, api)

    stage = (*ours, "--stage-name", STAGE)
    answer = aws("update-stage", *stage, "--patch-operations", f"op=replace,path=/deploymentId,value={first}")
    assert answer["deploymentId"] == first
    expect_the_library(scene, api)

    assert aws("delete-rest-api", *ours) is None
    assert scene.call(api, "/shelf0").status == 403
    with pytest.raises(Refused) as gone:
        aws("get-rest-api", *ours)
    told = "An error occurred (NotFoundException) when calling the GetRestApi operation: Invalid API identifier"
    assert str(gone.value) == f"{told} specified 000000000000:{api}"


def cli_shelf(scene: Scene, backend: Backend, api: str, root: str, shelf: str) -> str:
    """One resource with its three methods; its id."""
    aws, ours = scene.aws, ("--rest-api-id", api)
    resource = aws("create-resource", *ours, "--parent-id", root, "--path-part", shelf)["id"]
    for verb in ("GET", "POST"):
        place = (*ours, "--resource-id", resource, "--http-method", verb)
        aws("put-method", *place, "--authorization-type", "NONE")
        uri = ("--integration-http-method", verb, "--uri", f"{backend.url}/{shelf}")
        aws("put-integration", *place, "--type", "HTTP_PROXY", *uri)
    place = (*ours, "--resource-id", resource, "--http-method", "OPTIONS")
    aws("put-method", *place, "--authorization-type", "NONE")
    templates = json.dumps({"application/json": '{"statusCode": 200}'})
    aws("put-integration", *place, "--type", "MOCK", "--request-templates", templates)
    aws("put-method-response", *place, "--status-code", "200")
    templates = json.dumps({"application/json": f"options of {shelf}"})
    aws("put-integration-response", *place, "--status-code", "200", "--response-templates", templates)
    return str(resource)


def expect_the_library(scene: Scene, api: str) -> None:
    """All 30 methods answer, each from where it should."""
    for shelf in SHELVES:
        got = scene.call(api, f"/{shelf}?page=2")
        assert (got.status, got.json()["verb"], got.json()["target"]) == (200, "GET", f"/{shelf}?page=2")
        put = scene.call(api, f"/{shelf}", "POST", b"a book").json()
        assert (put["verb"], put["target"], put["body"]) == ("POST", f"/{shelf}", "a book")
        options = scene.call(api, f"/{shelf}", "OPTIONS")
        assert (options.status, options.text) == (200, f"options of {shelf}")
        missing = scene.call(api, f"/{shelf}", "DELETE")
        assert (missing.status, missing.json()) == (403, MISSING)


def expect_the_changed_library(scene: Scene, api: str) -> None:
    assert scene.call(api, "/shelf3").json()["target"] == "/moved"
    assert scene.call(api, "/shelf4", "POST", b"a book").json() == MISSING
    assert scene.call(api, "/shelf4").json()["target"] == "/shelf4"
