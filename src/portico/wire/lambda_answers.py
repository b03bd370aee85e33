"""What a function answers to a Lambda proxy integration, payload format 1.0.

Recorded facts 115 to 118: five members and no others, every one of them optional. A scalar is taken for the string
that it prints as, which is how AWS was recorded to treat `true` as a header's value and `"201"` as a status.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from portico.kernel.errors import PorticoError

_STATUS = re.compile("[2-5][0-9]{2}")
"""Statuses that end an exchange: a client would go on waiting after a 1xx, and RFC 9110 section 15 knows none above."""

_Lines = list[tuple[str, str]]
_Scalar = str | bool | int | float | None
_encode = msgspec.json.Encoder().encode


class MalformedAnswer(PorticoError):
    """Not what a function may answer. The text is for the operator."""


class ProxyAnswer(msgspec.Struct, gc=False):
    status: int
    headers: list[tuple[str, str]]
    """In order; several values of a name are several lines."""
    body: str
    base64: bool
    """`isBase64Encoded`."""


class _Document(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    status_code: int | str | float = 200
    headers: dict[str, _Scalar] | None = None
    multi_value_headers: dict[str, list[_Scalar] | None] | None = None
    body: str | None = None
    is_base64_encoded: bool | None = msgspec.field(default=False, name="isBase64Encoded")


class _Prelude(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """What stands before the delimiter of a stream (guide, response-transfer-mode-lambda)."""

    status_code: int | str | float = 200
    headers: dict[str, _Scalar] | None = None
    multi_value_headers: dict[str, list[_Scalar] | None] | None = None
    cookies: list[str] | None = None


class _Error(msgspec.Struct, rename="camel", gc=False):
    error_message: object = None


_errors: Final = msgspec.json.Decoder(_Error)
_answers: Final = msgspec.json.Decoder(_Document)
_preludes: Final = msgspec.json.Decoder(_Prelude)


def parse_answer(payload: bytes) -> ProxyAnswer:
    """Raises MalformedAnswer."""
    try:
        document = _answers.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedAnswer(str(error)) from None
    headers = _merged(document.headers, document.multi_value_headers)
    code = document.status_code
    status = code if type(code) is int and 200 <= code <= 599 else _status(code)
    return ProxyAnswer(status, headers, document.body or "", bool(document.is_base64_encoded))


def parse_prelude(prelude: bytes) -> ProxyAnswer:
    """The head of a streamed answer; its body is empty. Raises MalformedAnswer."""
    try:
        document = _preludes.decode(prelude)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedAnswer(str(error)) from None
    headers = _merged(document.headers, document.multi_value_headers)
    headers += [("Set-Cookie", cookie) for cookie in document.cookies or ()]
    return ProxyAnswer(_status(document.status_code), headers, "", False)


def error_message(payload: bytes) -> str | None:
    """`errorMessage` of a failed function's payload; None where it has none."""
    try:
        message = _errors.decode(payload).error_message
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return message if isinstance(message, str) else None


def _status(value: int | str | float) -> int:
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if _STATUS.fullmatch(text) is None:
        raise MalformedAnswer(f"statusCode {text[:100]!r} is none from 200 to 599")
    return int(text)


def _merged(single: Mapping[str, _Scalar] | None, multiple: Mapping[str, list[_Scalar] | None] | None) -> _Lines:
    """A name in both has the values of multiValueHeaders first, and that one's spelling (fact 117)."""
    if not multiple:
        if not single:
            return []
        told = []
        for name, value in single.items():  # no comprehension: it would be one more call
            if value is not None:
                told.append((name, value if type(value) is str else _text(value)))
        return told
    lines: dict[str, _Lines] = {}
    for name, values in multiple.items():
        _add(lines, name, values or ())
    for name, value in (single or {}).items():
        _add(lines, name, (value,))
    return [line for group in lines.values() for line in group]


def _add(lines: dict[str, _Lines], name: str, values: Iterable[_Scalar]) -> None:
    group = lines.setdefault(name.lower(), [])
    spelling = group[0][0] if group else name
    group += [(spelling, _text(value)) for value in values if value is not None]


def _text(value: _Scalar) -> str:
    return value if isinstance(value, str) else _encode(value).decode()
