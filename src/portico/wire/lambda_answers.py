"""What a function answers to a Lambda proxy integration, payload format 1.0.

Recorded facts 115 to 118: five members and no others, every one of them optional. A scalar is taken for the string
that it prints as, which is how AWS was recorded to treat `true` as a header's value and `"201"` as a status.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from portico.kernel.errors import PorticoError
from portico.kernel.half_surrogates import read

_STATUS = re.compile("[2-5][0-9]{2}")
"""Statuses that end an exchange: a client would go on waiting after a 1xx, and RFC 9110 section 15 knows none above."""

_Lines = list[tuple[str, str]]
_Scalar = str | bool | int | float | None
_Single = dict[str, _Scalar] | None
_Multiple = dict[str, list[_Scalar] | None] | None
ABSENT: Final = msgspec.Raw(b"null")
"""Headers that an answer does not have."""
_encode = msgspec.json.Encoder().encode


class MalformedAnswer(PorticoError):
    """Not what a function may answer. The text is for the operator."""


class ProxyAnswer(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """What the function said, its headers as JSON still: mostly they are what it said before."""

    status_code: int | str | float = 200
    headers: msgspec.Raw = ABSENT
    multi_value_headers: msgspec.Raw = ABSENT
    body: str | None = None
    is_base64_encoded: bool | None = msgspec.field(default=False, name="isBase64Encoded")

    def status(self) -> int:
        """Raises MalformedAnswer."""
        code = self.status_code
        return code if type(code) is int and 200 <= code <= 599 else _status(code)

    def lines(self) -> _Lines:
        """Name and value of each header, in order; several values are several lines. Raises MalformedAnswer."""
        try:
            return _merged(_single(self.headers), _multiple(self.multi_value_headers))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise MalformedAnswer(f"headers: {error}") from None


class Prelude(NamedTuple):
    """The head of a streamed answer."""

    status: int
    lines: _Lines


class _Prelude(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """What stands before the delimiter of a stream (guide, response-transfer-mode-lambda)."""

    status_code: int | str | float = 200
    headers: _Single = None
    multi_value_headers: _Multiple = None
    cookies: list[str] | None = None


class _Error(msgspec.Struct, rename="camel", gc=False):
    error_message: object = None


_errors: Final = msgspec.json.Decoder(_Error)
_answers: Final = msgspec.json.Decoder(ProxyAnswer)
_single: Final = msgspec.json.Decoder(_Single).decode
_multiple: Final = msgspec.json.Decoder(_Multiple).decode
_preludes: Final = msgspec.json.Decoder(_Prelude)


def parse_answer(payload: bytes) -> ProxyAnswer:
    """Raises MalformedAnswer."""
    try:
        return read(_answers.decode, payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedAnswer(str(error)) from None


def parse_prelude(prelude: bytes) -> Prelude:
    """Raises MalformedAnswer."""
    try:
        document = read(_preludes.decode, prelude)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedAnswer(str(error)) from None
    lines = _merged(document.headers, document.multi_value_headers)
    lines += [("Set-Cookie", cookie) for cookie in document.cookies or ()]
    return Prelude(_status(document.status_code), lines)


def error_message(payload: bytes) -> str | None:
    """`errorMessage` of a failed function's payload; None where it has none."""
    try:
        message = read(_errors.decode, payload).error_message
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return message if isinstance(message, str) else None


def _status(value: int | str | float) -> int:
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if _STATUS.fullmatch(text) is None:
        raise MalformedAnswer(f"statusCode {text[:100]!r} is none from 200 to 599")
    return int(text)


def _merged(single: _Single, multiple: _Multiple) -> _Lines:
    """A name in both has the values of multiValueHeaders first, and that one's spelling (fact 117)."""
    if not multiple:
        if not single:
            return []
        return [(name, _text(value)) for name, value in single.items() if value is not None]
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
