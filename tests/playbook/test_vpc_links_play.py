"""VPC links: who is called for a link, under which name, and what a link that leads nowhere comes to."""

from typing import Any

import pytest

from playbook.stage import Play, api, http, http_proxy, on_path
from portico.dataplane.compile.rest import Compiler
from portico.model.rest import decode_snapshot

NLB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/pets/0123"
OTHER = NLB.replace("pets", "toys")
MACHINES = {NLB: [("10.0.0.7", 8080), ("pets-2.internal", None)], OTHER: [("10.0.0.9", 80)]}
LINKS = {"link01": [NLB], "link02": [OTHER]}


def linked(uri: str = "http://pets.example.com/animals", link: str = "link01", build: Any = http_proxy) -> Any:
    return build(uri, connectionType="VPC_LINK", connectionId=link)


def play_of(method: Any, **standing: Any) -> Play:
    return Play(api({"/": {"GET": method}}), link_targets=MACHINES, **{"vpcLinks": LINKS, **standing})


@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_link_leads_to_its_machines_under_the_name_of_the_uri(build: Any) -> None:
    play = play_of(linked("https://pets.example.com:8443/animals", build=build))
    play.asks("GET /")
    origin = play.backend.last.origin
    assert (origin.secure, origin.host, origin.port) == (True, "pets.example.com", 8443)
    assert origin.via == (("10.0.0.7", 8080), ("pets-2.internal", 8443))
    assert play.backend.hears["Host"] == "pets.example.com:8443"
    assert play.backend.hears.target == "/animals"


def test_without_a_link_the_uri_says_who_is_called() -> None:
    play = play_of(http_proxy("http://pets.example.com/", connectionType="INTERNET"))
    play.asks("GET /")
    assert play.backend.last.origin.via == ()


@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_link_by_a_stage_variable(build: Any) -> None:
    play = play_of(linked(link="${stageVariables.link}", build=build), variables={"link": "link01"})
    play.asks("GET /")
    assert play.backend.last.origin.via[0] == ("10.0.0.7", 8080)
    play.update(variables={"link": "link02"})
    play.asks("GET /")
    assert play.backend.last.origin.via == (("10.0.0.9", 80),)


def test_a_host_of_the_request_leads_nowhere_else() -> None:
    """Whoever may write a part of the URI writes a name, and not where the connection goes."""
    method = http_proxy("http://{tenant}/x", connectionType="VPC_LINK", connectionId="link02", **on_path("tenant"))
    play = Play(api({"/{tenant}": {"GET": method}}), link_targets=MACHINES, vpcLinks=LINKS)
    play.asks("GET /blue.example.com")
    assert play.backend.last.origin.via == (("10.0.0.9", 80),)
    assert play.backend.hears["Host"] == "blue.example.com"


def test_a_client_certificate_and_unverified_tls_go_through_a_link_too() -> None:
    tls = {"tlsConfig": {"insecureSkipVerification": True}}
    method = http_proxy("https://pets/", connectionType="VPC_LINK", connectionId="link01", **tls)
    play = play_of(method, clientCertificateId="abc")
    play.asks("GET /")
    origin = play.backend.last.origin
    assert (origin.identity, origin.verify, origin.via[0]) == ("abc", False, ("10.0.0.7", 8080))


NOWHERE: list[tuple[str, dict[str, Any], str]] = [
    ("link03", {}, "the VPC link 'link03' is not known"),
    ("", {}, "the VPC link '' is not known"),
    ("${stageVariables.link}", {}, "the stage has no variable 'link'"),
    (
        "link01",
        {"vpcLinks": {"link01": [NLB, "arn:aws:x"]}},
        "the VPC link 'link01' leads to arn:aws:x, for which no --vpc-link-target is given",
    ),
]


@pytest.mark.parametrize(("link", "standing", "reason"), NOWHERE)
@pytest.mark.parametrize("build", [http, http_proxy])
def test_a_link_that_leads_nowhere_is_refused_with_its_reason(
    build: Any, link: str, standing: dict[str, Any], reason: str
) -> None:
    play = play_of(linked(link=link, build=build), **standing)
    assert play.asks("GET /").hears.status == 500
    assert not play.backend.calls
    assert play.causes == [f"not served: {reason}"]
    stage = play.stages["api1", "dev"]
    warned = Compiler(play.ports).check(decode_snapshot(play.load(stage.snapshot)), stage)
    assert [(each.method, each.path, each.reason) for each in warned] == [("GET", "/", reason)]


def test_a_canary_goes_through_a_link_of_its_own() -> None:
    play = play_of(linked(link="${stageVariables.link}"), variables={"link": "link01"})
    play.update(canarySettings={"percentTraffic": 50.0, "stageVariableOverrides": {"link": "link02"}})
    for shows, machine in ((0, "10.0.0.9"), (50, "10.0.0.7")):
        play.dice.shows = shows
        play.asks("GET /")
        assert play.backend.last.origin.via[0][0] == machine
