"""Deployments, stages and canaries, call by call against what AWS answered."""

import pytest

from playbook.stage import responds
from recorded_calls import Replay, scenario
from rest_play import patch
from served_scene import Served

STAGES = "TestApiGatewayStage::test_"
CANARIES = "TestStageCrudCanary::test_"
OPS = ("add", "remove", "replace")
LOG_GROUP = "arn:aws:logs:us-east-1:111111111111:log-group:stage-log"


def mock(replay: Replay) -> None:
    at = {"resourceId": replay.root, "httpMethod": "GET"}
    replay.call("put_method", **at, authorizationType="NONE")
    replay.call("put_integration", **at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})


def deployed(replay: Replay, **params: str) -> str:
    mock(replay)
    return str(replay.call("create_deployment", **params)["id"])


def test_stages_of_a_deployment() -> None:
    with scenario("api.json", f"{STAGES}get_stages_filters_by_deployment_id") as replay:
        mock(replay)
        first, second = (replay.call("create_deployment")["id"] for _ in range(2))
        replay.call("create_stage", stageName="stage1", deploymentId=first)
        replay.call("create_stage", stageName="stage2", deploymentId=second)
        replay.hold("all-stages", "get_stages")
        replay.hold("stages-deploy1", "get_stages", deploymentId=first)
        replay.hold("stages-deploy2", "get_stages", deploymentId=second)


def staged(replay: Replay) -> None:
    mock(replay)
    deployment = replay.hold("create-deployment", "create_deployment")["id"]
    replay.hold("create-stage", "create_stage", stageName="dev", deploymentId=deployment, description="dev stage")


def test_access_log_settings() -> None:
    destination, layout = "/accessLogSettings/destinationArn", "/accessLogSettings/format"
    line = "$context.requestId $context.identity.sourceIp"
    calls = {
        "dest-add": patch("add", destination, LOG_GROUP),
        "dest-replace": patch("replace", destination, f"{LOG_GROUP}a"),
        "format-add": patch("add", layout, line),
        "remove-all": patch("remove", "/accessLogSettings"),
    }
    with scenario("api.json", f"{STAGES}stage_access_log_settings") as replay:
        staged(replay)
        for name, edit in calls.items():
            replay.patch(f"update-stage-access-log-{name}", "update_stage", edit, stageName="dev")


def test_access_log_settings_that_cannot_be() -> None:
    destination, layout = "/accessLogSettings/destinationArn", "/accessLogSettings/format"
    with scenario("api.json", f"{STAGES}stage_access_log_settings_validation") as replay:
        staged(replay)
        paths = {"invalid-path": "/accessLogSettings/randomValue", "star-and": "/accessLogSettings/*"}
        calls = {f"{name}-{op}": patch(op, path, "x") for name, path in paths.items() for op in OPS}
        calls |= {f"root-and-{op}": patch(op, "/accessLogSettings", "x") for op in ("add", "replace")}
        named = "update-stage-access-log"
        calls[f"{named}-dest-add"] = patch("add", destination, LOG_GROUP)
        calls[f"{named}-destinationArn-empty"] = patch("replace", destination, "")
        calls[f"{named}-format-empty"] = patch("replace", layout, "")
        calls[f"{named}-dest-remove"] = patch("remove", destination)
        for name, edit in calls.items():
            replay.patch(name, "update_stage", edit, stageName="dev")


def test_patches_of_a_stage() -> None:
    method = "/~1test/GET"
    with scenario("common.json", "TestStages::test_create_update_stages") as replay:
        made = {"stageName": "s1", "deploymentId": deployed(replay), "description": "my stage"}
        replay.call("create_documentation_version", documentationVersion="v123")
        replay.hold("create-stage", "create_stage", **made, documentationVersion="v123")
        update, stage = "update_stage", {"stageName": "s1"}
        wrong = patch("replace", "/documentation_version", "v1")
        replay.patch("error-update-doc-version", update, wrong, **stage)
        replay.patch("error-update-tags", update, patch("replace", "/tags/tag1", "value1"), **stage)
        edits = (
            patch("replace", "/description", "stage new"),
            patch("replace", "/variables/var1", "test"),
            patch("replace", "/variables/var2", "test2"),
            patch("replace", "/*/*/throttling/burstLimit", "123"),
            patch("replace", "/*/*/caching/enabled", "true"),
            patch("replace", "/tracingEnabled", "true"),
            patch("replace", f"{method}/throttling/burstLimit", "124"),
        )
        replay.patch("update-stage", update, *edits, **stage)
        replay.hold("get-stage", "get_stage", **stage)
        edit = patch("replace", "/*/*/throttling/burstLimit", "100")
        replay.patch("update-stage-override", update, edit, **stage)


@pytest.mark.parametrize("named", [True, False])
def test_deployments_that_stages_serve_stay(named: bool) -> None:
    with scenario("common.json", f"TestDeployments::test_create_delete_deployments[{named}]") as replay:
        first = deployed(replay, **({"stageName": "s1"} if named else {}))
        if not named:
            replay.call("create_stage", stageName="s1", deploymentId=first)
        replay.hold("get-deployment", "get_deployment", deploymentId=first)
        replay.hold("get-stages", "get_stages")
        replay.hold("delete-deployment-error-0", "delete_deployment", deploymentId=first)
        served = first
        for index in range(3):
            before, served = served, replay.call("create_deployment", stageName="s1")["id"]
            replay.call("delete_deployment", deploymentId=before)
            replay.hold(f"get-deployments-{index}", "get_deployments")
            replay.hold(f"get-stages-{index}", "get_stages")
            name = f"delete-deployment-error-{index + 1}"
            if name in replay.left:
                replay.hold(name, "delete_deployment", deploymentId=served)


def test_an_update_moves_the_stage_and_frees_the_deployment_before() -> None:
    with scenario("common.json", "TestDeployments::test_create_update_deployments") as replay:
        first = deployed(replay)
        replay.call("create_stage", stageName="s1", deploymentId=first)
        replay.hold("get-deployment-1", "get_deployment", deploymentId=first)
        replay.hold("get-stages", "get_stages")
        replay.hold("delete-deployment-error", "delete_deployment", deploymentId=first)
        second = replay.call("create_deployment", stageName="s1")["id"]
        replay.hold("get-deployment-1-after-update", "get_deployment", deploymentId=first)
        replay.hold("get-deployment-2", "get_deployment", deploymentId=second)
        replay.hold("get-stages-after-update", "get_stages")
        replay.hold("delete-deployment-1", "delete_deployment", deploymentId=first)
        replay.hold("delete-deployment-2-error", "delete_deployment", deploymentId=second)


def test_a_canary_by_updating_the_stage() -> None:
    with scenario("canary.json", f"{CANARIES}create_canary_deployment_by_stage_update") as replay:
        mock(replay)
        first = replay.hold("create-deployment", "create_deployment")["id"]
        second = replay.hold("create-deployment-2", "create_deployment")["id"]
        made = {"stageName": "dev", "deploymentId": first, "description": "dev stage"}
        replay.hold("create-stage", "create_stage", **made, variables={"testVar": "default"})
        update, stage = "update_stage", {"stageName": "dev"}
        onto = patch("replace", "/canarySettings/deploymentId", second)
        replay.patch("update-stage-with-deployment", update, onto, **stage)
        replay.patch("remove-stage-canary", update, patch("remove", "/canarySettings"), **stage)
        half = patch("replace", "/canarySettings/percentTraffic", "50")
        replay.patch("update-stage-with-percent", update, half, **stage)
        replay.hold("get-stage", "get_stage", **stage)


def test_a_canary_is_promoted_by_copies() -> None:
    canary = "/canarySettings"
    promote = (
        patch("replace", f"{canary}/percentTraffic", "0.0"),
        patch("copy", "/deploymentId", source=f"{canary}/deploymentId"),
        patch("copy", "/variables", source=f"{canary}/stageVariableOverrides"),
    )
    with scenario("canary.json", f"{CANARIES}update_stage_with_copy_ops") as replay:
        mock(replay)
        variables = {"testVar": "test", "testVar2": "test2"}
        replay.hold("deployment-1", "create_deployment", stageName="dev", variables=variables)
        stage = {"stageName": "dev"}
        backwards = patch("copy", f"{canary}/stageVariableOverrides", source="/variables")
        replay.patch("copy-with-bad-statement", "update_stage", backwards, **stage)
        replay.patch("copy-with-no-replace", "update_stage", *promote[1:], **stage)
        replay.patch("update-stage-with-copy", "update_stage", *promote, **stage)
        settings = {"percentTraffic": 50, "stageVariableOverrides": {"testVar": "override"}}
        replay.hold("deployment-canary", "create_deployment", **stage, canarySettings=settings)
        replay.hold("get-stage", "get_stage", **stage)
        replay.patch("update-stage-with-copy-2", "update_stage", *promote, **stage)


def test_a_deployment_is_described_later() -> None:
    with scenario("basic.json", "TestAPIGateway::test_update_rest_api_deployment") as replay:
        key = deployed(replay, description="my deployment")
        edit = patch("replace", "/description", "new-description")
        replay.patch("after-update", "update_deployment", edit, deploymentId=key)


def saying(replay: Replay, message: str) -> None:
    """The root's mock says which deployment it is of, and what it knows."""
    known = {"variable": "testVar", "nonExistingDefault": "noStageVar", "nonOverridden": "defaultVar"}
    members = {name: f"$stageVariables.{variable}" for name, variable in known.items()}
    members |= {"message": message, "isCanary": "$context.isCanaryRequest"}
    text = "{" + ", ".join(f'"{name}": "{value}"' for name, value in members.items()) + ', "statusCode": 200}'
    at = {"resourceId": replay.root, "httpMethod": "GET"}
    replay.call("put_method", **at, authorizationType="NONE")
    replay.call("put_integration", **at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    replay.call("put_method_response", **at, statusCode="200")
    replay.call("put_integration_response", **at, **responds(responseTemplates={"application/json": text}))


def test_a_canary_that_is_invoked() -> None:
    with scenario("canary.json", "TestCanaryDeployments::test_invoking_canary_deployment") as replay:
        saying(replay, "default deployment")
        variables = {"testVar": "default", "defaultVar": "default"}
        replay.hold("create-deployment-1", "create_deployment", stageName="dev", variables=variables)
        saying(replay, "canary deployment")
        overrides = {"testVar": "canary", "noStageVar": "canary"}
        settings = {"percentTraffic": 0, "stageVariableOverrides": overrides}
        replay.hold("create-deployment-2", "create_deployment", stageName="dev", canarySettings=settings)
        served = Served(replay.store, replay.api)
        served.play.dice.shows = 99.9
        assert served.asks("GET /").hears.json == replay.left.pop("response-deployment-1")
        everyone = patch("replace", "/canarySettings/percentTraffic", "100")
        replay.patch("update-stage", "update_stage", everyone, stageName="dev")
        assert served.asks("GET /").hears.json == replay.left.pop("response-canary-deployment")
