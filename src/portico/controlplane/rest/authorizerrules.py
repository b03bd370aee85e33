"""What makes an authorizer of each type. A definition that could not be enforced is refused here, not ignored later."""

import re
from collections.abc import Callable

from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

MAX_TTL = 3600
"""API reference, CreateAuthorizer: one hour."""
MAX_PROVIDERS = 1000
"""Guide: a COGNITO_USER_POOLS authorizer takes up to 1000 user pools."""

DEFAULT_AUTH_TYPES = {"TOKEN": "custom", "REQUEST": "custom", "COGNITO_USER_POOLS": "cognito_user_pools"}
"""The `authType` that AWS answers where the definition names none."""

_HEADER_SOURCE = re.compile(r"method\.request\.header\.[a-zA-Z0-9._-]+")
_REQUEST_SOURCE = re.compile(
    r"method\.request\.(?:header\.[a-zA-Z0-9._-]+|querystring\.[^\s,]+)|(?:stageVariables|context)\.[\w.]+"
)
_FUNCTION_URI = re.compile(
    r"arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(?:arn:[^/\s]+|\$\{stageVariables\.\w+\})"
    r"/invocations"
)
_USER_POOL = re.compile(r"arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+|.*\$\{stageVariables\.\w+\}.*")
_CREDENTIALS = re.compile(r"arn:[a-z-]+:iam::(?:\d{12}|\*):\S+")


def check_authorizer(document: Document) -> None:
    """Raises BadRequestException where the document is no authorizer of its type."""
    if not document.get("name"):
        raise BadRequestException("Authorizer name must be non-empty")
    check = _CHECKS.get(document.get("type", ""))
    if check is None:
        raise BadRequestException(f"Authorizers of type {document.get('type')} are not supported yet")
    if not 0 <= document.get("authorizerResultTtlInSeconds", 0) <= MAX_TTL:
        raise BadRequestException(
            f"Authorizer result TTL outside allowable range. TTL must be between 0 and {MAX_TTL} seconds."
        )
    check(document)


def _check_token(document: Document) -> None:
    _check_function(document)
    _check_header_source(document)


def _check_request(document: Document) -> None:
    _check_function(document)
    source = document.get("identitySource")
    if source:
        if not all(_REQUEST_SOURCE.fullmatch(one.strip()) for one in source.split(",")):
            raise BadRequestException(
                f"Invalid request identity source expression: {source}. The sources must be separated by comma, and "
                "each source must be either a method request parameter, matching "
                "'method.request.querystring|header.[a-zA-Z0-9._-]+', or a stage variable, matching "
                "'stageVariables.[a-zA-Z0-9._-]+', or a context parameter, matching 'context.[a-zA-Z0-9._-]+'"
            )
    elif document.get("authorizerResultTtlInSeconds"):
        # API reference: required for REQUEST "when authorization caching is enabled", the key is made of it.
        raise BadRequestException(
            "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)"
        )


def _check_cognito(document: Document) -> None:
    providers = document.get("providerARNs") or []
    if not providers:
        raise BadRequestException("ProviderARNs cannot be empty")
    if len(providers) > MAX_PROVIDERS:
        raise BadRequestException(f"Authorizers of type COGNITO_USER_POOLS have at most {MAX_PROVIDERS} user pool ARNs")
    for arn in providers:
        if not _USER_POOL.fullmatch(arn or ""):
            raise BadRequestException(f"Invalid user pool ARN specified: {arn}")
    if document.get("authorizerUri"):
        raise BadRequestException("Authorizers of type COGNITO_USER_POOLS cannot have an authorizerUri")
    _check_header_source(document)


def _check_function(document: Document) -> None:
    uri = document.get("authorizerUri") or ""
    if not _FUNCTION_URI.fullmatch(uri):
        raise BadRequestException(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
            "function invocation."
        )
    credentials = document.get("authorizerCredentials")
    if credentials and not _CREDENTIALS.fullmatch(credentials):
        raise BadRequestException("Invalid ARN specified in the request")
    if document.get("providerARNs"):
        raise BadRequestException(f"Authorizers of type {document['type']} cannot have providerARNs")


def _check_header_source(document: Document) -> None:
    source = document.get("identitySource") or ""
    if not source:
        raise BadRequestException("IdentitySource cannot be empty")
    if not _HEADER_SOURCE.fullmatch(source):
        raise BadRequestException(
            f"Invalid token source expression: {source}. The source must be a method request header, matching "
            "'method.request.header.[a-zA-Z0-9._-]+'."
        )


_CHECKS: dict[str, Callable[[Document], None]] = {
    "TOKEN": _check_token,
    "REQUEST": _check_request,
    "COGNITO_USER_POOLS": _check_cognito,
}
