"""A request on the control listener, from bytes to bytes: who may call, what is called, what is answered."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from portico.adapters.memory import MemoryStore
from portico.controlplane.answering import Handled
from portico.controlplane.bodies import MAX_BODY
from portico.controlplane.identities import Identity
from portico.controlplane.operation import Call, Operation
from portico.kernel.observe import Observation, UnexpectedError
from portico.ports.store import StoreConflict, StoreInDoubt, StoreUnavailable
from portico.wire.aws.faults import NotFoundException
from portico.wire.http1 import Request
from wire_client import REGION, as_received, client_for, control_plane


def operations(**runs: Any) -> dict[tuple[str, str], Operation]:
    return {
        ("apigateway", name): Operation("apigateway", name, not name.startswith("Get"), run)
        for name, run in runs.items()
    }


def error(client: Any, method: str, **params: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as raised:
        getattr(client, method)(**params)
    answer = raised.value.response
    assert answer["ResponseMetadata"]["RequestId"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def test_a_call_reaches_its_operation_and_its_answer_comes_back() -> None:
    made = operations(CreateRestApi=lambda call: {"id": "a1", "name": call.params["name"], "createdDate": 1.0})
    seen: list[Handled] = []

    answer = client_for(control_plane(operations=made), seen=seen).create_rest_api(name="pets")

    assert (answer["id"], answer["name"], answer["createdDate"].timestamp()) == ("a1", "pets", 1.0)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert answer["ResponseMetadata"]["RequestId"] == dict(seen[0].response.headers)["x-amzn-RequestId"]
    assert seen[0].seq == 0


def test_a_write_tells_the_change_it_committed() -> None:
    def stand(call: Call) -> dict[str, Any]:
        call.unit.stand("stage", "a/prod", {"variables": {}})
        return {}

    store, seen = MemoryStore(), list[Handled]()
    client_for(control_plane(store, operations=operations(DeleteStage=stand)), seen=seen).delete_stage(
        restApiId="a", stageName="prod"
    )
    assert seen[0].seq == store.head() == 1


def test_an_error_of_an_operation_undoes_its_writes() -> None:
    def fail(call: Call) -> dict[str, Any]:
        call.unit.put("restapi", "", "a", {})
        raise NotFoundException("Invalid API identifier specified 000000000000:a")

    store = MemoryStore()
    client = client_for(control_plane(store, operations=operations(DeleteRestApi=fail)))

    assert error(client, "delete_rest_api", restApiId="a") == (
        404,
        "NotFoundException",
        "Invalid API identifier specified 000000000000:a",
    )
    with store.read() as unit:
        assert unit.find("restapi", "") == []


def test_an_answer_that_cannot_be_written_undoes_the_writes_too() -> None:
    def unwritable(call: Call) -> dict[str, Any]:
        call.unit.put("restapi", "", "a", {})
        return {"name": object()}

    store, observed = MemoryStore(), list[Observation]()
    client = client_for(control_plane(store, observed.append, operations=operations(CreateRestApi=unwritable)))

    assert error(client, "create_rest_api", name="a")[:2] == (500, "InternalFailure")
    with store.read() as unit:
        assert unit.find("restapi", "") == []


def test_fact_1_only_errors_of_the_model_show_a_message_beside_the_error() -> None:
    def missing(call: Call) -> dict[str, Any]:
        raise NotFoundException("gone")

    client = client_for(control_plane(operations=operations(GetRestApi=missing, GetGatewayResponse=missing)))

    with pytest.raises(ClientError) as modelled:
        client.get_rest_api(restApiId="a")
    with pytest.raises(ClientError) as validation:
        client.get_gateway_response(restApiId="a", responseType="FAKE")

    assert modelled.value.response["message"] == modelled.value.response["Error"]["Message"] == "gone"
    assert validation.value.response["Error"]["Code"] == "ValidationException"
    assert "message" not in validation.value.response


def test_an_operation_that_is_not_built_names_itself() -> None:
    client = client_for(control_plane(operations={}))
    assert error(client, "get_export", restApiId="a", stageName="s", exportType="oas30") == (
        501,
        "NotImplementedException",
        "Portico does not implement apigateway GetExport yet.",
    )


def test_a_service_that_is_not_built_names_itself() -> None:
    assert error(client_for(control_plane(), "iot"), "list_things") == (
        501,
        "NotImplementedException",
        "Portico does not implement the service iot yet.",
    )


def test_an_unexpected_error_is_told_to_the_operator_and_not_to_the_client() -> None:
    def broken(call: Call) -> dict[str, Any]:
        raise RuntimeError("the secret of the house")

    observed: list[Observation] = []
    seen: list[Handled] = []
    plane = control_plane(observe=observed.append, operations=operations(GetAccount=broken))

    assert error(client_for(plane, seen=seen), "get_account") == (500, "InternalFailure", "Internal failure")
    assert b"secret" not in seen[0].response.body
    (told,) = observed
    assert isinstance(told, UnexpectedError)
    assert told.request_id == dict(seen[0].response.headers)["x-amzn-RequestId"]
    assert "the secret of the house" in told.traceback


class FailingStore(MemoryStore):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    @contextmanager
    def write(self) -> Iterator[Any]:
        with super().write() as unit:
            yield unit
            raise self.failure


@pytest.mark.parametrize(
    ("failure", "answer"),
    [
        (
            StoreConflict("two writers"),
            (
                409,
                "ConflictException",
                "Unable to complete operation due to concurrent modification. Please try again later.",
            ),
        ),
        (
            StoreUnavailable("no disk"),
            (
                503,
                "ServiceUnavailableException",
                "The definition store does not answer. Nothing was changed. Please try again later.",
            ),
        ),
        (
            StoreInDoubt("silent"),
            (
                503,
                "ServiceUnavailableException",
                "The definition store stopped answering. Look whether it was changed before you try again.",
            ),
        ),
    ],
)
def test_a_store_that_fails(failure: Exception, answer: tuple[int, str, str]) -> None:
    plane = control_plane(FailingStore(failure), operations=operations(CreateRestApi=lambda call: {}))
    assert error(client_for(plane), "create_rest_api", name="a") == answer


# Who may call


def test_an_unsigned_request_is_refused_before_anything_else() -> None:
    handled = control_plane().handle(Request("POST", "/nowhere", (("Host", "h"),), b"{" * 100))

    assert handled.response.status == 403
    assert dict(handled.response.headers)["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert json.loads(handled.response.body) == {"message": "Missing Authentication Token"}


@pytest.mark.parametrize(
    ("session", "code", "sentence"),
    [
        (
            {"aws_secret_access_key": "wrong"},
            "InvalidSignatureException",
            "The request signature we calculated does not",
        ),
        (
            {"aws_access_key_id": "AKIDNOBODY"},
            "UnrecognizedClientException",
            "The security token included in the request",
        ),
        ({"aws_session_token": "any"}, "UnrecognizedClientException", "The security token included in the request"),
        (
            {"region_name": "eu-west-1"},
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not",
        ),
    ],
)
def test_a_caller_who_is_not_the_signer(session: dict[str, str], code: str, sentence: str) -> None:
    status, told, message = error(client_for(control_plane(), **session), "get_rest_apis")
    assert (status, told) == (403, code)
    assert message.startswith(sentence)


class Temporary:
    """Credentials with a session token."""

    def find(self, access_key_id: str) -> Identity:
        return Identity(access_key_id, "secret", "token+/=")


@pytest.mark.parametrize(("token", "allowed"), [("token+/=", True), ("other", False), (None, False)])
def test_a_session_token_must_be_the_one_that_was_given_out(token: str | None, allowed: bool) -> None:
    plane = control_plane(identities=Temporary(), operations=operations(GetAccount=lambda call: {}))
    client = client_for(plane, aws_secret_access_key="secret", aws_session_token=token)
    if allowed:
        client.get_account()
    else:
        assert error(client, "get_account")[1] == "UnrecognizedClientException"


def test_a_presigned_url_is_as_good_as_a_header() -> None:
    plane = control_plane(
        operations=operations(GetRestApis=lambda call: {"items": [{"id": str(call.params["limit"])}]})
    )
    url = client_for(plane).generate_presigned_url("get_rest_apis", {"limit": 7}, ExpiresIn=60)
    target = url.removeprefix("http://127.0.0.1:4566")
    headers = (("Host", "127.0.0.1:4566"), ("Accept", "application/json"))

    assert "X-Amz-Signature" in target
    handled = plane.handle(Request("GET", target, headers))
    assert json.loads(handled.response.body) == {"item": [{"id": "7"}]}
    assert plane.handle(Request("GET", target.replace("limit=7", "limit=8"), headers)).response.status == 403


class At:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("offset", "answer"), [(-600, "Signature not yet current: "), (600, "Signature expired: ")])
def test_a_clock_that_is_off(offset: float, answer: str) -> None:
    plane = control_plane(clock=At(time.time() + offset))
    status, code, message = error(client_for(plane), "get_rest_apis")
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith(answer)


# What is called


def signed(client: Any, plane: Any, method: str, path: str, body: bytes = b"") -> Handled:
    """A signed request that boto3 would never send."""
    request = AWSRequest(method, f"http://127.0.0.1:4566{path}", {"Content-Type": "application/json"}, body)
    SigV4Auth(client._request_signer._credentials, "apigateway", REGION).add_auth(request)
    return plane.handle(as_received(request.prepare()))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/restapis/a/nowhere?x=1"])
def test_an_unknown_url_is_no_operation(path: str) -> None:
    plane = control_plane()
    handled = signed(client_for(plane), plane, "GET", path)
    assert handled.response.status == 404
    assert dict(handled.response.headers)["x-amzn-ErrorType"] == "UnknownOperationException"


def test_a_wrong_json_type_is_a_serialization_exception() -> None:
    plane = control_plane()
    handled = signed(client_for(plane), plane, "POST", "/restapis", b'{"name":true}')
    assert handled.response.status == 400
    assert dict(handled.response.headers)["x-amzn-ErrorType"] == "SerializationException"
    assert json.loads(handled.response.body) == {"message": "class java.lang.Boolean can not be converted to an String"}


def test_a_body_over_the_cap_is_not_even_hashed() -> None:
    handled = control_plane().handle(Request("POST", "/restapis", (("Host", "h"),), bytes(MAX_BODY + 1)))
    assert handled.response.status == 413
