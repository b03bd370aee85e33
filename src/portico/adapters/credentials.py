"""The root credentials: made on the first start, kept as an AWS credentials file that every SDK can read.

Point a tool at it with AWS_SHARED_CREDENTIALS_FILE=<data-dir>/credentials.
"""

import base64
import configparser
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from portico.adapters import durable
from portico.adapters.data_dir import DataDirError

_ACCESS_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FORM = {
    # What can stand in a signature's Credential, which "/" and "," cut up; 128 is IAM's own bound of an AccessKeyId.
    "access key id": re.compile(r"[A-Za-z0-9_.-]{1,128}"),
    "secret access key": re.compile(r"[!-~]{1,256}"),
}
_FILE = """\
[default]
aws_access_key_id = {0.access_key_id}
aws_secret_access_key = {0.secret_access_key}
"""


class RootCredentials(NamedTuple):
    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        """Without the secret: what is printed ends in logs."""
        return f"RootCredentials({self.access_key_id!r}, …)"


def root_credentials(
    path: Path, access_key_id: str | None = None, secret_access_key: str | None = None
) -> RootCredentials:
    """The given pair; else the file's at `path`; else a new pair, written there with mode 0600. Raises DataDirError.

    The pair is what PORTICO_ACCESS_KEY_ID and PORTICO_SECRET_ACCESS_KEY say; None or "" where they say nothing.
    """
    if access_key_id or secret_access_key:
        if not access_key_id or not secret_access_key:
            raise DataDirError("PORTICO_ACCESS_KEY_ID and PORTICO_SECRET_ACCESS_KEY go together: one is not set")
        return _checked(RootCredentials(access_key_id, secret_access_key), "PORTICO_ACCESS_KEY_ID and its secret")
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return _create(path)
    except OSError as error:
        raise DataDirError(f"the credentials file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise _malformed(path, "it is not text") from None
    return _parse(path, text)


def new_credentials() -> RootCredentials:
    """A random pair of AWS's form: AKIA and 16 characters of base 32; 40 characters of base 64, 240 bits."""
    access_key_id = "AKIA" + "".join(secrets.choice(_ACCESS_KEY_ALPHABET) for _ in range(16))
    return RootCredentials(access_key_id, base64.b64encode(secrets.token_bytes(30)).decode())


def _create(path: Path) -> RootCredentials:
    credentials = new_credentials()
    try:
        durable.replace(path, _FILE.format(credentials).encode())
        durable.sync_directory(path.parent)
    except OSError as error:
        raise DataDirError(f"the credentials file {path} cannot be written: {error.strerror}") from error
    return credentials


def _parse(path: Path, text: str) -> RootCredentials:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        profile = parser["default"]
        found = RootCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])
    except KeyError as error:
        missing = str(error.args[0])
        raise _malformed(path, f"there is no {'[default]' if missing == 'default' else missing} in it") from None
    except configparser.Error as error:
        raise _malformed(path, _first_line(error)) from None
    return _checked(found, f"the credentials file {path}")


def _checked(credentials: RootCredentials, where: str) -> RootCredentials:
    for (name, form), value in zip(_FORM.items(), credentials, strict=True):
        if not form.fullmatch(value):
            raise DataDirError(f"{where}: the {name} is malformed, it must match {form.pattern}")
    return credentials


def _malformed(path: Path, reason: str) -> DataDirError:
    return DataDirError(
        f"the credentials file {path} is malformed: {reason}. Mend it, or remove it to have a new key made"
    )


def _first_line(error: configparser.Error) -> str:
    """What was wrong and where, but not the offending line, which may hold the secret."""
    line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", ())), None)
    kind = type(error).__name__
    return f"line {line}: {kind}" if line else kind
