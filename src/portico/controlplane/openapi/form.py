"""What both versions of OpenAPI are read into, and what is written from: the API apart from ids and stored rows."""

from dataclasses import dataclass, field

from portico.controlplane.openapi.locations import Location, Properties
from portico.ports.store import Document


@dataclass(slots=True)
class Protection:
    """Who may call a method. `authorizer` is the name of a security scheme of the document."""

    authorization_type: str = "NONE"
    authorizer: str | None = None
    scopes: list[str] = field(default_factory=list)
    api_key_required: bool = False


@dataclass(slots=True)
class ImportedMethod:
    """One operation of a path. Models and the validator are given by name, AWS's way of referring to them."""

    pointer: str
    protection: Protection
    operation_name: str | None = None
    request_parameters: dict[str, bool] = field(default_factory=dict)
    request_models: dict[str, str] = field(default_factory=dict)
    request_validator: str | None = None
    method_responses: dict[str, Document] = field(default_factory=dict)
    integration: Document | None = None
    """As GetIntegration answers, without what depends on the resource's id (`cacheNamespace`)."""


@dataclass(slots=True)
class ImportedApi:
    """A document as Portico understood it. `resources` is by whole path, base path included, then by verb."""

    name: str
    description: str | None = None
    version: str | None = None
    settings: Document = field(default_factory=dict)
    """Members of the REST API itself that the document states."""
    authorizers: dict[str, Document] = field(default_factory=dict)
    request_validators: dict[str, Document] = field(default_factory=dict)
    models: dict[str, Document] = field(default_factory=dict)
    gateway_responses: dict[str, Document] = field(default_factory=dict)
    resources: dict[str, dict[str, ImportedMethod]] = field(default_factory=dict)
    documentation: list[tuple[Location, Properties]] = field(default_factory=list)
    """Documentation parts: those of the extension first, then what the document's own descriptions add."""
    warnings: list[str] = field(default_factory=list)
    """For the caller, in AWS's words where they are known; `failonwarnings` refuses the import over them."""
    notes: list[str] = field(default_factory=list)
    """For the operator: what AWS passes over in silence and Portico does not apply."""
