"""Methods tried out: boto3 against a ControlPlane whose trials go through a data plane of fakes.

trials = TrialScene(meanwhile=lambda play: play.backend.answers())
trials.client.test_invoke_method(restApiId=..., resourceId=..., httpMethod="GET")
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from playbook.stage import Play
from portico.adapters.memory import MemoryStore
from portico.controlplane.answering import Handled, Invoking, Trying
from portico.dataplane.tryout import Trials
from portico.ports.tryout import InvalidTrial, Tried
from portico.wire.aws.faults import BadRequestException
from portico.wire.http1 import Request
from wire_client import client_for, control_plane

Meanwhile = Callable[[Play], None]
"""What the backends of a play do while a method is tried."""


def nothing(_play: Play) -> None:
    """They are not asked."""


class TrialScene:
    """`play` has the fake backends; `client` is boto3's."""

    def __init__(self, meanwhile: Meanwhile = nothing, account_id: str = "000000000000", **session: Any) -> None:
        self.meanwhile = meanwhile
        self.play = Play()
        self.play.ports = replace(self.play.ports, account_id=account_id)
        self.store = MemoryStore()
        self._plane = control_plane(self.store, account_id=account_id)
        self.client = client_for(self, **session)  # type: ignore[arg-type]
        api = self.client.create_rest_api(name="tried", endpointConfiguration={"types": ["REGIONAL"]})
        self.api: str = api["id"]
        self.root: str = api["rootResourceId"]

    def handle(self, request: Request) -> Handled | Invoking:
        handled = self._plane.handle(request)
        return Handled(self._tried(handled), 0) if isinstance(handled, Trying) else handled

    def _tried(self, trying: Trying) -> Any:
        told: list[Tried] = []
        try:
            Trials(self.play.ports).begin(trying.deferred.trial, told.append)
        except InvalidTrial as error:
            return trying.refuse(BadRequestException(str(error)))
        if not told:
            self.meanwhile(self.play)
        (tried,) = told
        assert not self.play.causes or tried.status >= 400  # and no bug of ours
        return trying.answer(tried)

    def resource(self, path: str) -> str:
        """The resource at `path`, made with those above it."""
        known = {one["path"]: one["id"] for one in self.client.get_resources(restApiId=self.api)["items"]}
        if path not in known:
            parent, _, part = path.rpartition("/")
            above = self.resource(parent or "/")
            made = self.client.create_resource(restApiId=self.api, parentId=above, pathPart=part)
            known[path] = made["id"]
        return known[path]

    def method(self, path: str, verb: str, integration: dict[str, Any], **settings: Any) -> None:
        """A method that answers 200 where its integration has no responses of its own."""
        at = {"restApiId": self.api, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**at, **{"authorizationType": "NONE", **settings})
        self.client.put_method_response(**at, statusCode="200")
        responses = integration.pop("responses", [{"statusCode": "200"}])
        self.client.put_integration(**at, **integration)
        for response in responses:
            self.client.put_integration_response(**at, **response)

    def tries(self, path: str, verb: str = "GET", **request: Any) -> dict[str, Any]:
        """What TestInvokeMethod answers, without the envelope."""
        answer = self.client.test_invoke_method(
            restApiId=self.api, resourceId=self.resource(path), httpMethod=verb, **request
        )
        answer.pop("ResponseMetadata")
        return dict(answer)

    def log(self, path: str, verb: str = "GET", **request: Any) -> list[str]:
        """The lines of its log, without their times."""
        return [line.partition(" : ")[2] for line in self.tries(path, verb, **request)["log"].splitlines()[1:]]


MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def http(uri: str, kind: str = "HTTP", **settings: Any) -> dict[str, Any]:
    return {"type": kind, "uri": uri, "integrationHttpMethod": "GET", **settings}


def function(kind: str = "AWS_PROXY", account: str = "000000000000", **settings: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:us-east-1:{account}:function:pets"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    return {"type": kind, "uri": uri, "integrationHttpMethod": "POST", **settings}
