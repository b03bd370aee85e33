r"""JSON with half a pair of surrogates in it: `"\ud83d"`, an emoji that somebody's code cut in two.

JavaScript and Python write it (`JSON.stringify("😀"[0])`), JSON's grammar has it (RFC 8259, section 8.2), and AWS takes
it: Java reads the half, and writes `?` where it writes UTF-8. msgspec refuses the whole text.
"""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""One escape of a string, a pair's two together."""
_MOST: Final = 100_000
"""Escapes of a text that is looked through, which takes 30 ms then."""


def read(decode: Callable[[bytes], T], text: bytes) -> T:
    """What `decode` makes of JSON text, of half emojis too. Raises what `decode` raises."""
    try:
        return decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = without_halves(text)
        if whole == text:
            raise
    return decode(whole)


def without_halves(text: bytes) -> bytes:
    """JSON text with a `?` for each half; the same text where there is none. For text that could not be read."""
    if (rb"\ud" not in text and rb"\uD" not in text) or text.count(b"\\") > _MOST:
        return text
    return _ESCAPE.sub(_whole, text)


def _whole(escape: re.Match[bytes]) -> bytes:
    return b"?" if escape["half"] else escape[0]
