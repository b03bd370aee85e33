"""Java's String.format, of which the conversions b c d e f n o s x X % and dates (`%tY`, `%1$tF` …) are here."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from portico.lang.errors import EvaluationError
from portico.lang.vtl.operators import NUMBERS
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering

WIDTH_LIMIT = 10_000
"""Characters of one value."""
_SPECIFIER = re.compile(
    r"%(?:(\d{1,3})\$)?([-#+ 0,(]*)(\d{1,9})?(?:\.(\d{1,9}))?(?:([tT])([A-Za-z])|([bBsScCdoxXeEf%n]))|%"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def formatted(run: Rendering, given: Sequence[Any]) -> str | None:
    """`String.format(format, values…)`; None where the first is no text. Raises EvaluationError."""
    if not given or type(given[0]) is not str:
        return None
    source, values = given[0], list(given[1:])
    run.spend(len(source) >> 4)
    parts, at, ordinary = list[str](), 0, 0
    for match in _SPECIFIER.finditer(source):
        run.spend(4)
        parts.append(source[at : match.start()])
        at = match.end()
        if match[7] in ("%", "n"):
            parts.append("%" if match[7] == "%" else "\n")
            continue
        place = int(match[1]) - 1 if match[1] else ordinary
        ordinary += not match[1]
        if not 0 <= place < len(values) or match[0] == "%":
            raise EvaluationError(f"format: nothing to put into {match[0]!r}")
        parts.append(_converted(run, match, values[place]))
    return run.joined([*parts, source[at:]])


def _converted(run: Rendering, match: re.Match[str], value: Any) -> str:
    flags, width = match[2], int(match[3] or 0)
    precision = None if match[4] is None else int(match[4])
    if max(width, precision or 0) > WIDTH_LIMIT:
        raise EvaluationError(f"format: {match[0]!r} is too wide")
    kind = "t" if match[5] else match[7].lower()
    if value is None:
        text = "null" if kind != "b" else "false"
    elif kind == "t":
        text = _date(match[6], value)
    else:
        text = _KINDS[kind](run, flags, precision, value)
    if (match[5] or match[7]).isupper():
        text = text.upper()
    if "0" in flags and kind in "dfxoe" and len(text) < width:
        sign = text[:1] if text[:1] in "+- " else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _text(run: Rendering, _flags: str, precision: int | None, value: Any) -> str:
    text = text_of(run, value)
    return text if precision is None else text[:precision]


def _boolean(_run: Rendering, _flags: str, _precision: int | None, value: Any) -> str:
    return "true" if value is not False else "false"


def _character(_run: Rendering, _flags: str, _precision: int | None, value: Any) -> str:
    if type(value) is int and 0 <= value < 0x110000:
        return chr(value)
    if type(value) is not str or len(value) != 1:
        raise EvaluationError("format: %c takes one character")
    return value


def _whole(_run: Rendering, flags: str, _precision: int | None, value: Any) -> str:
    if type(value) is not int:
        raise EvaluationError("format: %d takes a whole number")
    return _signed(format(abs(value), "," if "," in flags else ""), value < 0, flags)


def _based(digits: str) -> Callable[..., str]:
    def convert(_run: Rendering, flags: str, _precision: int | None, value: Any) -> str:
        if type(value) is not int:
            raise EvaluationError(f"format: %{digits} takes a whole number")
        bits = 32 if value >= -(2**31) else 64
        prefix = {"x": "0x", "o": "0"}[digits] if "#" in flags else ""
        return prefix + format(value & ((1 << bits) - 1) if value < 0 else value, digits)

    return convert


def _decimal(form: str) -> Callable[..., str]:
    def convert(_run: Rendering, flags: str, precision: int | None, value: Any) -> str:
        if type(value) not in NUMBERS or type(value) is int:
            raise EvaluationError(f"format: %{form} takes a Double")
        grouped = "," if "," in flags else ""
        return _signed(format(abs(value), f"{grouped}.{6 if precision is None else precision}{form}"), value < 0, flags)

    return convert


def _signed(digits: str, negative: bool, flags: str) -> str:
    if negative:
        return f"({digits})" if "(" in flags else f"-{digits}"
    return ("+" if "+" in flags else " " if " " in flags else "") + digits


def _date(field: str, value: Any) -> str:
    """A field of a time, given as milliseconds since 1970, in UTC."""
    if type(value) is not int or not 0 <= value < 253_402_300_800_000:
        raise EvaluationError("format: %t takes a time in milliseconds")
    read = _DATE_FIELDS.get(field)
    if read is None:
        raise EvaluationError(f"format: %t{field} is not supported")
    return read(time.gmtime(value // 1000), value)


_DATE_FIELDS: dict[str, Callable[[time.struct_time, int], str]] = {
    "Y": lambda at, _: f"{at.tm_year:04}",
    "y": lambda at, _: f"{at.tm_year % 100:02}",
    "m": lambda at, _: f"{at.tm_mon:02}",
    "d": lambda at, _: f"{at.tm_mday:02}",
    "e": lambda at, _: str(at.tm_mday),
    "j": lambda at, _: f"{at.tm_yday:03}",
    "B": lambda at, _: _MONTHS[at.tm_mon - 1],
    "b": lambda at, _: _MONTHS[at.tm_mon - 1][:3],
    "A": lambda at, _: _DAYS[at.tm_wday],
    "a": lambda at, _: _DAYS[at.tm_wday][:3],
    "H": lambda at, _: f"{at.tm_hour:02}",
    "k": lambda at, _: str(at.tm_hour),
    "I": lambda at, _: f"{at.tm_hour % 12 or 12:02}",
    "l": lambda at, _: str(at.tm_hour % 12 or 12),
    "M": lambda at, _: f"{at.tm_min:02}",
    "S": lambda at, _: f"{at.tm_sec:02}",
    "L": lambda _, value: f"{value % 1000:03}",
    "N": lambda _, value: f"{value % 1000:03}000000",
    "p": lambda at, _: "am" if at.tm_hour < 12 else "pm",
    "z": lambda _at, _: "+0000",
    "Z": lambda _at, _: "UTC",
    "s": lambda _, value: str(value // 1000),
    "Q": lambda _, value: str(value),
    "F": lambda at, _: f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}",
    "D": lambda at, _: f"{at.tm_mon:02}/{at.tm_mday:02}/{at.tm_year % 100:02}",
    "T": lambda at, _: f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}",
    "R": lambda at, _: f"{at.tm_hour:02}:{at.tm_min:02}",
}
_KINDS: dict[str, Callable[..., str]] = {
    "s": _text,
    "b": _boolean,
    "c": _character,
    "d": _whole,
    "x": _based("x"),
    "o": _based("o"),
    "f": _decimal("f"),
    "e": _decimal("e"),
}
