"""The usual scene of the operation tests: one API, driven through a real boto3 client.

play = RestPlay()
pets = play.resource("pets")
play.mock_method(pets)
play.deploy("dev")
"""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from portico.adapters.memory import MemoryStore
from portico.kernel.errors import PorticoError
from portico.model.rest import Snapshot
from portico.model.standing import StageStanding
from portico.ports.compilation import Unserved
from wire_client import client_for, control_plane


class WatchedCompilation:
    """A Compilation that remembers what it was shown, and says what the test wants it to say."""

    def __init__(self) -> None:
        self.seen: list[tuple[Snapshot, StageStanding | None]] = []
        self.unserved: Sequence[Unserved] = ()
        self.error: PorticoError | None = None

    def check(self, snapshot: Snapshot, stage: StageStanding | None) -> Sequence[Unserved]:
        self.seen.append((snapshot, stage))
        if self.error:
            raise self.error
        return self.unserved


class RestPlay:
    def __init__(self, **realm: Any) -> None:
        self.store = MemoryStore()
        self.compilation = WatchedCompilation()
        self.warnings: list[str] = []
        plane = control_plane(self.store, compilation=self.compilation, warn=self.warnings.append, **realm)
        self.client = client_for(plane)
        api = self.client.create_rest_api(name="play")
        self.api: str = api["id"]
        self.root: str = api["rootResourceId"]

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """An operation on the play's API: what it answers, without the envelope."""
        answer = getattr(self.client, operation)(restApiId=self.api, **params)
        answer.pop("ResponseMetadata")
        return answer

    def status(self, operation: str, **params: Any) -> int:
        return getattr(self.client, operation)(restApiId=self.api, **params)["ResponseMetadata"]["HTTPStatusCode"]

    def resource(self, part: str, parent: str | None = None) -> str:
        return self.call("create_resource", parentId=parent or self.root, pathPart=part)["id"]

    def mock_method(self, resource: str | None = None, verb: str = "GET", **method: Any) -> dict[str, str]:
        """A method with a MOCK integration; answers what names it in later calls."""
        at = {"resourceId": resource or self.root, "httpMethod": verb}
        self.call("put_method", **at, authorizationType="NONE", **method)
        self.call("put_integration", **at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        return at

    def deploy(self, stage: str | None = None, **params: Any) -> str:
        return self.call("create_deployment", **({"stageName": stage} if stage else {}), **params)["id"]

    def update_stage(self, *operations: dict[str, str], stage: str = "dev") -> dict[str, Any]:
        return self.call("update_stage", stageName=stage, patchOperations=list(operations))

    def standing(self, stage: str = "dev") -> dict[str, Any] | None:
        _, records = self.store.standing()
        return next((r.value for r in records if (r.kind, r.key) == ("stage", f"{self.api}/{stage}")), None)


def patch(op: str, path: str, value: str | None = None, source: str | None = None) -> dict[str, str]:
    optional = {"value": value, "from": source}
    return {"op": op, "path": path, **{name: text for name, text in optional.items() if text is not None}}


def refusal(act: Callable[..., Any], *args: Any, **params: Any) -> str:
    """How `act` was refused: "400 BadRequestException: the message"."""
    try:
        act(*args, **params)
    except ClientError as error:
        answer = error.response
        code, message = answer["Error"]["Code"], answer["Error"]["Message"]
        return f"{answer['ResponseMetadata']['HTTPStatusCode']} {code}: {message}"
    raise AssertionError("nothing was refused")


def without_dates(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("createdDate", "lastUpdatedDate")}
