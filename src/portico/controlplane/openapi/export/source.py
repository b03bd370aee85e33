"""What an export is made of, and what it is asked to hold."""

from dataclasses import dataclass

from portico.controlplane.openapi.locations import Documentation
from portico.model.rest import Snapshot
from portico.ports.store import Document

EXTENSIONS: dict[str, frozenset[str]] = {
    "integrations": frozenset({"integrations"}),
    "authorizers": frozenset({"authorizers"}),
    "validators": frozenset({"validators"}),
    "gatewayresponses": frozenset({"gatewayresponses"}),
    "documentation": frozenset({"documentation"}),
    "postman": frozenset({"postman"}),
    "apigateway": frozenset(
        {"integrations", "authorizers", "validators", "gatewayresponses", "documentation", "settings"}
    ),
}
"""A value of `extensions` -> what it adds. `settings` are the extensions at the root that say how an API behaves."""

BY_DEFAULT = frozenset({"documentation"})
"""What an export holds that asks for no extensions (guide: "Download a documentation snapshot")."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stage as it is deployed, and what belongs to its API without being part of a deployment."""

    snapshot: Snapshot
    api: Document
    """GetRestApi's members: of them the description, the version, the date and the switched-off endpoint count."""
    policy: str | None
    """The resource policy, its own API's ARNs shortened to `execute-api:/…`, so that it means any API's own."""
    stage_name: str
    region: str
    host: str
    unneeded: frozenset[str]
    """Names of models that are left out unless something refers to them."""
    documentation: Documentation
    published: Document | None
    """`x-amazon-apigateway-documentation`: the documentation version of the stage, if it has one."""
