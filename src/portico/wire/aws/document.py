"""JSON as AWS's services take it: decoded within bounds, and converted to the types of a model.

Where a value has another type than the model's, AWS answers in the words of its Java classes. Recorded fact 7 holds two
of these sentences (a boolean and a number for a string); the others follow the same converter's form.
"""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any, Final

import msgspec

from portico.wire.aws.faults import AwsError
from portico.wire.aws.shapes import BODY, Member, Shape
from portico.wire.aws.timestamps import epoch_seconds

MAX_DEPTH: Final = 128
"""Ours: AWS's own bound is not known. The deepest document of a service model needs about ten levels."""


class SerializationException(AwsError):
    """The request is no document of the operation's types."""

    code = "SerializationException"
    status = 400


_JAVA_CLASSES: Final[dict[type, str]] = {
    bool: "java.lang.Boolean",
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    str: "java.lang.String",
}

_JAVA_TARGETS: Final = {
    "string": "String",
    "boolean": "Boolean",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "timestamp": "Date",
    "blob": "ByteBuffer",
}

_INTEGER_BITS: Final = {"integer": 31, "long": 63}


def decode(body: bytes) -> Any:
    """A JSON body as Python values. Raises SerializationException for what is not JSON or is nested too deep."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SerializationException("Unable to parse request body as JSON") from None
    _bound_depth(decoded)
    return decoded


def _bound_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise SerializationException(f"Request body is nested more than {MAX_DEPTH} levels deep")


def _children(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in values if isinstance(child, dict | list)]


def read_members(members: list[Member], document: Any) -> dict[str, Any]:
    """The members that `document` holds, by AWS name. Nulls are dropped, what the model does not know is ignored."""
    if not isinstance(document, dict):
        raise _unexpected(document)
    present = ((member, document.get(member.wire_name)) for member in members)
    return {member.name: _read_member(member, value) for member, value in present if value is not None}


def _read_member(member: Member, value: Any) -> Any:
    if member.jsonvalue:
        return decode(_read_text(member.shape, value).encode())
    return _read(member.shape, value)


def _read(shape: Shape, value: Any) -> Any:
    return _READERS[shape.kind](shape, value)


def _read_structure(shape: Shape, value: Any) -> dict[str, Any]:
    return read_members([member for member in shape.members.values() if member.location == BODY], value)


def _read_list(shape: Shape, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(value)
    return [_read(shape.element, item) for item in value if item is not None]


def _read_map(shape: Shape, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unexpected(value)
    return {key: _read_value(shape.element, item) for key, item in value.items()}


def _read_value(shape: Shape, value: Any) -> Any:
    """A map's value. A null one of strings is kept as the empty string: AWS answers the same to both (fact 60)."""
    if value is None and shape.kind == "string":
        return ""
    return _read(shape, value)


def _read_text(shape: Shape, value: Any) -> str:
    if not isinstance(value, str):
        raise _unconvertible(shape, value)
    return value


def _read_boolean(shape: Shape, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unconvertible(shape, value)
    return value


def _read_integer(shape: Shape, value: Any) -> int:
    """A number with a fraction is truncated, as the name of AWS's own number class says (fact 7)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unconvertible(shape, value)
    whole = math.trunc(value)
    limit = 1 << _INTEGER_BITS[shape.kind]
    if not -limit <= whole < limit:
        raise SerializationException(f"{value} is out of range for {_JAVA_TARGETS[shape.kind]}")
    return whole


def _read_float(shape: Shape, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unconvertible(shape, value)
    try:
        return float(value)
    except OverflowError:
        raise SerializationException(f"Number is out of range for {_JAVA_TARGETS[shape.kind]}") from None


def _read_timestamp(shape: Shape, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _unconvertible(shape, value)
    try:
        return epoch_seconds(value)
    except (ValueError, OverflowError):
        raise SerializationException("Unable to parse the timestamp in the request") from None


def _read_blob(shape: Shape, value: Any) -> bytes:
    try:
        return base64.b64decode(_read_text(shape, value), validate=True)
    except (ValueError, binascii.Error):
        raise SerializationException("Unable to decode the base64 content in the request") from None


_READERS: Final[dict[str, Callable[[Shape, Any], Any]]] = {
    "structure": _read_structure,
    "list": _read_list,
    "map": _read_map,
    "string": _read_text,
    "character": _read_text,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "long": _read_integer,
    "float": _read_float,
    "double": _read_float,
    "timestamp": _read_timestamp,
    "blob": _read_blob,
}


def _unconvertible(shape: Shape, value: Any) -> SerializationException:
    """A value where the model has another scalar."""
    if isinstance(value, dict | list):
        return _unexpected(value)
    given = _JAVA_CLASSES[type(value)] if value is not None else "java.lang.Void"
    return SerializationException(f"class {given} can not be converted to an {_JAVA_TARGETS.get(shape.kind, 'Object')}")


def _unexpected(value: Any) -> SerializationException:
    """A collection, or a scalar where a collection was due."""
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    given = "null" if value is None else f"class {_JAVA_CLASSES[type(value)]}"
    return SerializationException(f"Unrecognized collection type {given}")
