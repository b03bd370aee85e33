"""JSON as API Gateway's MOCK takes it: names without quotes, single quotes, commas too many (recorded fact 137).

The text may come from a client, so it is read once from left to right: no input takes more than linear time.
"""

import re

LIMIT = 64 * 1024
"""Characters that are looked at. Nobody describes a mock's answer in more, and a longer text is somebody's weight."""

_PIECE = re.compile(
    r"""\s+ | [{}\[\]:,]
    | "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'?
    | [^\s{}\[\]:,"']+""",
    re.VERBOSE | re.DOTALL,
)


def member(text: str, name: str) -> str | None:
    """The member `name` of the object that `text` is, as it is written there; the last one where it comes twice.

    None where `text` is no object or has no such member, or its value is an object or list.
    """
    pieces = [piece for piece in _PIECE.findall(text[:LIMIT]) if not piece.isspace()]
    if not pieces or pieces[0] != "{":
        return None
    found, depth = None, 0
    for at, piece in enumerate(pieces):
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
            if depth == 0:
                break
        elif piece == ":" and depth == 1 and pieces[at - 1].strip("\"'") == name:
            found = pieces[at + 1] if at + 1 < len(pieces) else None
    return None if found in ("{", "[", "}", ",") else found
