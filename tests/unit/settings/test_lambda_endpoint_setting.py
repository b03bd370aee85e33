"""Which Lambda is called: the option, AWS's own variable, and addresses that would be our own."""

from pathlib import Path

import pytest

from portico.settings import SettingError, loads
from portico.settings.sources import load

AWS = "AWS_ENDPOINT_URL_LAMBDA"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://lambda.eu-west-1.amazonaws.com", "https://lambda.eu-west-1.amazonaws.com"),
        ("http://127.0.0.1:3001/", "http://127.0.0.1:3001"),
        ("http://[::1]:9001", "http://[::1]:9001"),
        ("http://my_lambda:8080/base/", "http://my_lambda:8080/base"),
    ],
)
def test_an_address_is_kept_without_the_slash_at_its_end(url: str, kept: str) -> None:
    settings = load({"lambda_endpoint": url}, {})
    assert settings.lambda_endpoint == kept
    assert loads(settings.dumps()).lambda_endpoint == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:70000",
        "http://h?x",
        "http://h#x",
        "http://h/a b",
        "http://[x]",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="is not an http or https URL"):
        load({"lambda_endpoint": url}, {})


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingError, match="does not belong in the URL") as told:
        load({}, {"PORTICO_LAMBDA_ENDPOINT": "http://u:secret@h"})
    assert "secret" not in str(told.value)


def test_our_own_variable_wins_over_that_of_aws_and_both_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text('lambda-endpoint = "http://file"')
    ours, flag = {"PORTICO_LAMBDA_ENDPOINT": "http://ours"}, {"lambda_endpoint": "http://flag"}
    theirs = {AWS: "http://theirs"}
    assert load({}, {}).lambda_endpoint == "http://file"
    assert load({}, theirs).lambda_endpoint == "http://theirs"
    assert load({}, {**theirs, **ours}).lambda_endpoint == "http://ours"
    assert load(flag, {**theirs, **ours}).lambda_endpoint == "http://flag"


def test_a_bad_value_of_awss_variable_has_its_name() -> None:
    with pytest.raises(SettingError, match=f"^{AWS}: 'h' is not"):
        load({}, {AWS: "h"})


def test_the_variable_for_all_services_redirects_nothing() -> None:
    assert load({}, {"AWS_ENDPOINT_URL": "http://h"}).lambda_endpoint is None
    assert load({}, {AWS: ""}).lambda_endpoint is None


OWN = [
    ({}, "http://127.0.0.1:4566"),
    ({}, "http://localhost:4566/"),
    ({}, "https://localhost.localhost:4566"),
    ({"control": ["[::1]:80"]}, "http://[::1]"),
    ({"control": ["0.0.0.0:4566"], "insecure_control": True}, "http://127.0.0.1:4566"),
    ({"control": ["0.0.0.0:4566"], "insecure_control": True}, "http://localhost:4566"),
    ({"control": ["192.0.2.1:4566"], "insecure_control": True}, "http://192.0.2.1:4566"),
]


@pytest.mark.parametrize(("flags", "url"), OWN)
def test_our_own_control_listener_is_no_other_lambda(flags: dict[str, object], url: str) -> None:
    assert load(flags, {AWS: url}).lambda_endpoint is None
    with pytest.raises(SettingError, match="this server's own --control"):
        load({**flags, "lambda_endpoint": url}, {})


@pytest.mark.parametrize("url", ["http://127.0.0.1:4567", "http://192.0.2.1:4566", "http://other:4566"])
def test_other_listeners_are(url: str) -> None:
    assert load({"lambda_endpoint": url}, {}).lambda_endpoint == url
