"""Credentials of roles: fetched once, shared by who waits, renewed in time, and asked for in vain with patience."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from playbook.stage import NOON, Backend, Clock
from portico.adapters.assumed_role import AssumedRole
from portico.kernel.observe import Observation, RoleNotAssumed
from portico.ports.services import ServiceEndpoint
from portico.ports.upstream import FailureKind, Origin
from portico.wire.http1 import Request
from portico.wire.sigv4 import Credentials, read_claim, verify

ARN = "arn:aws:iam::111122223333:role/pets"
OWN = Credentials("AKIDOWN", "own/secret")
REFUSED = (
    "HTTP/1.1 403 Forbidden\nContent-Type: text/xml\n\n"
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
)


def answer(number: int, expires: float) -> str:
    end = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    members = {"AccessKeyId": f"ASIA{number}", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": end}
    return "HTTP/1.1 200 OK\n\n" + "".join(f"<{name}>{value}</{name}>" for name, value in members.items())


class Scene:
    """One role, an STS, and people who wait. `heard` is what these were told: "" for credentials."""

    def __init__(self) -> None:
        self.sts = Backend()
        self.clock = Clock()
        self.told: list[Observation] = []
        self.heard: dict[str, str] = {}
        endpoint = ServiceEndpoint(self.sts.to(Origin(False, "sts", 80)), "sts.test", "/base", False)
        self.role = AssumedRole(ARN, endpoint, "eu-west-1", OWN, self.clock.now, self.told.append)

    def on_credentials(self, context: str, /) -> None:
        assert context not in self.heard, "a waiter is told once"
        self.heard[context] = ""

    def on_no_credentials(self, context: str, cause: str, /) -> None:
        assert context not in self.heard, "a waiter is told once"
        self.heard[context] = cause

    def wait(self, who: str) -> Any:
        return self.role.fetch(self, who)

    def answers(self, number: int = 1, life: float = 3600) -> None:
        # the Receiver of these calls needs no context
        call = self.sts.last
        call._context = self
        self.sts.answers(answer(number, self.clock.seconds + life))

    def refuses(self, text: str = REFUSED) -> None:
        self.sts.last._context = self
        self.sts.answers(text)

    @property
    def key(self) -> str | None:
        credentials = self.role.at_hand()
        return None if credentials is None else credentials.access_key_id


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_call_is_signed_with_the_servers_own_credentials(scene: Scene) -> None:
    assert scene.key is None and not scene.sts.calls, "looking is not asking"
    scene.wait("a")
    heard = scene.sts.hears
    assert heard.first == "POST /base/ HTTP/1.1"
    assert (heard["host"], heard["content-length"]) == ("sts.test", str(len(heard.content)))
    assert parse_qs(heard.body)["RoleArn"] == [ARN]
    request = Request("POST", "/base/", tuple(heard.headers), heard.content)
    claim = read_claim(request)
    verify(claim, request, OWN.secret_access_key, NOON)
    assert (claim.access_key_id, *claim.scope[1:]) == ("AKIDOWN", "eu-west-1", "sts")


def test_many_wait_for_one_call(scene: Scene) -> None:
    for who in "abc":
        scene.wait(who)
    assert len(scene.sts.calls) == 1
    scene.answers()
    assert scene.heard == {"a": "", "b": "", "c": ""}
    assert scene.key == "ASIA1"


def test_who_left_hears_nothing(scene: Scene) -> None:
    scene.wait("a").cancel()
    scene.wait("b")
    scene.answers()
    assert scene.heard == {"b": ""}


def test_renewal_begins_when_a_quarter_of_the_life_is_left_and_nobody_waits_for_it(scene: Scene) -> None:
    scene.wait("a")
    scene.answers(1)
    scene.clock.passes(2699)
    assert (scene.key, len(scene.sts.calls)) == ("ASIA1", 1)
    scene.clock.passes(2)
    assert (scene.key, scene.key, len(scene.sts.calls)) == ("ASIA1", "ASIA1", 2)
    scene.answers(2)
    assert (scene.key, len(scene.sts.calls)) == ("ASIA2", 2)


def test_credentials_that_are_about_to_expire_are_not_used(scene: Scene) -> None:
    scene.wait("a")
    scene.answers(1)
    scene.clock.passes(3541)
    assert scene.key is None
    scene.wait("b")
    scene.answers(2)
    assert (scene.heard["b"], scene.key) == ("", "ASIA2")


def test_a_renewal_that_fails_leaves_what_is_at_hand(scene: Scene) -> None:
    scene.wait("a")
    scene.answers(1)
    scene.clock.passes(2701)
    assert scene.key == "ASIA1"
    scene.refuses()
    assert (scene.key, len(scene.sts.calls)) == ("ASIA1", 2)
    assert scene.told == [RoleNotAssumed(ARN, "sts.test", "403 AccessDenied: not you")]
    scene.clock.passes(1)
    assert (scene.key, len(scene.sts.calls)) == ("ASIA1", 3), "asked again after a pause"


def test_after_a_failure_there_is_a_growing_pause(scene: Scene) -> None:
    pauses = []
    for attempt in range(8):
        scene.wait(f"waits {attempt}")
        scene.refuses()
        scene.wait(f"at once {attempt}")
        asked = len(scene.sts.calls)
        assert asked == attempt + 1, "nobody asks in the pause"
        pause = 0
        while scene.role._not_before > scene.clock.now():
            scene.clock.passes(1)
            pause += 1
        pauses.append(pause)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert set(scene.heard.values()) == {f"{ARN} by sts.test: 403 AccessDenied: not you"}


def test_a_success_ends_the_pauses(scene: Scene) -> None:
    scene.wait("a")
    scene.refuses()
    scene.clock.passes(1)
    scene.wait("b")
    scene.answers(1, life=120)
    scene.clock.passes(61)
    scene.wait("c")
    scene.refuses()
    scene.clock.passes(1)
    scene.wait("d")
    assert len(scene.sts.calls) == 4


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("HTTP/1.1 200 OK\n\n<html>hello</html>", "its answer holds no credentials"),
        ("HTTP/1.1 502 Bad Gateway\n\n", "status 502"),
        (answer(1, NOON + 30), "its credentials have expired already"),
    ],
)
def test_answers_that_are_no_credentials(scene: Scene, text: str, cause: str) -> None:
    scene.wait("a")
    scene.refuses(text)
    assert scene.heard["a"].endswith(cause) and scene.key is None


def test_an_sts_that_is_not_there(scene: Scene) -> None:
    scene.wait("a")
    scene.sts.last._context = scene
    scene.sts.fails(FailureKind.CONNECT, "refused")
    assert scene.heard["a"] == f"{ARN} by sts.test: the backend could not be reached: refused"
