"""The header lines that a function's answer becomes: checked as strictly as a backend's, and remapped like them."""

from collections.abc import Iterable
from typing import Final

from portico.dataplane.headers import function_line
from portico.dataplane.integration_response import JSON_LINE
from portico.wire.http1 import SECRET_NAMES, HeaderTable, ProtocolError
from portico.wire.lambda_answers import ABSENT, MalformedAnswer, ProxyAnswer

_TABLE: Final = HeaderTable(relay=function_line)
"""Lines that functions answered before. One for all Routes, for its bound; secrets are not kept in it."""
_KNOWN: Final[dict[bytes, bytes]] = {}
"""The lines of headers that functions answered before, by their JSON. Without such as hold secrets, too."""
_MOST_KEPT: Final = 1024
_KEPT_HEADERS: Final = 1024
"""Bytes."""


def answer_lines(answer: ProxyAnswer) -> bytes:
    """The lines of an answer, all together. Raises MalformedAnswer."""
    key = bytes(answer.headers)
    if answer.multi_value_headers is not ABSENT:
        key += bytes(answer.multi_value_headers)  # what is kept are objects and nulls: one ends where the other begins
    known = _KNOWN.get(key)
    if known is not None:
        return known
    headers = answer.lines()
    lines = b"".join(header_lines(headers))
    if len(key) <= _KEPT_HEADERS and not any(name.lower().encode() in SECRET_NAMES for name, _ in headers):
        if len(_KNOWN) >= _MOST_KEPT:
            _KNOWN.clear()
        _KNOWN[key] = lines
    return lines


def header_lines(headers: Iterable[tuple[str, str]]) -> list[bytes]:
    """The lines for (name, value) pairs, with the Content-Type that every answer has. Raises MalformedAnswer.

    No control character, in a name or in a value, gets past: it could end the line and begin another.
    """
    lines, typed = [], False
    for name, value in headers:
        line = f"{name}: {value}".encode("latin-1", "replace")
        try:
            header = _TABLE.known.get(line) or _TABLE.admit(line)
        except ProtocolError as error:
            raise MalformedAnswer(f"header {name[:100]!r}: {error}") from None
        if len(header.raw) != len(name):
            raise MalformedAnswer(f"header {name[:100]!r}: malformed header name")
        typed = typed or header.name == b"content-type"
        if header.line:
            lines.append(header.line)
    return lines if typed else [JSON_LINE, *lines]
