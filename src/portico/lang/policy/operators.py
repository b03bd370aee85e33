"""The condition operators of the IAM reference: what each makes of a policy's value.

Those of strings and ARNs and Bool take policy variables; all others read their value when the policy is compiled.
"""

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from portico.lang.policy.document import PolicyError
from portico.lang.policy.patterns import (
    ARN_PARTS,
    Matcher,
    Resolved,
    Test,
    Variable,
    Wild,
    arn,
    arn_parts,
    compile_test,
    exact,
    exact_ignoring_case,
    glob,
    literally,
    read_pattern,
)

T = TypeVar("T")


class Setting(NamedTuple):
    """What compiling a value depends on besides the value."""

    variables: bool
    """The policy's version has them."""
    untold: bool
    """The answer of a Test that cannot tell: its variable has no value, or the request's value is of another type."""


Compile = Callable[[str, str, Setting], Test]
"""(place, the policy's value, setting) to a Test. Raises PolicyError."""


class Operator(NamedTuple):
    compile: Compile
    negated: bool = False
    """True: holds where none of the policy's values matches."""


def _patterned(build: Callable[[Resolved], Matcher], *, wildcards: bool) -> Compile:
    def compile_(place: str, value: str, setting: Setting) -> Test:
        tokens = read_pattern(place, value, wildcards=wildcards, variables=setting.variables)
        return compile_test(tokens, build, unresolved=setting.untold)

    return compile_


def _arn(place: str, value: str, setting: Setting) -> Test:
    """ArnEquals and ArnLike are one (guide: IAM, "Condition operators"): both know wildcards."""
    tokens = read_pattern(place, value, wildcards=True, variables=setting.variables)
    fixed: list[str | Wild] = [token for token in tokens if not isinstance(token, Variable)]
    if len(fixed) == len(tokens) and len(arn_parts(fixed)) < ARN_PARTS:
        raise PolicyError(place, f"{value!r} has not the six parts of an ARN")
    return compile_test(tokens, arn, unresolved=setting.untold)


def _bool(place: str, value: str, setting: Setting) -> Test:
    """The one of the others that takes policy variables (guide: IAM, "Condition operators")."""
    tokens = read_pattern(place, value, wildcards=False, variables=setting.variables)
    if not any(isinstance(token, Variable) for token in tokens) and truth(value) is None:
        raise PolicyError(place, f"{value!r} is not true or false")
    return compile_test(tokens, _same_truth, unresolved=setting.untold)


def _same_truth(tokens: Resolved) -> Matcher:
    wanted = truth(literally(tokens))
    return lambda value: wanted is not None and truth(value) is wanted


def _compared(read: Callable[[str], T | None], holds: Callable[[Any, Any], bool], what: str) -> Compile:
    """`holds(value of the request, value of the policy)`, where both are what `read` reads."""

    def compile_(place: str, value: str, setting: Setting) -> Test:
        wanted = read(value)
        if wanted is None:
            raise PolicyError(place, f"{value!r} is not {what}")

        def test(text: str, context: object) -> bool:
            found = read(text)
            return setting.untold if found is None else holds(found, wanted)

        return test

    return compile_


_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>\.[0-9]{1,9})?)?"
    r"(?:Z|(?P<sign>[+-])(?P<ahead>[01][0-9]|2[0-3]):(?P<past>[0-5][0-9])))?)?)?"
)
"""W3C's profile of ISO 8601, which the guide asks for: a time has its zone."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def _moment(text: str) -> Decimal | None:
    """Seconds since 1970 of a date, or of a text that is such a number already (`aws:EpochTime`)."""
    match = _DATE.fullmatch(text)
    if match is None:
        return _number(text)
    try:
        day = datetime(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1), tzinfo=UTC)
        time = day.replace(
            hour=int(match["hour"] or 0), minute=int(match["minute"] or 0), second=int(match["second"] or 0)
        )
    except ValueError:
        return None
    ahead = timedelta(hours=int(match["ahead"] or 0), minutes=int(match["past"] or 0))
    moment = time - _EPOCH + (ahead if match["sign"] == "-" else -ahead)
    return moment // _SECOND + Decimal(f"0{match['fraction'] or ''}")


_TRUTHS: Final = {"true": True, "false": False}


def truth(text: str) -> bool | None:
    return _TRUTHS.get(text.lower())


def _octets(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


class Block(NamedTuple):
    """Addresses from one to another."""

    version: int
    first: int
    last: int


_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")
"""No netmask in place of the length, no zone: ipaddress would read both."""
_MAPPED: Final = int(ipaddress.IPv6Address("::ffff:0:0"))
_LAST_V4: Final = 2**32 - 1


@lru_cache(maxsize=1024)
def _block(text: str) -> Block | None:
    """A CIDR block, or one address. An IPv4 address in IPv6's clothes is the IPv4 address."""
    if _ADDRESS.fullmatch(text) is None:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6 and first >= _MAPPED and last <= _MAPPED + _LAST_V4:
        return Block(4, first - _MAPPED, last - _MAPPED)
    return Block(network.version, first, last)


def _inside(found: Block, wanted: Block) -> bool:
    return found.version == wanted.version and wanted.first <= found.first and found.last <= wanted.last


_STRING: Final[Mapping[str, Compile]] = {
    "stringequals": _patterned(exact, wildcards=False),
    "stringequalsignorecase": _patterned(exact_ignoring_case, wildcards=False),
    "stringlike": _patterned(glob, wildcards=True),
}
_ARN: Final[Mapping[str, Compile]] = {"arnequals": _arn, "arnlike": _arn}
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_NUMERIC: Final = {f"numeric{name}": _compared(_number, holds, "a number") for name, holds in _COMPARISONS.items()}
_DATES: Final = {f"date{name}": _compared(_moment, holds, "a date") for name, holds in _COMPARISONS.items()}
_ADDRESSES: Final = {"ipaddress": _compared(_block, _inside, "an IP address or CIDR block")}
_OTHERS: Final = {
    "bool": _bool,
    "binaryequals": _compared(_octets, operator.eq, "base64"),
}

_NEGATIONS: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}
_POSITIVE: Final[Mapping[str, Compile]] = {**_STRING, **_ARN, **_NUMERIC, **_DATES, **_ADDRESSES, **_OTHERS}

OPERATORS: Final[Mapping[str, Operator]] = {
    **{name: Operator(compile_) for name, compile_ in _POSITIVE.items()},
    **{name: Operator(_POSITIVE[positive], negated=True) for name, positive in _NEGATIONS.items()},
}
"""By name in lower case; `Null` is not among them: it asks for a key, not for its value."""
