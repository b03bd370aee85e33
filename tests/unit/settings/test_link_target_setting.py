"""`--vpc-link-target`: which machines stand behind the load balancer of VPC links."""

import pytest

from portico.settings import SettingError, Settings, loads
from portico.settings.link_targets import LinkTarget, Target
from portico.settings.sources import load

NLB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/pets/0123"
OTHER = NLB.replace("pets", "toys")


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("10.0.0.7:8080", [("10.0.0.7", 8080)]),
        ("10.0.0.7", [("10.0.0.7", None)]),
        (
            "one.internal:80,TWO,[fd00::1]:443,[FD00::2]",
            [("one.internal", 80), ("two", None), ("fd00::1", 443), ("fd00::2", None)],
        ),
    ],
)
def test_machines_of_a_load_balancer(text: str, targets: list[tuple[str, int | None]]) -> None:
    settings = load({"vpc_link_target": [f"{NLB}={text}"]}, {})
    assert settings.vpc_link_target == (LinkTarget(NLB, tuple(Target(*each) for each in targets)),)
    assert loads(settings.dumps()) == settings


def test_several_in_one_text_as_the_environment_has_them() -> None:
    settings = load({}, {"PORTICO_VPC_LINK_TARGET": f"{NLB}=a:1,b:2, {OTHER}=c:3"})
    assert {link.arn: [str(each) for each in link.targets] for link in settings.vpc_link_target} == {
        NLB: ["a:1", "b:2"],
        OTHER: ["c:3"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        NLB,
        f"{NLB}=",
        "pets=a:1",
        f"{NLB}=a:0",
        f"{NLB}=a:70000",
        f"{NLB}=a:1,",
        f"{NLB}=a b",
        f"{NLB}=http://a",
        f"{NLB}=[a]:1",
    ],
)
def test_what_it_may_not_be(text: str) -> None:
    with pytest.raises(SettingError, match=r"--vpc-link-target: .* is not ARN=HOST"):
        load({"vpc_link_target": [text]}, {})


def test_an_arn_has_one_value() -> None:
    with pytest.raises(SettingError, match=r"given twice; its machines go into one value"):
        load({"vpc_link_target": [f"{NLB}=a:1", f"{NLB}=b:2"]}, {})


def test_without_it_no_link_leads_anywhere() -> None:
    assert Settings().vpc_link_target == ()
