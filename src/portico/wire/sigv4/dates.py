"""The one form of time that signatures use: ISO 8601's basic form, as in 20150830T123600Z."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from portico.wire.sigv4.faults import IncompleteSignatureException

_DATE: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


def epoch(timestamp: str) -> float:
    return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def basic(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y%m%dT%H%M%SZ")


def checked_timestamp(text: str) -> str:
    """From ISO 8601's basic form or that of a Date header. Raises IncompleteSignatureException."""
    try:
        timestamp = text if _DATE.fullmatch(text) else basic(parsedate_to_datetime(text).timestamp())
        epoch(timestamp)
    except (ValueError, OverflowError, TypeError, IndexError):  # the email parser's guards leak the last two
        raise IncompleteSignatureException(
            f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    return timestamp
