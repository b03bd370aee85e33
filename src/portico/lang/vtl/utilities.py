"""`$util`."""

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from portico.lang.errors import EvaluationError
from portico.lang.jsontext import JsonError, decode
from portico.lang.vtl.budget import OUTPUT_LIMIT
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering
from portico.lang.vtl.signatures import SCALAR, Table, method

_CHUNK = 1 << 16
"""Characters that are converted at once: a large text never stands in memory several times."""
_JS_UNSAFE = re.compile(r"[\"'\\/\x00-\x1f\x80-\U0010ffff]")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_URL_ALPHABET = str.maketrans("-_", "+/")


class _Escapes(dict[int, str]):
    """What JavaScript strings cannot hold, as Java's StringEscapeUtils writes it, in UTF-16 units."""

    def __missing__(self, code: int) -> str:
        """Not kept: a body may have a character of every kind."""
        return _escape(code)


def _escape(code: int) -> str:
    if 32 <= code < 128:
        return chr(code)
    units = chr(code).encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))


_COMMON = 0x500
"""Characters whose escapes are kept: the alphabets of Latin, Greek and Cyrillic."""
_ESCAPES = _Escapes(
    {code: _escape(code) for code in range(_COMMON)}
    | {ord(char): "\\" + char for char in "\"'\\/"}
    | {ord(char): f"\\{name}" for char, name in zip("\b\n\t\f\r", "bntfr", strict=True)}
)
_UNCOMMON = re.compile(f"[{chr(_COMMON)}-\U0010ffff]")


def escape_javascript(run: Rendering, text: str) -> str:
    """Quotes, both slashes, control characters and what is not ASCII."""
    if _JS_UNSAFE.search(text) is None:
        return text
    if _UNCOMMON.search(text) is not None:
        run.spend(len(text))
    return _in_chunks(run, text, lambda piece: piece.translate(_ESCAPES))


def url_encode(run: Rendering, text: str) -> str:
    """Java's URLEncoder: a blank is `+` (recorded fact 134), a tilde is escaped, an asterisk is not."""
    return _in_chunks(run, text, lambda piece: quote_plus(piece, safe="*", errors="replace").replace("~", "%7E"))


def url_decode(run: Rendering, text: str) -> str:
    if _BAD_PERCENT.search(text):
        raise EvaluationError("urlDecode: a '%' without two hexadecimal digits")
    run.spend(len(text) >> 3)
    plain = text.replace("+", " ")
    return run.made(b"".join(map(unquote_to_bytes, _between_escapes(plain))).decode("utf-8", "replace"))


def _between_escapes(text: str) -> list[str]:
    """Pieces of a text, of which none ends inside a `%xx`."""
    pieces, at = [], 0
    while at < len(text):
        end = at + _CHUNK
        end -= next((back for back in (1, 2) if text[end - back : end - back + 1] == "%"), 0) if end < len(text) else 0
        pieces.append(text[at:end])
        at = end
    return pieces


def base64_encode(run: Rendering, text: str) -> str:
    run.admit(len(text) * 4 // 3)
    return run.made(base64.b64encode(text.encode("utf-8", "replace")).decode())


def base64_decode(run: Rendering, text: str) -> str:
    """Lenient like Java's codec: both alphabets, foreign characters are passed over, what is not UTF-8 is replaced."""
    run.spend(len(text) >> 5)
    known = _NOT_BASE64.sub("", text.translate(_URL_ALPHABET))
    known = known[:-1] if len(known) % 4 == 1 else known
    return run.made(base64.b64decode(known + "=" * (-len(known) % 4)).decode("utf-8", "replace"))


def parse_json(run: Rendering, text: str) -> Any:
    """The value of a JSON text, which is charged for what its objects and lists take."""
    run.spend(len(text) >> 6)
    run.keep_made(len(text) + 64 * (text.count(",") + text.count("[")) + 192 * text.count("{"))
    try:
        return decode(text)
    except JsonError as error:
        raise EvaluationError(f"parseJson: {error}") from None


def _in_chunks(run: Rendering, text: str, convert: Callable[[str], str]) -> str:
    if len(text) <= _CHUNK:
        run.spend(len(text) >> 4)
        return run.made(convert(text))
    pieces, size = [], 0
    for at in range(0, len(text), _CHUNK):
        run.spend(_CHUNK >> 4)
        pieces.append(convert(text[at : at + _CHUNK]))
        size += len(pieces[-1])
        if size > OUTPUT_LIMIT:
            run.admit(size)
    return run.made("".join(pieces))


def _of_text(convert: Callable[[Rendering, str], Any]) -> Callable[[Rendering, object, Any], Any]:
    return lambda run, _, value: convert(run, value if type(value) is str else text_of(run, value))


UTILITIES: dict[str, Callable[[Rendering, str], Any]] = {
    "escapeJavaScript": escape_javascript,
    "parseJson": parse_json,
    "urlEncode": url_encode,
    "urlDecode": url_decode,
    "base64Encode": base64_encode,
    "base64Decode": base64_decode,
}
UTIL: Table = {(name, 1): method(_of_text(convert), SCALAR) for name, convert in UTILITIES.items()}
