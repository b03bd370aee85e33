"""Where the credentials for another Lambda come from, compared with what botocore finds in the same places."""

from pathlib import Path

import pytest
from botocore.session import Session

from portico.adapters.aws_credentials import NoCredentials, aws_credentials
from portico.wire.sigv4 import Credentials

KEYS = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env/secret"}
CREDENTIALS = """\
[default]
aws_access_key_id = AKFILE
aws_secret_access_key = file%secret
[work]
aws_access_key_id=AKWORK
aws_secret_access_key=work+secret
aws_session_token=work//token==
[half]
aws_access_key_id = AKHALF
[empty]
region = eu-west-1
"""
CONFIG = """\
[default]
aws_access_key_id = AKCONFIG
aws_secret_access_key = config
[profile play]
aws_access_key_id = AKPLAY
aws_secret_access_key = play
[profile work]
aws_access_key_id = no
aws_secret_access_key = no
"""


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """The environment that names both files."""
    (tmp_path / "credentials").write_text(CREDENTIALS)
    (tmp_path / "config").write_text(CONFIG)
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Credentials("AKFILE", "file%secret")),
        (KEYS, Credentials("AKENV", "env/secret")),
        ({**KEYS, "AWS_SESSION_TOKEN": "token"}, Credentials("AKENV", "env/secret", "token")),
        ({**KEYS, "AWS_PROFILE": "work"}, Credentials("AKENV", "env/secret")),
        ({"AWS_PROFILE": "work"}, Credentials("AKWORK", "work+secret", "work//token==")),
        ({"AWS_PROFILE": "play"}, Credentials("AKPLAY", "play")),
    ],
)
def test_they_are_found_where_botocore_finds_them(
    environ: dict[str, str], expected: Credentials, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws_credentials({**places, **environ}) == expected
    for name in (*KEYS, "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**places, **environ}.items():
        monkeypatch.setenv(name, value)
    theirs = Session().get_credentials()
    assert (theirs.access_key, theirs.secret_key, theirs.token) == expected


def test_the_usual_places_are_those_of_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    assert aws_credentials({}) == Credentials("AKCONFIG", "config")


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"AWS_PROFILE": "empty"}, "no AWS credentials.*'empty'"),
        ({"AWS_PROFILE": "unknown"}, "no AWS credentials.*'unknown'"),
        ({"AWS_PROFILE": "half"}, "lack aws_secret_access_key"),
        ({"AWS_ACCESS_KEY_ID": "AK"}, "the environment lack aws_secret_access_key"),
        ({"AWS_SECRET_ACCESS_KEY": "s"}, "the environment lack aws_access_key_id"),
        ({**KEYS, "AWS_SECRET_ACCESS_KEY": "a b"}, "aws_secret_access_key is malformed"),
        ({**KEYS, "AWS_SESSION_TOKEN": "a\nX-Evil: 1"}, "aws_session_token is malformed"),
    ],
)
def test_where_there_are_none(environ: dict[str, str], reason: str, places: dict[str, str]) -> None:
    with pytest.raises(NoCredentials, match=reason):
        aws_credentials({**places, **environ})


@pytest.mark.parametrize("content", [b"aws_secret_access_key = hush\n", b"[a]\nhush\n", b"[a]\n\xff"])
def test_a_file_that_cannot_be_read_is_told_without_its_secrets(content: bytes, places: dict[str, str]) -> None:
    Path(places["AWS_SHARED_CREDENTIALS_FILE"]).write_bytes(content)
    with pytest.raises(NoCredentials, match="cannot be read") as told:
        aws_credentials(places)
    assert "hush" not in str(told.value)
