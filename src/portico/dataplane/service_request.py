"""The request that is sent to an AWS service, but for its body: the target, and the headers that a signature covers.

What is sent beside the mapped headers is what AWS's execution logs show: Accept, User-Agent, the API's id, and for an
action of a service that speaks JSON its X-Amz-Target. A body has a Content-Type (recorded fact 122); where no mapping
gives one it is not the client's, but says JSON (fact 142: SQS needs a mapped one).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.dataplane.backend import Mappings, mapped_query, path_sources, path_values
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.lang.aws_services import S3
from portico.lang.errors import EvaluationError, NotBuilt
from portico.lang.service_uri import ServiceUri, plain

if TYPE_CHECKING:
    from portico.dataplane.exchange import Exchange
    from portico.lang.aws_services import Service
    from portico.ports.services import ServiceEndpoint

_OWN: Final = frozenset({"host", "x-amz-date", "x-amz-security-token"})
"""A mapping for these is of no account: Host is the service's (known issues page), the others are the signature's."""


class ServiceTarget:
    """The path with its query for each request: what the URI says, then what mappings add."""

    def __init__(self, uri: ServiceUri, at: ServiceEndpoint, mappings: Mappings) -> None:
        """Raises NotBuilt."""
        self._prefix = at.path
        if uri.subdomain and not at.aws:
            if uri.service is not S3:
                raise NotBuilt(f"AWS service {uri.service.name}", f"{at.host} is told of no subdomain")
            self._prefix += f"/{uri.subdomain}"
        self._target = uri.target
        self._is_key = uri.service is S3
        self._sources = path_sources(mappings)
        self._mappings = mappings

    def of(self, exchange: Exchange) -> str:
        """Raises a Fault."""
        target = self._prefix + (self._target.text or self._resolved(exchange))
        mappings = self._mappings
        query = mapped_query(exchange, mappings) if mappings.query or mappings.overridable else []
        if not query:
            return target
        return target + ("&" if "?" in target else "?") + b"&".join(query).decode()

    def _resolved(self, exchange: Exchange) -> str:
        try:
            target = self._target.resolve(path_values(exchange, self._sources))
        except EvaluationError as error:
            raise Fault(API_CONFIGURATION_ERROR, cause=str(error)) from None
        return plain(target) if self._is_key else target


class ServiceHeaders:
    """What goes around a body: the headers that are signed, and the lines of those that a proxy may change."""

    def __init__(self, service: Service, operation: str, host: str, api_id: str) -> None:
        self._signed = {"host": host}
        self._type = "application/json"
        if operation and service.target:
            self._signed["x-amz-target"] = f"{service.target}.{operation}"
            self._type = f"application/x-amz-json-{service.json}"
        self._api = f"x-amzn-apigateway-api-id: {api_id}\r\n".encode()
        self._defaults = {
            "accept": b"Accept: application/json\r\n",
            "user-agent": f"User-Agent: AmazonAPIGateway_{api_id}\r\n".encode(),
        }
        self._unmapped = b"".join((self._api, *self._defaults.values()))

    def split(self, mapped: list[bytes], *, typed: bool) -> tuple[dict[str, str], bytes]:
        """The signed ones by lower-case name, and the lines of the others. `typed`: it has a Content-Type anyhow."""
        signed = dict(self._signed)
        if typed:
            signed["content-type"] = self._type
        if not mapped:
            return signed, self._unmapped
        lines = dict(self._defaults)
        for line in mapped:
            name, _, value = line.decode("latin-1").partition(":")
            lower = name.lower()
            if lower in _OWN:
                continue
            if lower == "content-type" or lower.startswith("x-amz-"):
                signed[lower] = value.strip()
            else:
                lines[lower] = line
        return signed, b"".join((self._api, *lines.values()))
