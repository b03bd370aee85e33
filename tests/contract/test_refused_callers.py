"""Who is not let in, and what AWS's tools tell them."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import botocore.auth
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from contract_scene import Refused, Scene
from running_server import PATIENCE

UNKNOWN = "The security token included in the request is invalid."


def refusal(client: Any) -> tuple[int, str, str]:
    """Status, code and message of what a refused client is told."""
    with pytest.raises(ClientError) as refused:
        client.get_rest_apis()
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


@contextmanager
def clock_moved(patch: pytest.MonkeyPatch, by: timedelta) -> Iterator[None]:
    """The signer's clock is wrong."""
    right = botocore.auth.get_current_datetime
    with patch.context() as moved:
        moved.setattr(botocore.auth, "get_current_datetime", lambda *told, **more: right(*told, **more) + by)
        yield


def get(url: str) -> tuple[int, str | None, bytes]:
    """Status, x-amzn-ErrorType and body of a plain GET."""
    host, _, target = url.partition("//")[2].partition("/")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        connection.request("GET", f"/{target}", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("x-amzn-ErrorType"), answer.read()
    finally:
        connection.close()


def test_nobody_is_let_in_unsigned(scene: Scene) -> None:
    told = (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert refusal(scene.client(signature_version=UNSIGNED)) == told
    with pytest.raises(Refused, match="Missing Authentication Token"):
        scene.aws("get-rest-apis", "--no-sign-request")


def test_nobody_is_let_in_by_a_key_that_is_not_known(scene: Scene) -> None:
    assert refusal(scene.client("test", "test")) == (403, "UnrecognizedClientException", UNKNOWN)
    with pytest.raises(Refused) as told:
        scene.aws("get-rest-apis", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    assert "(UnrecognizedClientException) when calling the GetRestApis operation" in str(told.value)
    assert UNKNOWN in str(told.value)


def test_nobody_is_let_in_by_a_wrong_secret(scene: Scene) -> None:
    key, secret = scene.access_key()
    status, code, message = refusal(scene.client(key, secret[::-1]))
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith("The request signature we calculated does not match the signature you provided.")
    assert secret not in message


def test_nobody_is_let_in_with_a_session_token_of_nobody(scene: Scene) -> None:
    key, secret = scene.access_key()
    with pytest.raises(Refused, match="UnrecognizedClientException"):
        scene.aws("get-rest-apis", AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN="token")


@pytest.mark.parametrize(
    ("minutes", "told"), [(-6, "Signature expired: "), (6, "Signature not yet current: ")], ids=["behind", "ahead"]
)
def test_a_clock_more_than_five_minutes_off_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, minutes: int, told: str
) -> None:
    client = scene.client()
    with clock_moved(monkeypatch, timedelta(minutes=minutes)):
        status, code, message = refusal(client)
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith(told)
    assert "5 min.)" in message
    with clock_moved(monkeypatch, timedelta(minutes=minutes / 2)):
        client.get_rest_apis()


def test_a_presigned_address_lives_as_long_as_it_says(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client = scene.client()
    status, _, body = get(client.generate_presigned_url("get_rest_apis", ExpiresIn=60))
    assert (status, b'"item"' in body) == (200, True)
    with clock_moved(monkeypatch, timedelta(minutes=-2)):
        expired = client.generate_presigned_url("get_rest_apis", ExpiresIn=60)
        alive = client.generate_presigned_url("get_rest_apis", ExpiresIn=180)
    assert get(alive)[0] == 200
    status, error, body = get(expired)
    assert (status, error) == (403, "InvalidSignatureException")
    assert b"Signature expired: " in body
    assert get(alive.replace("restapis", "account"))[0] == 403, "it is good for nothing else"


def test_errors_of_the_caller_reach_the_cli_as_awss(scene: Scene) -> None:
    with pytest.raises(Refused) as told:
        scene.aws("get-rest-api", "--rest-api-id", "nothere")
    assert str(told.value) == (
        "An error occurred (NotFoundException) when calling the GetRestApi operation: "
        "Invalid API identifier specified 000000000000:nothere"
    )
    with pytest.raises(Refused, match=r"\(BadRequestException\) when calling the CreateRestApi operation: "):
        scene.aws("create-rest-api", "--name", "x", "--minimum-compression-size", "-5")
