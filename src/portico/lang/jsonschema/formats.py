"""The values of `format` that AWS's validator knows for draft 4. It warns of every other one and checks nothing.

Seen in the field are date-time and email, refused, and the warning for `double`, `int32` and `date`.
"""

import re
from collections.abc import Callable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

from portico.lang.ecmaregex import compile_ecma
from portico.lang.errors import SourceError


class Format(NamedTuple):
    takes: Callable[[str], bool]
    """Whether a text has the format, in a time linear in its length."""
    refusal: str
    """What is told of a text that has not: `{0}` is the text, `{1}` its length."""


_OFFSET: Final = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,12})?" + _OFFSET
)
_ATOM: Final = r"[^\s()<>@,;:\\\".\[\]\x00-\x1f\x7f]+"
_EMAIL: Final = re.compile(
    rf"(?:[^<>\"\x00-\x1f\x7f]*<)?(?:\"(?:[^\"\\\r\n]|\\.)*\"|{_ATOM}(?:\.{_ATOM})*)"
    r"@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(>?)"
)
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_PCHAR: Final = r"[\w\-.!~*'();:@&=+$,]|%[0-9A-Fa-f]{2}"
_URI: Final = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.-]*:(?=[^#])|(?![^/?#]*:))(?://\[[0-9A-Fa-f:.]+\])?(?:[/?]|{_PCHAR})*"
    rf"(?:#(?:[/?]|{_PCHAR})*)?"
)
"""java.net.URI: references and letters of any script are welcome."""
_HEX: Final = re.compile("[0-9a-fA-F]*")
_BASE64: Final = re.compile("[A-Za-z0-9+/]*={0,2}")
_UUID: Final = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MAC: Final = re.compile("[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_POINTER: Final = re.compile("(?:/(?:[^/~]|~[01])*)*")


def _date_time(text: str) -> bool:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return False
    return True


def _email(text: str) -> bool:
    match = _EMAIL.fullmatch(text)
    return match is not None and bool(match[1]) == ("<" in text)


def _hostname(text: str) -> bool:
    """As many as 127 labels of at most 63 characters, 253 in all, the last one not beginning with a digit."""
    labels = text.removesuffix(".").split(".")
    if len(text) > 254 or len(labels) > 127 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return not labels[-1][0].isdigit()


def _ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _ipv6(text: str) -> bool:
    try:
        return len(text) < 46 and "%" not in text and bool(IPv6Address(text).compressed)
    except AddressValueError:
        return False


def _regex(text: str) -> bool:
    try:
        compile_ecma(text)
    except SourceError:
        return False
    return True


def _hexadecimal(length: int) -> Format:
    """A hash, written in hexadecimal."""

    def takes(text: str) -> bool:
        return len(text) == length and _HEX.fullmatch(text) is not None

    return Format(takes, f"input string has bad length ({{1}}, expected {length})")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


FORMATS: Final[dict[str, Format]] = {
    "date-time": Format(
        _date_time,
        'string "{0}" is invalid against requested date format(s) '
        "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.SSSZ]",
    ),
    "email": Format(_email, 'string "{0}" is not a valid email address'),
    "hostname": Format(_hostname, 'string "{0}" is not a valid hostname'),
    "ipv4": Format(_ipv4, 'string "{0}" is not a valid IPv4 address'),
    "ipv6": Format(_ipv6, 'string "{0}" is not a valid IPv6 address'),
    "regex": Format(_regex, 'string "{0}" is not a valid ECMA 262 regular expression'),
    "uri": Format(_matching(_URI), 'string "{0}" is not a valid URI'),
    "base64": Format(
        lambda text: len(text) % 4 == 0 and _BASE64.fullmatch(text) is not None,
        "input is not a valid Base64 string: illegal characters",
    ),
    "json-pointer": Format(_matching(_POINTER), 'input string "{0}" is not a valid JSON Pointer'),
    "mac": Format(_matching(_MAC), 'input string "{0}" is not a valid MAC address'),
    "md5": _hexadecimal(32),
    "sha1": _hexadecimal(40),
    "sha256": _hexadecimal(64),
    "sha512": _hexadecimal(128),
    "uuid": Format(_matching(_UUID), 'input string "{0}" is not a valid UUID'),
}
