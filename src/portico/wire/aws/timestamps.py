"""Timestamps on the AWS wire: epoch seconds inside Portico, and the three forms that models name outside.

A query string and a header have their own default form, and a model may name another for a shape or a member.
"""

import math
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

UNIX: Final = "unixTimestamp"
ISO: Final = "iso8601"
RFC822: Final = "rfc822"

Wire = int | float | str


def epoch_seconds(value: Wire) -> float:
    """A timestamp in any of the three forms. Raises ValueError or OverflowError."""
    if not isinstance(value, str):
        seconds = float(value)
    elif value[:1].isalpha():
        seconds = parsedate_to_datetime(value).timestamp()
    else:
        seconds = _from_digits(value)
    if not math.isfinite(seconds):
        raise ValueError(f"no point in time: {value}")
    return seconds


def _from_digits(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def render(seconds: float, form: str) -> Wire:
    """`seconds` since the epoch in one of the three forms. AWS's JSON carries whole seconds."""
    if form == UNIX:
        return int(seconds)
    moment = datetime.fromtimestamp(int(seconds), UTC)
    return format_datetime(moment, usegmt=True) if form == RFC822 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
