"""What recorded answers of AWS say otherwise than botocore's models."""

from typing import Final


def _orders(*printed: str) -> dict[frozenset[str], tuple[str, ...]]:
    return {frozenset(values): values for values in (tuple(line.split(", ")) for line in printed)}


BARE: Final = frozenset({"lambda"})
"""Services whose sentences name every member bare and in lower camel case: `'role'`, `'environment.variables'`.

As Lambda's errors are quoted by those who got them: "Value 'lambdarole' at 'role' failed to satisfy constraint: …".
"""

OPEN_ENUMS: Final = frozenset({("lambda", "Runtime")})
"""Shapes, by service, whose enum is no rule of the model's: the operation answers in words of its own. A runtime that
Lambda does not know is an InvalidParameterValueException, "Value x at 'runtime' failed to satisfy constraint: Member
must satisfy enum value set: […] or be a valid ARN"."""

EMPTY_ENUMS: Final = frozenset({"apigateway"})
"""Services to which an empty text is no value of an optional enum, rather than a wrong one: an empty ipAddressType
beside a wrong type is not complained of (test_create_rest_api_verify_defaults)."""

ENUM_ORDERS: Final = _orders(
    # createRestApiInput.endpointConfiguration.types, recorded fact 3
    "PRIVATE, EDGE, REGIONAL",
    # patchOperations.N.member.op, recorded fact 4
    "add, remove, move, test, replace, copy",
    # responseType, recorded fact 6 (test_gateway_response_validation)
    "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, "
    "BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, "
    "INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, "
    "API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN",
    # putIntegrationInput.type (test_put_integration_wrong_type)
    "HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS",
    # createDocumentationPartInput.location.type (test_invalid_create_documentation_part_operations)
    "RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, "
    "QUERY_PARAMETER, API, REQUEST_HEADER",
)
"""The order in which AWS prints an enum's values, by the set of them. Others print in the model's order."""
