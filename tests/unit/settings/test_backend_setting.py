"""`--backend`: who is called instead of a host that URIs name."""

import pytest

from portico.settings import SettingError, Settings, loads
from portico.settings.backends import Backend
from portico.settings.link_targets import Target
from portico.settings.sources import load


@pytest.mark.parametrize(
    ("text", "named", "targets"),
    [
        ("pets.example=10.0.0.7:8080", ("pets.example", None), [("10.0.0.7", 8080)]),
        ("Pets.Example:80=One,[fd00::1]:81", ("pets.example", 80), [("one", None), ("fd00::1", 81)]),
        ("[::1]:443=one:2", ("::1", 443), [("one", 2)]),
    ],
)
def test_machines_of_a_name(text: str, named: tuple[str, int | None], targets: list[tuple[str, int | None]]) -> None:
    settings = load({"backend": [text]}, {})
    assert settings.backend == (Backend(Target(*named), tuple(Target(*each) for each in targets)),)
    assert loads(settings.dumps()) == settings


def test_several_in_one_text_as_the_environment_has_them() -> None:
    settings = load({}, {"PORTICO_BACKEND": "pets=a:1,b:2, toys:80=c:3"})
    assert [str(backend) for backend in settings.backend] == ["pets=a:1,b:2", "toys:80=c:3"]


@pytest.mark.parametrize("text", ["", "pets", "pets=", "=a:1", "pets=a:0", "pets=a:1,", "http://pets=a:1", "pets/x=a"])
def test_what_it_may_not_be(text: str) -> None:
    with pytest.raises(SettingError, match=r"--backend: .* is not HOST"):
        load({"backend": [text]}, {})


def test_a_name_has_one_value() -> None:
    with pytest.raises(SettingError, match=r"--backend: pets is given twice; its machines go into one value"):
        load({"backend": ["pets=a:1", "PETS=b:1"]}, {})


def test_without_it_names_lead_where_they_lead() -> None:
    assert Settings().backend == ()
