"""The event of a Lambda proxy integration that is tried out: member for member as the console's tests send it.

Source: such events as people publish them. The client's headers are all there is of headers, null without any; nothing
is forwarded; `identity` has the fourteen members that a signed call has; there is no deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from portico.dataplane.headers import event_headers
from portico.dataplane.lambda_event import EventMaker
from portico.ports.tryout import NOBODY, Signer

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.dataplane.integration import Spec

_API_KEY: Final = "test-invoke-api-key"


def event_maker(spec: Spec) -> EventMaker:
    """What makes a method's events: those of a deployment, or of a trial."""
    return EventMaker(spec) if spec.place.deployment_id else TrialEvents(spec)


class TrialEvents(EventMaker):
    __slots__ = ()

    def event(self, exchange: Exchange) -> bytes:
        event = msgspec.json.decode(super().event(exchange))
        values: dict[str, list[str]] = {}
        for name, value in event_headers(exchange.head.headers):
            values.setdefault(name, []).append(value)
        event["headers"] = {name: all_of[-1] for name, all_of in values.items()} or None
        event["multiValueHeaders"] = values or None
        context = event["requestContext"]
        del context["deploymentId"]
        context["path"] = event["path"]
        context["identity"] = _identity(exchange)
        return msgspec.json.encode(event)


def _identity(exchange: Exchange) -> dict[str, Any]:
    """Who tries it: for now an account's root, whoever signed."""
    account = exchange.program.stage.account_id
    signer: Signer = getattr(exchange.client, "signer", NOBODY)
    return {
        "cognitoIdentityPoolId": None,
        "cognitoIdentityId": None,
        "apiKey": _API_KEY,
        "principalOrgId": None,
        "cognitoAuthenticationType": None,
        "userArn": f"arn:aws:iam::{account}:root",
        "apiKeyId": f"{_API_KEY}-id",
        "userAgent": signer.user_agent,
        "accountId": account,
        "caller": account,
        "sourceIp": exchange.source_ip,
        "accessKey": signer.access_key_id,
        "cognitoAuthenticationProvider": None,
        "user": account,
    }
