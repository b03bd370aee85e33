"""Methods of Integer, Long, Double and Boolean. Java's static ones are found on any value of the class."""

import re
from collections.abc import Callable
from typing import Any

from portico.lang.errors import EvaluationError
from portico.lang.jsontext import Double, double, integer_text
from portico.lang.vtl.operators import BIT_LIMIT, NUMBERS
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering
from portico.lang.vtl.signatures import ANY, NUMBER, SCALAR, TEXT, WHOLE, Table, method

DOUBLES = (float, Double)
_DECIMAL = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,5})?[dDfF]?\s*|\s*[+-]?(?:NaN|Infinity)\s*")


def parse_whole(text: str, radix: int = 10, bits: int = 64) -> int:
    """Java's parseInt and parseLong. Raises EvaluationError."""
    if not 2 <= radix <= 36 or not re.fullmatch(r"[+-]?[0-9A-Za-z]{1,64}", text):
        raise EvaluationError(f"{text[:40]!r} is no whole number")
    try:
        found = int(text, radix)
    except ValueError:
        raise EvaluationError(f"{text[:40]!r} is no whole number") from None
    if not -(1 << bits - 1) <= found < 1 << bits - 1:
        raise EvaluationError(f"{text[:40]!r} does not fit into {bits} bits")
    return found


def parse_double(text: str) -> float:
    if len(text) > 400 or _DECIMAL.fullmatch(text) is None:
        raise EvaluationError(f"{text[:40]!r} is no number")
    return double(float(text.strip().rstrip("dDfF") if text.strip() not in ("NaN", "Infinity") else text))


def _truncated(bits: int) -> Callable[..., Any]:
    def convert(_run: Any, value: Any) -> int:
        """As Java casts: a whole number loses its upper bits, a Double stops at the ends of what fits."""
        lowest, highest = -(1 << bits - 1), (1 << bits - 1) - 1
        if type(value) is int:
            return (value - lowest) % (1 << bits) + lowest
        return 0 if value != value else int(max(lowest, min(highest, value)))

    return convert


def _as_double(_run: Any, value: Any) -> float:
    try:
        return double(float(value))
    except OverflowError:
        return double(float("inf") if value > 0 else float("-inf"))


def _compared(_run: Any, value: Any, other: Any) -> int:
    return int(value > other) - int(value < other)


def _in_base(digits: str) -> Callable[..., str]:
    def convert(_run: Any, _value: Any, number: int) -> str:
        return format(number & 0xFFFFFFFF if number < 0 else number, digits)

    return convert


def _with_radix(run: Rendering, _value: Any, number: int, radix: int) -> str:
    if not 2 <= radix <= 36 or number.bit_length() > BIT_LIMIT:
        return integer_text(number)
    run.spend(number.bit_length())
    digits, rest = [], abs(number)
    while rest:
        rest, digit = divmod(rest, radix)
        digits.append("0123456789abcdefghijklmnopqrstuvwxyz"[digit])
    return ("-" if number < 0 else "") + ("".join(reversed(digits)) or "0")


def _parsed_whole(_run: Any, _value: Any, text: Any, radix: int = 10) -> int:
    return parse_whole(text, radix) if type(text) is str else text


def _value_of_double(_run: Any, _value: Any, given: Any) -> float:
    return parse_double(given) if type(given) is str else double(float(given))


_COMMON: Table = {
    ("intValue", 0): method(_truncated(32)),
    ("longValue", 0): method(_truncated(64)),
    ("shortValue", 0): method(_truncated(16)),
    ("byteValue", 0): method(_truncated(8)),
    ("doubleValue", 0): method(_as_double),
    ("floatValue", 0): method(_as_double),
    ("compareTo", 1): method(_compared, NUMBER),
    ("compare", 2): method(lambda run, _, one, other: _compared(run, one, other), NUMBER, NUMBER),
    ("toString", 1): method(lambda run, _, given: text_of(run, given), NUMBER),
    ("max", 2): method(lambda _run, _, one, other: max(one, other), NUMBER, NUMBER),
    ("min", 2): method(lambda _run, _, one, other: min(one, other), NUMBER, NUMBER),
    ("sum", 2): method(lambda _run, _, one, other: one + other, NUMBER, NUMBER),
}
INTEGER: Table = {
    **_COMMON,
    ("parseInt", 1): method(lambda _run, _, text: parse_whole(text, 10, 32), TEXT),
    ("parseInt", 2): method(lambda _run, _, text, radix: parse_whole(text, radix, 32), TEXT, WHOLE),
    ("parseLong", 1): method(lambda _run, _, text: parse_whole(text), TEXT),
    ("valueOf", 1): method(_parsed_whole, frozenset({str, int})),
    ("valueOf", 2): method(_parsed_whole, TEXT, WHOLE),
    ("toString", 2): method(_with_radix, WHOLE, WHOLE),
    ("toHexString", 1): method(_in_base("x"), WHOLE),
    ("toBinaryString", 1): method(_in_base("b"), WHOLE),
    ("toOctalString", 1): method(_in_base("o"), WHOLE),
    ("signum", 1): method(lambda _run, _, number: (number > 0) - (number < 0), WHOLE),
    ("hashCode", 0): method(_truncated(32)),
}
DOUBLE: Table = {
    **_COMMON,
    ("parseDouble", 1): method(lambda _run, _, text: parse_double(text), TEXT),
    ("valueOf", 1): method(_value_of_double, frozenset({str, *NUMBERS})),
    ("isNaN", 0): method(lambda _, value: value != value),
    ("isInfinite", 0): method(lambda _, value: value in (float("inf"), float("-inf"))),
}
BOOLEAN: Table = {
    ("booleanValue", 0): method(lambda _, value: value),
    ("compareTo", 1): method(_compared, frozenset({bool})),
    ("parseBoolean", 1): method(lambda run, _, text: text_of(run, text).lower() == "true", ANY),
    ("valueOf", 1): method(lambda run, _, given: text_of(run, given).lower() == "true", SCALAR),
    ("toString", 1): method(lambda run, _, given: text_of(run, given), frozenset({bool})),
    ("logicalAnd", 2): method(lambda _run, _, one, other: one and other, frozenset({bool}), frozenset({bool})),
    ("logicalOr", 2): method(lambda _run, _, one, other: one or other, frozenset({bool}), frozenset({bool})),
}
