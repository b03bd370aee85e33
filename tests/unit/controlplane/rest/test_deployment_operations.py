"""Deployments freeze a definition; a stage serves what they froze (recorded facts 64, 65, 74, 75 and 152)."""

import hashlib

import pytest

from portico.model.rest import decode_snapshot
from portico.ports.compilation import CompileError, Unserved
from rest_play import RestPlay, patch, refusal, without_dates


@pytest.fixture
def play() -> RestPlay:
    return RestPlay()


@pytest.fixture
def at(play: RestPlay) -> dict[str, str]:
    return play.mock_method(play.resource("pets"))


def test_an_api_without_methods_has_nothing_to_deploy(play):
    assert refusal(play.deploy) == "400 BadRequestException: The REST API doesn't contain any methods"


def test_every_method_needs_an_integration(play, at):
    play.call("put_method", resourceId=play.root, httpMethod="GET", authorizationType="NONE")
    assert refusal(play.deploy) == "400 BadRequestException: No integration defined for method"
    assert play.call("get_deployments") == {"items": []}


def test_a_deployment_without_a_stage_makes_none(play, at):
    answer = play.call("create_deployment", description="first")
    assert set(answer) == {"id", "createdDate", "description"}
    assert play.call("get_deployment", deploymentId=answer["id"]) == answer
    assert play.call("get_stages") == {"item": []}
    assert play.standing() is None


def test_statuses_of_the_family(play, at):
    assert play.status("create_deployment") == 201
    deployment = play.deploy()
    assert play.status("update_deployment", deploymentId=deployment, patchOperations=[]) == 200
    assert play.status("delete_deployment", deploymentId=deployment) == 202


def test_the_summary_is_answered_where_it_is_asked_for(play, at):
    deployment = play.deploy()
    assert "apiSummary" not in play.call("get_deployment", deploymentId=deployment)
    answer = play.call("get_deployment", deploymentId=deployment, embed=["apisummary"])
    assert answer["apiSummary"] == {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}
    assert "snapshot" not in answer


def test_deployments_are_listed_in_pages(play, at):
    made = {play.deploy() for _ in range(3)}
    first = play.call("get_deployments", limit=2)
    rest = play.call("get_deployments", limit=2, position=first["position"])
    assert {item["id"] for item in first["items"] + rest["items"]} == made
    assert "position" not in rest


def test_deployments_are_listed_in_the_order_in_which_they_were_made(play, at):
    made = [play.deploy() for _ in range(6)]
    assert [one["id"] for one in play.call("get_deployments")["items"]] == made


def test_only_the_description_can_be_patched(play, at):
    deployment = play.deploy()

    def patched(operation):
        return play.call("update_deployment", deploymentId=deployment, patchOperations=[operation])

    assert patched(patch("replace", "/description", "new-description"))["description"] == "new-description"
    assert refusal(patched, patch("replace", "/id", "x")) == (
        "400 BadRequestException: Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description]"
    )


def test_a_deployment_in_use_stays(play, at):
    deployment = play.deploy("dev")
    in_use = "400 BadRequestException: Active stages pointing to this deployment must be moved or deleted"
    assert refusal(play.call, "delete_deployment", deploymentId=deployment) == in_use
    play.update_stage(patch("replace", "/deploymentId", play.deploy()))
    assert play.status("delete_deployment", deploymentId=deployment) == 202
    assert refusal(play.call, "get_deployment", deploymentId=deployment) == (
        "404 NotFoundException: Invalid Deployment identifier specified"
    )


def test_a_deployment_that_a_canary_serves_stays(play, at):
    play.deploy("dev")
    second = play.deploy("dev", canarySettings={"percentTraffic": 10.0})
    assert refusal(play.call, "delete_deployment", deploymentId=second).endswith("must be moved or deleted")


def served(play: RestPlay):
    return decode_snapshot(play.store.snapshot(play.standing()["snapshot"]))


def test_a_stage_serves_what_was_deployed_and_not_what_is_edited(play, at):
    play.deploy("dev")
    play.mock_method(play.resource("later"))
    assert [resource.path for resource in served(play).resources if resource.resource_methods] == ["/pets"]
    play.deploy("dev")
    assert {resource.path for resource in served(play).resources if resource.resource_methods} == {"/pets", "/later"}


def test_a_snapshot_is_addressed_by_its_content_and_shared(play, at):
    play.deploy("dev")
    first = play.standing()["snapshot"]
    assert hashlib.sha256(play.store.snapshot(first)).hexdigest() == first
    play.deploy("dev")
    assert play.standing()["snapshot"] == first

    # A definition that left and came back is the same definition, in whatever order its rows were put.
    play.call("put_method_response", **at, statusCode="200")
    play.deploy("dev")
    assert play.standing()["snapshot"] != first
    play.call("delete_method_response", **at, statusCode="200")
    play.deploy("dev")
    assert play.standing()["snapshot"] == first


def test_the_snapshot_holds_every_family(play, at):
    play.call("create_request_validator", name="all", validateRequestBody=True)
    play.call("put_gateway_response", responseType="THROTTLED", statusCode="503")
    play.call("put_method_response", **at, statusCode="200", responseModels={"application/json": "Empty"})
    play.call("update_rest_api", patchOperations=[patch("add", "/binaryMediaTypes/image~1png")])
    play.deploy("dev")
    snapshot = served(play)
    assert (snapshot.api_id, snapshot.name, snapshot.binary_media_types) == (play.api, "play", ("image/png",))
    assert [validator.name for validator in snapshot.request_validators] == ["all"]
    assert [response.status_code for response in snapshot.gateway_responses] == ["503"]
    assert [model.name for model in snapshot.models] == ["Empty", "Error"]
    method = next(r for r in snapshot.resources if r.path == "/pets").resource_methods["GET"]
    assert method.method_integration.type == "MOCK"
    assert method.method_responses["200"].response_models == {"application/json": "Empty"}


def test_a_definition_that_does_not_compile_is_not_deployed(play, at):
    play.compilation.error = CompileError("GET /pets: the response template is broken in line 3")
    broken = "400 BadRequestException: GET /pets: the response template is broken in line 3"
    assert refusal(play.deploy) == broken
    assert refusal(play.deploy, "dev") == broken
    assert play.call("get_deployments") == {"items": []}
    assert play.call("get_stages") == {"item": []}
    assert play.standing() is None


def test_what_will_not_be_served_is_told_with_its_reason(play, at):
    play.compilation.unserved = [Unserved("GET", "/pets", "apiKeyRequired"), Unserved("", "", "a cache")]
    play.deploy("dev")
    assert play.warnings == [
        f"api {play.api} stage dev: GET /pets will not be served: apiKeyRequired",
        f"api {play.api} stage dev: every method will not be served: a cache",
    ]


def test_the_compiler_sees_the_stage_that_will_serve(play, at):
    play.deploy()
    assert play.compilation.seen[-1][1] is None
    play.deploy("dev", variables={"colour": "red"})
    snapshot, stage = play.compilation.seen[-1]
    assert (stage.stage_name, stage.variables) == ("dev", {"colour": "red"})
    assert snapshot.api_id == play.api


def test_a_new_stage_takes_the_settings_of_its_deployment(play, at):
    deployment = play.deploy(
        "dev",
        stageDescription="s",
        description="d",
        variables={"a": "1"},
        tracingEnabled=True,
        cacheClusterEnabled=True,
    )
    assert without_dates(play.call("get_stage", stageName="dev")) == {
        "stageName": "dev",
        "deploymentId": deployment,
        "description": "s",
        "cacheClusterEnabled": True,
        "cacheClusterSize": "0.5",
        "cacheClusterStatus": "AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": True,
        "variables": {"a": "1"},
    }


def test_a_second_deployment_moves_the_stage_and_keeps_what_it_does_not_name(play, at):
    play.deploy("dev", variables={"a": "1"}, stageDescription="s")
    second = play.deploy("dev")
    stage = play.call("get_stage", stageName="dev")
    assert (stage["deploymentId"], stage["variables"], stage["description"]) == (second, {"a": "1"}, "s")
    assert play.standing()["deploymentId"] == second


def test_a_second_deployment_with_variables_replaces_all_of_the_stages(play, at):
    """Decision 0047: a map is what the stage's variables are from then on; an empty one is none that was given."""
    play.deploy("dev", variables={"a": "1", "b": "2"})
    play.deploy("dev", variables={"b": "3"})
    assert play.call("get_stage", stageName="dev")["variables"] == {"b": "3"}
    play.deploy("dev", variables={})
    assert play.call("get_stage", stageName="dev")["variables"] == {"b": "3"}


def test_a_canary_needs_the_name_of_a_stage_that_is_there(play, at):
    canary = {"percentTraffic": 50.0}
    assert refusal(play.call, "create_deployment", canarySettings=canary) == (
        "400 BadRequestException: Invalid deployment content specified.Non null and non empty stageName must be "
        "provided for canary deployment. Provided value is null"
    )
    assert refusal(play.deploy, "dev", canarySettings=canary) == (
        "400 BadRequestException: Invalid deployment content specified.Stage dev must already be created before making "
        "a canary release deployment"
    )


def test_a_canary_deployment_leaves_the_stage_where_it_is(play, at):
    first = play.deploy("dev")
    old = play.standing()["snapshot"]
    play.mock_method(verb="POST")
    overrides = {"testVar": "override"}
    second = play.deploy("dev", canarySettings={"percentTraffic": 50.0, "stageVariableOverrides": overrides})

    stage = play.call("get_stage", stageName="dev")
    assert stage["deploymentId"] == first
    assert stage["canarySettings"] == {
        "deploymentId": second,
        "percentTraffic": 50.0,
        "stageVariableOverrides": overrides,
        "useStageCache": False,
    }
    standing = play.standing()
    assert standing["snapshot"] == old
    assert standing["canarySettings"]["snapshot"] not in (old, None)
    assert standing["canarySettings"]["stageVariableOverrides"] == overrides


def test_a_stage_with_a_canary_takes_canaries_alone(play, at):
    first = play.deploy("dev")
    play.deploy("dev", canarySettings={"percentTraffic": 50.0})
    assert refusal(play.deploy, "dev") == (
        "400 BadRequestException: Invalid deployment content specified.Non canary deployment not supported on stage "
        "dev because Canary is enabled. Provide CanarySettings in deploymentInput."
    )
    third = play.deploy("dev", canarySettings={"percentTraffic": 10.0})
    stage = play.call("get_stage", stageName="dev")
    assert (stage["deploymentId"], stage["canarySettings"]["deploymentId"]) == (first, third)
    play.update_stage(patch("remove", "/canarySettings"))
    fourth = play.deploy("dev")
    assert play.call("get_stage", stageName="dev")["deploymentId"] == fourth


def test_a_canary_is_compiled_under_its_own_variables(play, at):
    play.deploy("dev", variables={"host": "old", "kept": "yes"})
    play.compilation.unserved = [Unserved("GET", "/", "for a reason")]
    play.deploy("dev", canarySettings={"percentTraffic": 5.0, "stageVariableOverrides": {"host": "new"}})
    seen = [stage.variables for _, stage in play.compilation.seen[-2:]]
    assert seen == [{"host": "old", "kept": "yes"}, {"host": "new", "kept": "yes"}]
    assert play.warnings[-2:] == [
        f"api {play.api} stage dev: GET / will not be served: for a reason",
        f"api {play.api} stage dev canary: GET / will not be served: for a reason",
    ]


def test_the_api_s_switch_acts_from_the_next_deployment_on(play, at):
    play.deploy("dev")
    play.call("update_rest_api", patchOperations=[patch("replace", "/disableExecuteApiEndpoint", "true")])
    assert "disableExecuteApiEndpoint" not in play.standing()
    play.deploy("dev")
    assert play.standing()["disableExecuteApiEndpoint"] is True


@pytest.mark.parametrize("operation", ["create_deployment", "get_deployments", "get_stages"])
def test_an_unknown_api(play, operation):
    assert refusal(getattr(play.client, operation), restApiId="nowhere") == (
        "404 NotFoundException: Invalid API identifier specified 000000000000:nowhere"
    )
