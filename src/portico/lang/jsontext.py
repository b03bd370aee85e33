"""JSON and plain text of values, printed as API Gateway's Java does.

Objects print as Java maps, `{foo=bar}`, lists as JSON, also inside a map: `{foo=[{"nested":"bar"}]}` (recorded fact
131). Numbers print as Java's: a double below 0.001 or from ten million on has an exponent, `1.0E7`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from portico.kernel.half_surrogates import without_halves
from portico.lang.errors import BudgetExceeded

DEPTH_LIMIT = 200
"""Levels of nesting that a value may have to be printed as a Java map."""


class JsonError(ValueError):
    """A text that is not one JSON value."""


class Double(float):
    """A float whose Java text is not Python's. Only these leave the fast path of the encoder."""

    __slots__ = ()


def double_text(value: float) -> str:
    """Java's Double.toString: plain decimals for 0.001 <= |value| < 10 000 000, else one digit, fraction, exponent."""
    plain = repr(float(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return plain
    if not isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    number = Decimal(plain)
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{number.adjusted()}"


def integer_text(value: int) -> str:
    """Raises BudgetExceeded for more digits than Python prints: they would take it too long."""
    try:
        return str(value)
    except ValueError:
        raise BudgetExceeded("the number has too many digits") from None


def double(value: float) -> float:
    """The same number as the encoder has to have it to print it as Java does."""
    return value if value == 0 or 1e-3 <= abs(value) < 1e7 else Double(value)


def _float(text: str) -> float:
    value = float(text)
    return value if 1e-3 <= value < 1e7 else _rarer(value, text)


def _rarer(value: float, text: str) -> float:
    if not isfinite(value):
        raise JsonError(f"{text[:20]} is not a number that fits")
    return double(value)


def _enc_hook(value: Any) -> Any:
    if isinstance(value, Double):
        return msgspec.Raw(double_text(value).encode())
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=_float)
_encoder = msgspec.json.Encoder(enc_hook=_enc_hook)


def decode(text: str) -> Any:
    """The value of a JSON text: dict, list, str, int, float, bool or None. Raises JsonError."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError) as error:
        written = text.encode(errors="replace")
        whole = without_halves(written)
        if whole != written:
            return decode(whole.decode())
        raise JsonError(str(error)) from None


def encode(value: object) -> str:
    """Compact JSON. Raises BudgetExceeded where `value` is nested too deeply."""
    try:
        return _encoder.encode(value).decode()
    except RecursionError:
        raise BudgetExceeded("the value is nested too deeply") from None


def to_text(value: object) -> str:
    """As Java's String.valueOf prints it; None prints nothing. Raises BudgetExceeded."""
    return value if type(value) is str else _print(value, 0)


def _print(value: object, depth: int) -> str:
    printer = _PRINTERS.get(type(value))
    if printer is not None:
        return printer(value)
    if depth == DEPTH_LIMIT:
        raise BudgetExceeded("the value is nested too deeply")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_member(item, depth + 1)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_member(item, depth + 1) for item in value) + "]"
    return str(value)


def _member(value: object, depth: int) -> str:
    return "null" if value is None else _print(value, depth)


_PRINTERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    str: str,
    bool: lambda value: "true" if value else "false",
    int: integer_text,
    float: double_text,
    Double: double_text,
    list: encode,
}
