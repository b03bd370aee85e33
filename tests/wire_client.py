"""boto3 against a ControlPlane without a socket: real botocore serialises, signs, and parses what comes back.

client = client_for(control_plane(store))
client.create_rest_api(name="pets")
"""

import io
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from portico.adapters.memory import MemoryStore
from portico.controlplane.answering import Handled
from portico.controlplane.dispatch import ControlPlane
from portico.controlplane.identities import RootIdentity
from portico.controlplane.operation import OPERATIONS, Realm
from portico.kernel.clock import SystemClock
from portico.kernel.ids import resource_id
from portico.kernel.observe import Observation, Observer, UnexpectedError
from portico.model.rest import Snapshot
from portico.model.standing import StageStanding
from portico.ports.compilation import Unserved
from portico.wire.http1 import Request

ACCOUNT = "000000000000"
REGION = "us-east-1"
ACCESS_KEY = "AKIDPORTICOTESTS"
SECRET_KEY = "portico/tests/secret+key"


class CompilesAnything:
    """A Compilation without complaint."""

    def check(self, snapshot: Snapshot, stage: StageStanding | None) -> Sequence[Unserved]:
        return ()


def realm(**changed: Any) -> Realm:
    """An account in a region with the machine's clock; any field may be `changed`."""
    fields: dict[str, Any] = {
        "account_id": ACCOUNT,
        "region": REGION,
        "clock": SystemClock(),
        "compilation": CompilesAnything(),
        "new_id": resource_id,
        "warn": lambda text: None,
    }
    return Realm(**{**fields, **changed})


def reraise(observation: Observation) -> None:
    """In tests an unexpected error is a failure at once, with its traceback."""
    assert isinstance(observation, UnexpectedError)
    raise AssertionError(f"{observation.where} crashed:\n{observation.traceback}")


def control_plane(store: Any = None, observe: Observer = reraise, **changed: Any) -> ControlPlane:
    """A ControlPlane over `store` (a new MemoryStore where None), with every operation that is built.

    `operations`, `identities` and the fields of its Realm may be `changed`.
    """
    operations = changed.pop("operations", OPERATIONS)
    identities = changed.pop("identities", RootIdentity(ACCESS_KEY, SECRET_KEY))
    return ControlPlane(store or MemoryStore(), identities, realm(**changed), observe, operations)


def client_for(
    plane: ControlPlane | None = None, service: str = "apigateway", *, seen: list[Handled] | None = None, **session: Any
) -> Any:
    """A boto3 client whose every request `plane` answers. `seen` collects the answers, with their sequence numbers."""
    answering = plane or control_plane()
    client = boto3.client(
        service,
        endpoint_url="http://127.0.0.1:4566",
        **{
            "config": Config(retries={"total_max_attempts": 1}),
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "region_name": REGION,
            **session,
        },
    )

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        handled = answering.handle(as_received(request))
        if seen is not None:
            seen.append(handled)
        return as_answered(request.url, handled)

    client.meta.events.register("before-send", answer)
    return client


def as_received(request: AWSPreparedRequest) -> Request:
    """What a server reads off the wire when botocore sends `request`."""
    scheme, _, rest = request.url.partition("://")
    host, _, path = rest.partition("/")
    headers = [
        (name, value.decode() if isinstance(value, bytes) else str(value)) for name, value in request.headers.items()
    ]
    body = request.body or b""
    body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    return Request(request.method, f"/{path}", (("Host", host), *headers), body, scheme, "127.0.0.1")


def as_answered(url: str, handled: Handled) -> AWSResponse:
    """What botocore reads off the wire, the shell's Content-Length included."""
    response = handled.response
    headers = {**dict(response.headers), "Content-Length": str(len(response.body))}
    answered = AWSResponse(url, response.status, headers, io.BytesIO(response.body))
    answered._content = response.body
    return answered
