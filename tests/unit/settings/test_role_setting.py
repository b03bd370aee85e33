"""`--role`: whose credentials stand for a role."""

from pathlib import Path

import pytest

from portico.settings import SettingError, Settings, loads
from portico.settings.roles import Role
from portico.settings.sources import load

PETS = "arn:aws:iam::111122223333:role/pets"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_role_and_its_profile() -> None:
    settings = load({"role": [f"{PETS}=pets", "*=default"]}, {})
    assert settings.role == (Role(PETS, "pets"), Role("*", "default"))


@pytest.mark.parametrize(
    ("text", "role"),
    [
        (f"{PETS}=", Role(PETS, "")),
        ("apigateway.amazonaws.com=me", Role("apigateway.amazonaws.com", "me")),
        ("arn:aws-cn:iam::111122223333:role/a/b=c@d=pets", Role("arn:aws-cn:iam::111122223333:role/a/b=c@d", "pets")),
    ],
)
def test_what_it_may_be(text: str, role: Role) -> None:
    assert load({"role": [text]}, {}).role == (role,)


@pytest.mark.parametrize(
    "text", ["", PETS, "pets=pets", "arn:aws:iam::1:role/x=p", f"{PETS}=a b", f"{PETS}=[a]", "arn:aws:iam::*:user/*=p"]
)
def test_what_it_may_not_be(text: str) -> None:
    with pytest.raises(SettingError, match=r"--role: .* is not ARN=PROFILE"):
        load({"role": [text]}, {})


def test_a_role_has_one_profile() -> None:
    with pytest.raises(SettingError, match="is given twice"):
        load({"role": [f"{PETS}=a", f"{PETS}=b"]}, {})


def test_the_environment_separates_by_commas() -> None:
    assert load({}, {"PORTICO_ROLE": f"{PETS}=a, *=b"}).role == (Role(PETS, "a"), Role("*", "b"))


def test_the_map_travels_to_the_supervisor() -> None:
    settings = Settings(role=(Role(PETS, "a"), Role("*", "")))
    assert loads(settings.dumps()) == settings
