"""Many writers at once: every call is answered as AWS would, no Definition is torn, and what was said is so."""

import itertools
import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from contract_scene import STAGE, Scene

PATHS = [f"/place{number}" for number in range(6)]
AWSS = {"ConflictException", "TooManyRequestsException"}


def at_once(works: Iterable[Callable[[], Any]]) -> list[Any]:
    """Results, or codes of AWS's errors, of works that begin at the same moment."""
    works = list(works)
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return work()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in AWSS:
                raise
            return code

    with ThreadPoolExecutor(len(works)) as hands:
        return list(hands.map(begin, works))


def document(letter: str) -> bytes:
    """An API whose every method answers `letter`."""
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": letter}}},
    }
    get = {"responses": {"200": {"description": letter}}, "x-amazon-apigateway-integration": integration}
    info = {"title": "torn?", "version": letter}
    return json.dumps({"openapi": "3.0.1", "info": info, "paths": {path: {"get": get} for path in PATHS}}).encode()


def letters(resources: list[dict[str, Any]]) -> list[str]:
    """What each method of a Definition answers."""
    integrations = [one["resourceMethods"]["GET"]["methodIntegration"] for one in resources if one["path"] != "/"]
    return [one["integrationResponses"]["200"]["responseTemplates"]["application/json"] for one in integrations]


def test_an_api_is_whole_in_every_listing_and_every_deployment(scene: Scene, client: Any) -> None:
    api = client.import_rest_api(body=document("a"))["id"]

    def overwrite(letter: str) -> Callable[[], Any]:
        return lambda: client.put_rest_api(restApiId=api, mode="overwrite", body=document(letter)) and None

    def deploy() -> str:
        return str(client.create_deployment(restApiId=api, stageName=STAGE)["id"])

    def listing() -> list[str]:
        return letters(client.get_resources(restApiId=api, embed=["methods"])["items"])

    answers: list[Any] = []
    for _ in range(5):
        answers += at_once([overwrite("b"), deploy, listing, overwrite("c"), deploy, listing, listing])
    for seen in (one for one in answers if isinstance(one, list)):
        assert (len(seen), len(set(seen))) == (len(PATHS), 1), "a listing shows one document, and all of it"

    deployed = {one for one in answers if isinstance(one, str)} - AWSS
    assert deployed == {one["id"] for one in client.get_deployments(restApiId=api)["items"]}
    for deployment in deployed:
        back = {"op": "replace", "path": "/deploymentId", "value": deployment}
        client.update_stage(restApiId=api, stageName=STAGE, patchOperations=[back])
        answers = {scene.call(api, path).text for path in PATHS}
        assert len(answers) == 1, "a deployment serves one document, and all of it"


def test_of_two_who_want_a_name_one_gets_it(client: Any) -> None:
    api = client.create_rest_api(name="contested")

    def claim(name: str) -> Callable[[], Any]:
        return lambda: client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=name)["id"]

    names = [f"name{number}" for number in range(8)]
    answers = at_once(itertools.chain.from_iterable((claim(name), claim(name)) for name in names))
    won = {answer for answer in answers if answer != "ConflictException"}
    listed = {one["id"]: one["path"] for one in client.get_resources(restApiId=api["id"])["items"]}
    assert len(won) == len(names)
    assert listed.keys() == won | {api["rootResourceId"]}
    assert set(listed.values()) == {"/", *(f"/{name}" for name in names)}


def test_no_change_to_a_stage_is_lost(scene: Scene, client: Any) -> None:
    api = client.import_rest_api(body=document("x"))["id"]
    client.create_deployment(restApiId=api, stageName=STAGE)

    def add(number: int) -> Callable[[], Any]:
        edit = {"op": "replace", "path": f"/variables/v{number}", "value": str(number)}
        return lambda: client.update_stage(restApiId=api, stageName=STAGE, patchOperations=[edit])["stageName"]

    answers = at_once(add(number) for number in range(16))
    kept = client.get_stage(restApiId=api, stageName=STAGE)["variables"]
    assert kept == {f"v{number}": str(number) for number, answer in enumerate(answers) if answer == STAGE}
    assert kept, "somebody got through"


def test_an_api_that_is_deleted_under_its_writers_leaves_nothing(scene: Scene, client: Any) -> None:
    api = client.import_rest_api(body=document("x"))
    client.create_deployment(restApiId=api["id"], stageName=STAGE)
    root = client.get_resources(restApiId=api["id"])["items"][0]

    def write(number: int) -> Callable[[], Any]:
        def add() -> str:
            try:
                client.create_resource(restApiId=api["id"], parentId=root["id"], pathPart=f"late{number}")
            except client.exceptions.NotFoundException:
                return "gone"
            return "there"

        return add

    at_once([*map(write, range(8)), lambda: client.delete_rest_api(restApiId=api["id"]) and None])
    assert scene.call(api["id"], PATHS[0]).status == 403
    assert write(99)() == "gone"
