"""What a terminal obeys is shown."""

import pytest

from portico.kernel.terminal import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, caf\u00e9, \u732b, \U0001f44d\u200d", None),
        ("a\ttab and\nanother line", None),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("over\rwritten\b", "over\\x0dwritten\\x08"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
    ],
)
def test_what_is_shown(text: str, shown: str | None) -> None:
    assert harmless(text) == (text if shown is None else shown)
