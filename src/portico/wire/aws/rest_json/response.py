"""From an operation's document, or its error, to the HTTP answer (the rest-json protocol)."""

import base64
from collections.abc import Callable
from typing import Any, Final

import msgspec

from portico.wire.aws.faults import AwsError
from portico.wire.aws.model import OperationModel
from portico.wire.aws.shapes import BODY, Member, Shape
from portico.wire.aws.timestamps import RFC822, UNIX, render
from portico.wire.http1 import Response

Headers = tuple[tuple[str, str], ...]

_JSON: Final[Headers] = (("Content-Type", "application/json"),)


def succeed(operation: OperationModel, document: dict[str, Any], identity: Headers) -> Response:
    """The answer to a call that succeeded. What the model does not know in `document` stays inside; nulls are dropped.

    `identity` are the headers that name the request.
    """
    members = list(operation.output.members.values())
    status = operation.status
    headers: list[tuple[str, str]] = []
    for member in members:
        value = document.get(member.name)
        if value is None:
            continue
        if member.location == "statusCode":
            status = int(value)
        elif member.location in _HEADER_WRITERS:
            headers += _HEADER_WRITERS[member.location](member, value)
    typed = any(name.lower() == "content-type" for name, _ in headers)
    return Response(status, (*identity, *(() if typed else _JSON), *headers), _body(operation.output, document))


def fail(error: AwsError, identity: Headers) -> Response:
    """The answer to a call that failed.

    The SDKs take the code from `x-amzn-ErrorType`. They show `message` beside it only for errors that the model lists,
    which is why recorded ValidationExceptions lack it (recorded fact 1) though it travels in every body.
    """
    headers = (*identity, ("x-amzn-ErrorType", error.code), *error.headers(), *_JSON)
    return Response(error.status, headers, msgspec.json.encode(error.document()))


def _body(shape: Shape, document: dict[str, Any]) -> bytes:
    payload = shape.payload
    if payload is None:
        members = [member for member in shape.members.values() if member.location == BODY]
        return msgspec.json.encode(_write_members(members, document)) if members else b""
    value = document.get(payload.name)
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(_write(payload.shape, value, UNIX))


def _write_members(members: list[Member], document: dict[str, Any]) -> dict[str, Any]:
    present = ((member, document.get(member.name)) for member in members)
    return {member.wire_name: _write_member(member, value) for member, value in present if value is not None}


def _write_member(member: Member, value: Any) -> Any:
    if member.jsonvalue:
        return msgspec.json.encode(value).decode()
    return _write(member.shape, value, member.timestamp_format or UNIX)


def _write(shape: Shape, value: Any, form: str) -> Any:
    write = _WRITERS.get(shape.kind)
    return value if write is None or value is None else write(shape, value, form)


def _write_structure(shape: Shape, value: Any, form: str) -> Any:
    return _write_members(list(shape.members.values()), value)


def _write_list(shape: Shape, value: Any, form: str) -> Any:
    return [_write(shape.element, item, form) for item in value]


def _write_map(shape: Shape, value: Any, form: str) -> Any:
    """A null value of a map does travel: AWS answers an emptied template as null (recorded fact 60)."""
    return {key: _write(shape.element, item, form) for key, item in value.items()}


def _write_timestamp(shape: Shape, value: Any, form: str) -> Any:
    return render(value, shape.timestamp_format or form)


def _write_blob(shape: Shape, value: Any, form: str) -> Any:
    return base64.b64encode(value).decode()


_WRITERS: Final[dict[str, Callable[[Shape, Any, str], Any]]] = {
    "structure": _write_structure,
    "list": _write_list,
    "map": _write_map,
    "timestamp": _write_timestamp,
    "blob": _write_blob,
}


def _header(member: Member, value: Any) -> Headers:
    return ((member.wire_name, _header_text(member, value)),)


def _prefixed_headers(member: Member, value: Any) -> Headers:
    return tuple((member.wire_name + name, str(item)) for name, item in value.items())


def _header_text(member: Member, value: Any) -> str:
    if member.jsonvalue:
        return base64.b64encode(msgspec.json.encode(value)).decode()
    if member.shape.kind == "timestamp":
        return str(render(value, member.timestamp_format or member.shape.timestamp_format or RFC822))
    return str(value).lower() if isinstance(value, bool) else str(value)


_HEADER_WRITERS: Final[dict[str, Callable[[Member, Any], Headers]]] = {"header": _header, "headers": _prefixed_headers}
