"""Making the calls of a recorded scenario again, and holding each answer to AWS's.

with scenario("api.json", "TestApiGatewayApiModels::test_model_lifecycle") as replay:
    replay.hold("create-model", "create_model", restApiId=replay.api, name="m", contentType="text/plain")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from portico.adapters.memory import MemoryStore
from recorded_answers import Masks, recorded_scenario
from wire_client import client_for, control_plane

ACCOUNT = "111111111111"
"""The recordings' account."""


class Replay:
    """A client of a new server with one API, and the recorded answers that were not held to yet."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        # Some of the recorded calls break the model's rules: they must reach the server.
        careless = Config(parameter_validation=False)
        self.store = MemoryStore()
        self.client = client_for(control_plane(self.store, account_id=ACCOUNT), config=careless)
        self.left = dict(recorded)
        self._masks = Masks()
        api = self.client.create_rest_api(name="replayed", description="this is my api")
        self.api: str = api["id"]
        self.root: str = api["rootResourceId"]

    def hold(self, recorded: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """Make a call, by default on the scene's API, and hold its answer to the one recorded under that name."""
        return self.hold_answer(recorded, self.call(operation, **params))

    def hold_answer(self, recorded: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Hold what a call answered to the answer recorded under that name."""
        self._masks.match(recorded, self.left.pop(recorded), answer)
        return answer

    def call(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """A call; what it answers, a refusal too."""
        if self._takes_an_api(operation):
            params.setdefault("restApiId", self.api)
        try:
            return dict(getattr(self.client, operation)(**params))
        except ClientError as error:
            return dict(error.response)

    def _takes_an_api(self, operation: str) -> bool:
        meta = self.client.meta
        shape = meta.service_model.operation_model(meta.method_to_api_mapping[operation]).input_shape
        return "restApiId" in shape.members

    def known(self, meanings: dict[str, str]) -> None:
        """What masks of the recording stand for, where a call is made with it."""
        self._masks.learn(meanings)

    def patch(self, recorded: str, operation: str, /, *edits: dict[str, str], **params: Any) -> dict[str, Any]:
        return self.hold(recorded, operation, patchOperations=list(edits), **params)

    def resource(self, part: str, parent: str | None = None) -> str:
        return str(self.call("create_resource", parentId=parent or self.root, pathPart=part)["id"])


@contextmanager
def scenario(file: str, name: str, *skipped: str) -> Iterator[Replay]:
    """The scenario's calls must all be held to in the block, but for those `skipped`."""
    replay = Replay(recorded_scenario(file, name))
    yield replay
    assert set(replay.left) == set(skipped)
