"""Whose credentials stand for a role: `--role ARN=PROFILE`."""

import re
from typing import Final, NamedTuple

ANY_ROLE: Final = "*"
GATEWAY: Final = "apigateway.amazonaws.com"
"""The principal in whose name integrations without `credentials` call."""
_PRINCIPAL: Final = re.compile(rf"arn:aws[a-z-]*:iam::[0-9]{{12}}:role/[\w+=.@/-]+|{re.escape(GATEWAY)}|\*", re.ASCII)
_PROFILE: Final = re.compile(r"[^\s=\[\]]*")


class Role(NamedTuple):
    """One entry of the map."""

    principal: str
    """A role's ARN, ANY_ROLE or GATEWAY."""
    profile: str
    """Of the AWS files; empty: the server's own credentials."""

    def __str__(self) -> str:
        return f"{self.principal}={self.profile}"


def role(text: str) -> Role:
    """Of `ARN=PROFILE`, where the ARN's own name may hold an equal sign. Raises ValueError."""
    principal, equals, profile = text.rpartition("=")
    if not equals or not _PRINCIPAL.fullmatch(principal) or not _PROFILE.fullmatch(profile):
        raise ValueError(text)
    return Role(principal, profile)
