"""Values, and texts of a document, as the validator's messages show them."""

from typing import Any, Final

from portico.lang.jsontext import double_text, encode

LONGEST: Final = 2_000
"""Characters of a value, or of a list of values, that a message shows."""


def shown(value: Any) -> str:
    """A value: JSON, numbers as Java prints them."""
    return double_text(value) if isinstance(value, float) else cut(encode(value))


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def utf16(name: str) -> bytes:
    """What names are sorted by: Java compares strings by their UTF-16 units."""
    return name.encode("utf-16-be", "surrogatepass")
