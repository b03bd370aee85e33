"""Canaries: who gets which release, with which variables, and what is told of it (facts 73 to 79)."""

import gc
import weakref
from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest

from playbook.stage import Play, api, http_proxy, lambda_proxy, mock, on_path, responds
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot
from portico.model.standing import canary_of
from portico.ports.changes import Change

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:dev"


def release(text: str, **settings: Any) -> dict[str, Any]:
    """An API that says which release it is, and what it was told."""
    told = f"{text} $context.deploymentId $context.isCanaryRequest $stageVariables.v"
    return api({"/": {"GET": mock(responds(responseTemplates={"application/json": told}))}}, **settings)


def stage(play: Play, percent: float, other: dict[str, Any] | None = None, **settings: Any) -> None:
    """Give stage "dev" a canary."""
    canary = {"percentTraffic": percent, "deploymentId": "dep2", **settings}
    canary["snapshot"] = play.freeze(other or release("new"))
    play.update(canarySettings=canary)


def said(play: Play, path: str = "/") -> str:
    hears = play.asks(f"GET {path}").hears
    return hears.body if hears.status == 200 else str(hears.status)


@pytest.mark.parametrize(
    ("percent", "shows", "served"),
    [(0.0, 0.0, "old"), (10.0, 9.99, "new"), (10.0, 10.0, "old"), (0.1, 0.05, "new"), (100.0, 99.999, "new")],
)
def test_a_canary_gets_its_share_of_the_requests(percent: float, shows: float, served: str) -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, percent)
    play.dice.shows = shows
    assert said(play).split()[0] == served


def test_every_request_is_decided_anew() -> None:
    """Also those for a line that was asked for before."""
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    heard = []
    for shows in (10, 90, 10, 10, 90):
        play.dice.shows = shows
        heard.append(said(play).split()[0])
    assert heard == ["new", "old", "new", "new", "old"]


def test_the_share_is_kept_over_many_requests() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 20.0)
    random, heard = Random(7), Counter[str]()
    for _ in range(2_000):
        play.dice.shows = random.random() * 100
        heard[said(play).split()[0]] += 1
    assert 350 < heard["new"] < 450  # five sigma are 90


def test_a_canary_is_another_deployment_with_variables_of_its_own() -> None:
    play = Play(release("old"), variables={"v": "1", "kept": "yes"})
    stage(play, 50.0, stageVariableOverrides={"v": "2"})
    assert said(play) == "new dep2 true 2"
    play.dice.shows = 50
    assert said(play) == "old dep1 false 1"
    play.update(canarySettings=None)
    assert said(play).startswith("old dep1 ") and "false" not in said(play)


def test_fact_76_a_canary_may_be_the_stages_own_deployment() -> None:
    play = Play(release("one"), variables={"v": "1"})
    own = {"snapshot": play.stages["api1", "dev"].snapshot, "deploymentId": "dep1"}
    play.update(canarySettings={"percentTraffic": 50.0, **own})
    assert said(play) == "one dep1 true 1"
    play.update(canarySettings={"percentTraffic": 50.0})
    assert said(play) == "one dep1 true 1"


def test_variables_reach_the_uris_of_a_canary() -> None:
    uri = "http://${stageVariables.host}/{id}"
    play = Play(api({"/{id}": {"GET": http_proxy(uri, **on_path("id"))}}), variables={"host": "old"})
    overrides = {"host": "new"}
    stage(play, 50.0, api({"/{id}": {"GET": http_proxy(uri, **on_path("id"))}}), stageVariableOverrides=overrides)
    for shows, host in ((10, "new"), (90, "old"), (10, "new")):
        play.dice.shows = shows
        play.asks("GET /7")
        assert (play.backend.last.origin.host, play.backend.hears["Host"]) == (host, host)
        play.backend.answers()


def test_paths_are_each_releases_own() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0, api({"/added": {"GET": mock()}}))
    assert (said(play, "/added"), said(play)) == ("", "403")
    play.dice.shows = 50
    assert said(play, "/added") == "403"
    assert said(play).startswith("old")


def test_a_mapping_tells_a_backend() -> None:
    told = {"integration.request.header.X-Canary": "context.isCanaryRequest"}
    definition = api({"/": {"GET": http_proxy("http://b/", requestParameters=told)}})
    play = Play(definition)
    play.asks("GET /")
    assert play.backend.hears["X-Canary"] is None
    stage(play, 50.0, definition)
    for shows, value in ((0, "true"), (50, "false")):
        play.dice.shows = shows
        play.asks("GET /")
        assert play.backend.hears["X-Canary"] == value


def test_a_function_is_told() -> None:
    definition = api({"/": {"GET": lambda_proxy()}})
    play = Play(definition)
    play.asks("GET /")
    assert "isCanaryRequest" not in play.functions.event["requestContext"]
    stage(play, 50.0, definition)
    for shows, canary, deployment in ((0, True, "dep2"), (50, False, "dep1")):
        play.dice.shows = shows
        play.asks("GET /")
        context = play.functions.event["requestContext"]
        assert (context["isCanaryRequest"], context["deploymentId"]) == (canary, deployment)


# What is told of it


def test_a_canary_has_a_log_of_its_own_beside_the_stages() -> None:
    settings = {"format": "$context.requestId $context.isCanaryRequest $context.deploymentId $context.status"}
    play = Play(release("old"), variables={"v": "1"}, accessLogSettings={**settings, "destinationArn": GROUP})
    said(play)
    stage(play, 50.0)
    said(play)
    play.dice.shows = 50
    said(play)
    lines = {group: [line.partition(" ")[2] for line in lines] for group, lines in play.log.lines.items() if lines}
    assert lines == {
        GROUP: ["- dep1 200", "true dep2 200", "false dep1 200"],
        f"{GROUP}/Canary": ["true dep2 200"],
    }


def test_a_group_that_ends_in_a_star_is_the_same_group() -> None:
    settings = {"format": "$context.requestId", "destinationArn": f"{GROUP}:*"}
    play = Play(release("old"), variables={"v": "1"}, accessLogSettings=settings)
    stage(play, 50.0)
    said(play)
    assert [len(play.log.lines[group]) for group in (f"{GROUP}:*", f"{GROUP}/Canary")] == [1, 1]


def test_without_a_log_group_a_canary_is_in_the_servers_log_once() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    said(play)
    assert [len(lines) for lines in play.log.lines.values()] == [1]


def test_a_canary_is_counted_with_its_stage_and_apart() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    said(play)
    said(play, "/nowhere")
    play.dice.shows = 50
    said(play)
    assert sorted(play.meters.records) == [
        (("api1", "dev", "", ""), 403),
        (("api1", "dev", "GET", "/"), 200),
        (("api1", "dev", "GET", "/"), 200),
        (("api1", "dev/Canary", "", ""), 403),
        (("api1", "dev/Canary", "GET", "/"), 200),
    ]


# What cannot be


def test_a_release_that_is_refused_refuses_its_own_share() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0, release("new", policy='{"Statement": []}'))
    assert said(play) == "500"
    assert "resource policies" in play.causes[0]
    play.dice.shows = 50
    assert said(play).startswith("old")
    stage(play, 50.0)
    play.deploy(release("old", policy='{"Statement": []}'), **settings_of(play))
    assert said(play) == "500"
    play.dice.shows = 0
    assert said(play).startswith("new")


def settings_of(play: Play) -> dict[str, Any]:
    standing = msgspec.to_builtins(play.stages["api1", "dev"])
    return {name: standing[name] for name in ("variables", "canarySettings")}


def test_the_switch_of_the_default_endpoint_is_the_stages() -> None:
    play = Play(release("old"), variables={"v": "1"}, disableExecuteApiEndpoint=True)
    stage(play, 100.0)
    assert said(play) == "403"


def test_a_snapshot_of_a_canary_that_cannot_be_read_refuses_the_canarys_share_until_it_can() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    digest = play.freeze(release("newer"))
    body = play.snapshots.pop(digest)
    play.update(canarySettings={"percentTraffic": 50.0, "deploymentId": "dep3", "snapshot": digest})
    assert said(play) == "500"
    assert play.not_served == ["its snapshot cannot be loaded: no such snapshot"]
    play.dice.shows = 50
    assert said(play).startswith("old")
    program = play.gateway._apis["api1"][b"dev"]
    play.gateway.read_again()
    assert play.gateway._apis["api1"][b"dev"] is program, "nothing more could be read"
    assert len(play.not_served) == 1
    play.snapshots[digest] = body
    play.gateway.read_again()
    play.dice.shows = 0
    assert said(play).startswith("newer dep3")


def test_nothing_is_read_twice() -> None:
    """Not by a change of the share, and not by a promotion: what the canary served, the stage serves."""
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    canary = play.stages["api1", "dev"].canary_settings
    assert canary is not None
    play.snapshots.clear()
    play.update(canarySettings={**msgspec.to_builtins(canary), "percentTraffic": 5.0})
    play.dice.shows = 5
    assert said(play).startswith("old")
    play.update(snapshot=canary.snapshot, deploymentId="dep2", canarySettings=None)
    assert said(play).startswith("new dep2 ")
    assert not play.not_served


def test_a_reset_brings_the_canary_back() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 50.0)
    record = msgspec.to_builtins(play.stages["api1", "dev"])
    program = play.gateway._apis["api1"][b"dev"]
    play.gateway.reset([Change(9, "stage", "api1/dev", record)])
    assert play.gateway._apis["api1"][b"dev"] is program
    assert said(play).startswith("new")


def test_a_check_compiles_a_canary_under_its_own_variables() -> None:
    play = Play(api({"/": {"GET": http_proxy("http://${stageVariables.host}/")}}))
    play.update(canarySettings={"percentTraffic": 5.0, "stageVariableOverrides": {"host": "b"}})
    standing = play.stages["api1", "dev"]
    snapshot = decode_snapshot(play.load(standing.snapshot))
    assert [each.reason for each in Compiler(play.ports).check(snapshot, standing)] == [
        "the stage has no variable 'host'"
    ]
    assert Compiler(play.ports).check(snapshot, canary_of(standing)) == []


def test_a_replaced_canary_is_freed_without_the_collector() -> None:
    play = Play(release("old"), variables={"v": "1"})
    stage(play, 100.0, release("of this test alone"))
    program = play.gateway._apis["api1"][b"dev"]
    assert program.canary is not None
    route = program.canary.match(b"GET", [])
    assert route is not None
    freed = weakref.ref(route[0].steps[-1].__self__)  # type: ignore[attr-defined]
    del program, route
    gc.disable()
    try:
        play.update(canarySettings=None)
        assert freed() is None
    finally:
        gc.enable()
