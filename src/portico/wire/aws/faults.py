"""The errors of the AWS wire. An operation raises one; the codec gives it the status and the form of its protocol."""

from typing import Any

from portico.kernel.errors import PorticoError


class AwsError(PorticoError):
    """An answer that tells the caller what was wrong. `code` is what the SDKs see as Error.Code."""

    code = "InternalFailure"
    status = 500

    def __init__(self, message: str) -> None:
        """`message` may quote what a client sent: half surrogates in it, which no answer can carry, become `?`."""
        self.message = message.encode(errors="replace").decode()
        super().__init__(self.message)

    def document(self) -> dict[str, Any]:
        """What the answer's body says."""
        return {"message": self.message}

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of its own."""
        return ()


class BadRequestException(AwsError):
    code = "BadRequestException"
    status = 400


class NotFoundException(AwsError):
    code = "NotFoundException"
    status = 404


class ConflictException(AwsError):
    code = "ConflictException"
    status = 409


class LimitExceededException(AwsError):
    code = "LimitExceededException"
    status = 429


class TooManyRequestsException(AwsError):
    code = "TooManyRequestsException"
    status = 429


class ServiceUnavailableException(AwsError):
    code = "ServiceUnavailableException"
    status = 503
