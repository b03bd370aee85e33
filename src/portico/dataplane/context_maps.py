"""The maps of `$context` that a template can go through, in the order in which AWS was recorded to do it.

Source: test_sqs_amz_json_protocol. `requestOverride` and `responseOverride` have their places here and their values
from the request's templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portico.dataplane.context import READABLE

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange

_CONTEXT: Final = (
    *("resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId", "protocol"),
    *("requestOverride", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity", "domainName"),
    *("deploymentId", "responseOverride", "apiId"),
)
_IDENTITY: Final = (
    *("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey"),
    *("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user"),
)
_RECORDED: Final = {"": _CONTEXT, "identity": _IDENTITY}
_MAPS: Final = frozenset({"identity"})


def context_map(exchange: Exchange, path: str) -> dict[str, Any] | None:
    """`$context.<path>` as a map, `$context` itself for "". None where there is none.

    What was recorded is always in it, without a value where it has none; anything else where it has one.
    """
    prefix = f"{path}." if path else ""
    found: dict[str, Any] = dict.fromkeys(_RECORDED.get(path, ()))
    for name, getter in READABLE.items():
        last = name.removeprefix(prefix)
        if name.startswith(prefix) and "." not in last:
            value = getter(exchange)
            if value is not None:
                found[last] = value
    for name in _MAPS if not path else ():
        found[name] = context_map(exchange, name)
    return found or None
