"""What acts when: edits by a deployment, Standing at once, and each answer of control before the next call of data."""

from typing import Any

from contract_scene import Mock, Scene


def test_edits_are_invisible_until_they_are_deployed(scene: Scene, client: Any) -> None:
    api = Mock(client, "first")
    assert scene.everywhere(api.id, "/") == {(403, '{"message":"Forbidden"}')}
    api.deploy()
    api.edit("second")
    assert scene.everywhere(api.id, "/") == {(200, "first")}
    api.deploy()
    assert scene.everywhere(api.id, "/") == {(200, "second")}


def test_each_stage_has_its_own_deployment(scene: Scene, client: Any) -> None:
    api = Mock(client, "of $context.stage")
    api.deploy("beta")
    api.edit("newer, of $context.stage")
    api.deploy("alpha")
    assert scene.everywhere(api.id, "/", stage="beta") == {(200, "of beta")}
    assert scene.everywhere(api.id, "/", stage="alpha") == {(200, "newer, of alpha")}


def test_a_stage_is_rolled_back_and_forth(scene: Scene, client: Any) -> None:
    api = Mock(client, "first $stageVariables.word")
    first = api.deploy(word="one")
    api.edit("second $stageVariables.word")
    second = api.deploy()
    api.edit("never deployed")
    api.update_stage("/variables/word", "two")
    for deployment, answer in ((first, "first two"), (second, "second two"), (first, "first two")):
        api.update_stage("/deploymentId", deployment)
        assert scene.everywhere(api.id, "/") == {(200, answer)}, "variables are the stage's, whatever it serves"


def test_a_stage_that_is_deleted_is_gone_and_comes_back(scene: Scene, client: Any) -> None:
    api = Mock(client, "here")
    deployment = api.deploy()
    client.delete_stage(restApiId=api.id, stageName="prod")
    assert scene.everywhere(api.id, "/") == {(403, '{"message":"Forbidden"}')}
    client.create_stage(restApiId=api.id, stageName="prod", deploymentId=deployment)
    assert scene.everywhere(api.id, "/") == {(200, "here")}


def test_stage_variables_act_at_once_in_a_backends_address(scene: Scene, client: Any, backend: Any) -> None:
    api = client.create_rest_api(name="by variable", endpointConfiguration={"types": ["REGIONAL"]})
    place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    uri = "http://${stageVariables.backend}/${stageVariables.shelf}"
    client.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    variables = {"backend": backend.address, "shelf": "first"}
    client.create_deployment(restApiId=api["id"], stageName="prod", variables=variables)
    assert scene.call(api["id"], "/").json()["target"] == "/first"
    moved = {"op": "replace", "path": "/variables/shelf", "value": "second"}
    client.update_stage(restApiId=api["id"], stageName="prod", patchOperations=[moved])
    assert scene.call(api["id"], "/").json()["target"] == "/second"


def test_every_answer_of_control_is_seen_by_the_next_call_of_data(scene: Scene, client: Any) -> None:
    """200 times: a variable that acts at once, and a deployment. Each call may fall on either worker."""
    api = Mock(client, "0 $stageVariables.turn")
    api.deploy(turn="0")
    for turn in map(str, range(1, 101)):
        api.update_stage("/variables/turn", turn)
        assert scene.call(api.id, "/").text == f"{int(turn) - 1} {turn}"
        api.edit(f"{turn} $stageVariables.turn")
        api.deploy()
        assert scene.call(api.id, "/").text == f"{turn} {turn}"
