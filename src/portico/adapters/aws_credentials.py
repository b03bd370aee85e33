"""The credentials with which other AWS endpoints are called: where every AWS tool looks for them, without a library.

In this order: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with AWS_SESSION_TOKEN; the profile AWS_PROFILE, else
`default`, in AWS_SHARED_CREDENTIALS_FILE (`~/.aws/credentials`); the same profile in AWS_CONFIG_FILE (`~/.aws/config`).
What a tool would have to ask somebody for (roles, single sign-on, instance metadata) is not looked for.
"""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from portico.kernel.errors import PorticoError
from portico.wire.sigv4 import Credentials

_FORM: Final = re.compile(r"[!-~]{1,4096}")
"""What can stand in a header line. Session tokens have had 2 KB."""
_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


class NoCredentials(PorticoError):
    """There are none, or they are malformed. The text says where they were looked for."""


def aws_credentials(environ: Mapping[str, str], named: str | None = None) -> Credentials:
    """With `named` those of that profile, whatever else the environment says. Raises NoCredentials."""
    profile = named or environ.get("AWS_PROFILE") or "default"
    credentials_file = environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    config_file = environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    own = {key: environ[key.upper()] for key in _KEYS if environ.get(key.upper()) and not named}
    places = (
        ("the environment", own),
        (credentials_file, _section(credentials_file, profile)),
        (config_file, _section(config_file, profile if profile == "default" else f"profile {profile}")),
    )
    for place, found in places:
        if "aws_access_key_id" in found or "aws_secret_access_key" in found:
            return _credentials(place, found)
    unset = "" if named else "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and "
    raise NoCredentials(
        f"no AWS credentials: {unset}profile {profile!r} has none in {credentials_file} or {config_file}"
    )


def _section(name: str, section: str) -> Mapping[str, str]:
    """Raises NoCredentials where the file is there and cannot be read."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(Path(name).expanduser().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise NoCredentials(f"{name} cannot be read: {type(error).__name__}") from None  # its text may have the secret
    return parser[section] if parser.has_section(section) else {}


def _credentials(place: str, found: Mapping[str, str]) -> Credentials:
    """Raises NoCredentials."""
    for key in _KEYS[:2]:
        if not found.get(key):
            raise NoCredentials(f"the AWS credentials of {place} lack {key}")
    for key in _KEYS:
        if found.get(key) and not _FORM.fullmatch(found[key]):
            raise NoCredentials(f"the AWS credentials of {place}: {key} is malformed")
    return Credentials(found[_KEYS[0]], found[_KEYS[1]], found.get(_KEYS[2]) or None)
