"""Values as execution logs show them: maps as Java prints them, secrets masked, long lines cut.

Sources: the recorded log of TestInvokeMethod (fact 146), and logs of deployed stages as people publish them.
"""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 1024
"""Characters of one event, without the request id in front (guide, "Execution logging for REST APIs": 1 KB; in every
published log the text is cut there, and the mark comes on top)."""
_CUT: Final = " [TRUNCATED]"
_BINARY: Final = "[Binary Data]"

SECRETS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "x-amz-security-token", "x-amz-signature"}
)
"""Parameters whose values are masked, by their lower-case names. The guide names authorization headers, API keys "and
similar sensitive request parameters"; AWS is seen to print session tokens, which are as good as a password here."""
_SHOWN: Final = 6
"""Characters of a secret that are shown, its last: as in every published log."""
_SHORTEST: Final = 12
"""Of a shorter secret none is shown: they would be most of it."""
_SECRET_PARAMETER = re.compile(r"(?i)([?&](?:" + "|".join(sorted(SECRETS)) + r")=)([^&\s]*)")

Pairs = Iterable[tuple[str, str]]


def masked(value: str) -> str:
    """A secret: as many asterisks as it has characters, but for the last six."""
    shown = value[-_SHOWN:] if len(value) >= _SHORTEST else ""
    return "*" * (len(value) - len(shown)) + shown


def as_map(pairs: Pairs) -> str:
    """`{Accept=*/*, Host=example.com}`. Values of one name are joined, those of a secret masked."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(masked(value) if name.lower() in SECRETS else value)
    return "{" + ", ".join(f"{name}={', '.join(values)}" for name, values in found.items()) + "}"


def as_uri(uri: str) -> str:
    """A URI, with the secrets in its query masked."""
    return _SECRET_PARAMETER.sub(lambda match: match[1] + masked(match[2]), uri)


def as_text(body: bytes) -> str:
    """The beginning of a body, longer than a line may be where it is; what is no UTF-8 is told not to be text."""
    start = body[: LONGEST * 4 + 4]  # as many characters of four bytes as a line may have
    try:
        return start.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(start) < len(body):
            return start[: error.start].decode()
        return _BINARY


def cut(text: str) -> str:
    """At most what one event holds."""
    return text if len(text) <= LONGEST else text[:LONGEST] + _CUT


def on_one_line(text: str) -> str:
    """What a line of a file may hold: nobody who sends a line break gets to write a line of their own."""
    return text.translate(_ESCAPES)


_ESCAPES: Final = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")},
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
