"""Why a signature is not accepted, under AWS's names."""

from portico.wire.aws.faults import AwsError


class MissingAuthenticationTokenException(AwsError):
    """Nothing in the request is a signature."""

    code = "MissingAuthenticationTokenException"
    status = 403


class IncompleteSignatureException(AwsError):
    """What should be a signature lacks a part or has a malformed one."""

    code = "IncompleteSignatureException"
    status = 403


class InvalidSignatureException(AwsError):
    """A whole signature that does not hold: wrong, out of its time, or for another place."""

    code = "InvalidSignatureException"
    status = 403
