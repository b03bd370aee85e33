"""Invoke and InvokeWithResponseStream: what is invoked, and how its outcome becomes AWS's answer.

The function is called when the transaction is over: see `Deferred`.
"""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Final

import msgspec

from portico.controlplane.bodies import RequestEntityTooLargeException
from portico.controlplane.functions.faults import (
    AccessDeniedException,
    InvalidRequestContentException,
    ResourceNotFoundException,
    ServiceException,
    TooManyRequestsException,
)
from portico.controlplane.functions.names import function_arn, is_version, named
from portico.controlplane.functions.record import require
from portico.controlplane.functions.unsupported import refuse_unsupported
from portico.controlplane.operation import Call, Deferred, Params, Stream, operation
from portico.kernel.half_surrogates import read
from portico.model.function import LATEST
from portico.ports.functions import (
    ASYNCHRONOUS_LIMIT,
    PAYLOAD_LIMIT,
    Caller,
    FailureKind,
    FunctionAnswer,
    FunctionFailure,
    Invocable,
    InvocationType,
)
from portico.ports.store import Document
from portico.wire.aws import eventstream
from portico.wire.aws.faults import AwsError

_UNHANDLED: Final = "Unhandled"
_OCTETS: Final = "application/octet-stream"
_JSON: Final = msgspec.json.Decoder(msgspec.Raw)


def prepare(params: Params) -> Params:
    """An event that is JSON, `{}` where none was sent. Raises what Lambda raises for others."""
    payload = params.get("Payload") or b"{}"
    kind = params.get("InvocationType") or InvocationType.REQUEST_RESPONSE.value
    if kind == InvocationType.EVENT.value and len(payload) > ASYNCHRONOUS_LIMIT:
        raise RequestEntityTooLargeException(
            f"{len(payload)} byte payload is too large for the Event invocation type (limit {ASYNCHRONOUS_LIMIT} bytes)"
        )
    _check_json(payload)
    context = _client_context(params.get("ClientContext") or "")
    return {**params, "Payload": payload, "InvocationType": kind, "ClientContext": context}


def _check_json(text: bytes) -> None:
    """Raises InvalidRequestContentException."""
    try:
        text.decode()
        read(_JSON.decode, text)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequestContentException(f"Could not parse request body into json: {error}") from None


def _client_context(encoded: str) -> str:
    """JSON text, in ASCII: to us it travels in base64, to the runtime in a header."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        context = json.loads(text) if text else {}
        if not isinstance(context, dict):
            raise ValueError(text)
        return json.dumps(context, allow_nan=False) if text else ""
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.") from None


@operation("Invoke", service="lambda", writes=False, prepare=prepare)
def invoke(call: Call) -> Deferred:
    return _deferred(call, streams=False)


@operation("InvokeWithResponseStream", service="lambda", writes=False, prepare=prepare)
def invoke_with_response_stream(call: Call) -> Deferred:
    return _deferred(call, streams=True)


def _deferred(call: Call, *, streams: bool) -> Deferred:
    name, qualifier = named(call)
    function = require(call, name, qualifier)
    refuse_unsupported(call.params)
    arn = function_arn(call.realm, name, qualifier)
    kind = InvocationType(call.params["InvocationType"])
    in_pieces = streams and kind is InvocationType.REQUEST_RESPONSE
    tail = call.params.get("LogType") == "Tail"
    reserved = function.get("reserved") is not None
    return Deferred(
        invocable=Invocable(arn, Caller(), in_pieces, tail, call.params["ClientContext"]),
        payload=call.params["Payload"],
        kind=kind,
        answer=_streamed_whole if streams else _answered,
        fail=lambda failure: _error(failure, arn, reserved),
        stream=stream(_version(function, qualifier)) if in_pieces else None,
    )


def _answered(answer: FunctionAnswer) -> Document:
    return {
        "StatusCode": answer.status,
        "FunctionError": answer.error,
        "LogResult": base64.b64encode(answer.log).decode() if answer.log else None,
        "Payload": answer.payload,
        "ExecutedVersion": answer.version if answer.status == 200 else None,
    }


def _streamed_whole(answer: FunctionAnswer) -> Document:
    """Of a function that did not answer in pieces, or failed before the first."""
    body = (_chunk(answer.payload) if answer.payload else b"") + _complete(
        answer.payload.decode(errors="replace") if answer.error else None, answer.log, answer.error or _UNHANDLED
    )
    return {
        "StatusCode": answer.status,
        "ExecutedVersion": answer.version,
        "EventStream": body if answer.status == 200 else b"",
        "ResponseStreamContentType": eventstream.CONTENT_TYPE,
    }


def _chunk(data: bytes) -> bytes:
    return eventstream.event("PayloadChunk", data, _OCTETS)


def _complete(error: str | None, log: bytes, code: str = _UNHANDLED) -> bytes:
    told = {} if error is None else {"ErrorCode": code, "ErrorDetails": error}
    if log:
        told["LogResult"] = base64.b64encode(log).decode()
    return eventstream.event("InvokeComplete", msgspec.json.encode(told), "application/json")


def _broken(failure: FunctionFailure) -> bytes:
    error = ServiceException(f"The function's answer broke off: {failure.kind.value}.")
    return eventstream.exception(error.code, msgspec.json.encode(error.document()))


def stream(version: str | None) -> Stream:
    """How the answer of `version` is written piece by piece; None where that is decided for each call."""
    head = {"StatusCode": 200, "ResponseStreamContentType": eventstream.CONTENT_TYPE, "ExecutedVersion": version}
    return Stream(head, _chunk, _complete, _broken)


def _version(function: Document, qualifier: str | None) -> str | None:
    """The version that a call reaches. An alias with weights leads to either of two."""
    if qualifier is None or is_version(qualifier):
        return qualifier or LATEST
    alias = function["aliases"][qualifier]
    return None if alias.get("RoutingConfig") else str(alias["FunctionVersion"])


def _error(failure: FunctionFailure, arn: str, reserved: bool) -> AwsError:
    """Why there is no answer, in Lambda's words where it has some."""
    if failure.kind is FailureKind.THROTTLED:
        of_function = "ReservedFunctionConcurrentInvocationLimitExceeded"
        return TooManyRequestsException(of_function if reserved else "ConcurrentInvocationLimitExceeded")
    if failure.kind not in _ERRORS:
        return ServiceException(f"{failure.kind.value}: {failure.cause}")
    fault, sentence = _ERRORS[failure.kind]
    return fault(sentence.format(arn=arn))


_ERRORS: Final[dict[FailureKind, tuple[Callable[[str], AwsError], str]]] = {
    FailureKind.NOT_FOUND: (ResourceNotFoundException, "Function not found: {arn}"),
    FailureKind.ACCESS_DENIED: (
        AccessDeniedException,
        "Not authorized to perform: lambda:InvokeFunction on resource: {arn}",
    ),
    FailureKind.TOO_LARGE: (
        RequestEntityTooLargeException,
        f"Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation",
    ),
    FailureKind.INVALID: (
        InvalidRequestContentException,
        "Could not parse request body into json: the event is not JSON",
    ),
}
"""What is not here is the host's: ServiceException."""
