"""AssumeRole of AWS's Security Token Service: the form that is sent, and what its XML answer says."""

import re
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from portico.kernel.errors import PorticoError
from portico.wire.sigv4 import Credentials

SESSION: Final = "BackplaneAssumeRoleSession"
"""The name of the sessions in which API Gateway's calls appear in CloudTrail."""
_MEMBERS: Final = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_FIND: Final = {name: re.compile(rf"<{name}>\s*([!-;=?-~]{{1,16384}})\s*</{name}>") for name in _MEMBERS}
"""Printable ASCII without angle brackets. Nothing in these values needs an entity of XML."""
_ERROR: Final = re.compile(r"<Code>([\w.]{1,100})</Code>\s*<Message>([^<]{0,1000})</Message>")


class NotUnderstood(PorticoError):
    """An answer that is none of AssumeRole's."""


class Session(NamedTuple):
    credentials: Credentials
    expires: float
    """Epoch in seconds."""


def assume_role(arn: str) -> bytes:
    """The body of the request, a form."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": arn, "RoleSessionName": SESSION}
    return urlencode(form).encode()


def read_session(body: bytes) -> Session:
    """Raises NotUnderstood, with nothing of the answer in its text: that may hold a secret."""
    text = body.decode("utf-8", "replace")
    found = [pattern.search(text) for pattern in _FIND.values()]
    values = [match[1] for match in found if match is not None]
    if len(values) < len(_MEMBERS):
        raise NotUnderstood("its answer holds no credentials")
    key, secret, token, expires = values
    try:
        end = datetime.fromisoformat(expires)
    except ValueError:
        end = None
    if end is None or end.tzinfo is None:
        raise NotUnderstood(f"its answer's Expiration is no time: {expires[:40]}")
    return Session(Credentials(key, secret, token), end.timestamp())


def read_error(status: int, body: bytes) -> str:
    """What a refusal says, for the operator."""
    match = _ERROR.search(body.decode("utf-8", "replace"))
    return f"{status} {match[1]}: {match[2].strip()}" if match else f"status {status}"
