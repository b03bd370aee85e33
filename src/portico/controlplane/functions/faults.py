"""Lambda's errors, with the statuses and members that its service model gives them."""

from typing import Any

from portico.wire.aws.faults import AwsError


class LambdaError(AwsError):
    """`{"Type": "User", "message": …}`; of some errors the text is `Message`, as the model spells it."""

    kind = "User"
    text = "message"

    def document(self) -> dict[str, Any]:
        return {"Type": self.kind, self.text: self.message}


class InvalidParameterValueException(LambdaError):
    code = "InvalidParameterValueException"
    status = 400


class ResourceNotFoundException(LambdaError):
    code = "ResourceNotFoundException"
    status = 404
    text = "Message"


class ResourceConflictException(LambdaError):
    code = "ResourceConflictException"
    status = 409


class PreconditionFailedException(LambdaError):
    code = "PreconditionFailedException"
    status = 412


class PolicyLengthExceededException(LambdaError):
    code = "PolicyLengthExceededException"
    status = 400


class CodeStorageExceededException(LambdaError):
    code = "CodeStorageExceededException"
    status = 400


class InvalidRequestContentException(LambdaError):
    code = "InvalidRequestContentException"
    status = 400


class AccessDeniedException(LambdaError):
    code = "AccessDeniedException"
    status = 403
    text = "Message"


class ServiceException(LambdaError):
    code = "ServiceException"
    status = 500
    kind = "Service"
    text = "Message"


class TooManyRequestsException(LambdaError):
    code = "TooManyRequestsException"
    status = 429

    def __init__(self, reason: str) -> None:
        """`reason` is one of the model's ThrottleReason."""
        super().__init__("Rate Exceeded.")
        self.reason = reason

    def document(self) -> dict[str, Any]:
        return {"Reason": self.reason, **super().document()}
