"""What another Lambda's answers mean: headers and statuses of its API as FunctionAnswers and FunctionFailures."""

import base64
import binascii
from typing import Any, Final

import msgspec

from portico.ports import upstream
from portico.ports.functions import FailureKind, FunctionAnswer, FunctionFailure, FunctionReceiver
from portico.ports.upstream import Buffering, UpstreamFailure
from portico.wire.http1 import ResponseHead

_BY_CODE: Final = {
    "ResourceNotFoundException": FailureKind.NOT_FOUND,
    "AccessDeniedException": FailureKind.ACCESS_DENIED,
    "TooManyRequestsException": FailureKind.THROTTLED,
    "RequestTooLargeException": FailureKind.TOO_LARGE,
    "RequestEntityTooLargeException": FailureKind.TOO_LARGE,
    "InvalidRequestContentException": FailureKind.INVALID,
    # 403s that are about the operator's credentials, not about the function's policy.
    "ExpiredTokenException": FailureKind.UNAVAILABLE,
    "IncompleteSignatureException": FailureKind.UNAVAILABLE,
    "InvalidSignatureException": FailureKind.UNAVAILABLE,
    "MissingAuthenticationTokenException": FailureKind.UNAVAILABLE,
    "UnrecognizedClientException": FailureKind.UNAVAILABLE,
}
_BY_STATUS: Final = {
    403: FailureKind.ACCESS_DENIED,
    404: FailureKind.NOT_FOUND,
    413: FailureKind.TOO_LARGE,
    429: FailureKind.THROTTLED,
}
"""Where the code is none of those, or there is none."""


class WholeAnswers(Buffering):
    """The Receiver of answers that are not streams, for one receiver of functions."""

    def __init__(self, url: str, receiver: FunctionReceiver[Any]) -> None:
        self._url = url
        self._receiver = receiver

    def on_response(self, context: Any, head: ResponseHead, body: bytes) -> None:
        if 200 <= head.status < 300:
            self._receiver.on_answer(context, _answer(head, body))
        else:
            self._receiver.on_failure(context, refused(self._url, head, body))

    def on_failure(self, context: Any, failure: UpstreamFailure) -> None:
        self._receiver.on_failure(context, unreached(self._url, failure))


def _answer(head: ResponseHead, body: bytes) -> FunctionAnswer:
    error = head.value(b"x-amz-function-error")
    return FunctionAnswer(
        body,
        None if error is None else error.decode("latin-1"),
        executed_version(head),
        log_of(head.value(b"x-amz-log-result") or b""),
        head.status,
        request_id(head),
    )


def executed_version(head: ResponseHead) -> str:
    return (head.value(b"x-amz-executed-version") or b"$LATEST").decode("latin-1")


def request_id(head: ResponseHead) -> str:
    return (head.value(b"x-amzn-requestid") or b"").decode("latin-1")


def log_of(encoded: bytes | str) -> bytes:
    """The tail of a log. One that cannot be read is none: it is no part of the answer."""
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return b""


def refused(url: str, head: ResponseHead, body: bytes) -> FunctionFailure:
    """An answer that is an error of the API's."""
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        document = {}
    named = head.value(b"x-amzn-errortype") or b""
    code = _short(named.decode("latin-1") or document.get("__type") or document.get("code"))
    message = document.get("Message") or document.get("message") or ""
    return failed(url, f"{head.status} {code}".rstrip(), str(message), code, head.status)


def failed(url: str, what: str, message: str, code: str, status: int = 0) -> FunctionFailure:
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, FailureKind.UNAVAILABLE)
    return FunctionFailure(kind, f"{url}: {what}" + (f": {message}" if message else ""))


def _short(code: object) -> str:
    """`TooManyRequestsException` of `com.amazonaws.lambda#TooManyRequestsException:http://…`."""
    return str(code or "").partition(":")[0].rpartition("#")[2]


def unreached(url: str, failure: UpstreamFailure) -> FunctionFailure:
    late = failure.kind is upstream.FailureKind.TIMEOUT
    cause = f"{url}: {failure.cause}" if late else f"{url}: {failure.kind.value}: {failure.cause}"
    return FunctionFailure(FailureKind.TIMEOUT if late else FailureKind.UNAVAILABLE, cause)
