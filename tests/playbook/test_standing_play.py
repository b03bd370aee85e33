"""Standing's changes: what acts at once, what needs a deployment, and what happens to records that are none."""

from typing import Any

import msgspec
import pytest

from playbook.stage import HOST, Play, api, http_proxy, mock, responds
from portico.ports.changes import Change


def saying(text: str, api_id: str = "api1", **settings: Any) -> dict[str, Any]:
    return api({"/": {"GET": mock(responds(responseTemplates={"application/json": text}))}}, api_id, **settings)


def asked(play: Play, stage: str = "dev", api_id: str = "api1") -> str:
    hears = play.says(f"GET /{stage}/ HTTP/1.1\nHost: {api_id}.execute-api.localhost\n\n").hears
    return hears.body if hears.status == 200 else str(hears.status)


def change(play: Play, api_id: str, stage: str, value: dict[str, Any] | None) -> None:
    play.gateway.apply([Change(1, "stage", f"{api_id}/{stage}", value)])


def test_a_new_deployment_acts_and_an_old_one_can_come_back() -> None:
    play = Play(saying("one"))
    first = play.stages["api1", "dev"]
    assert asked(play) == "one"
    play.deploy(saying("two"))
    assert asked(play) == "two"
    play.stand(first)
    assert asked(play) == "one"


def test_stages_and_apis_are_each_their_own() -> None:
    play = Play(saying("dev"))
    play.deploy(saying("prod"), "prod")
    play.deploy(saying("other", "api2"))
    assert [asked(play), asked(play, "prod"), asked(play, api_id="api2")] == ["dev", "prod", "other"]
    change(play, "api1", "dev", None)
    assert [asked(play), asked(play, "prod"), asked(play, api_id="api2")] == ["403", "prod", "other"]
    change(play, "api1", "prod", None)
    change(play, "api1", "prod", None)
    assert asked(play, "prod") == "403"


def test_changes_of_other_kinds_are_passed_over() -> None:
    play = Play(saying("one"))
    play.gateway.apply([Change(2, "apikey", "k", {"value": "secret"}), Change(3, "usageplan", "p", None)])
    assert asked(play) == "one"


def test_a_request_under_way_ends_as_it_began() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://old/")}}))
    client = play.asks("GET /")
    play.deploy(saying("new"))
    play.backend.answers("HTTP/1.1 200 OK\n\nold")
    assert client.hears.body == "old"
    assert asked(play) == "new"
    client = play.says(f"POST /dev/ HTTP/1.1\nHost: {HOST}\nContent-Length: 1\n\n", whole=False)
    change(play, "api1", "dev", None)
    assert client.over


def test_settings_act_at_once_on_paths_that_were_asked_for_before() -> None:
    play = Play(saying("one"))
    assert asked(play) == "one"
    play.update(disableExecuteApiEndpoint=True)
    assert asked(play) == "403"
    play.update(disableExecuteApiEndpoint=False)
    assert asked(play) == "one"
    play.update(methodSettings={"*/*": {"throttlingBurstLimit": 1}})
    assert asked(play) == "500"
    play.update(methodSettings={})
    assert asked(play) == "one"
    play.update(webAclArn="arn:aws:wafv2:x")
    assert asked(play) == "500"


def test_a_snapshot_that_cannot_be_loaded_refuses_its_stage_until_it_can() -> None:
    play = Play(saying("one"))
    play.deploy(saying("prod"), "prod")
    standing = play.standing(saying("two"))
    body = play.snapshots.pop(standing.snapshot)
    play.stand(standing)
    assert (asked(play), asked(play, "prod")) == ("500", "prod")
    assert play.not_served == ["its snapshot cannot be loaded: no such snapshot"]
    play.snapshots[standing.snapshot] = body
    play.stand(standing)
    assert asked(play) == "two"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"apiId": 1}'])
def test_a_snapshot_that_is_not_what_its_name_says_is_not_served(body: bytes) -> None:
    play = Play(saying("one"))
    standing = play.standing(saying("two"))
    play.snapshots[standing.snapshot] = body
    play.stand(standing)
    assert asked(play) == "500"
    assert play.not_served == ["its snapshot cannot be loaded: the snapshot's content is not what its name says"]


BROKEN: list[dict[str, Any]] = [
    {},
    {"apiId": "api1"},
    {"apiId": "api1", "stageName": "dev", "deploymentId": "d", "snapshot": 5},
    {"apiId": "api1", "stageName": "dev", "deploymentId": "d", "snapshot": "s", "variables": [1]},
    {"apiId": "api1", "stageName": "dev", "deploymentId": "d", "snapshot": "s", "methodSettings": {"*/*": 5}},
]


@pytest.mark.parametrize("record", BROKEN)
def test_a_record_that_is_none_refuses_its_own_stage_and_no_other(record: dict[str, Any]) -> None:
    play = Play(saying("one"))
    play.deploy(saying("prod"), "prod")
    good = msgspec.to_builtins(play.standing(saying("three"), "three"))
    play.gateway.apply([Change(2, "stage", "api1/dev", record), Change(3, "stage", "api1/three", good)])
    assert (asked(play), asked(play, "prod"), asked(play, "three")) == ("500", "prod", "three")
    assert "its standing cannot be read" in play.not_served[0]
    play.deploy(saying("again"))
    assert asked(play) == "again"


@pytest.mark.parametrize("record", BROKEN)
def test_a_reset_survives_a_record_that_is_none(record: dict[str, Any]) -> None:
    play = Play(saying("one"))
    good = msgspec.to_builtins(play.standing(saying("prod"), "prod"))
    play.gateway.reset([Change(1, "stage", "api1/dev", record), Change(2, "stage", "api1/prod", good)])
    assert (asked(play), asked(play, "prod")) == ("500", "prod")


def test_a_reset_keeps_what_did_not_change_and_forgets_what_is_not_told() -> None:
    play = Play(saying("one"))
    play.deploy(saying("prod"), "prod")
    play.deploy(saying("gone"), "gone")
    before = dict(play.gateway._apis["api1"])
    play.deploy(saying("two"))
    told = [play.stages["api1", stage] for stage in ("dev", "prod")]
    play.gateway.reset([Change(9, "stage", f"api1/{each.stage_name}", msgspec.to_builtins(each)) for each in told])
    assert (asked(play), asked(play, "prod"), asked(play, "gone")) == ("two", "prod", "403")
    assert play.gateway._apis["api1"][b"prod"] is before[b"prod"]


def test_a_record_with_members_that_this_version_does_not_know_is_refused() -> None:
    play = Play(saying("one"))
    record = {**msgspec.to_builtins(play.stages["api1", "dev"]), "somethingNew": {"a": 1}}
    change(play, "api1", "dev", record)
    assert asked(play) == "500", "it may ask for a protection that this version cannot give"
