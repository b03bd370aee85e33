"""The request target, canonicalised once: what routing, logs, mappings and integrations all use.

Almost every target is plain and costs one regular expression. The slow path handles percent-encodings: an encoded
unreserved character is the character itself (RFC 3986 section 6.2.2.2), so that `/%61dmin` cannot walk around what
`/admin` is told to check, and a character that no URI may hold is encoded, so that no backend gets to guess what `\\`
is. Dot segments, plain or encoded, are refused: a backend would resolve them, we do not.
"""

import re
from typing import Final

from portico.dataplane.fault import BAD_REQUEST, Fault

_PLAIN = re.compile(rb"[0-9A-Za-z_~!$&'()*+,;=:@/-]*(?:\.[0-9A-Za-z_~!$&'()*+,;=:@-][0-9A-Za-z_~!$&'()*+,;=:@/-]*)*")
"""A path without percent signs, and without a dot that ends a segment or stands before another dot."""
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_FOREIGN = re.compile(rb"[^0-9A-Za-z._~!$&'()*+,;=:@/%-]")
"""What no path may hold unencoded: RFC 3986 section 3.3."""
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DOTS: Final = frozenset({b".", b".."})


def canonical_path(path: bytes) -> bytes:
    """`path` as it is matched. Raises a Fault for what cannot be matched safely."""
    if _PLAIN.fullmatch(path) is not None:
        return path
    decoded = _ESCAPE.sub(_decode, path) if b"%" in path else path
    if any(segment in _DOTS for segment in decoded.split(b"/")):
        raise Fault(BAD_REQUEST)
    return _FOREIGN.sub(_encode, decoded)


def segments(path: bytes) -> list[bytes]:
    """The parts of a path below the stage. Extra slashes in front and one behind are of no account (fact 110)."""
    start = 1
    if path[:2] == b"//":
        path = path.lstrip(b"/")
        start = 0
    end = len(path) - 1 if path[-1:] == b"/" else len(path)
    return path[start:end].split(b"/") if end > start else []


def _encode(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match[0][0]


def _decode(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    if digits is None:
        raise Fault(BAD_REQUEST)
    byte = int(digits, 16)
    return bytes((byte,)) if byte in _UNRESERVED else b"%" + digits
