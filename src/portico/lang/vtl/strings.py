"""Methods of String. Positions and lengths are those of Java, which counts a character beyond U+FFFF as two."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from portico.lang.errors import EvaluationError
from portico.lang.vtl.formats import formatted
from portico.lang.vtl.javatypes import View
from portico.lang.vtl.operators import same_text
from portico.lang.vtl.patterns import matches, replace_all, replace_first, split
from portico.lang.vtl.printing import text_of
from portico.lang.vtl.runtime import Rendering
from portico.lang.vtl.signatures import ANY, ITEMS, TEXT, VARIADIC, WHOLE, Table, method

_BLANKS = "".join(map(chr, range(33)))
_CHAR_OR_TEXT = frozenset({str, int})
_WIDE = re.compile("[\U00010000-\U0010ffff]")
_LARGE = 4096
"""Characters of a text that it takes time to look at."""


def _is_wide(run: Rendering, text: str) -> bool:
    """Whether Java counts more characters than Python does."""
    if text.isascii():
        return False
    run.spend(len(text) >> 5)
    return _WIDE.search(text) is not None


def _length(run: Rendering, text: str) -> int:
    if len(text) > _LARGE:
        run.spend(len(text) >> 12)
    return len(text) if not _is_wide(run, text) else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _part(run: Rendering, text: str, start: int, end: int | None = None) -> str:
    """`substring`. Raises EvaluationError where Java throws."""
    size = _length(run, text)
    end = size if end is None else end
    if not 0 <= start <= end <= size:
        raise EvaluationError(f"substring({start}, {end}) of a text of {size} characters")
    if size == len(text):
        return run.made(text[start:end])
    units = text.encode("utf-16-le", "surrogatepass")
    return run.made(units[start * 2 : end * 2].decode("utf-16-le", "surrogatepass"))


def _char_at(run: Rendering, text: str, at: int) -> str:
    size = _length(run, text)
    if not 0 <= at < size:
        raise EvaluationError(f"charAt({at}) of a text of {size} characters")
    return text[at] if size == len(text) else _part(run, text, at, at + 1)


def _code_at(run: Rendering, text: str, at: int) -> int:
    return ord(_char_at(run, text, at))


def _find(run: Rendering, text: str, wanted: Any, start: int = 0) -> int:
    run.spend(len(text) >> 9)
    part = _searched(wanted)
    if not _is_wide(run, text):
        return text.find(part, max(start, 0)) if part or start <= len(text) else len(text)
    found = text.find(part, len(_part(run, text, 0, max(0, min(start, _length(run, text))))))
    return found if found < 0 else _length(run, text[:found])


def _find_last(run: Rendering, text: str, wanted: Any, start: int | None = None) -> int:
    run.spend(len(text) >> 9)
    part = _searched(wanted)
    found = text.rfind(part) if start is None else text.rfind(part, 0, max(start + len(part), 0))
    return found if found < 0 or not _is_wide(run, text) else _length(run, text[:found])


def _searched(wanted: Any) -> str:
    if type(wanted) is not int:
        return str(wanted)
    return chr(wanted) if 0 <= wanted < 0x110000 else "\U0010ffff\0"


def _compared(run: Rendering, text: str, other: str) -> int:
    """The difference of the first characters that differ, else of the lengths."""
    run.spend(min(len(text), len(other)) >> 4)
    for one, two in zip(text, other, strict=False):
        if one != two:
            return ord(one) - ord(two)
    return len(text) - len(other)


def _compared_folded(run: Rendering, text: str, other: str) -> int:
    return _compared(run, text.lower(), other.lower())


def _hash(run: Rendering, text: str) -> int:
    run.spend(len(text))
    value = 0
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        value = (value * 31 + unit) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _concat(run: Rendering, text: str, other: str) -> str:
    run.admit(len(text) + len(other))
    return run.made(text + other)


def _looked_through(look: Callable[..., Any]) -> Callable[..., Any]:
    """A look at the whole text, which is charged for."""

    def looked(run: Rendering, text: str, *arguments: Any) -> Any:
        if len(text) > _LARGE:
            run.spend(len(text) >> 9)
        return look(text, *arguments)

    return looked


def _cased(convert: Callable[[str], str]) -> Callable[..., str]:
    def cased(run: Rendering, text: str) -> str:
        run.spend(len(text) >> 6)
        return run.made(convert(text))

    return cased


def _repeat(run: Rendering, text: str, times: int) -> str:
    if times < 0:
        raise EvaluationError(f"repeat({times})")
    run.admit(len(text) * times)
    return run.made(text * times)


def _replace(run: Rendering, text: str, old: str, new: str) -> str:
    found = text.count(old)
    run.spend((len(text) >> 8) + (found >> 3))
    run.admit(len(text) + found * (len(new) - len(old)))
    return run.made(text.replace(old, new))


def _join(run: Rendering, _text: str, separator: str, items: Iterable[Any]) -> str:
    texts = [text_of(run, item) if item is not None else "null" for item in items]
    run.spend(len(texts))
    run.admit(sum(map(len, texts)) + len(separator) * len(texts))
    return run.made(separator.join(texts))


def _chars(run: Rendering, text: str) -> View:
    run.keep_made(len(text) * 16)
    return View(text)


def _bytes(run: Rendering, text: str) -> View:
    run.keep_made(len(text) * 24)
    return View(byte - 256 if byte > 127 else byte for byte in text.encode("utf-8", "replace"))


def _value_of(run: Rendering, _text: str, value: Any) -> str:
    return "null" if value is None else text_of(run, value)


def _starts(_run: Rendering, text: str, part: str, at: int = 0) -> bool:
    return 0 <= at <= len(text) and text.startswith(part, at)


STRING: Table = {
    ("length", 0): method(_length),
    ("isEmpty", 0): method(lambda _, text: not text),
    ("isBlank", 0): method(_looked_through(lambda text: not text.strip())),
    ("trim", 0): method(lambda run, text: run.made(text.strip(_BLANKS))),
    ("strip", 0): method(lambda run, text: run.made(text.strip())),
    ("stripLeading", 0): method(lambda run, text: run.made(text.lstrip())),
    ("stripTrailing", 0): method(lambda run, text: run.made(text.rstrip())),
    ("intern", 0): method(lambda _, text: text),
    ("toLowerCase", 0): method(_cased(str.lower)),
    ("toUpperCase", 0): method(_cased(str.upper)),
    ("charAt", 1): method(_char_at, WHOLE),
    ("codePointAt", 1): method(_code_at, WHOLE),
    ("hashCode", 0): method(_hash),
    ("toCharArray", 0): method(_chars),
    ("getBytes", 0): method(_bytes),
    ("compareTo", 1): method(_compared, TEXT),
    ("compareToIgnoreCase", 1): method(_compared_folded, TEXT),
    ("equalsIgnoreCase", 1): method(_looked_through(lambda text, other: text.lower() == other.lower()), TEXT),
    ("contentEquals", 1): method(same_text, TEXT),
    ("contains", 1): method(_looked_through(lambda text, part: part in text), TEXT),
    ("startsWith", 1): method(_starts, TEXT),
    ("startsWith", 2): method(_starts, TEXT, WHOLE),
    ("endsWith", 1): method(_looked_through(str.endswith), TEXT),
    ("indexOf", 1): method(_find, _CHAR_OR_TEXT),
    ("indexOf", 2): method(_find, _CHAR_OR_TEXT, WHOLE),
    ("lastIndexOf", 1): method(_find_last, _CHAR_OR_TEXT),
    ("lastIndexOf", 2): method(_find_last, _CHAR_OR_TEXT, WHOLE),
    ("substring", 1): method(_part, WHOLE),
    ("substring", 2): method(_part, WHOLE, WHOLE),
    ("subSequence", 2): method(_part, WHOLE, WHOLE),
    ("concat", 1): method(_concat, TEXT),
    ("repeat", 1): method(_repeat, WHOLE),
    ("replace", 2): method(_replace, TEXT, TEXT),
    ("replaceAll", 2): method(replace_all, TEXT, TEXT),
    ("replaceFirst", 2): method(replace_first, TEXT, TEXT),
    ("matches", 1): method(matches, TEXT),
    ("split", 1): method(split, TEXT),
    ("split", 2): method(split, TEXT, WHOLE),
    ("join", 2): method(_join, TEXT, ITEMS),
    ("valueOf", 1): method(_value_of, ANY),
    ("copyValueOf", 1): method(lambda run, _, chars: run.joined(list(map(str, chars))), frozenset({View})),
    ("format", VARIADIC): method(lambda run, _, *given: formatted(run, given)),
}
"""What charAt answers is a Character in Java; here it is a text of one character."""
