"""A canary from its deployment to its promotion, by AWS's own tools against two workers."""

from typing import Any

from contract_scene import Mock, Scene

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:released"
CALLS = 60
"""With a share of half all of them fall on one side once in 10^18 times."""


def told(scene: Scene, api: str) -> set[str]:
    return {scene.call(api, "/").text for _ in range(CALLS)}


def test_a_release_is_tried_on_a_share_of_the_requests_and_promoted(scene: Scene, client: Any) -> None:
    api = Mock(client, "old, $stageVariables.colour, $context.isCanaryRequest")
    api.deploy(colour="red")
    api.update_stage("/accessLogSettings/destinationArn", GROUP)
    api.update_stage("/accessLogSettings/format", "$context.requestId $context.isCanaryRequest")
    api.edit("new, $stageVariables.colour, $context.isCanaryRequest")
    settings = "percentTraffic=0,stageVariableOverrides={colour=blue}"
    scene.aws(*("create-deployment", "--rest-api-id", api.id, "--stage-name", "prod", "--canary-settings", settings))
    assert told(scene, api.id) == {"old, red, false"}
    api.update_stage("/canarySettings/percentTraffic", "50")
    assert told(scene, api.id) == {"old, red, false", "new, blue, true"}
    api.update_stage("/canarySettings/percentTraffic", "100")
    assert told(scene, api.id) == {"new, blue, true"}

    promotion = [
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "remove", "path": "/canarySettings"},
    ]
    stage = client.update_stage(restApiId=api.id, stageName="prod", patchOperations=promotion)
    assert stage["variables"] == {"colour": "blue"}
    assert "canarySettings" not in stage
    (text,) = told(scene, api.id)
    assert text.startswith("new, blue, ")
    assert "true" not in text
