"""Where AWS's services are: at AWS, or where the environment says, by the variables that AWS's own tools read.

AWS_ENDPOINT_URL_{SERVICE} wins over AWS_ENDPOINT_URL, and AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true sets both aside.
A variable that names our own control listener, as in the shell of somebody who works with Portico, leads nowhere: the
service is not here, and what was meant to stay on this machine must not go to AWS.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from portico.lang.aws_services import Service
from portico.ports.services import NotCallable
from portico.ports.upstream import Origin
from portico.settings import Address, endpoint
from portico.settings.values import SettingError

GENERAL: Final = "AWS_ENDPOINT_URL"
_IGNORED: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


class EndpointAddress(NamedTuple):
    origin: Origin
    host: str
    """For the Host header."""
    path: str
    aws: bool


def find_endpoint(
    service: Service, region: str, subdomain: str, environ: Mapping[str, str], ours: Iterable[Address]
) -> EndpointAddress:
    """`ours`: the control listeners. Raises NotCallable."""
    name = _variable(service, environ)
    if name is None:
        host = service.host(region, subdomain)
        return EndpointAddress(Origin(True, host, 443), host, "", True)
    url = _checked(name, environ[name])
    if endpoint.leads_to(url, ours):
        told = f"say where it is in {GENERAL}_{service.variable}"
        raise NotCallable(f"{name} is this server's own --control, which has no {service.name}; {told}")
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    origin = Origin(secure, parts.hostname or "", parts.port or (443 if secure else 80))
    return EndpointAddress(origin, parts.netloc, parts.path.rstrip("/"), False)


def _variable(service: Service, environ: Mapping[str, str]) -> str | None:
    """The name of the one that acts."""
    if environ.get(_IGNORED, "").lower() == "true":
        return None
    return next((name for name in (f"{GENERAL}_{service.variable}", GENERAL) if environ.get(name)), None)


def _checked(name: str, url: str) -> str:
    """Raises NotCallable."""
    try:
        return endpoint.endpoint(url)
    except (SettingError, ValueError):
        raise NotCallable(f"{name} is not an http or https URL without a user or a query") from None
