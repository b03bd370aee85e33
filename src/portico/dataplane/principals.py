"""In whose name an integration calls: its `credentials` (guide, "Integration request settings in API Gateway")."""

import re
from typing import Final

from portico.lang.errors import NotBuilt
from portico.ports.services import GATEWAY_PRINCIPAL

_ROLE: Final = re.compile(r"arn:[^:]*:iam::[0-9]{12}:role/.+")
_CALLER: Final = re.compile(r"arn:[^:]*:iam::\*:user/\*")
"""`credentials` that ask for the call to be made in the client's own name."""


def role_of(credentials: str) -> str | None:
    """The ARN of the role; None where there are no credentials. Raises NotBuilt."""
    if not credentials:
        return None
    if _CALLER.fullmatch(credentials) is not None:
        raise NotBuilt("credentials", "calling in the client's own name is not built yet")
    if _ROLE.fullmatch(credentials) is None:
        raise NotBuilt("credentials", f"{credentials!r} is not the ARN of a role")
    return credentials


def principal_of(credentials: str) -> str:
    """A role's ARN, or what AWS calls the gateway itself where there are no credentials. Raises NotBuilt."""
    return role_of(credentials) or GATEWAY_PRINCIPAL
