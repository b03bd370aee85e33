"""A failure that has a gateway response: what kind it is, and what the operator should know of its cause."""

from typing import Final, NamedTuple

from portico.kernel.errors import PorticoError


class Kind(NamedTuple):
    """A gateway response type with AWS's defaults (semantics section 21, corrections.md 1 and 2)."""

    name: str
    status: int
    message: str | None
    error_type: str

    @property
    def family(self) -> str:
        return "DEFAULT_4XX" if self.status < 500 else "DEFAULT_5XX"


ACCESS_DENIED: Final = Kind("ACCESS_DENIED", 403, None, "AccessDeniedException")
API_CONFIGURATION_ERROR: Final = Kind(
    "API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException"
)
BAD_REQUEST_BODY: Final = Kind("BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException")
BAD_REQUEST_PARAMETERS: Final = Kind("BAD_REQUEST_PARAMETERS", 400, None, "BadRequestException")
BAD_REQUEST: Final = Kind("DEFAULT_4XX", 400, "Bad Request", "BadRequestException")
INTEGRATION_FAILURE: Final = Kind(
    "INTEGRATION_FAILURE", 504, "Network error communicating with endpoint", "InternalServerErrorException"
)
INTEGRATION_TIMEOUT: Final = Kind(
    "INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException"
)
MALFORMED_ANSWER: Final = Kind("DEFAULT_5XX", 502, "Internal server error", "InternalServerErrorException")
FUNCTION_ERROR: Final = Kind("INTEGRATION_FAILURE", 502, "Internal server error", "InternalServerErrorException")
"""A Lambda function that raised, crashed or ran out of its own time: corrections.md 5."""
WRONG_VERB: Final = Kind("INTEGRATION_FAILURE", 500, "Internal server error", "InternalServerErrorException")
"""A Lambda integration whose httpMethod is not POST: recorded fact 114."""
EVENT_TOO_LARGE: Final = Kind("REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestEntityTooLargeException")
"""An event that Lambda does not take, though its request was within API Gateway's own limit (seen in the field)."""
INTERNAL: Final = Kind("DEFAULT_5XX", 500, "Internal server error", "InternalServerErrorException")
MISSING_AUTHENTICATION_TOKEN: Final = Kind(
    "MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"
)
INCOMPLETE_SIGNATURE: Final = Kind("DEFAULT_4XX", 403, None, "IncompleteSignatureException")
REQUEST_TOO_LARGE: Final = Kind("REQUEST_TOO_LARGE", 413, "HTTP content length exceeded 10485760 bytes.", "")
UNSUPPORTED_MEDIA_TYPE: Final = Kind("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "BadRequestException")
FORBIDDEN: Final = Kind("DEFAULT_4XX", 403, "Forbidden", "ForbiddenException")
URI_TOO_LONG: Final = Kind("DEFAULT_4XX", 414, "Request URI too long", "RequestURITooLongException")


class Fault(PorticoError):
    """Raised by a Step. `message` is the client's, where the kind's own is not enough; `cause` is the operator's.

    A Fault without a cause is the client's own doing and is not worth a line in the log. `validation` is what is wrong
    with a request that was not valid: `$context.error.validationErrorString`. `words` is the line of an execution log,
    where AWS's own is known.
    """

    def __init__(
        self, kind: Kind, *, message: str | None = None, cause: str = "", validation: str | None = None, words: str = ""
    ) -> None:
        super().__init__(cause or kind.name)
        self.kind = kind
        self.message = kind.message if message is None else message
        self.cause = cause
        self.validation = validation
        self.words = words
