"""A REST API as one deployment froze it.

The members carry AWS's names (camel case on the wire), because a document of the control plane decodes straight into
these structs: `msgspec.json.decode(body, type=Snapshot)`. Unknown members are ignored, absent ones take AWS's defaults.
"""

import msgspec


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Immutable, compared by value, out of the garbage collector's sight (a Snapshot has no cycles)."""


class IntegrationResponse(_Frozen, frozen=True, kw_only=True):
    """What happens to a backend answer whose status (or error text) `selection_pattern` matches as a whole."""

    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str | None] = {}
    content_handling: str | None = None


class TlsConfig(_Frozen, frozen=True, kw_only=True):
    insecure_skip_verification: bool = False


class Integration(_Frozen, frozen=True, kw_only=True):
    """The middle of a method: what is called, and how the request and the answer are mapped."""

    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    connection_id: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] = {}
    request_templates: dict[str, str | None] = {}
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_in_millis: int = 29_000
    cache_namespace: str | None = None
    cache_key_parameters: tuple[str, ...] = ()
    integration_responses: dict[str, IntegrationResponse] = {}
    tls_config: TlsConfig | None = None
    response_transfer_mode: str | None = None
    integration_target: str | None = None


class MethodResponse(_Frozen, frozen=True, kw_only=True):
    status_code: str
    response_parameters: dict[str, bool] = {}
    response_models: dict[str, str] = {}


class Method(_Frozen, frozen=True, kw_only=True):
    http_method: str
    authorization_type: str = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    request_validator_id: str | None = None
    operation_name: str | None = None
    request_parameters: dict[str, bool] = {}
    request_models: dict[str, str] = {}
    method_responses: dict[str, MethodResponse] = {}
    method_integration: Integration | None = None


class Resource(_Frozen, frozen=True, kw_only=True):
    """One node of the path tree. `path` is the whole path: "/", "/pets", "/pets/{petId}", "/{proxy+}"."""

    id: str
    path: str
    parent_id: str | None = None
    path_part: str | None = None
    resource_methods: dict[str, Method] = {}


class Model(_Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    content_type: str = "application/json"
    schema: str | None = None


class RequestValidator(_Frozen, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    validate_request_body: bool = False
    validate_request_parameters: bool = False


class Authorizer(_Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    type: str
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    provider_arns: tuple[str, ...] = msgspec.field(default=(), name="providerARNs")
    auth_type: str | None = None


class GatewayResponse(_Frozen, frozen=True, kw_only=True):
    """A customised gateway response: only the types that the API set are in a Snapshot."""

    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] = {}


class EndpointConfiguration(_Frozen, frozen=True, kw_only=True):
    types: tuple[str, ...] = ("EDGE",)
    ip_address_type: str | None = None
    vpc_endpoint_ids: tuple[str, ...] = ()


class Snapshot(_Frozen, frozen=True, kw_only=True):
    """The frozen definition of one deployment. Two deployments of the same definition share one Snapshot."""

    api_id: str
    name: str = ""
    api_key_source: str = "HEADER"
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    policy: str | None = None
    security_policy: str | None = None
    endpoint_access_mode: str | None = None
    resources: tuple[Resource, ...] = ()
    models: tuple[Model, ...] = ()
    request_validators: tuple[RequestValidator, ...] = ()
    authorizers: tuple[Authorizer, ...] = ()
    gateway_responses: tuple[GatewayResponse, ...] = ()


def decode_snapshot(body: bytes) -> Snapshot:
    """A Snapshot from its canonical JSON. Raises msgspec.ValidationError on anything that is not one."""
    return _DECODER.decode(body)


_DECODER = msgspec.json.Decoder(Snapshot)
