"""The header lines that a function's answer becomes: checked as strictly as a backend's, and remapped like them."""

from collections.abc import Iterable
from typing import Final

from portico.dataplane.headers import function_line
from portico.dataplane.integration_response import JSON_LINE
from portico.wire.http1 import HeaderTable, ProtocolError
from portico.wire.lambda_answers import MalformedAnswer

_TABLE: Final = HeaderTable(relay=function_line)
"""Lines that functions answered before. One for all Routes, for its bound; secrets are not kept in it."""


def answer_lines(headers: Iterable[tuple[str, str]]) -> list[bytes]:
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
