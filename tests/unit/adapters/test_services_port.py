"""Whose credentials call a service: the map's, STS's, or nobody's, with what an operator should do."""

from pathlib import Path
from typing import Any

import pytest

from playbook.stage import Backend
from portico.adapters.assumed_role import AssumedRole
from portico.adapters.aws_services import AwsServices
from portico.lang.aws_services import S3, SERVICES
from portico.ports.services import GATEWAY_PRINCIPAL, Keys, NotCallable
from portico.settings import Address

ROLE = "arn:aws:iam::111122223333:role/pets"
OWN = {"AWS_ACCESS_KEY_ID": "AKOWN", "AWS_SECRET_ACCESS_KEY": "own"}
FILE = """\
[pets]
aws_access_key_id = AKPETS
aws_secret_access_key = pets
[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key = default
"""


class Scene:
    def __init__(self, folder: Path) -> None:
        self.public, self.trusted = Backend(), Backend()
        (folder / "credentials").write_text(FILE)
        self.files = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), "AWS_CONFIG_FILE": str(folder / "no")}

    def services(self, roles: dict[str, str] | None = None, **environ: str) -> AwsServices:
        return AwsServices(
            {**self.files, **environ},
            roles or {},
            "eu-west-1",
            (Address("127.0.0.1", 4566),),
            public=self.public,
            trusted=self.trusted,
            observer=lambda _: None,
        )

    def keys(self, principal: str, roles: dict[str, str] | None = None, **environ: str) -> Keys:
        services = self.services(roles, **environ)
        return services.keys(principal, services.endpoint(S3, "eu-west-1"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def key_of(keys: Keys) -> str:
    assert keys.lasting
    credentials = keys.at_hand()
    assert credentials is not None
    return credentials.access_key_id


@pytest.mark.parametrize(
    ("roles", "principal", "key"),
    [
        ({ROLE: "pets"}, ROLE, "AKPETS"),
        ({ROLE: "pets", "*": "default"}, ROLE, "AKPETS"),
        ({"*": "default"}, ROLE, "AKDEFAULT"),
        ({ROLE: ""}, ROLE, "AKOWN"),
        ({ROLE: "default"}, ROLE, "AKDEFAULT"),
        ({GATEWAY_PRINCIPAL: "pets"}, GATEWAY_PRINCIPAL, "AKPETS"),
    ],
)
def test_the_map_says_whose(scene: Scene, roles: dict[str, str], principal: str, key: str) -> None:
    assert key_of(scene.keys(principal, roles, **OWN)) == key


def test_another_role_is_assumed_at_sts(scene: Scene) -> None:
    keys = scene.keys(ROLE, {ROLE + "s": "pets"}, **OWN)
    assert isinstance(keys, AssumedRole) and not keys.lasting
    keys.fetch(Anybody(), "who")
    assert scene.public.last.origin.host == "sts.eu-west-1.amazonaws.com"
    assert "AKOWN/" in scene.public.heard


def test_sts_may_be_elsewhere_too(scene: Scene) -> None:
    keys = scene.keys(ROLE, **OWN, AWS_ENDPOINT_URL="http://moto:5000")
    keys.fetch(Anybody(), "who")
    assert not scene.public.calls
    assert scene.trusted.last.origin.host == "moto"


def test_a_role_has_one_object_for_all_who_call_in_its_name(scene: Scene) -> None:
    services = scene.services(**OWN)
    at = services.endpoint(S3, "eu-west-1")
    assert services.keys(ROLE, at) is services.keys(ROLE, services.endpoint(SERVICES["sqs"], "eu-west-1"))
    assert services.keys(ROLE, at) is not services.keys(ROLE + "s", at)


@pytest.mark.parametrize(
    ("principal", "roles", "environ", "told"),
    [
        (GATEWAY_PRINCIPAL, {}, OWN, "it names no credentials; give it a role, or say whose to use: --role apigateway"),
        (GATEWAY_PRINCIPAL, {"*": "pets"}, OWN, "it names no credentials"),
        (ROLE, {ROLE: "nobody"}, OWN, "profile 'nobody' has none"),
        (
            ROLE,
            {},
            {**OWN, "AWS_ENDPOINT_URL_S3": "http://minio:9000"},
            f"minio:9000 is not AWS, and {ROLE} would be assumed there; set AWS_ENDPOINT_URL_STS, or say whose",
        ),
        (
            ROLE,
            {},
            {"AWS_PROFILE": "nobody"},
            "no AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not",
        ),
        (
            ROLE,
            {},
            {**OWN, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_S3": "http://minio:9000"},
            "AWS_ENDPOINT_URL is this server's own --control, which has no sts",
        ),
    ],
)
def test_who_has_no_credentials_is_told_what_to_do(
    scene: Scene, principal: str, roles: dict[str, str], environ: dict[str, str], told: str
) -> None:
    with pytest.raises(NotCallable) as caught:
        scene.keys(principal, roles, **environ)
    assert told in str(caught.value)


def test_at_an_operators_endpoint_the_map_is_enough(scene: Scene) -> None:
    assert key_of(scene.keys(ROLE, {"*": "pets"}, AWS_ENDPOINT_URL_S3="http://minio:9000")) == "AKPETS"


def test_what_an_operator_named_is_called_by_the_client_that_may_call_anything(scene: Scene) -> None:
    services = scene.services(AWS_ENDPOINT_URL_S3="http://169.254.1.1:9000")
    for service, backend in ((S3, scene.trusted), (SERVICES["sqs"], scene.public)):
        destination: Any = services.endpoint(service, "eu-west-1").destination
        assert destination.backend is backend


def test_the_map_is_checked_before_anything_is_served(scene: Scene) -> None:
    scene.services({ROLE: "pets", "*": "default"}).check()
    with pytest.raises(NotCallable, match="profile 'nobody' has none"):
        scene.services({ROLE: "nobody"}).check()


def test_own_credentials_are_at_hand_whoever_asks(scene: Scene) -> None:
    waiter = Anybody()
    scene.keys(ROLE, {ROLE: "pets"}).fetch(waiter, "who").cancel()
    assert waiter.heard == ["who"]


class Anybody:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_credentials(self, context: str, /) -> None:
        self.heard.append(context)

    def on_no_credentials(self, context: str, cause: str, /) -> None:
        raise AssertionError(cause)
