"""From a routed HTTP request to an operation's parameters under AWS's member names (the rest-json protocol).

    params = parse(operation, match, request)

Labels, query string, headers and body are read into one dict and held to the model's constraints.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from portico.wire.aws import constraints
from portico.wire.aws.document import SerializationException, decode, read_members
from portico.wire.aws.model import OperationModel
from portico.wire.aws.recorded import EMPTY_ENUMS
from portico.wire.aws.routing import Match, Query
from portico.wire.aws.shapes import BODY, Member, Shape
from portico.wire.aws.timestamps import epoch_seconds
from portico.wire.http1 import Request

_SIGNING: Final = "x-amz-"
"""Query parameters of a presigned URL begin so; they are the signature's, not the operation's."""


def split_target(target: str) -> tuple[str, dict[str, list[str]]]:
    """A request target's path, still encoded, and its query parameters, decoded, in order.

    A plus sign stays one: a signature is computed over it as such.
    """
    path, _, query = target.partition("?")
    parameters: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        parameters.setdefault(unquote(name), []).append(unquote(value))
    return path, parameters


def parse(operation: OperationModel, match: Match[str], query: Query, request: Request) -> dict[str, Any]:
    """Raises SerializationException for other types than the model's, ValidationException for what breaks its rules."""
    free = _unclaimed(operation.input, match, query)
    params: dict[str, Any] = {}
    for member in operation.input.members.values():
        value = _READERS[member.location](member, match.labels, query if member.names_itself else free, request)
        if value is not None:
            params[member.name] = value
    params.update(_read_body(operation.input, request.body))
    if operation.service in EMPTY_ENUMS:
        _leave_out_empty_enums(operation.input, params)
    constraints.check(operation, params)
    return params


def _unclaimed(shape: Shape, match: Match[str], query: Query) -> dict[str, list[str]]:
    """The query parameters that neither a member, the route nor the signature claims."""
    claimed = {member.wire_name for member in shape.members.values() if member.location == "querystring"}
    claimed.update(name for name, _ in match.literals)
    return {k: v for k, v in query.items() if k not in claimed and not k.lower().startswith(_SIGNING)}


def _read_body(shape: Shape, body: bytes) -> dict[str, Any]:
    payload = shape.payload
    members = [member for member in shape.members.values() if member.location == BODY]
    if payload is None:
        return read_members(members, decode(body)) if members and body.strip() else {}
    if payload.shape.kind == "blob":
        return {payload.name: body} if body else {}
    if not body:
        return {}
    if payload.shape.kind == "string":
        return {payload.name: _utf8(body)}
    return {payload.name: read_members(list(payload.shape.members.values()), decode(body))}


def _leave_out_empty_enums(shape: Shape, values: dict[str, Any]) -> None:
    for member in shape.members.values():
        value = values.get(member.name)
        if value == "" and member.shape.enum and not member.required:
            del values[member.name]
        elif value and member.shape.kind == "structure":
            _leave_out_empty_enums(member.shape, value)


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise SerializationException("Unable to parse request body as text") from None


def _read_label(member: Member, labels: dict[str, str], query: Query, request: Request) -> Any:
    return _from_text(member.shape, unquote(labels[member.wire_name]))


def _read_query(member: Member, labels: dict[str, str], query: Query, request: Request) -> Any:
    shape = member.shape
    if shape.kind == "map":
        return {name: _from_query(shape.element, values) for name, values in query.items()} or None
    values = query.get(member.wire_name)
    return None if values is None else _from_query(shape, values)


def _from_query(shape: Shape, values: list[str]) -> Any:
    """The last one counts where the model has a single value."""
    if shape.kind == "list":
        return [_from_text(shape.element, value) for value in values]
    return _from_text(shape, values[-1])


def _read_header(member: Member, labels: dict[str, str], query: Query, request: Request) -> Any:
    wanted = member.wire_name.lower()
    values = [value.strip() for name, value in request.headers if name.lower() == wanted]
    return _from_text(member.shape, ",".join(values)) if values else None


def _read_prefixed_headers(member: Member, labels: dict[str, str], query: Query, request: Request) -> Any:
    prefix = member.wire_name.lower()
    return {name[len(prefix) :]: value for name, value in request.headers if name.lower().startswith(prefix)} or None


def _read_nothing(member: Member, labels: dict[str, str], query: Query, request: Request) -> Any:
    """Members of the body are read together, by `_read_body`."""
    return None


_READERS: Final[dict[str, Callable[[Member, dict[str, str], Query, Request], Any]]] = {
    "uri": _read_label,
    "querystring": _read_query,
    "header": _read_header,
    "headers": _read_prefixed_headers,
    BODY: _read_nothing,
}


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_FROM_TEXT: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": _boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "timestamp": epoch_seconds,
}


def _from_text(shape: Shape, text: str) -> Any:
    """A scalar from a label, a query parameter or a header."""
    convert = _FROM_TEXT.get(shape.kind)
    if convert is None:
        return text
    try:
        return convert(text)
    except (ValueError, KeyError, OverflowError):
        raise SerializationException(
            f"class java.lang.String can not be converted to an {shape.kind.capitalize()}"
        ) from None
