"""Text of strangers on its way to somebody's terminal, which obeys escape sequences: colours, titles, the clipboard."""

from typing import Final

_OBEYED: Final = (*range(0x20), *range(0x7F, 0xA0))
"""Control characters of ASCII and of Latin-1: the latter are one-character escape sequences."""
_TURNING: Final = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What has the text beside it read in another direction: a line would say something else than is there."""
_KEPT: Final = "\t\n"
_SHOWN: Final = {code: f"\\x{code:02x}" for code in _OBEYED if chr(code) not in _KEPT} | {
    code: f"\\u{code:04x}" for code in _TURNING
}


def harmless(text: str) -> str:
    """With `\\x1b` as four characters, and its like; tabs and line feeds stay."""
    return text.translate(_SHOWN)
